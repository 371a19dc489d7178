"""Writes the notices of cases and alarms in the transaction that changes them, whoever changes them."""

from datetime import datetime
from weakref import WeakSet

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session as AnySession
from sqlalchemy.orm import UOWTransaction
from sqlmodel import Session

from agenda.alarms import Alarm
from agenda.boards import members, on_call
from agenda.cases import Case, CaseHistory
from agenda.notices.events import OF_CASE_STATES, Kind
from agenda.notices.queue import tell
from agenda.people import Person
from agenda.rollovers import rolled_over

_told: WeakSet[Engine] = WeakSet()


def install(engine: Engine) -> None:
    """Tell of every change that an ORM session on this engine makes from now on. Twice is the same as once."""
    _told.add(engine)
    if not event.contains(AnySession, "before_flush", _before_flush):
        event.listen(AnySession, "before_flush", _before_flush)


def _before_flush(session: AnySession, _context: UOWTransaction, _instances: object) -> None:
    if session.get_bind() not in _told or not isinstance(session, Session):
        return
    for row in list(session.new):
        if isinstance(row, CaseHistory) and row.state in OF_CASE_STATES:
            _of_case(session, row)
        elif isinstance(row, Alarm):
            _of_alarm(session, row)


def _of_case(session: Session, row: CaseHistory) -> None:
    kind, found = OF_CASE_STATES[row.state], session.get(Case, row.case_id)
    if found is None:
        return
    if kind == "received":
        _tell_board(session, kind, found, row.at, "coordinator")
        return
    if kind == "triaged" and row.step > 2:  # taken on once: coming off an agenda is no news
        return
    if kind == "rolled-over" and rolled_over(session, found.id, row.at) is not None:
        _tell_board(session, "rolled-over-again", found, row.at, "chair", "coordinator")
    referrer = session.get(Person, found.referrer_id)
    if referrer is not None and referrer.id != row.actor_id:
        tell(session, kind, referrer, row.at, case_id=found.id, data={"case": str(found.number)})


def _of_alarm(session: Session, row: Alarm) -> None:
    found = session.get(Case, row.case_id)
    if found is not None:
        for person in on_call(session, found.board_id):
            tell(session, "alarm", person, row.raised_at, case_id=found.id, data={"case": str(found.number)})


def _tell_board(session: Session, kind: Kind, found: Case, at: datetime, *roles: str) -> None:
    for seat, person in members(session, found.board_id):
        if seat.role in roles:
            tell(session, kind, person, at, case_id=found.id, data={"case": str(found.number)})
