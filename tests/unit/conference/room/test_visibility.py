"""Who sees what."""

import json
from dataclasses import replace

import pytest

from agenda.ids import CaseId
from conference.room import commands as c
from conference.room.canonical import canonical
from conference.room.evolve import replay
from conference.room.plain import tagged
from conference.room.values import LevelsPart, Participant
from conference.room.visibility import Sight, project, projection_digest, shown_all, sight
from tests import replica
from tests.rooms import (
    CHAIR,
    COORDINATOR,
    EVERYBODY,
    HIP,
    KNEE,
    OBSERVER,
    REFERRER,
    SURGEON,
    THERAPIST,
    Table,
    draw,
    frame,
    opened,
    opinion,
    signable,
    signature,
    signed,
    view,
    words,
)


def sitting() -> Table:
    """Something of everything, on both cases."""
    table = signable()
    table.do(None, c.AnnounceImages(HIP, "1.2.3"))
    table.do(SURGEON, c.GiveOpinion(HIP, opinion("fusion")))
    table.do(THERAPIST, c.GiveOpinion(HIP, opinion()))
    table.do(SURGEON, draw())
    table.do(SURGEON, c.Reshape("m1", 1, ((1.0, 1.0), (9.0, 9.0)), "moved"))
    table.do(CHAIR, c.Attest(HIP, 1, "dissent", "Too early."))
    table.do(CHAIR, c.Sign(HIP, 1), signature=signature(table.case.recommendation.digest))
    table.do(CHAIR, c.CallCase(KNEE))
    table.do(CHAIR, c.Show(KNEE, view()), frame=frame(KNEE))
    table.do(CHAIR, draw("m2", case=KNEE, text="CANARY-KNEE"), frame=frame(KNEE))
    table.do(SURGEON, c.GiveOpinion(KNEE, opinion("wait")))
    table.do(CHAIR, c.Reveal(KNEE))
    table.do(CHAIR, c.OpenRound(KNEE))
    table.do(THERAPIST, c.GiveOpinion(KNEE, opinion("fusion")))
    table.do(THERAPIST, draw("m3", case=KNEE), frame=frame(KNEE))
    table.do(THERAPIST, c.Erase("m3"))
    table.do(None, c.ArrangeCases((KNEE, HIP)))
    table.do(None, c.Leave(OBSERVER.person_id))
    return table


@pytest.mark.parametrize("part", ["numbering", "grades", "plan"])
def test_R120_a_change_of_levels_is_told_to_all_who_see_the_case_and_changes_nothing(part: LevelsPart) -> None:
    for table in (opened(), signed()):
        before = table.state
        (told,) = (one.event for one in table.do(None, c.AnnounceLevels(KNEE, part)).events)
        assert replace(table.state, seq=before.seq, at=before.at) == before
        for viewer in EVERYBODY:
            (shown,) = shown_all(table.log[-1:], sight(table.state, viewer), table.state)
            sees = sight(table.state, viewer).of(KNEE)
            assert shown["event"] == (tagged(told) if sees else {"type": "sealed"})  # type: ignore[index, call-overload]
        assert set(tagged(told)) == {"type", "case", "part"}
    assert table.refused(None, c.AnnounceLevels(CaseId("unknown"), part)) == "no-such-case"


@pytest.mark.parametrize("viewer", EVERYBODY, ids=lambda person: person.person_id)
def test_R61_R60_folding_what_is_shown_gives_the_projection(viewer: Participant) -> None:
    table = sitting()
    eyes = sight(table.state, viewer)
    for start in range(len(table.log) + 1):
        earlier = replay(table.log[:start])
        begin = replica.empty() if start == 0 else project(earlier, sight(earlier, viewer))
        begin = json.loads(json.dumps(begin))
        records = shown_all(table.log[start:], eyes, table.state)
        folded = replica.fold(begin, json.loads(json.dumps(records)))
        assert canonical(folded) == canonical(project(table.state, eyes))


def test_R32_a_sealed_opinion_is_its_authors_alone() -> None:
    table = opened()
    table.do(SURGEON, c.GiveOpinion(HIP, opinion()))
    for viewer in EVERYBODY:
        eyes = sight(table.state, viewer)
        told = json.dumps([project(table.state, eyes), shown_all(table.log, eyes, table.state)])
        assert ("CANARY-OPINION" in told) == (viewer is SURGEON)


def test_R32_another_session_of_the_author_sees_it_too() -> None:
    table = opened()
    table.do(SURGEON, c.GiveOpinion(HIP, opinion()))
    assert sight(table.state, Participant(SURGEON.person_id, "x", None, "observer")).author == SURGEON.person_id


def test_R62_before_the_reveal_the_placeholder_says_who_and_nothing_else() -> None:
    table = opened()
    table.do(SURGEON, c.GiveOpinion(HIP, opinion()))
    eyes = sight(table.state, CHAIR)
    record = shown_all(table.log[-1:], eyes, table.state)[0]
    assert record["event"] == {
        "type": "opinion-sealed",
        "case": HIP,
        "round": 1,
        "person": "bo",
        "name": "Dr Bo Surgeon",
        "discipline": "spine-surgery",
    }
    twin = opened()
    twin.do(SURGEON, c.GiveOpinion(HIP, opinion("fusion", confidence=1, comment="something else")))
    assert projection_digest(table.state, eyes) == projection_digest(twin.state, eyes)


def test_R33_after_the_reveal_everybody_sees_the_round() -> None:
    table = opened()
    table.do(SURGEON, c.GiveOpinion(HIP, opinion()))
    table.do(CHAIR, c.Reveal(HIP))
    for viewer in (COORDINATOR, OBSERVER, REFERRER):
        assert "CANARY-OPINION" in json.dumps(project(table.state, sight(table.state, viewer)))


def test_R63_a_guest_sees_no_other_case() -> None:
    table = sitting()
    eyes = sight(table.state, REFERRER)
    told = json.dumps([project(table.state, eyes), shown_all(table.log, eyes, table.state)])
    assert KNEE not in told
    assert "CANARY-KNEE" not in told
    assert project(table.state, eyes)["table"] is None
    assert project(table.state, eyes)["order"] == [HIP]


def test_R60_a_hidden_event_keeps_its_number_and_loses_its_actor() -> None:
    table = sitting()
    records = shown_all(table.log, sight(table.state, REFERRER), table.state)
    assert [record["seq"] for record in records] == [one.seq for one in table.log]
    assert all(record["actor"] is None for record in records if record["event"] == {"type": "sealed"})


def test_equal_sights_see_the_same() -> None:
    table = sitting()
    assert sight(table.state, CHAIR) == sight(table.state, OBSERVER) == Sight(None, None)
    assert sight(table.state, THERAPIST) != sight(table.state, CHAIR)


def test_words_leave_as_they_are() -> None:
    table = sitting()
    recommendation = project(table.state, Sight(None, None))["cases"][HIP]["recommendation"]["recommendation"]
    assert recommendation["answers"] == dict(words().answers)
