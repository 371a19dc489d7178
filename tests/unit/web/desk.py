"""The whole application with a board, its people and a sitting, in one browser that signs in as whom a test needs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlmodel import Session
from starlette.applications import Starlette
from starlette.testclient import TestClient

from agenda.alarms import submit
from agenda.boards import Board, seat
from agenda.clinical import spine
from agenda.conferences import place, plan_conference
from agenda.people import Person, Site, keep_disciplines
from agenda.questions import add_question
from agenda.referrals import save_fields, start_case
from agenda.triage import put_in_lane
from imaging.settings import ImagingSettings
from tests.unit.web.application import SAME
from web.app import create_app
from web.auth.sessions import SignInSession, open_session
from web.clock import now
from web.database import Deed
from web.services import Services
from web.settings import Settings, StorageSettings

P = ParamSpec("P")
R = TypeVar("R")

COMPLETE = {
    "patient_family_name": "Featherstonehaugh", "patient_born_on": "1965-02-11", "patient_sex": "M",
    "summary": "Leg pain", "goal": "Walk my dog", "exam.motor": "5/5",
} | {f"red_flag.{flag.key}": "no" for flag in spine().red_flags}
PEOPLE = (
    ("chair", "member", "spine-surgery", "chair"), ("coordinator", "coordinator", None, "coordinator"),
    ("radiologist", "member", "neuroradiology", "core"), ("trainee", "member", None, "observer"),
    ("referrer", "referrer", "primary-care", ""), ("stranger", "referrer", "primary-care", ""),
    ("administrator", "administrator", None, ""),
)


def _deed() -> Deed:
    return Deed("system", "system", "test", now())


@dataclass(frozen=True, slots=True)
class Desk:
    """The application, and one browser."""

    app: Starlette
    browser: TestClient

    def as_(self, person_id: str) -> TestClient:
        """The browser, signed in as this person."""
        token = self.do(_sign_in, person_id)
        self.browser.cookies.clear()
        self.browser.cookies.set("consilium", token)
        self.browser.headers.update(SAME)
        return self.browser

    def do(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a verb of the product in a transaction."""
        made: Services = self.app.state.services
        return made.database.write_now(_deed(), work, *args, **kwargs)

    def read(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Read with a verb of the product."""
        made: Services = self.app.state.services
        return made.database.read_now(work, *args, **kwargs)


@contextmanager
def a_desk(folder: Path, imaging: ImagingSettings | None = None) -> Iterator[Desk]:
    """The application on a fresh folder."""
    app = create_app(Settings(storage=StorageSettings(directory=folder), imaging=imaging or ImagingSettings()))
    made: Services = app.state.services
    made.templates.globals.update(
        asset=lambda name: f"/{name}.js", stylesheets=lambda name: [], imports=lambda name: [], ahead=lambda name: [],
        sprite=lambda: "/i",
    )
    made.database.write_now(_deed(), _settle)
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as browser:
        yield Desk(app, browser)


def _settle(session: Session) -> None:
    keep_disciplines(session, spine().disciplines)
    session.add(Site(id="valley", name="Valley Clinic", time_zone="America/Denver", rural=True))
    session.add(Board(
        id="spine", name="Spine board", time_zone="America/Denver",
        required_disciplines=["spine-surgery", "neuroradiology"],
    ))
    session.flush()
    for key, standing, discipline, role in PEOPLE:
        session.add(Person(
            id=key, name=f"Dr {key.title()}", email=f"{key}@example.org", standing=standing, site_id="valley",
            discipline=discipline,
        ))
        session.flush()
        if role:
            seat(session, "spine", key, role)


def _sign_in(session: Session, person_id: str) -> str:
    at = now()
    return open_session(session, SignInSession(
        digest="", person_id=person_id, started_at=at, seen_at=at, ends_at=at + timedelta(hours=1),
    ))


def a_draft(session: Session, **fields: str) -> str:
    """A draft of the referrer; gives its identity. Dots in names are written as double underscores."""
    made = start_case(session, "referrer", "spine", now())
    save_fields(session, made.id, {name.replace("__", "."): text for name, text in fields.items()}, {}, now())
    return made.id


def a_complete_draft(session: Session, **fields: str) -> str:
    """A draft that can be sent."""
    case_id = a_draft(session)
    made = start_case(session, "referrer", "spine", now(), case_id=case_id)
    named = {name.replace("__", "."): text for name, text in fields.items()}
    save_fields(session, case_id, COMPLETE | named, {}, now())
    add_question(session, made, kind="diagnosis", discipline="neuroradiology", text="What is it?")
    return case_id


def a_submitted_case(session: Session) -> str:
    """A case its board has received."""
    return submit(session, a_complete_draft(session), "referrer", now()).id


def a_triaged_case(session: Session) -> str:
    """A case in full discussion."""
    return put_in_lane(session, a_submitted_case(session), "full-discussion", "", "coordinator", now()).id


def a_sitting(session: Session, cases: int = 0) -> tuple[str, list[str]]:
    """A planned sitting with so many cases; gives its identity and theirs."""
    at = now()
    made = plan_conference(
        session, board_id="spine", title="Spine board", starts_at=at + timedelta(days=3), duration_min=60,
        chair_id="chair", at=at,
    )
    listed = [a_triaged_case(session) for _ in range(cases)]
    for case_id in listed:
        place(session, made.id, case_id, "coordinator", at)
    return made.id, listed
