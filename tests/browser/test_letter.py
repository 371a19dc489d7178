"""After the signature, in a browser: the letter with its pictures, an addendum, the care path, on every screen."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.meeting import CASES, PASSWORD, Meeting, meeting
from tests.browser.pictures import picture
from tests.browser.test_room import imaged, justify, measure, stand, tab
from tests.conftest import ROOT

pytestmark = pytest.mark.browser
SHOTS = ROOT / ".screenshots" / "letter"
SIZES = {"phone": (390, 844, "light"), "desk": (1440, 900, "dark"), "wall": (2560, 1300, "light")}
HOME = f"/cases/{CASES[0]}"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path_factory.mktemp("letter"), browser) as made:
        _sign(made)
        yield made
        assert made.problems == []


def _sign(held: Meeting) -> None:
    """A mark is drawn and cited, an action is named, every discipline closes, the chair signs."""
    chair, reader, therapist = held.enter("laurent"), held.enter("mbeki"), held.enter("varga")
    chair.locator("[data-open]").click()
    chair.locator("[data-call]").first.click()
    for page in (chair, reader):
        imaged(page)
    measure(reader)
    for page in (reader, chair):
        tab(page, "Marks")
        expect(page.locator("#panel-marks [data-state=delivered]")).to_have_count(1)
    tab(chair, "Decision")
    chair.locator("#rec-option").select_option("surgical")
    justify(chair, "declined", "Ten weeks are enough for him.")
    chair.locator("#rec-rationale").fill("Concordant compression; see the measured canal.")
    chair.locator("#rec-answer-0").fill("Yes: decompression within six weeks.")
    chair.locator("#panel-recommendation label:has(.badge) input[type=checkbox]").first.check(force=True)
    chair.get_by_role("button", name="Add an action").click()
    chair.locator(".action input").nth(0).fill("Flexion and extension films")
    chair.locator(".action input").nth(1).fill("Dr Ayo Mbeki")
    chair.locator(".action input").nth(1).press("Tab")
    tab(reader, "Decision")
    expect(reader.locator(".action input").nth(1)).to_have_value("Dr Ayo Mbeki")
    chair.get_by_role("button", name="Read back").click()
    for page in (reader, therapist):
        tab(page, "Decision")
        expect(page.locator(".readback")).to_contain_text("Concordant compression")
    reader.get_by_role("button", name="Concur", exact=True).click()
    therapist.get_by_role("button", name="Dissent…").click()
    therapist.locator("#closing-reason").fill("Graded activity was not tried.")
    therapist.get_by_role("button", name="Record my dissent").click()
    chair.get_by_role("button", name="Concur", exact=True).click()
    for page in (chair, reader, therapist):
        stand(page)
    tab(chair, "Decision")
    chair.get_by_role("button", name="Sign the recommendation…").click()
    chair.locator("#sign-password").fill(PASSWORD)
    chair.get_by_role("button", name="Sign", exact=True).click()
    expect(chair.locator("#panel-recommendation")).to_contain_text("Signed by Dr Ines Laurent")
    for page in (chair, reader, therapist):
        page.context.close()


def at(held: Meeting, who: str, size: str, path: str) -> Page:
    width, height, theme = SIZES[size]
    page = held.sign_in(who, width=width, height=height)
    page.context.add_cookies([{"name": "theme", "value": theme, "url": held.url}])
    page.goto(path)
    return page


def clean(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    picture(page, SHOTS / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []


def test_an_addendum_is_signed_with_the_password_and_read_by_the_referrer(held: Meeting) -> None:
    page = at(held, "mbeki", "desk", f"{HOME}/letter")
    expect(page.locator(".drawn svg")).to_have_count(1)
    page.get_by_role("link", name="Add to it").click()
    clean(page, "addendum-desk")
    page.locator("#reason").select_option("new-findings")
    page.locator("#text").fill("The flexion film of today shows 4 mm of movement; the plan stays.")
    page.locator("#password").fill("wrong")
    page.get_by_role("button", name="Sign the addendum").click()
    expect(page.locator("main")).to_contain_text("The address or the password is wrong")
    expect(page.locator("#text")).to_have_value(re.compile("4 mm of movement"))
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Sign the addendum").click()
    expect(page.locator("#addendum-1")).to_contain_text("authorship of this addendum")
    provider = at(held, "osei", "phone", f"{HOME}/letter")
    expect(provider.locator("main")).to_contain_text("Amended: 1 addendum")
    expect(provider.locator("main")).to_contain_text("Graded activity was not tried.")
    expect(provider.locator("main")).to_contain_text("The patient declined non-operative care")
    expect(provider.get_by_role("heading", name="How each discipline stands to each option")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_letter_and_plain_twin_are_clean_on_every_screen(held: Meeting, size: str) -> None:
    page = at(held, "osei", size, f"{HOME}/letter")
    drawn = page.locator(".drawn svg").first
    expect(drawn).to_have_attribute("aria-label", re.compile(r"Length by Dr Ayo Mbeki \(.*\): \d+\.\d mm"))
    clean(page, f"letter-{size}")
    page.goto(f"{HOME}/letter/plain")
    clean(page, f"plain-{size}")


@pytest.mark.parametrize("size", SIZES)
def test_the_care_path_is_clean_on_every_screen(held: Meeting, size: str) -> None:
    page = at(held, "laurent", size, f"{HOME}/care")
    expect(page.locator(".ball")).to_contain_text("The ball is with")
    clean(page, f"care-{size}")


def test_a_handoff_is_accepted_and_the_referrer_sees_who_has_the_ball(held: Meeting) -> None:
    reader = at(held, "mbeki", "phone", "/")
    reader.locator("#care a").first.click()
    clean(reader, "care-answer-phone")
    reader.get_by_role("button", name="Accept").click()
    expect(reader.locator(".ball")).to_contain_text("Dr Ayo Mbeki")
    provider = at(held, "osei", "phone", HOME)
    expect(provider.locator(".ball")).to_contain_text("Dr Ayo Mbeki")
    clean(provider, "tracker-phone")
