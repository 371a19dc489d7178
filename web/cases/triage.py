"""Several cases of the triage list at once: each is taken or left on its own, and what happened to each is said."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlmodel import Session

from agenda.cases import Case, Lane, case
from agenda.conferences import Conference, offered, order
from agenda.errors import AgendaError, Invalid, NotNow
from agenda.expected import board_pace, expected
from agenda.ids import BoardId
from agenda.lifecycle import WITH_THE_BOARD
from agenda.referrals import open_asks
from agenda.timetable import Slot, ends_at, inserted
from agenda.triage import LANES, ask_for, put_in_lane, schedule, worklist
from agenda.undo import undoable
from conference.policy import Action, Actor, BoardResource
from web.access import demand
from web.cases.facts import readiness_now, study_facts
from web.resources import case_resource

ACTS = ("lane", "ask", "place")
MOST = 200
"""Cases in one press of a button."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case."""

    case_id: str
    name: str
    said: str
    taken: bool
    address: str = ""
    """Where what was done can be seen."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """What became of all."""

    results: tuple[Result, ...]
    changed: tuple[str, ...] = ()
    """Sittings whose agenda changed."""

    @property
    def taken(self) -> int:
        """How many were taken."""
        return sum(one.taken for one in self.results)


def act_on_all(
    session: Session, who: Actor, chosen: Sequence[str], act: str, texts: Mapping[str, str], at: datetime,
    cut_off: timedelta,
) -> Bulk:
    """Do one thing to several cases, urgent ones and those that wait longest first.

    A case that cannot be taken is left as it was, with the sentence that says why. Raises Invalid where nothing can be
    done for any of them (no case, no lane, no reason), Forbidden where this person may not triage one. Unless a sitting
    is chosen, none is taken that begins within `cut_off`: its members have read their packets.
    """
    keys = list(dict.fromkeys(chosen))
    if not 1 <= len(keys) <= MOST:
        raise Invalid("case", "Choose the cases first." if not keys else f"Choose up to {MOST} cases at a time.")
    for key in keys:
        demand(who, Action.CASE_TRIAGE, case_resource(session, key))
    found = _in_turn(session, keys)
    match act:
        case "lane":
            return Bulk(tuple(_lane(session, who, one, texts, at) for one in found))
        case "ask":
            return Bulk(tuple(_ask(session, who, one, at) for one in found))
        case "place":
            return _place(session, who, found, texts.get("conference", ""), at, cut_off)
    raise Invalid("act", "There is no such button.")


def _in_turn(session: Session, keys: Sequence[str]) -> list[Case]:
    cases = [case(session, key) for key in keys]
    turn = [one.id for one in worklist(session, sorted({one.board_id for one in cases}))]
    return sorted(cases, key=lambda one: turn.index(one.id) if one.id in turn else len(turn))


def _named(found: Case) -> str:
    return found.patient_name or f"Case {found.number}"


def _left(found: Case, why: str) -> Result:
    return Result(found.id, _named(found), why, taken=False)


def _lane(session: Session, who: Actor, found: Case, texts: Mapping[str, str], at: datetime) -> Result:
    lane, why = texts.get("lane", ""), texts.get("reason", "")
    if lane not in LANES:
        raise Invalid("lane", "Choose one of the five lanes.")
    if lane != "full-discussion" and not why.strip():
        raise Invalid("reason", "Say why; the referrers and the board see it.")
    try:
        ready = readiness_now(session, found, at).ready
        put_in_lane(session, found.id, lane, why, who.person_id, at, ready=ready)
    except AgendaError as error:
        return _left(found, str(error))
    said = LANES[cast(Lane, lane)] + (", ready" if found.state == "ready" else "")
    return Result(found.id, _named(found), said, taken=True)


def _ask(session: Session, who: Actor, found: Case, at: datetime) -> Result:
    """Ask for all that is missing or stale and was not asked for; each case gets its own questions."""
    if found.state not in WITH_THE_BOARD:
        return _left(found, "It is not with triage any more.")
    asked = {ask.field for ask in open_asks(session, found.id)}
    lacking = readiness_now(session, found, at).open
    fresh = [one.item for one in lacking if one.item.field not in asked]
    if not lacking:
        return _left(found, "Nothing is missing.")
    if not fresh:
        return _left(found, "All that is missing was asked for already.")
    for item in fresh:
        ask_for(session, found.id, item.key, who.person_id, at)
    return Result(found.id, _named(found), "Asked for: " + ", ".join(item.label.lower() for item in fresh), taken=True)


def _place(
    session: Session, who: Actor, found: Sequence[Case], wanted: str, at: datetime, cut_off: timedelta
) -> Bulk:
    boards = sorted({one.board_id for one in found})
    for board_id in boards:
        demand(who, Action.CONFERENCE_PLAN, BoardResource(BoardId(board_id)))
    sittings = [
        one for one in offered(session, boards, at)
        if one.id == wanted or (not wanted and one.starts_at >= at + cut_off)
    ]
    if not sittings:
        raise Invalid("conference", "No sitting ahead of the cut-off is planned. Plan one under Conferences.")
    paces = {board_id: board_pace(session, board_id) for board_id in boards}
    results, changed = [], []
    with ExitStack() as steps:
        for sitting in sittings:
            steps.enter_context(undoable(session, sitting.id, who.person_id, at, "cases placed from triage"))
        for one in found:
            result, conference_id = _place_one(session, who, one, sittings, paces[one.board_id], at)
            results.append(result)
            changed += [conference_id] if conference_id else []
    return Bulk(tuple(results), tuple(dict.fromkeys(changed)))


def _place_one(
    session: Session, who: Actor, found: Case, sittings: Sequence[Conference], pace: float, at: datetime
) -> tuple[Result, str]:
    if found.state not in ("triaged", "ready", "rolled_over"):
        return _left(found, _elsewhere(found)), ""
    minutes = expected(session, found, study_facts(session, found.id), pace).minutes
    own = [one for one in sittings if one.board_id == found.board_id]
    sitting = next((one for one in own if _fits(session, one, minutes)), None)
    if sitting is None:
        return _left(found, f"It needs {minutes} minutes; no sitting has them free."), ""
    try:
        schedule(
            session, sitting.id, found.id, readiness_now(session, found, at), who.person_id, at, minutes=minutes
        )
    except NotNow as error:
        return _left(found, error.reason), ""
    said = f"{sitting.title}, {minutes} minutes"
    return Result(found.id, _named(found), said, taken=True, address=f"/conferences/{sitting.id}"), sitting.id


def _fits(session: Session, sitting: Conference, minutes: int) -> bool:
    return ends_at(inserted(order(session, sitting.id), Slot("", minutes), None)) <= sitting.duration_min


def _elsewhere(found: Case) -> str:
    return {
        "submitted": "Put it in a lane first.", "needs_info": "The board waits for its referrer's answer.",
        "scheduled": "It stands on an agenda already.",
    }.get(found.state, "It is not with triage any more.")
