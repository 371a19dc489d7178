"""Adding images to a case in a real browser: progress, the question about the patient, reasons, a lost connection."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.meeting import Meeting, meeting
from tests.unit.imaging.samples import slice_of

pytestmark = pytest.mark.browser
_LONG = "MAMMOSCREENING_WITH_A_NAME_OF_ONE_WORD_THAT_GOES_ON"


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path / "server", browser) as made:
        yield made
        assert made.problems == []


@pytest.fixture
def disc(tmp_path: Path) -> list[Path]:
    """Three slices and a letter that calls itself DICOM."""
    folder = tmp_path / "disc"
    folder.mkdir()
    for number in (1, 2, 3):
        (folder / f"IM{number}").write_bytes(slice_of(number, SeriesDescription=_LONG))
    (folder / "letter.dcm").write_text("Dear colleague, the images are on the disc. " * 10)
    return sorted(folder.iterdir())


def choose(page: Page, files: list[Path]) -> None:
    page.locator("consilium-upload [data-part=files]").set_input_files(files)


def test_a_referrer_adds_a_disc_answers_the_question_and_reads_why_one_file_was_not_taken(
    held: Meeting, disc: list[Path], tmp_path: Path
) -> None:
    page = held.sign_in("osei", width=390, height=844, touch=True)
    page.goto("/cases/case2")
    choose(page, disc)
    expect(page.get_by_role("heading", name="Is this the right patient?")).to_be_focused(timeout=30_000)
    panel = page.locator("consilium-upload")
    expect(panel.get_by_role("cell", name="Rivera^Ana")).to_be_visible()
    assert Axe().run(page, context="consilium-upload").violations_count == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Yes, this is the patient").click()
    expect(panel.get_by_role("status")).to_have_text("3 files taken, 1 refused.", timeout=30_000)
    expect(panel.get_by_text("This is not a DICOM file")).to_be_visible()
    page.get_by_role("button", name="Show them in the case").click()
    expect(page.locator("#images img").first).to_be_visible(timeout=15_000)
    words = page.locator(".thumb-text").filter(has_text=_LONG)
    assert words.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_person_who_says_no_takes_nothing(held: Meeting, disc: list[Path]) -> None:
    page = held.sign_in("osei")
    page.goto("/cases/case2")
    choose(page, disc)
    page.get_by_role("button", name="No, take nothing").click(timeout=30_000)
    expect(page.locator("consilium-upload").get_by_role("status")).to_have_text("Nothing was taken.")
    expect(page.get_by_role("button", name="Choose a folder")).to_be_visible()


def test_a_lost_connection_is_said_and_the_upload_goes_on_by_itself(held: Meeting, disc: list[Path]) -> None:
    page = held.sign_in("osei")
    page.goto("/cases/case2")
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "PATCH" and len(lost) < 4:
            lost.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/uploads/**", lose)
    choose(page, disc)
    expect(page.locator("consilium-upload [data-part=status]")).to_have_text(
        "The connection is lost. It is tried again; nothing is lost."
    )
    expect(page.get_by_role("heading", name="Is this the right patient?")).to_be_visible(timeout=30_000)
    assert len(lost) == 4
    held.problems.clear()  # the aborted requests are in the console on purpose


def test_an_upload_too_large_is_refused_at_once_with_a_sentence(held: Meeting, disc: list[Path]) -> None:
    page = held.sign_in("osei")
    page.goto("/cases/case2")
    page.evaluate("Object.defineProperty(File.prototype, 'size', { get: () => 5e9 })")
    choose(page, disc[:1])
    expect(page.locator("consilium-upload").get_by_role("alert")).to_contain_text("5.0 GB")
    expect(page.get_by_role("button", name="Choose a folder")).to_be_visible()
