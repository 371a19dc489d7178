"""The whole application with one person of every kind, on two boards that know nothing of each other."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlmodel import Session
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from agenda.boards import Board, seat
from agenda.cases import Case
from agenda.conferences import AgendaItem, Conference
from agenda.people import add_person, person
from conference.policy import Actor
from tests.unit.web.application import deed, hashed, settle
from web.app import create_app
from web.auth.invitations import accept, invite
from web.auth.sessions import SignInSession, actor_from, guest_actor, open_session
from web.clock import now
from web.services import Services
from web.settings import Settings, StorageSettings

CANARY = "Featherstonehaugh"
"""The family name of the spine board's patient."""
OTHER_CANARY = "Cholmondeley"
"""The family name of the hip board's patient."""


@dataclass(frozen=True, slots=True)
class World:
    app: Starlette
    actors: dict[str, Actor]
    """Role → who plays it."""

    visitor: TestClient
    """The one browser; every request of it runs on the application's own event loop."""

    def enter(self, role: str) -> TestClient:
        """The browser after this role has just signed in; nobody has for *anonymous*."""
        self.visitor.cookies.clear()
        if role in self.actors:
            made: Services = self.app.state.services
            self.visitor.cookies.set("consilium", made.database.write_now(deed(), _sign_in, self.actors[role]))
        return self.visitor


def methods(route: Route) -> list[str]:
    return sorted(route.methods - {"HEAD"} if route.methods and route.methods != {"HEAD"} else route.methods or ())


def names(app: Starlette) -> list[str]:
    return [f"{method} {route.path}" for route in app.routes if isinstance(route, Route) for method in methods(route)]


def _settle(session: Session, password: str) -> dict[str, Actor]:
    found = settle(session, password)
    at = now()
    session.add(Board(id="hip", name="Hip board", time_zone="UTC"))
    session.flush()
    others = {}
    for name, standing in (("Gus", "member"), ("Hal", "referrer"), ("Kim", "member")):
        others[name] = add_person(
            session, name=name, email=f"{name.lower()}@example.org", standing=standing, site_id="rural",
            discipline="spine-surgery" if standing == "member" else None,
        ).id
    seat(session, "hip", others["Gus"], "chair")
    seat(session, "spine", others["Kim"], "core")
    case = session.get(Case, "case1")
    assert case is not None
    case.state = "scheduled"
    case.patient_family_name, case.summary = CANARY, "spine-summary"
    session.add(Case(
        id="case2", number=1002, board_id="hip", referrer_id=others["Hal"], state="scheduled", created_at=at,
        patient_family_name=OTHER_CANARY,
    ))
    session.flush()
    sittings = (("conference1", "spine", found["Ada"], "case1"), ("conference2", "hip", others["Gus"], "case2"))
    for key, board, chair, about in sittings:
        session.add(Conference(id=key, board_id=board, title=key, starts_at=at + timedelta(days=1), chair_id=chair))
        session.flush()
        session.add(AgendaItem(id=f"item-{key}", conference_id=key, case_id=about, position=0))
    session.flush()
    roles = {
        "chair": found["Ada"], "coordinator": found["Ben"], "referrer": found["Cem"], "administrator": found["Dee"],
        "observer": found["Eve"], "core": others["Kim"], "stranger": others["Gus"], "other-referrer": others["Hal"],
    }
    actors = {role: actor_from(session, person(session, key)) for role, key in roles.items()}
    for role, about in (("guest", "case1"), ("other-guest", "case2")):
        _, text = invite(
            session, case_id=about, name=role, email="", invited_by=found["Ben"], lifetime=timedelta(days=1), at=at
        )
        actors[role] = guest_actor(accept(session, text, at))
    return actors


def _sign_in(session: Session, who: Actor) -> str:
    at = now()
    guest = who.person_id.removeprefix("guest-") if who.standing == "guest" else None
    return open_session(session, SignInSession(
        digest="", person_id=who.person_id, invitation_id=guest, started_at=at, seen_at=at,
        ends_at=at + timedelta(hours=1),
    ))


@contextmanager
def a_world(folder: Path) -> Iterator[World]:
    """The application on a fresh folder, running."""
    app = create_app(Settings(storage=StorageSettings(directory=folder)))
    made: Services = app.state.services
    made.templates.globals.update(
        asset=lambda name: f"/{name}.js", stylesheets=lambda name: [], imports=lambda name: [], ahead=lambda name: [],
        sprite=lambda: "/i",
    )
    actors = made.database.write_now(deed(), _settle, hashed())
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as visitor:
        yield World(app, actors, visitor)


def address(path: str, suffix: str) -> str:
    """The path with an object of the spine board (1) or of the hip board (2) in every place."""
    values = {
        "board_id": "spine" if suffix == "1" else "hip",
        "case_id": f"case{suffix}", "conference_id": f"conference{suffix}", "item_id": f"item-conference{suffix}",
        "frame": "1", "index": "0", "sop": "1.2.3",
    }
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: values.get(found[1], "nothing"), path)
