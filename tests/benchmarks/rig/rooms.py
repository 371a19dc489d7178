"""A sitting with the case on its agenda, people with sessions, and the room opened by the coordinator."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from playwright.sync_api import Browser, BrowserContext, expect
from sqlmodel import Session, select

from agenda.conferences import place, plan_conference, publish
from agenda.people import Person
from tests.benchmarks.rig.consilium import CASE
from web.auth.sessions import PLAIN_COOKIE, SignInSession, open_session
from web.clock import now


@dataclass(frozen=True, slots=True)
class Sat:
    """A planned sitting, and session tokens by first name: Ada chairs, Ben coordinates."""

    conference: str
    tokens: Mapping[str, str]

    def enter(self, context: BrowserContext, name: str, port: int) -> None:
        """Make a browser this person's."""
        context.add_cookies([{"name": PLAIN_COOKIE, "value": self.tokens[name], "url": f"http://127.0.0.1:{port}"}])

    def call(self, browser: Browser, port: int) -> None:
        """Let the coordinator open the sitting and call the case, and leave."""
        context = browser.new_context(base_url=f"http://127.0.0.1:{port}")
        context.set_default_timeout(120_000)
        self.enter(context, "Ben", port)
        page = context.new_page()
        page.goto(f"/conferences/{self.conference}/room")
        page.locator("[data-open]").click()
        page.locator("[data-call-next]").click()
        expect(page.locator(".viewer-pane").first).to_contain_text("Lossless", timeout=120_000)
        context.close()


def sit(session: Session) -> Sat:
    """Plan the sitting in fresh tables; it is to begin in two minutes."""
    at = now()
    people = {one.name.split()[0]: one.id for one in session.exec(select(Person))}
    sitting = plan_conference(
        session, board_id="spine", title="Benchmark", starts_at=at + timedelta(minutes=2), duration_min=60,
        chair_id=people["Ada"], at=at,
    )
    place(session, sitting.id, CASE, people["Ben"], at)
    publish(session, sitting.id)
    return Sat(sitting.id, {name: _signed_in(session, people[name]) for name in ("Ada", "Ben")})


def _signed_in(session: Session, person_id: str) -> str:
    at = now()
    return open_session(session, SignInSession(
        digest="", person_id=person_id, started_at=at, seen_at=at, ends_at=at + timedelta(hours=8),
    ))
