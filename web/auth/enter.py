"""One-time links that sign a person in: printed by the demo, or made by an administrator for a forgotten password.

The link's page answers GET with a button only, because mail scanners and chat previews follow links.
"""

from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Field, Session, SQLModel, col, select

from agenda.columns import instant
from agenda.ids import new_id
from agenda.people import Person, person
from web.auth.errors import LinkSpent
from web.auth.secret import digest, new_token

Purpose = Literal["enter", "password"]
"""``enter`` signs in; ``password`` asks for a new password first."""
RESET_LIFETIME = timedelta(hours=24)


class EnterLink(SQLModel, table=True):
    """A link that signs one person in, so many times until an instant."""

    id: str = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True, index=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    purpose: str
    uses_left: int = 1
    created_at: datetime = instant()
    expires_at: datetime = instant()


def issue_link(
    session: Session, person_id: str, *, purpose: Purpose, lifetime: timedelta, at: datetime, uses: int = 1
) -> str:
    """The text of a fresh link, ``/enter/<text>``; earlier links of the same purpose stop working."""
    person(session, person_id)
    withdraw_links(session, person_id, purpose)
    text = new_token()
    session.add(EnterLink(
        digest=digest(text), person_id=person_id, purpose=purpose, uses_left=uses, created_at=at,
        expires_at=at + lifetime,
    ))
    session.flush()
    return text


def withdraw_links(session: Session, person_id: str, purpose: Purpose | None = None) -> None:
    """Make the links of a person (of one purpose, or all) stop working."""
    for link in session.exec(select(EnterLink).where(EnterLink.person_id == person_id, col(EnterLink.uses_left) > 0)):
        if purpose is None or link.purpose == purpose:
            link.uses_left = 0
            session.add(link)


def open_link(session: Session, text: str, at: datetime) -> tuple[EnterLink, Person]:
    """The link and its person, without using it; raises LinkSpent with the reason."""
    found = session.exec(select(EnterLink).where(EnterLink.digest == digest(text))).one_or_none()
    if found is None:
        raise LinkSpent("This sign-in link is not one of ours. Check that it was copied whole.")
    if found.uses_left < 1:
        raise LinkSpent("This sign-in link was already used. Ask for another one.")
    if at >= found.expires_at:
        raise LinkSpent("This sign-in link has run out. Ask for another one.")
    owner = person(session, found.person_id)
    if owner.disabled_at is not None:
        raise LinkSpent("This account is disabled. Ask the administrator of your board.")
    return found, owner


def use_link(session: Session, text: str, at: datetime) -> Person:
    """Use a link once; raises LinkSpent."""
    found, owner = open_link(session, text, at)
    found.uses_left -= 1
    session.add(found)
    session.flush()
    return owner
