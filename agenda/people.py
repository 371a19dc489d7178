"""People, the sites they work at and the disciplines they speak for.

Table first, verbs below. Proof of identity (passwords, sessions) is not here: it belongs to `web.auth`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, cast

from sqlmodel import Field, Session, SQLModel, col, select

from agenda.clinical import DisciplineEntry
from agenda.columns import instant
from agenda.errors import Invalid, PersonNotFound
from agenda.ids import PersonId, SiteId, new_id

Standing = Literal["member", "referrer", "coordinator", "administrator"]
"""What a person is to the whole installation; what they are to one board is a Membership."""


class Site(SQLModel, table=True):
    """A hospital, clinic or practice; its time zone is what its people see."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    time_zone: str
    """IANA name, e.g. ``America/Denver``."""
    rural: bool = False


class Discipline(SQLModel, table=True):
    """A profession with a voice at the table; its colour and shape mark its layer on images."""

    code: str = Field(primary_key=True)
    name: str
    colour: str
    """Hex sRGB, distinguishable under the common colour-vision deficiencies."""
    shape: str
    """circle, square, diamond, triangle, hexagon, star, cross, pentagon: never colour alone."""


class Person(SQLModel, table=True):
    """Somebody with an account."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    email: str = Field(unique=True, index=True)
    """Lower case; the name to sign in with."""
    standing: str
    discipline: str | None = Field(default=None, foreign_key="discipline.code")
    site_id: str = Field(foreign_key="site.id")
    credentials: str = ""
    """Printed after the name on letters, e.g. ``MD, FACS``."""
    disabled_at: datetime | None = instant(default=None, nullable=True)

    @property
    def person_id(self) -> PersonId:
        """The identity, typed."""
        return PersonId(self.id)

    @property
    def site(self) -> SiteId:
        """The identity of the person's site, typed."""
        return SiteId(self.site_id)

    @property
    def initials(self) -> str:
        """Up to two letters for an avatar."""
        parts = [part for part in self.name.replace("Dr ", "").split() if part[0].isalpha()]
        return "".join(part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper()


def person(session: Session, person_id: str) -> Person:
    """One person; raises PersonNotFound."""
    found = session.get(Person, person_id)
    if found is None:
        raise PersonNotFound(person_id)
    return found


def person_by_email(session: Session, email: str) -> Person | None:
    """The person who signs in with this address, in any case of letters."""
    return session.exec(select(Person).where(Person.email == email.strip().lower())).one_or_none()


def people(session: Session) -> list[Person]:
    """Everybody, by name."""
    return list(session.exec(select(Person).order_by(col(Person.name))).all())


def disciplines(session: Session) -> list[Discipline]:
    """Every discipline, by name."""
    return list(session.exec(select(Discipline).order_by(col(Discipline.name))).all())


def sites(session: Session) -> list[Site]:
    """Every site, by name."""
    return list(session.exec(select(Site).order_by(col(Site.name))).all())


def add_person(
    session: Session, *, name: str, email: str, standing: str, site_id: str, discipline: str | None = None,
    credentials: str = "",
) -> Person:
    """Add a person; raises Invalid naming the field."""
    address = email.strip().lower()
    if not name.strip():
        raise Invalid("name", "A person needs a name.")
    for field, text, most in (("name", name, 120), ("email", address, 254), ("credentials", credentials, 80)):
        if len(text.strip()) > most:
            raise Invalid(field, f"At most {most} characters; this has {len(text.strip())}.")
    if "@" not in address or address.startswith("@") or address.endswith("@"):
        raise Invalid("email", "This is not an e-mail address.")
    if person_by_email(session, address) is not None:
        raise Invalid("email", "Somebody already signs in with this address.")
    if standing not in ("member", "referrer", "coordinator", "administrator"):
        raise Invalid("standing", "Standing is one of member, referrer, coordinator, administrator.")
    if session.get(Site, site_id) is None:
        raise Invalid("site", "There is no such site.")
    if discipline is not None and session.get(Discipline, discipline) is None:
        raise Invalid("discipline", f"There is no discipline {discipline!r}.")
    added = Person(
        name=name.strip(), email=address, standing=cast(Standing, standing), site_id=site_id, discipline=discipline,
        credentials=credentials.strip(),
    )
    session.add(added)
    session.flush()
    return added


def disable(session: Session, person_id: str, at: datetime) -> Person:
    """Take a person's access away; their name stays on what they said and signed."""
    found = person(session, person_id)
    found.disabled_at = found.disabled_at or at
    session.add(found)
    return found


def keep_disciplines(session: Session, entries: Iterable[DisciplineEntry]) -> None:
    """Make the disciplines of a field of medicine known, or bring their names, colours and shapes up to date."""
    for entry in entries:
        found = session.get(Discipline, entry.code)
        if found is None:
            found = Discipline(code=entry.code, name=entry.name, colour=entry.colour, shape=entry.shape)
        found.name, found.colour, found.shape = entry.name, entry.colour, entry.shape
        session.add(found)
    session.flush()
