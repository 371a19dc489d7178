"""Proving oneself again before what binds: a signature asks for the password within the last minutes, not a cookie."""

from datetime import datetime, timedelta

from agenda.people import person
from conference.policy import Actor
from web.auth import totp
from web.auth.errors import Refused
from web.auth.proof import prove_code, prove_password
from web.clock import now
from web.services import Services


async def reauthenticate(
    services: Services, actor: Actor, password: str, code: str | None = None, *, address: str = "",
    at: datetime | None = None,
) -> datetime:
    """The instant at which this actor has proven themselves again; raises Refused or SlowDown.

    Both components are asked for every signature (21 CFR 11.200(a)(1)): the password, and the code of the second factor
    where one is enrolled. Guests have no password and cannot.
    """
    at = at or now()
    sessions = services.sessions
    if actor.standing == "guest":
        raise Refused("A guest does not sign.")
    owner = await sessions.database.read(person, actor.person_id)
    if await sessions.database.read(totp.enrolled, owner.id) and not code:
        raise Refused("Give the code of your authenticator as well.")
    proven = await prove_password(sessions, owner.email, password, address=address, at=at)
    if proven.needs_code:
        await prove_code(sessions, owner.id, code or "", address=address, at=at)
    return at


def fresh(proven_at: datetime, at: datetime, minutes: int) -> bool:
    """Was the proof given within the last `minutes`? A proof from the future is none."""
    return timedelta(0) <= at - proven_at <= timedelta(minutes=minutes)
