"""Sign-in sessions: kept on the server, known to the browser by an opaque token, ended by idleness, time or decision.

Table first, verbs below, then `Sessions`, which the application asks who acts.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from sqlmodel import Field, Session, SQLModel, col, select
from starlette.requests import HTTPConnection
from starlette.responses import Response

from agenda.boards import board, roles_of
from agenda.cases import case
from agenda.columns import instant
from agenda.ids import BoardId, CaseId, PersonId, new_id
from agenda.people import Person, Site
from conference.policy import Actor, BoardRole, Standing
from web.auth.attempts import Attempts
from web.auth.invitations import Invitation
from web.auth.passwords import Passwords
from web.auth.secret import Seal, digest, new_token
from web.auth.tokens import token_of
from web.clock import now
from web.database import Database, Deed
from web.settings import AuthSettings
from web.sockets.open import OpenSockets

log = logging.getLogger(__name__)

SECURE_COOKIE = "__Host-consilium"
PLAIN_COOKIE = "consilium"
"""On plain HTTP (the demo on loopback) a browser refuses the __Host- prefix, which demands Secure."""
CODE_LIFETIME = timedelta(minutes=5)
"""How long a right password waits for its second factor."""
_SEEN_STEP = timedelta(seconds=60)
"""Activity reaches the database at most this often; in between it is remembered in memory."""


class SignInSession(SQLModel, table=True):
    """One browser in which somebody signed in."""

    id: str = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True, index=True)
    person_id: str = Field(index=True)
    """A Person, or a guest's identity."""
    invitation_id: str | None = Field(default=None, foreign_key="invitation.id")
    """A guest's session: what it was started with, and is bound to."""
    awaiting_code: bool = False
    """The password was right; the second factor is still to come. Such a session opens nothing."""
    device: str = ""
    """Browser and system in words, for the person's own list."""
    started_at: datetime = instant()
    seen_at: datetime = instant()
    ends_at: datetime = instant()
    ended_at: datetime | None = instant(default=None, nullable=True)
    ended_because: str = ""


def open_session(session: Session, row: SignInSession) -> str:
    """Keep a new session and give its token, which is kept nowhere."""
    token = new_token()
    row.digest = digest(token)
    session.add(row)
    session.flush()
    return token


def sessions_of(session: Session, person_id: str, at: datetime) -> list[SignInSession]:
    """A person's running sessions, last seen first."""
    rows = session.exec(
        select(SignInSession)
        .where(
            SignInSession.person_id == person_id, col(SignInSession.ended_at).is_(None), SignInSession.ends_at > at,
            col(SignInSession.awaiting_code).is_(False),
        )
        .order_by(col(SignInSession.seen_at).desc())
    )
    return list(rows)


def end_session(session: Session, session_id: str, because: str, at: datetime, *, person_id: str | None = None) -> None:
    """End one session; with `person_id`, only if it is theirs. Ending it twice changes nothing."""
    found = session.get(SignInSession, session_id)
    if found is not None and found.ended_at is None and person_id in (None, found.person_id):
        found.ended_at, found.ended_because = at, because
        session.add(found)


def end_sessions_of(session: Session, person_id: str, because: str, at: datetime, *, keep: str | None = None) -> None:
    """End every session of a person, save the one to keep."""
    running = select(SignInSession).where(SignInSession.person_id == person_id, col(SignInSession.ended_at).is_(None))
    for row in session.exec(running):
        if row.id != keep:
            row.ended_at, row.ended_because = at, because
            session.add(row)


@dataclass(frozen=True, slots=True)
class Known:
    """A connection whose token holds: who acts, and in which session (None: a program with a bearer token)."""

    actor: Actor
    session_id: str | None
    time_zone: str = "UTC"
    """Of the person's site, or of the board a guest's case is before; IANA name."""
    until: datetime | None = None
    """When it ends of itself at the latest; None: it must be asked for each time."""


class Sessions:
    """Answers who acts; starts and ends sessions; knows what proofs need (passwords, attempts, the seal).

    `sockets` are the open sockets, which close when what they stand on ends.
    """

    def __init__(self, database: Database, settings: AuthSettings, *, secure: bool, keys: Path) -> None:
        self.database = database
        self.settings = settings
        self.cookie = SECURE_COOKIE if secure else PLAIN_COOKIE
        self.secure = secure
        self.passwords = Passwords()
        self.attempts = Attempts(settings.attempts_per_minute)
        self.seal = Seal.from_file(keys / "totp.key")
        self.sockets = OpenSockets(self.actor_of_session)
        self._seen: dict[str, datetime] = {}
        self._ended: list[Callable[[str, str], None]] = []

    def close(self) -> None:
        """End the threads that hash."""
        self.passwords.close()

    def on_end(self, callback: Callable[[str, str], None]) -> None:
        """Call `callback(session_id, person_id)` whenever this process notices the end of a session."""
        self._ended.append(callback)

    def told_ended(self, session_id: str, person_id: str) -> None:
        """A session has ended in the database; told by `web.auth.revocation` after the commit."""
        self._seen.pop(session_id, None)
        for callback in self._ended:
            callback(session_id, person_id)

    async def actor_of(self, connection: HTTPConnection, at: datetime | None = None) -> Actor | None:
        """Who acts on this connection; None: nobody whose proof holds."""
        found = await self.known(connection, at)
        return found.actor if found else None

    async def known(self, connection: HTTPConnection, at: datetime | None = None) -> Known | None:
        """Who acts, and in which session. An HTTP request counts as activity, a socket's handshake does not."""
        at = at or now()
        scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return await self._bearer_known(bearer.strip(), at)
        token = connection.cookies.get(self.cookie)
        if not token:
            return None
        row = await self.database.recall_beside_images(("session", digest(token)), _by_digest, digest(token))
        if row is None or not await self._holds(row, at) or row.awaiting_code:
            return None
        if row.invitation_id is None:
            found = await self.database.recall_beside_images(("known", row.id), _known, row, at)
        else:  # an invitation ends by the clock
            found = await self.database.read(_known, row, at)
        if found is not None and connection.scope["type"] == "http":
            await self._touch(row, found.actor, at)
        return found

    async def _bearer_known(self, text: str, at: datetime) -> Known | None:
        found = await self.database.recall_beside_images(("bearer", digest(text)), _bearer, text, at)
        return found[0] if found is not None and at < found[1] else None

    async def awaiting_code(self, connection: HTTPConnection, at: datetime) -> SignInSession | None:
        """The session of this browser whose password was right and whose second factor is still to come."""
        token = connection.cookies.get(self.cookie)
        row = await self.database.read(_by_digest, digest(token)) if token else None
        return row if row is not None and row.awaiting_code and await self._holds(row, at) else None

    async def actor_of_session(self, session_id: str, at: datetime | None = None) -> Actor | None:
        """Who acts in a session, asked again: None when it, the person or the invitation has ended meanwhile."""
        at = at or now()
        row = await self.database.read(_by_id, session_id)
        if row is None or row.awaiting_code or not await self._holds(row, at):
            return None
        found = await self.database.read(_known, row, at)
        return found.actor if found else None

    def touch(self, session_id: str, at: datetime) -> None:
        """The person did something over a socket (never for heartbeats): the idle time starts anew."""
        self._seen[session_id] = at

    async def start(
        self, connection: HTTPConnection, who: Actor, *, at: datetime, awaiting_code: bool = False,
        invitation: Invitation | None = None,
    ) -> str:
        """Start a session and give its token, for `set_cookie`. The browser's earlier session ends: tokens rotate."""
        lifetime = timedelta(hours=self.settings.absolute_hours)
        if invitation is not None:
            lifetime = min(timedelta(hours=self.settings.guest_hours), invitation.expires_at - at)
        row = SignInSession(
            digest="", person_id=who.person_id, invitation_id=invitation.id if invitation else None,
            awaiting_code=awaiting_code, device=device(connection.headers.get("user-agent", "")),
            started_at=at, seen_at=at, ends_at=at + (CODE_LIFETIME if awaiting_code else lifetime),
        )
        earlier = connection.cookies.get(self.cookie)
        request_id = str(connection.scope.get("consilium.request_id", ""))
        heading = Deed(who.person_id, who.name, "session.start", at, request_id)
        return await self.database.write(heading, _rotate, row, digest(earlier) if earlier else None, at)

    async def end(
        self, session_id: str, because: str, *, at: datetime, actor_id: str = "system", actor_name: str = "system"
    ) -> None:
        """End one session."""
        await self.database.write(Deed(actor_id, actor_name, "session.end", at), end_session, session_id, because, at)

    async def end_all(
        self, person_id: str, because: str, *, at: datetime, keep: str | None = None, actor_id: str = "system",
        actor_name: str = "system",
    ) -> None:
        """End every session of a person, save the one to keep."""
        heading = Deed(actor_id, actor_name, "session.end-all", at)
        await self.database.write(heading, end_sessions_of, person_id, because, at, keep=keep)

    def set_cookie(self, response: Response, token: str) -> None:
        """Hand the browser its token: to this host and HTTP only, and never sent along by other sites' forms."""
        response.set_cookie(self.cookie, token, path="/", secure=self.secure, httponly=True, samesite="lax")

    def clear_cookie(self, response: Response) -> None:
        """Take the token back."""
        response.delete_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="lax")

    async def _holds(self, row: SignInSession, at: datetime) -> bool:
        if row.ended_at is not None:
            return False
        seen = max(row.seen_at, self._seen.get(row.id, row.seen_at))
        idle = at - seen >= timedelta(minutes=self.settings.idle_minutes)
        if not idle and at < row.ends_at:
            return True
        await self.end(row.id, "idle" if idle else "time", at=at)
        return False

    async def _touch(self, row: SignInSession, who: Actor, at: datetime) -> None:
        self._seen[row.id] = max(at, self._seen.get(row.id, at))
        if at - row.seen_at >= _SEEN_STEP:
            await self.database.write(Deed(who.person_id, who.name, "session.seen", at), _note_seen, row.id, at)


def _by_digest(session: Session, wanted: str) -> SignInSession | None:
    return session.exec(select(SignInSession).where(SignInSession.digest == wanted)).one_or_none()


def _by_id(session: Session, session_id: str) -> SignInSession | None:
    return session.get(SignInSession, session_id)


def _note_seen(session: Session, session_id: str, at: datetime) -> None:
    found = session.get(SignInSession, session_id)
    if found is not None and found.ended_at is None:
        found.seen_at = max(found.seen_at, at)
        session.add(found)


def _rotate(session: Session, row: SignInSession, earlier: str | None, at: datetime) -> str:
    before = _by_digest(session, earlier) if earlier else None
    if before is not None:
        end_session(session, before.id, "signed in anew", at)
    return open_session(session, row)


def _bearer(session: Session, text: str, at: datetime) -> tuple[Known, datetime] | None:
    """Who holds a token, and until when."""
    token = token_of(session, text, at)
    found = session.get(Person, token.person_id) if token else None
    if token is None or found is None or found.disabled_at is not None:
        return None
    known = Known(actor_from(session, found), None, _zone_of(session, found), token.expires_at)
    return known, token.expires_at


def _known(session: Session, row: SignInSession, at: datetime) -> Known | None:
    if row.invitation_id is not None:
        invitation = session.get(Invitation, row.invitation_id)
        if invitation is None or invitation.revoked_at is not None or at >= invitation.expires_at:
            return None
        invited_to = board(session, case(session, invitation.case_id).board_id)
        return Known(guest_actor(invitation), row.id, invited_to.time_zone)
    found = session.get(Person, row.person_id)
    if found is None or found.disabled_at is not None:
        return None
    return Known(actor_from(session, found), row.id, _zone_of(session, found), row.ends_at)


def _zone_of(session: Session, found: Person) -> str:
    site = session.get(Site, found.site_id)
    return site.time_zone if site is not None else "UTC"


def actor_from(session: Session, found: Person) -> Actor:
    """What the policy knows of a person: standing, discipline and the boards they sit on."""
    roles = {BoardId(key): cast(BoardRole, role) for key, role in roles_of(session, found.id).items()}
    return Actor(
        person_id=found.person_id, name=found.name, standing=cast(Standing, found.standing),
        discipline=found.discipline, boards=roles,
    )


def guest_actor(invitation: Invitation) -> Actor:
    """What the policy knows of a guest: the one case."""
    return Actor(
        person_id=PersonId(invitation.guest_id), name=invitation.name, standing="guest",
        guest_of=CaseId(invitation.case_id),
    )


def device(user_agent: str) -> str:
    """``Firefox on Linux``: enough for a person to know their own browser by."""
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = (
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
        ("CrOS", "ChromeOS"), ("Linux", "Linux"),
    )
    browser = next((name for mark, name in browsers if mark in user_agent), "A program")
    system = next((name for mark, name in systems if mark in user_agent), "")
    return f"{browser} on {system}" if system else browser
