"""What takes access away closes what is open: noticed in the session's own flush, told after the commit.

No route, verb or command can forget it, because it looks at the rows that changed: an ended sign-in session, a person
disabled or given another standing, a seat on a board given or taken, an invitation withdrawn.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, UOWTransaction

from agenda.boards import Membership
from agenda.people import Person
from web.auth.invitations import Invitation
from web.auth.sessions import Sessions, SignInSession
from web.database import Database

_KEY = "revoked"
_CHECK_EVERY_S = 20.0


@dataclass(slots=True)
class _Revoked:
    sessions: dict[str, str] = field(default_factory=dict)
    """Session → person."""
    people: set[str] = field(default_factory=set)


def watch(database: Database, sessions: Sessions) -> Callable[[], None]:
    """Close sockets as their sessions and rights go, on the running event loop; gives the function that stops it."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def run(revoked: _Revoked) -> None:
        for session_id, person_id in revoked.sessions.items():
            sessions.told_ended(session_id, person_id)
        task = loop.create_task(_close(sessions, revoked))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def noticed(session: Session, _context: UOWTransaction) -> None:
        if session.get_bind() is database.engine:
            _collect(session)

    def committed(session: Session) -> None:
        revoked = session.info.pop(_KEY, None)
        if revoked is not None and not loop.is_closed():
            loop.call_soon_threadsafe(run, cast(_Revoked, revoked))

    def undone(session: Session, *_: object) -> None:
        session.info.pop(_KEY, None)

    listeners: tuple[tuple[str, Callable[..., None]], ...] = (
        ("after_flush", noticed), ("after_commit", committed), ("after_rollback", undone),
    )
    for name, listener in listeners:
        event.listen(Session, name, listener)
    checking = loop.create_task(_check_regularly(sessions))

    def stop() -> None:
        checking.cancel()
        for name, listener in listeners:
            event.remove(Session, name, listener)

    return stop


def _collect(session: Session) -> None:
    found = session.info.get(_KEY) or _Revoked()
    for row in (*session.new, *session.dirty, *session.deleted):
        match row:
            case SignInSession() if row.ended_at is not None and _changed(row, "ended_at"):
                found.sessions[row.id] = row.person_id
            case Person() if _changed(row, "disabled_at", "standing", "discipline"):
                found.people.add(row.id)
            case Membership():
                found.people.add(row.person_id)
            case Invitation() if _changed(row, "revoked_at", "expires_at"):
                found.people.add(row.guest_id)
            case _:
                pass
    if found.sessions or found.people:
        session.info[_KEY] = found


def _changed(row: object, *fields: str) -> bool:
    state = inspect(row)
    assert state is not None
    return any(state.attrs[name].history.has_changes() for name in fields)


async def _close(sessions: Sessions, revoked: _Revoked) -> None:
    await asyncio.gather(
        *(sessions.sockets.session_ended(session_id) for session_id in revoked.sessions),
        *(sessions.sockets.rights_changed(person_id) for person_id in revoked.people),
    )


async def _check_regularly(sessions: Sessions) -> None:
    while True:
        await asyncio.sleep(_CHECK_EVERY_S)
        await sessions.sockets.check_all()
