"""The pages of the desk with something on them: axe finds nothing in either scheme, and nothing is too wide."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlmodel import Session

from agenda.alarms import raise_if_flagged
from agenda.cases import case
from agenda.conferences import plan_conference
from agenda.quick_questions import ask
from agenda.referrals import save_fields, send_back, start_case
from agenda.triage import put_in_lane
from tests.browser.accessible import TURN
from tests.browser.meeting import CASES, Meeting, meeting
from tests.browser.pictures import picture
from tests.browser.test_desk import deed, referred
from tests.conftest import ROOT
from web.clock import now

pytestmark = pytest.mark.browser

SHOTS = ROOT / ".screenshots" / "desk-pages"
SIZES = {"phone": (390, 844), "desk": (1440, 900)}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Meeting]:
    expect.set_options(timeout=30_000)
    with meeting(tmp_path_factory.mktemp("desk-pages"), browser) as made:
        made.held.database.write_now(deed(), _fill, made.people, made.links)
        yield made
        assert made.problems == []
    expect.set_options(timeout=5_000)


def _fill(session: Session, people: dict[str, str], kept: dict[str, str]) -> None:
    """A referral with an open question, a flagged draft, a second opinion, a quick question; keys go into `kept`."""
    at = now()
    kept["asked"] = referred(session, people["osei"], 1, without="tried")
    send_back(session, kept["asked"], "treatments", "What was tried, please?", people["castell"], at)
    kept["triaged"] = referred(session, people["osei"], 0)
    put_in_lane(session, kept["triaged"], "full-discussion", "", people["castell"], at)
    kept["new"] = referred(session, people["osei"], 2, without="goal")
    draft = start_case(session, people["osei"], "spine", at)
    save_fields(session, draft.id, {"red_flag.infection": "yes"}, {}, at)
    raise_if_flagged(session, draft, people["osei"], at)
    kept["flagged"] = draft.id
    plan_conference(
        session, board_id="spine", title="Next week", starts_at=at + timedelta(days=7), duration_min=60,
        chair_id=people["laurent"], at=at,
    )
    kept["quick"] = ask(session, CASES[0], f"person:{people['varga']}", "A plateau; worth an injection?", (),
                        people["mbeki"], at).id


def pages_of(held: Meeting, who: str) -> dict[str, str]:
    """Name → address."""
    key, case_id, sitting = held.links, CASES[0], f"/conferences/{held.conference}"
    return {
        "castell": {
            "policy": "/boards/spine/policy", "board": "/boards/spine", "triage": "/triage",
            "choose-sittings": "/boards/spine/arrange", "arrange": f"{sitting}/arrange", "ratify": f"{sitting}/ratify",
            "disciplines": f"{sitting}/disciplines", "versions": f"{sitting}/cases/{case_id}/versions",
            "alarm": f"/cases/{key['flagged']}/alarms", "numbering": f"/cases/{case_id}/numbering",
            "grades": f"/cases/{case_id}/grades", "plan": f"/cases/{case_id}/plans/board",
            "directory": "/directory", "arrivals": "/arrivals", "correct": f"/cases/{key['new']}/edit",
            "scores": f"/cases/{case_id}/clinical-scores", "sins": f"/cases/{case_id}/clinical-scores/sins",
            "opioids": f"/cases/{case_id}/clinical-scores/mme",
        },
        "moss": {"outbox": "/outbox", "boards": "/boards", "people": "/people", "audit": "/admin/audit"},
        "osei": {"asked": f"/cases/{key['asked']}/edit", "flagged": f"/cases/{key['flagged']}/edit",
                 "case": f"/cases/{key['asked']}"},
        "varga": {"today": "/", "quick-questions": f"/cases/{case_id}/quick-questions",
                  "quick-question": f"/quick-questions/{key['quick']}", "packet": f"{sitting}/cases/{case_id}"},
    }[who]


def look(page: Page, label: str) -> list[str]:
    """What axe and a ruler find in a page as it stands, light and dark."""
    found = [] if page.evaluate("document.documentElement.scrollWidth <= innerWidth") else [f"{label}: too wide"]
    for theme in ("light", "dark"):
        page.evaluate(TURN, theme)
        picture(page, SHOTS / f"{label}-{theme}.png", full_page=True)
        wrong = Axe().run(page).response["violations"]
        found += [f"{label}, {theme}: {one['id']} {one['nodes'][0]['html'][:160]}" for one in wrong]
    return found


@pytest.mark.parametrize("who", ["castell", "moss", "osei", "varga"])
def test_axe_finds_nothing_on_the_pages_of_the_desk(held: Meeting, who: str) -> None:
    page, found = held.sign_in(who), []
    for name, address in pages_of(held, who).items():
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto(address)
            page.wait_for_load_state("networkidle")
            assert page.locator(".error-page").count() == 0, address
            found += look(page, f"{who}-{name}-{size}")
    assert not found, "\n".join(found)


def test_axe_finds_nothing_where_something_was_refused(held: Meeting) -> None:
    page = held.sign_in("osei", width=390, height=844)
    page.goto(f"/cases/{held.links['flagged']}/edit")
    page.get_by_role("button", name="Add this question").click()
    expect(page.locator("#questions .error")).to_contain_text("Choose what kind of question this is.")
    page.get_by_role("button", name="Send to the board").click()
    expect(page.locator("[role=alert]").first).to_be_visible()
    assert look(page, "osei-refused-phone") == []
    assert held.held.database.read_now(case, held.links["flagged"]).state == "draft"


def test_axe_finds_nothing_while_an_order_is_looked_for_and_in_a_second_opinion(held: Meeting) -> None:
    page = held.sign_in("castell")
    page.goto("/boards/spine/arrange")
    page.get_by_role("button", name="Look for an order").click()
    expect(page.locator("#order [role=status]")).to_contain_text(re.compile("Proven best|Best found"))
    found = look(page, "castell-arranged-desk")
    page.goto("/triage")
    page.locator(f"#case-{held.links['triaged']}").get_by_role("button", name="Answer without a meeting").click()
    expect(page).to_have_url(re.compile("/second-opinions/"))
    found += look(page, "castell-second-opinion-desk")
    assert not found, "\n".join(found)
