"""What a guest in the lobby is told, which is all they are told: how their own cases stand. Rules R104 and R105.

Not a projection: nothing is folded, nothing of the room is in it but the state of the sitting, the guest's own cases
and how many come before.
"""

from conference.room.course import course
from conference.room.plain import Json
from conference.room.seats import admitted
from conference.room.state import CaseState, RoomState
from conference.room.values import Participant


def in_lobby(state: RoomState, viewer: Participant) -> bool:
    """Does this viewer wait outside the room?"""
    return not admitted(state, viewer.person_id, viewer.cases)


def lobby(state: RoomState, viewer: Participant, at: str) -> dict[str, Json]:
    """What the guest is told at an instant, to the minute, so that it changes no more often than that."""
    expected = {one.case: one for one in course(state, at).waiting}
    own: list[Json] = []
    for key in state.order:
        if key not in (viewer.cases or ()):
            continue
        case, due = state.cases[key], expected.get(key)
        own.append({
            "case": key,
            "title": case.brief.title,
            "standing": _standing(state, case),
            "starts_at": None if due is None else due.starts_at.isoformat(timespec="minutes"),
            "ahead": 0 if due is None else due.ahead,
        })
    return {"phase": state.phase, "cases": own, "lets_in": _lets_in(state)}


def _standing(state: RoomState, case: CaseState) -> str:
    if case.signed is not None:
        return "signed"
    if state.table == case.brief.case:
        return "on-table"
    return "waiting" if case.called_at is None else "heard"


def _lets_in(state: RoomState) -> Json:
    """Whether somebody who can let the guest in is here."""
    return any(seat.present and seat.role in ("chair", "coordinator") for seat in state.people.values())
