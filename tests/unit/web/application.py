"""A small application for tests of the web layer: real middleware, sessions and database, some routes."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from sqlmodel import Session
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from agenda.boards import Board, seat
from agenda.cases import Case
from agenda.people import Discipline, Site, add_person
from conference.record import audit
from web.auth.passwords import Passwords, keep_password
from web.auth.sessions import Sessions
from web.auth.tickets import Tickets
from web.database import Database, Deed
from web.errors import HANDLERS
from web.middleware import stack
from web.pages import environment
from web.post.mail import Letterhead
from web.post.reply_links import ReplyLinks
from web.services import Services
from web.settings import Settings

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PASSWORD = "cobalt lantern ferry"
SAME = {"Sec-Fetch-Site": "same-origin"}


def deed(activity: str = "test") -> Deed:
    return Deed("system", "system", activity, AT)


def settle(session: Session, hashed: str) -> dict[str, str]:
    """A board with one person of each kind and a case; gives identities by the person's first name."""
    session.add(Site(id="rural", name="Valley Clinic", time_zone="America/Denver"))
    session.add(Discipline(code="spine-surgery", name="Spine surgery", colour="#1f77b4", shape="circle"))
    session.add(Board(id="spine", name="Spine board", time_zone="America/Denver"))
    session.flush()
    found: dict[str, str] = {}
    for name, standing, role in (
        ("Ada", "member", "chair"), ("Ben", "coordinator", "coordinator"), ("Cem", "referrer", ""),
        ("Dee", "administrator", ""), ("Eve", "member", "observer"), ("Fay", "member", ""),
    ):
        person = add_person(
            session, name=f"{name} Example", email=f"{name.lower()}@example.org", standing=standing, site_id="rural",
            discipline="spine-surgery" if standing == "member" else None,
        )
        found[name] = person.id
        keep_password(session, person.id, hashed, AT)
        if role:
            seat(session, "spine", person.id, role)
    session.add(Case(
        id="case1", number=1001, board_id="spine", referrer_id=found["Cem"], state="triaged", created_at=AT,
        patient_family_name="Canary-Featherstonehaugh",
    ))
    session.flush()
    return found


def services_for(database: Database, tmp_path: Path, settings: Settings | None = None) -> Services:
    settings = settings or Settings()
    templates = environment()
    templates.globals.update(
        asset=lambda name: f"/static/{name}.js", stylesheets=lambda name: [], imports=lambda name: [],
        ahead=lambda name: [], sprite=lambda: "/i",
    )
    nothing = cast(Any, None)
    audit.install(database.engine)
    return Services(
        settings=settings, database=database, vault=nothing, uploads=nothing, fetching=nothing, outgoing=nothing,
        objects=nothing,
        pictures=nothing, rooms=nothing,
        sessions=Sessions(database, settings.auth, secure=settings.secure, keys=tmp_path / "keys"), tickets=Tickets(),
        signer=nothing, templates=templates,
        letterhead=Letterhead(settings.mail, settings.public_url, ReplyLinks(tmp_path / "keys")),
    )


def application(services: Services, routes: Iterable[BaseRoute]) -> Starlette:
    app = Starlette(
        routes=list(routes), middleware=stack(services.settings, services.sessions), exception_handlers=HANDLERS,
    )
    app.state.services = services
    return app


def client(app: Starlette, **options: Any) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False, **options)


def sign_in(browser: TestClient, name: str, password: str = PASSWORD) -> None:
    answer = browser.post("/sign-in", data={"email": f"{name}@example.org", "password": password}, headers=SAME)
    assert answer.status_code == 303, answer.text


def hashed() -> str:
    passwords = Passwords()
    try:
        return passwords.hash_now(PASSWORD)
    finally:
        passwords.close()
