"""Transcripts that Python and TypeScript both fold: `python -m tests.room_vectors` writes tests/data/room/*.json.

Each file is one viewer's: the events as shown to them, the projection after the last, and its digest.
"""

import json
from pathlib import Path
from typing import Any

from conference.room import commands as c
from conference.room.text_fields import words_of
from conference.room.values import Option, Participant, PlannedTime, Stance
from conference.room.visibility import project, projection_digest, shown_all, sight
from tests.rooms import (
    CHAIR,
    COORDINATOR,
    HIP,
    KNEE,
    OBSERVER,
    OPTIONS,
    PAIN,
    REFERRER,
    SURGEON,
    THERAPIST,
    Table,
    brief,
    draw,
    four_panes,
    frame,
    justified,
    opened,
    opinion,
    signable,
    signature,
    signed,
    stances,
    view,
    words,
)

FOLDER = Path(__file__).parent / "data" / "room"
VIEWERS = (CHAIR, SURGEON, THERAPIST, OBSERVER, REFERRER)


def whole_sitting() -> Table:
    """Something of everything, on two cases, to the signature."""
    table = signable()
    table.do(None, c.AnnounceImages(HIP, "1.2.3"))
    table.do(SURGEON, c.RaiseHand())
    table.do(CHAIR, c.PassFloor(SURGEON.person_id))
    table.do(SURGEON, c.Show(HIP, view(2.5)))
    table.do(SURGEON, c.Show(HIP, four_panes()), beside=(frame(), None, frame()))
    table.do(SURGEON, c.GiveOpinion(HIP, opinion("fusion")))
    table.do(THERAPIST, c.GiveOpinion(HIP, opinion()))
    table.do(SURGEON, draw(points=((10.25, 10.5), (110.0, 1e-7)), text="L4–S1 “wide” 😀"))
    table.do(SURGEON, c.Reshape("m1", 1, ((1.0, 1.0), (9.0, 9.0)), "moved"))  # type: ignore[arg-type]
    table.do(CHAIR, c.Attest(HIP, 1, "dissent", "Too early."))
    table.do(CHAIR, c.Sign(HIP, 1), signature=signature(table.case.recommendation.digest))
    table.minute = 12
    table.do(CHAIR, c.CallCase(KNEE))
    table.do(CHAIR, c.Show(KNEE, view()), frame=frame(KNEE))
    table.do(CHAIR, draw("m2", case=KNEE, kind="text", points=((5.0, 5.0),), text="knee"), frame=frame(KNEE))
    table.do(SURGEON, c.GiveOpinion(KNEE, opinion("wait")))
    table.do(CHAIR, c.Reveal(KNEE))
    table.do(CHAIR, c.OpenRound(KNEE))
    table.do(THERAPIST, c.GiveOpinion(KNEE, opinion("fusion")))
    table.do(THERAPIST, draw("m3", case=KNEE), frame=frame(KNEE))
    table.do(THERAPIST, c.Erase("m3"))  # type: ignore[arg-type]
    table.do(None, c.ArrangeCases((KNEE, HIP)))
    planned = {HIP: PlannedTime("2026-11-26T08:00:00Z", 0), KNEE: PlannedTime("2026-11-26T08:15:00Z", 5)}
    table.do(None, c.TimeCases(planned))
    table.do(None, c.Leave(OBSERVER.person_id))
    table.do(None, c.Leave(SURGEON.person_id))
    return table


def words_change() -> Table:
    """Drafts, read-backs, reopening, absence, an option added, a brief changed, an end."""
    table = opened()
    table.do(PAIN, c.AddOption(HIP, Option("block", "interventional", "Facet block")))
    table.do(None, c.ListCase(brief(required=("spine-surgery", "pain-medicine", "physical-therapy")), OPTIONS))
    table.do(SURGEON, c.DraftRecommendation(HIP, 0, words("fusion")))
    justified(table)
    said = dict(words_of(words("fusion"))) | {"minutes": "Dr Di: “a block first” 😀"}
    table.do(CHAIR, c.ReadBack(HIP, 1), typed={HIP: said})
    table.do(PAIN, c.Attest(HIP, 1, "dissent", "Not before a block."))
    table.do(CHAIR, c.MarkAbsent(HIP, "physical-therapy", "Called away"))
    table.do(None, c.AnnounceLevels(HIP, "numbering"))
    table.do(CHAIR, c.Reopen(HIP))
    table.do(PAIN, c.Choose(HIP, 1, "majority", "block", words().actions, ()))
    table.do(CHAIR, c.ReadBack(HIP, 2))
    table.do(PAIN, c.Attest(HIP, 2, "concur", ""))
    table.do(SURGEON, c.Attest(HIP, 2, "reservation", "Six weeks at most."))
    table.do(CHAIR, c.Attest(HIP, 2, "concur", ""))
    table.do(SURGEON, c.Attest(HIP, 2, "dissent", "On reflection, no."))
    table.do(CHAIR, c.AssignRole(OBSERVER.person_id, "member"))
    table.do(None, c.UnlistCase(KNEE))
    table.do(SURGEON, c.TakeStances(HIP, stances(fusion="for", therapy="neutral")))
    table.do(PAIN, c.TakeStances(HIP, {"fusion": Stance("against", "A facet block first.")}))
    table.do(SURGEON, c.TakeStances(HIP, stances(therapy="for")))
    table.do(CHAIR, c.AdmitGuest(REFERRER.person_id))
    table.do(CHAIR, c.PassFloor(REFERRER.person_id))
    table.do(CHAIR, c.PutOut(REFERRER.person_id))
    table.do(CHAIR, c.AdmitGuest(REFERRER.person_id))
    table.do(COORDINATOR, c.RaiseHand())
    table.do(CHAIR, c.LowerHand(COORDINATOR.person_id))
    table.do(PAIN, c.RaiseHand())
    table.do(CHAIR, c.EndConference(), typed={HIP: {"minutes": "Read back twice."}})
    table.do(THERAPIST, c.Attest(HIP, 2, "concur", ""))
    return table


def levels_change() -> Table:
    """Numbering, grades and plan change, before the signature and after it."""
    table = signed()
    for part in ("numbering", "grades", "plan"):
        table.do(None, c.AnnounceLevels(HIP, part))
    table.do(None, c.AnnounceLevels(KNEE, "plan"))
    return table


def transcript(table: Table, viewer: Participant) -> dict[str, Any]:
    """What one viewer is shown, and what must come of it."""
    eyes = sight(table.state, viewer)
    return {
        "viewer": viewer.person_id,
        "events": shown_all(table.log, eyes, table.state),
        "projection": project(table.state, eyes),
        "digest": projection_digest(table.state, eyes),
    }


def files() -> dict[str, str]:
    """File name → content."""
    return {
        f"{table.__name__.replace('_', '-')}-{viewer.person_id}.json": json.dumps(
            transcript(table(), viewer), indent=1, ensure_ascii=False
        )
        + "\n"
        for table in (whole_sitting, words_change)
        for viewer in VIEWERS
    }


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (FOLDER / name).write_text(content, "utf-8")
