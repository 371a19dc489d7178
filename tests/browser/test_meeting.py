"""Who was heard, as the whole room sees it: the chair works the strip by keyboard, an observer follows on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.meeting import Meeting, meeting
from tests.browser.pictures import picture
from tests.conftest import ROOT

pytestmark = pytest.mark.browser
SHOTS = ROOT / ".screenshots" / "meeting"


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path, browser) as made:
        yield made
        assert made.problems == []


def test_one_press_asks_who_was_not_heard_and_an_observer_on_a_phone_sees_it(held: Meeting) -> None:
    expect.set_options(timeout=30_000)
    chair, reader = held.enter("laurent"), held.enter("mbeki")
    phone = held.enter("haddad", width=390, height=844)
    for press in ("[data-open]", "[data-call-next]"):
        chair.locator(press).focus()
        chair.keyboard.press("Enter")
    strip = ".room-hearing [data-discipline=neuroradiology]"
    for page in (chair, phone):
        expect(page.locator(".room-hearing h2")).to_have_text("Not yet heard")
        expect(page.locator(strip)).to_have_attribute("data-state", "here")
        away = page.locator(".room-hearing [data-discipline=physical-therapy]")
        expect(away).to_contain_text("not here")
    expect(phone.locator("[data-invite], [data-call]")).to_have_count(0)
    chair.locator("[data-invite=neuroradiology]").focus()
    chair.keyboard.press("Enter")
    expect(reader.locator("[data-follow=leading]")).to_be_visible()
    expect(phone.locator("[data-follow=following]")).to_contain_text("Dr Ayo Mbeki")
    expect(chair.locator(strip)).to_contain_text("Has the floor")
    chair.get_by_role("tab", name="Decision").click()
    expect(chair.locator("[data-numbering=missing]")).to_contain_text("Vertebrae not numbered")
    for page, name in ((chair, "1440"), (phone, "390")):
        for theme in ("light", "dark"):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; "
                          "for (const one of document.getAnimations()) one.finish(); }", theme)
            picture(page, SHOTS / f"{name}-{theme}.png")
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect.set_options(timeout=5_000)
