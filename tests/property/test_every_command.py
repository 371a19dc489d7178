"""R61 for every type of command: folding what a viewer is shown of it gives that viewer's fresh state.

One conversation in which each command is taken at least once; `tests.replica` folds the screens, which shares no code
with the room, from every starting point.
"""

import json
from typing import Any, get_args

from conference.room import commands as c
from conference.room import visibility
from conference.room.canonical import canonical
from conference.room.state import EMPTY
from conference.room.values import MarkId, Option, Participant, PlannedTime
from tests import replica
from tests.rooms import (
    CHAIR,
    EVERYBODY,
    HIP,
    KNEE,
    OPTIONS,
    REFERRER,
    SURGEON,
    THERAPIST,
    TRIED,
    Table,
    brief,
    draw,
    opinion,
    signature,
    stances,
    view,
    words,
)

PLANNED = {HIP: PlannedTime("2026-11-26T08:00:00Z", 0), KNEE: PlannedTime("2026-11-26T08:15:00Z", 5)}
Said = tuple[Participant | None, c.Command]


def test_R61_every_command_folds_to_the_fresh_state_from_every_starting_point() -> None:
    table, taken = Table(), set()
    states = [EMPTY]
    for who, command in conversation():
        extra: dict[str, Any] = {}
        if isinstance(command, c.Sign):
            extra = {"signature": signature(table.case.recommendation.digest)}
        answer = table.do(who, command, **extra)
        assert answer.events or isinstance(command, c.TypeText), command
        taken.add(type(command))
        states.append(table.state)
        for viewer in EVERYBODY:
            fresh = _screen(table.state, viewer)
            shown = visibility.shown_all(answer.events, visibility.sight(table.state, viewer), table.state)
            assert _fold(_screen(states[-2], viewer), shown) == fresh, f"{command} on the screen of {viewer.name}"
    assert taken == set(get_args(c.Command)), "a command without its place in this conversation"
    _from_everywhere(table, states)


def _from_everywhere(table: Table, states: list[Any]) -> None:
    """A whole log, resumed from each state of the way by who was shown everything, ends in the same bytes."""
    for viewer in (CHAIR, SURGEON):
        fresh = _screen(table.state, viewer)
        for state in states:
            rest = tuple(one for one in table.log if one.seq > state.seq)
            shown = visibility.shown_all(rest, visibility.sight(table.state, viewer), table.state)
            assert _fold(_screen(state, viewer), shown) == fresh, f"resumed at {state.seq}"


def _screen(state: Any, viewer: Participant) -> bytes:
    return canonical(visibility.project(state, visibility.sight(state, viewer)))


def _fold(screen: bytes, shown: Any) -> bytes:
    return canonical(replica.fold(json.loads(screen), json.loads(json.dumps(shown))))


def conversation() -> list[Said]:
    """Everything that can be said in a room, in an order in which it is taken."""
    bo = SURGEON.person_id
    before: list[Said] = [
        (None, c.ListCase(brief(), OPTIONS)), (None, c.ListCase(brief(KNEE), OPTIONS)),
        (None, c.TimeCases(PLANNED)), (None, c.ListEvidence(HIP, TRIED)), (None, c.ArrangeCases((KNEE, HIP))),
        *((None, c.Join(person)) for person in EVERYBODY),
        (SURGEON, c.GiveOpinion(HIP, opinion("fusion"))), (CHAIR, c.OpenConference()), (CHAIR, c.CallCase(HIP)),
        (None, c.AnnounceImages(HIP, "1.2.3.4")), (None, c.AnnounceLevels(HIP, "grades")),
        (CHAIR, c.AdmitGuest(REFERRER.person_id)),
    ]  # fmt: skip
    talk: list[Said] = [
        (SURGEON, c.RaiseHand()), (CHAIR, c.LowerHand(bo)), (CHAIR, c.PassFloor(bo)), (SURGEON, c.Show(HIP, view())),
        (CHAIR, c.AssignRole(bo, "observer")), (CHAIR, c.AssignRole(bo, "member")), (SURGEON, draw("m1")),
        (SURGEON, c.Reshape(MarkId("m1"), 1, ((2.0, 2.0), (9.0, 9.0)), "")), (SURGEON, draw("m2")),
        (SURGEON, c.Erase(MarkId("m2"))), (CHAIR, c.Reveal(HIP)), (CHAIR, c.OpenRound(HIP)),
        (CHAIR, c.AddOption(HIP, Option("block", "interventional", "Block"))),
        (SURGEON, c.TakeStances(HIP, stances(fusion="against"))),
        (CHAIR, c.StateNonOperative(HIP, "exhausted", "", ("t1",))),
    ]  # fmt: skip
    close: list[Said] = [
        (CHAIR, c.TypeText(HIP, "AAA=")), (CHAIR, c.Choose(HIP, 0, "consensus", "therapy", (), ())),
        (CHAIR, c.DraftRecommendation(HIP, 1, words())), (CHAIR, c.ReadBack(HIP, 2)), (CHAIR, c.Reopen(HIP)),
        (CHAIR, c.ReadBack(HIP, 2)), (SURGEON, c.Attest(HIP, 2, "concur", "")),
        (CHAIR, c.MarkAbsent(HIP, "physical-therapy", "Ill")), (CHAIR, c.Sign(HIP, 2)),
        (CHAIR, c.PutOut(REFERRER.person_id)), (None, c.Leave(THERAPIST.person_id)), (None, c.UnlistCase(KNEE)),
        (CHAIR, c.EndConference()),
    ]  # fmt: skip
    return [*before, *talk, *close]
