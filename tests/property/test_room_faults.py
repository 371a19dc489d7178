"""Faults planted into the room, one at a time: the laws of `room_machine` must catch each.

A law that catches nothing is decoration. Each entry says what is broken and how; to add one, break something real.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conference.room import decide, evolve, marks, opinions, recommendation, room, seats, visibility
from conference.room import events as e
from conference.room.canonical import digest
from conference.room.plain import plain
from conference.room.state import ClosedBy, RoomState
from tests.property.faults import Faults
from tests.property.room_walk import walk

FAULTS = Faults(AssertionError, KeyError, TypeError, AttributeError)


def _after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, change: Callable[..., Any]) -> None:
    """Replace a function by one that changes what it gave: change(result, *arguments)."""
    original = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *args, **kwargs: change(original(*args, **kwargs), *args))


@FAULTS.plant
def opinions_are_shown_to_the_chair(patch: pytest.MonkeyPatch) -> None:
    _after(
        patch,
        visibility,
        "sight_among",
        lambda eyes, _authors, who: replace(eyes, author="bo") if who.role == "chair" else eyes,
    )


@FAULTS.plant
def the_placeholder_of_an_opinion_carries_it(patch: pytest.MonkeyPatch) -> None:
    original = visibility._shown_event
    patch.setattr(
        visibility,
        "_shown_event",
        lambda event, eyes, of: {
            **original(event, eyes, of),
            **(
                {"type": "opinion-given", "opinion": plain(event.opinion)}
                if isinstance(event, e.OpinionGiven)
                else {}
            ),
        },
    )


@FAULTS.plant
def a_revealed_round_still_takes_opinions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opinions, "_not_sealable", lambda case: None)


@FAULTS.plant
def the_reveal_forgets_to_carry_the_opinions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(visibility, "_opened", lambda event, of: {})


@FAULTS.plant
def a_guest_is_told_which_other_case_is_called(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        visibility, "_case_of", lambda event, of: None if isinstance(event, e.CaseCalled) else _case_of(event, of)
    )


_case_of = visibility._case_of


@FAULTS.plant
def marks_of_other_cases_reach_a_guest(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        visibility, "_case_of", lambda event, of: None if isinstance(event, e.Drawn) else _case_of(event, of)
    )


@FAULTS.plant
def reopening_keeps_the_closings(patch: pytest.MonkeyPatch) -> None:
    original = evolve._deliberate

    def deliberate(case: Any, event: Any, at: str) -> Any:
        after = original(case, event, at)
        return replace(after, closings=case.closings) if isinstance(event, e.RecommendationReopened) else after

    patch.setattr(evolve, "_deliberate", deliberate)


@FAULTS.plant
def a_colleague_replaces_a_dissent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evolve, "_spoken", lambda before, voice: ClosedBy(voice))


@FAULTS.plant
def signing_does_not_wait_for_everybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recommendation, "unheard", lambda case: ())


@FAULTS.plant
def an_absent_discipline_is_forgotten_in_the_signature(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recommendation, "is_provisional", lambda case: False)


@FAULTS.plant
def a_signed_case_can_be_changed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recommendation, "_unsigned", lambda of, who, case: of.cases[case])


@FAULTS.plant
def closing_does_not_wait_for_the_read_back(patch: pytest.MonkeyPatch) -> None:
    def any_words(case: Any, revision: int) -> Any:
        words = case.recommendation
        return words if words is not None else recommendation._NOT_READ_BACK

    patch.setattr(recommendation, "_read_back", any_words)


@FAULTS.plant
def a_stale_draft_is_taken(patch: pytest.MonkeyPatch) -> None:
    original = recommendation.attest
    patch.setattr(
        recommendation,
        "attest",
        lambda of, who, command: (
            original(of, who, replace(command, revision=of.cases[command.case].recommendation.revision))
            if of.cases[command.case].recommendation
            else original(of, who, command)
        ),
    )
    _after(
        patch,
        recommendation,
        "attest",
        lambda answer, of, who, command: (
            tuple(replace(one, revision=command.revision) for one in answer) if isinstance(answer, tuple) else answer
        ),
    )


@FAULTS.plant
def points_may_lie_outside_the_image(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(marks, "_inside", lambda point, frame: True)


@FAULTS.plant
def a_mark_may_lie_beside_the_table(patch: pytest.MonkeyPatch) -> None:
    original = marks._drawable
    patch.setattr(marks, "_drawable", lambda of, who, case: original(replace(of, table=case), who, case))


@FAULTS.plant
def marks_are_not_measured(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(marks, "measured", lambda *_: None)


@FAULTS.plant
def an_observer_keeps_the_pen_they_had(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seats, "role_of", lambda of, who: who.role)


@FAULTS.plant
def an_erased_identity_may_be_used_again(patch: pytest.MonkeyPatch) -> None:
    original = evolve._marks

    def forgetting(of: RoomState, event: Any) -> dict[str, object]:
        found = original(of, event)
        if not isinstance(event, e.Erased):
            return found
        return {**found, "mark_cases": {key: one for key, one in of.mark_cases.items() if key != event.mark}}

    patch.setattr(evolve, "_marks", forgetting)


@FAULTS.plant
def anybody_reshapes_a_mark(patch: pytest.MonkeyPatch) -> None:
    original = marks.reshape
    patch.setattr(
        marks,
        "reshape",
        lambda of, who, command, context: original(
            of,
            replace(
                who,
                person_id=next(
                    (
                        one.author
                        for case in of.cases.values()
                        for one in case.marks.values()
                        if one.mark == command.mark
                    ),
                    who.person_id,
                ),
            ),
            command,
            context,
        ),
    )


@FAULTS.plant
def reshaping_does_not_count_revisions(patch: pytest.MonkeyPatch) -> None:
    _after(
        patch,
        marks,
        "reshape",
        lambda answer, *_: tuple(replace(one, revision=1) for one in answer) if isinstance(answer, tuple) else answer,
    )


@FAULTS.plant
def erasing_leaves_the_mark(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evolve, "_without", lambda mapping, key: mapping)


@FAULTS.plant
def the_floor_stays_with_whoever_left(patch: pytest.MonkeyPatch) -> None:
    original = evolve._people
    patch.setattr(
        evolve,
        "_people",
        lambda of, event, at: (
            replace(original(of, event, at), floor=of.floor) if isinstance(event, e.Left) else original(of, event, at)
        ),
    )


@FAULTS.plant
def a_hand_stays_up_when_its_owner_left(patch: pytest.MonkeyPatch) -> None:
    original = evolve._people
    patch.setattr(
        evolve,
        "_people",
        lambda of, event, at: (
            replace(original(of, event, at), hands=of.hands) if isinstance(event, e.Left) else original(of, event, at)
        ),
    )


@FAULTS.plant
def a_command_sent_again_is_decided_again(patch: pytest.MonkeyPatch) -> None:
    class Forgetful(dict):  # type: ignore[type-arg]
        def get(self, *_: Any) -> None:
            return None

    original = room.RoomMachine.__init__

    def init(self: Any, *args: Any) -> None:
        original(self, *args)
        self._done = Forgetful()

    patch.setattr(room.RoomMachine, "__init__", init)


@FAULTS.plant
def time_runs_backwards(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        room, "max", lambda now, last: f"2026-11-25{now[10:]}" if last > "2026-11-26T08:00:20" else now, raising=False
    )


@FAULTS.plant
def a_refusal_leaves_a_trace(patch: pytest.MonkeyPatch) -> None:
    original = room.RoomMachine.receive

    def receive(self: Any, *args: Any) -> Any:
        answer = original(self, *args)
        if type(answer).__name__ == "Refused":
            self.state = replace(self.state, hands=(*self.state.hands,))
        return answer

    patch.setattr(room.RoomMachine, "receive", receive)


@FAULTS.plant
def the_signature_is_over_other_words(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        recommendation, "frozen_digest", lambda case, revision, words: digest({"case": case, "at": revision})
    )
    original = decide.recommendation.sign
    patch.setattr(
        recommendation, "sign", lambda of, who, command, context: _forged(original(of, who, command, context))
    )


def _forged(answer: Any) -> Any:
    if isinstance(answer, tuple):
        return tuple(replace(one, signature=replace(one.signature, digest="f" * 64)) for one in answer)
    return answer


WALKS = 60
"""How many walks a fault may survive."""


@pytest.mark.parametrize("name", FAULTS.names)
def test_the_laws_catch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS.caught(name, monkeypatch, _walk_all)


def _walk_all() -> None:
    for seed in range(WALKS):
        walk(seed)


def test_without_a_fault_every_walk_is_lawful() -> None:
    kinds = {type(one.event) for seed in range(12) for one in walk(seed).log}
    assert len(kinds) >= 20, "the walks miss what the room can do"


def test_there_are_at_least_twenty() -> None:
    assert len(FAULTS.names) >= 20
