"""Whole meetings: by keyboard alone from entering to the third signature, and followed on a phone beside it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.accessible import clean
from tests.browser.keys import Keys
from tests.browser.meeting import PASSWORD, SERIES, Meeting, add_series, meeting
from tests.browser.pictures import picture
from tests.conftest import ROOT
from tests.patience import patience

pytestmark = pytest.mark.browser
SHOTS = ROOT / ".screenshots" / "meeting"
CASES = ("case1", "case2", "case3")


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    expect.set_options(timeout=patience(30) * 1000)
    with meeting(tmp_path, browser, cases=CASES) as made:
        for number, case_id in enumerate(CASES[1:], 2):
            add_series(made.held, tmp_path, f"1.2.826.{number}.1", study=f"1.2.826.{number}", case_id=case_id)
        yield made
        assert made.problems == []
    expect.set_options(timeout=5_000)


def test_one_press_asks_who_was_not_heard_and_an_observer_on_a_phone_sees_it(held: Meeting) -> None:
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
        picture(page, SHOTS / f"{name}.png")
        clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@dataclass
class Seat(Keys):
    """Somebody in the room with a keyboard; the focus is never lost, whatever the room does."""

    def kept(self) -> None:
        """The focus is somewhere in the room."""
        expect(self.page.locator("consilium-room :focus")).to_have_count(1)

    def press(self, what: Locator, key: str = "Enter") -> None:
        super().press(what, key)
        self.kept()

    def region(self, name: str) -> None:
        """F6 until one is there: Agenda, Images or Deliberation."""
        places = {"agenda": ".room-left", "image": ".room-centre", "panel": ".room-right"}
        for _ in places:
            self.page.keyboard.press("F6")
            if self.page.locator(f"{places[name]} :focus").count():
                return
        raise AssertionError(f"F6 does not reach the {name}")

    def panel(self, number: int) -> Locator:
        """A panel by its number."""
        self.region("panel")
        self.page.keyboard.press(str(number))
        shown = self.page.locator(".room-panel:not([hidden])")
        expect(self.page.get_by_role("tab").nth(number - 1)).to_be_focused()
        return shown

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def close(self, how: str, reason: str = "") -> None:
        """Close for one's discipline."""
        self.panel(3)
        self.press(self.button({"concur": "Concur", "dissent": "Dissent…"}[how]))
        if reason:
            expect(self.page.locator("#closing-reason")).to_be_focused()
            self.page.keyboard.type(reason)
            self.press(self.button("Record my dissent"))


class Chair(Seat):
    """The chair, from entering to the third signature."""

    def begin(self) -> None:
        self.region("image")
        self.press(self.page.locator(".stage [data-open]"))
        self.press(self.page.locator(".stage [data-call-next]"))

    def call_next(self) -> None:
        """From the signed case to the next, where one stands."""
        self.press(self.page.locator("#panel-recommendation [data-call-next]"))

    def draw_length(self) -> None:
        self.region("image")
        self.to(self.page.locator(".viewer-pane").first)
        for key in ("l", "Enter", *["ArrowLeft"] * 4, "Enter", *["ArrowRight"] * 8, "Enter"):
            self.page.keyboard.press(key)
        expect(self.page.locator("#panel-marks [data-state=delivered]")).to_have_count(1)

    def opine(self, preferred: int) -> None:
        """Rate every option and prefer one, by arrows."""
        self.panel(2)
        rates = self.page.locator(".rate")
        for place in range(rates.count()):
            self.to(rates.nth(place).locator(".scale input").first)
            for key in ("Space", *["ArrowRight"] * (7 if place == preferred else 2)):
                self.page.keyboard.press(key)
        self.to(rates.first.locator("[name=preferred]"), "Shift+Tab")
        for key in ("Space", *["ArrowDown"] * preferred):
            self.page.keyboard.press(key)
        self.type(self.page.locator("#opinion-comment"), "Ten weeks, and the picture fits.")
        self.press(self.button("Seal my opinion"))
        self.press(self.button("Reveal 1 opinion to everybody"))
        expect(self.page.locator("#panel-opinions .ratings")).to_be_visible()

    def take_minutes(self, words: str) -> None:
        self.panel(5)
        self.type(self.page.locator("#minutes"), words)

    def draft(self, outcome: str, option: str, rationale: str, answer: str) -> None:
        self.panel(3)
        self.choose(self.page.locator("#rec-outcome"), outcome)
        if option:
            self.choose(self.page.locator("#rec-option"), option)
        self.type(self.page.locator("#rec-rationale"), rationale)
        self.type(self.page.locator("#rec-answer-0"), answer)

    def read_back(self) -> None:
        self.press(self.page.get_by_role("button", name="Read back"))
        expect(self.page.locator("#panel-recommendation .readback")).to_be_visible()

    def sign(self) -> None:
        self.panel(3)
        self.press(self.button("Sign the recommendation…"))
        expect(self.page.locator("#sign-password")).to_be_focused()
        self.page.keyboard.type(PASSWORD)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#panel-recommendation")).to_contain_text("Signed by Dr Ines Laurent")
        self.kept()


@dataclass
class Phone:
    """An observer who follows on 390 px, by touch."""

    page: Page

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).tap()

    def follows(self, chair: Page, series: str) -> None:
        """The same case, its image without loss, and nothing wider than the screen."""
        expect(self.page.locator(".viewer-strip")).to_contain_text(series)
        expect(self.page.locator(".viewer-pane").first).to_contain_text("Lossless")
        expect(chair.locator("h1")).to_have_text(self.page.locator("h1").inner_text())
        self.fits()

    def fits(self) -> None:
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        wide = self.page.evaluate("""() => [...document.querySelectorAll(".room-bar, main, .room-right, .room-foot")]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5).map((one) => one.className)""")
        assert wide == []

    def reads(self, *words: str) -> None:
        """The decision, under its tab."""
        self.tab("Decision")
        for one in words:
            expect(self.page.locator("#panel-recommendation")).to_contain_text(one)
        self.fits()


def test_three_cases_by_keyboard_alone_and_on_a_phone_beside_it(held: Meeting) -> None:
    chair, reader, therapist = Chair(held.enter("laurent")), Seat(held.enter("mbeki")), Seat(held.enter("varga"))
    phone = Phone(held.enter("haddad", width=390, height=844, touch=True))
    chair.begin()
    first(chair, reader, therapist, phone)
    chair.call_next()
    second(chair, reader, therapist, phone)
    chair.call_next()
    third(chair, reader, phone)
    expect(chair.page.locator(".agenda-state", has_text="Signed")).to_have_count(3)
    chair.region("agenda")
    chair.press(chair.page.locator(".room-left summary"))
    chair.press(chair.button("End the conference for everybody"))
    for page in (chair.page, phone.page):
        expect(page.get_by_role("heading", name="The conference has ended")).to_be_visible()
        expect(page.locator(".stage-list a", has_text="Letter")).to_have_count(3)
    phone.fits()


def first(chair: Chair, reader: Seat, therapist: Seat, phone: Phone) -> None:
    """Consensus: measured, opinions, minutes, a mark cited, an action."""
    phone.follows(chair.page, SERIES)
    chair.draw_length()
    phone.tab("Marks")
    expect(phone.page.locator("#panel-marks .mark-value")).to_have_text(re.compile(r"Length \d"))
    chair.opine(2)
    clean(chair.page)
    chair.take_minutes("Varga: graded activity first.")
    chair.draft("Cons", "Structured", "Ten weeks are too short to give up on it.", "No, not now.")
    chair.press(chair.page.locator(".cite input").first, "Space")
    chair.press(chair.button("Add an action"))
    for label, words in (("what", "Graded activity, twelve sessions"), ("owner", "Petra Varga")):
        chair.type(chair.page.get_by_label(f"Action 1: {label}"), words)
    chair.read_back()
    clean(chair.page)
    for one in (chair, reader, therapist):
        one.close("concur")
    phone.reads("Read back.", "Structured rehabilitation", "Petra Varga")
    clean(phone.page)
    chair.sign()
    phone.reads("Signed by Dr Ines Laurent")


def second(chair: Chair, reader: Seat, therapist: Seat, phone: Phone) -> None:
    """A majority for an operation: non-operative care is said, stances are taken, one dissents."""
    phone.follows(chair.page, "1.2.826.2.1")
    chair.draft("Maj", "Oper", "Concordant herniation, ten weeks without gain.", "Yes, within four weeks.")
    chair.to(chair.page.locator("non-operative [value=exhausted]"))
    for key in ("Space", "ArrowDown", "ArrowDown"):
        chair.page.keyboard.press(key)
    expect(chair.page.locator("non-operative [value=declined]")).to_be_focused()
    chair.type(chair.page.locator("#non-operative-reason"), "He does not want to wait.")
    chair.press(chair.page.locator("non-operative [data-state]"))
    chair.read_back()
    chair.close("concur")
    reader.close("concur")
    therapist.close("dissent", "Graded activity was not tried.")
    for one in (chair, reader, therapist):
        one.panel(2)
        one.press(one.page.locator("[data-take-stances]"))
        one.press(one.page.locator("[name=side-surgical]").first, "Space")
        one.press(one.button("State for everybody"))
    chair.sign()
    phone.reads("Signed by Dr Ines Laurent", "Graded activity was not tried.")


def third(chair: Chair, reader: Seat, phone: Phone) -> None:
    """Deferred, without a discipline: stated as absent, provisional."""
    phone.follows(chair.page, "1.2.826.3.1")
    chair.draft("Def", "", "No standing films.", "Not before standing films.")
    chair.read_back()
    chair.close("concur")
    reader.close("concur")
    chair.panel(3)
    chair.press(chair.button("State that Physical therapy was absent"))
    expect(chair.page.locator("#absent-reason")).to_be_focused()
    chair.page.keyboard.type("Called away")
    chair.page.keyboard.press("Enter")
    chair.kept()
    chair.sign()
    phone.reads("Signed by Dr Ines Laurent, provisional", "Decided without physical therapy")
    clean(phone.page)
