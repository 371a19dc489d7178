"""Building the demo: a fresh installation with a year of history, ready to be used now."""

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from agenda.boards import Board
from agenda.conferences import Conference
from agenda.people import person_by_email
from conference.outcome.signing import Signer
from conference.record import audit
from imaging.intake import KeptFile
from imaging.vault.place import vault_of
from web.auth.enter import issue_link
from web.auth.passwords import Passwords
from web.database import Database, Deed
from web.demo.between import BETWEEN, between
from web.demo.calendars import keep_calendars
from web.demo.cast import CAST, Company, engage
from web.demo.decided import AUTUMN, SPRING, THIS_WEEK
from web.demo.sittings import Meeting, Sitting, read_letter, seal, sit
from web.demo.stories import TODAY
from web.demo.story import Story
from web.demo.telling import closing_words, refer
from web.demo.waiting import WAITING
from web.migrate import upgrade
from web.settings import Settings

Progress = Callable[[str, float], None]
"""Called with what is being done and the share of the whole, 0 to 1."""
EVERYTHING: tuple[Story, ...] = (*SPRING, *AUTUMN, *THIS_WEEK, *TODAY, *WAITING, *BETWEEN)
_LINK_LIFETIME = timedelta(days=7)
_LINK_USES = 50
_SEALED: Mapping[str, Sequence[str]] = {
    "herniation": ("physiatrist", "pain", "radiologist", "therapist"),
    "scoliosis": ("neurosurgeon", "physiatrist"),
    "transitional": ("radiologist", "chiropractor"),
    "instability": ("anaesthesiologist",),
}
"""Who has given a sealed opinion for today's cases already."""


@dataclass(frozen=True, slots=True)
class Link:
    """One way in."""

    label: str
    name: str
    email: str
    path: str
    """``/enter/…``, to be put behind the server's address."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What a newcomer needs to know of a built demo."""

    links: tuple[Link, ...]
    password: str
    """Everybody's; asked for again when a recommendation is signed."""
    conference_id: str | None
    """The sitting that can be run now."""


def built(settings: Settings) -> bool:
    """Whether the folder holds a finished demo."""
    return _notes(settings).exists()


def build(settings: Settings, at: datetime, progress: Progress) -> None:
    """Make the demo in the settings' folder; the folder holds no database yet."""
    from web.demo.pictures import kept  # numpy and pydicom: a demo that is built already starts without them

    folder = settings.storage.directory
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    vault = vault_of(settings.imaging, settings.storage.directory)
    with kept(EVERYTHING, at, vault, settings.imaging, lambda share: progress("Images", 0.75 * share)) as pictures:
        progress("Database", 0.76)
        database = Database(settings.database_url)
        try:
            upgrade(database.engine)
            audit.install(database.engine)
            password = "-".join(secrets.token_hex(2) for _ in range(3))
            hashed = Passwords().hash_now(password)
            deed = Deed("system", "Demo", "demo.build", at)
            progress("Cases", 0.80)
            database.write_now(deed, _tell, Signer(folder / "keys"), hashed, pictures, at, progress)
        finally:
            database.close()
    _write_notes(settings, password)


def doors(settings: Settings, database: Database, at: datetime) -> Demo:
    """Fresh sign-in links for everybody of a built demo; earlier ones stop working."""
    notes = json.loads(_notes(settings).read_text("utf-8"))
    deed = Deed("system", "Demo", "demo.links", at)
    links, conference_id = database.write_now(deed, _links, at)
    return Demo(tuple(links), str(notes["password"]), conference_id)


def _tell(
    session: Session, signer: Signer, hashed: str, pictures: Mapping[str, Sequence[KeptFile]], at: datetime,
    progress: Progress,
) -> None:
    company = engage(session, hashed, at - timedelta(days=200))
    cases: dict[str, str] = {}
    for number, story in enumerate(sorted(EVERYTHING, key=lambda one: -one.days_ago)):
        cases[story.key] = refer(session, story, company, pictures.get(story.key, ()), at).id
        progress("Cases", 0.80 + 0.10 * number / len(EVERYTHING))
    progress("Conferences", 0.92)
    _past(session, company, signer, cases, at)
    _now_and_next(session, company, cases, at)
    progress("Ready", 1.0)


def _past(session: Session, company: Company, signer: Signer, cases: Mapping[str, str], at: datetime) -> None:
    noon = at.replace(hour=19, minute=0, second=0, microsecond=0)
    for days, stories in ((77, SPRING), (21, AUTUMN), (2, THIS_WEEK)):
        starts_at = noon - timedelta(days=days)
        table = sit(session, company, "Spine conference", starts_at, _with(stories, cases),
                    starts_at - timedelta(days=8))
        _hold(Meeting(session, company, table, signer), starts_at)
        for story, case_id in table.cases:
            if story.end in ("delivered", "followed_up", "closed"):
                read_letter(session, company, story, case_id, starts_at + timedelta(hours=21))
                closing_words(session, case_id, story, company, starts_at + timedelta(days=60))


def _hold(meeting: Meeting, starts_at: datetime) -> None:
    meeting.open(starts_at + timedelta(minutes=1))
    clock = starts_at + timedelta(minutes=2)
    for story, case_id in meeting.table.cases:
        if not story.heard:
            continue
        meeting.discuss(story, case_id, clock)
        clock += timedelta(minutes=14)
    meeting.end(clock)


def _now_and_next(session: Session, company: Company, cases: Mapping[str, str], at: datetime) -> None:
    soon = at.replace(second=0, microsecond=0)
    today = sit(session, company, "Spine conference, today", soon, _with(TODAY, cases), at - timedelta(days=6),
                minutes=75)
    seal(session, company, today, _SEALED, at - timedelta(days=2))
    keep_calendars(session, company, today.conference_id, at)
    between(session, company, cases, at)
    following = (at + timedelta(days=14)).replace(hour=19, minute=0, second=0, microsecond=0)
    sit(session, company, "Spine conference", following, (), at)
    sit(session, company, "Spine conference, evening for the lakes", following + timedelta(days=14, hours=4), (), at)


def _with(stories: Sequence[Story], cases: Mapping[str, str]) -> tuple[tuple[Story, str], ...]:
    return tuple((story, cases[story.key]) for story in stories)


def _links(session: Session, at: datetime) -> tuple[list[Link], str | None]:
    found = []
    for part in CAST:
        email = f"{part.key}@demo.example"
        person = person_by_email(session, email)
        if person is None or person.disabled_at is not None:
            continue
        text = issue_link(session, person.id, purpose="enter", lifetime=_LINK_LIFETIME, at=at, uses=_LINK_USES)
        found.append(Link(part.label, person.name, email, f"/enter/{text}"))
    return found, startable(session, at)


def startable(session: Session, at: datetime) -> str | None:
    """The sitting to open at: the one that is in session, else the published one nearest to now."""
    rows = session.exec(select(Conference).join(Board).where(col(Conference.state).in_(("open", "published")))).all()
    reachable = sorted(rows, key=lambda one: (one.state != "open", abs(one.starts_at - at)))
    return reachable[0].id if reachable else None


def _notes(settings: Settings) -> Path:
    return settings.storage.directory / "demo.json"


def _write_notes(settings: Settings, password: str) -> None:
    handle = os.open(_notes(settings), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"password": password}, file)


__all__ = ["EVERYTHING", "Demo", "Link", "Sitting", "build", "built", "doors"]
