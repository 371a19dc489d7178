"""Proving who somebody is: a password, then a second factor, at a pace that guessing does not survive."""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from agenda.people import Person, person, person_by_email
from web.auth import passwords, totp
from web.auth.errors import Refused
from web.auth.sessions import Sessions
from web.database import Deed

log = logging.getLogger(__name__)

_WRONG = "The address or the password is wrong."
_WRONG_CODE = "This code is wrong, was already used, or has run out."


@dataclass(frozen=True, slots=True)
class Proven:
    """A person whose password was right."""

    person: Person
    needs_code: bool
    """A second factor is enrolled and still to come."""


@dataclass(frozen=True, slots=True)
class _Account:
    person: Person
    hash: str | None
    needs_code: bool


async def prove_password(sessions: Sessions, email: str, password: str, *, address: str, at: datetime) -> Proven:
    """The person of this address, if the password is theirs; raises Refused or SlowDown.

    Unknown, disabled and password-less accounts fail alike and take as long (ASVS 6.3.8).
    """
    account = email.strip().lower()
    sessions.attempts.demand(account, address)
    found = await sessions.database.read(_by_email, account)
    right = await sessions.passwords.verify(found.hash if found else None, password)
    if not right or found is None or found.hash is None or found.person.disabled_at is not None:
        sessions.attempts.failed(account, address)
        log.warning("sign-in refused", extra={"person_id": found.person.id if found else None, "address": address})
        raise Refused(_WRONG)
    if not found.needs_code:
        sessions.attempts.succeeded(account, address)
    if sessions.passwords.outdated(found.hash):
        hashed = await sessions.passwords.hash(password)
        heading = Deed(found.person.id, found.person.name, "password.rehash", at)
        await sessions.database.write(heading, passwords.keep_password, found.person.id, hashed, at)
    return Proven(found.person, found.needs_code)


async def prove_code(sessions: Sessions, person_id: str, code: str, *, address: str, at: datetime) -> Person:
    """The person, if this is their second factor; the code is used up. Raises Refused or SlowDown."""
    owner = await sessions.database.read(person, person_id)
    sessions.attempts.demand(owner.email, address)
    heading = Deed(owner.id, owner.name, "totp.use", at)
    right = await sessions.database.write(heading, totp.verify, sessions.seal, owner.id, code, at)
    if not right or owner.disabled_at is not None:
        sessions.attempts.failed(owner.email, address)
        log.warning("second factor refused", extra={"person_id": owner.id, "address": address})
        raise Refused(_WRONG_CODE)
    sessions.attempts.succeeded(owner.email, address)
    return owner


def set_password(session: Session, person_id: str, hashed: str, at: datetime) -> None:
    """Give a person a password without asking for the old one: the command line and the demo."""
    passwords.keep_password(session, person(session, person_id).id, hashed, at)


def _by_email(session: Session, email: str) -> _Account | None:
    found = person_by_email(session, email)
    if found is None:
        return None
    held = passwords.credential(session, found.id)
    return _Account(found, held.hash if held else None, totp.enrolled(session, found.id))
