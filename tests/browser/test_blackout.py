"""A held picture looked through in a real browser: boxes by mouse and by keys, undo, preview, and for good."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.browser.meeting import Meeting, meeting
from tests.browser.pictures import picture
from tests.unit.imaging.samples import dataset, written

pytestmark = pytest.mark.browser
ROWS, COLUMNS = 300, 400


@pytest.fixture
def held(tmp_path: Path, browser: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path / "server", browser) as made:
        yield made
        assert made.problems == []


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """An ultrasound with a header line of bright blocks above its region."""
    pixels = np.zeros((ROWS, COLUMNS), np.uint8)
    down, across = np.mgrid[:ROWS, :COLUMNS]
    fan = (np.hypot(down - 40, across - 200) < 240) & (np.abs(across - 200) < (down - 40) * 0.7)
    pixels[fan] = np.random.default_rng(3).integers(30, 160, fan.sum())
    for at in range(20, 220, 12):
        pixels[10:22, at : at + 8] = 255
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 30, 40
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 370, 290
    made = dataset(
        Modality="US", SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1", Rows=ROWS, Columns=COLUMNS, BitsAllocated=8,
        BitsStored=8, HighBit=7, WindowCenter=None, WindowWidth=None, ImagePositionPatient=None,
        ImageOrientationPatient=None, PixelSpacing=None, SequenceOfUltrasoundRegions=Sequence([region]),
        SeriesDescription="Paraspinal muscles",
    )
    path = tmp_path / "scan.dcm"
    path.write_bytes(written(made, pixels.tobytes()))
    return path


def upload(page: Page, scan: Path) -> None:
    page.goto("/cases/case2")
    page.get_by_label("Remove the patient’s identity from these images").check()
    page.locator("consilium-upload [data-part=files]").set_input_files([scan])
    page.get_by_role("button", name="Yes, this is the patient").click(timeout=30_000)
    page.get_by_role("button", name="Show them in the case").click(timeout=30_000)
    page.get_by_role("link", name="Look now").click(timeout=30_000)


def test_a_referrer_blacks_out_what_is_written_in_an_ultrasound(held: Meeting, scan: Path, tmp_path: Path) -> None:
    page = held.sign_in("osei", width=1440, height=900)
    upload(page, scan)
    picture(page, tmp_path / "overview.png", full_page=True)
    assert Axe().run(page).violations_count == 0
    page.get_by_role("link", name="Look at the first").click()
    stage = page.locator("consilium-blackout [data-part=stage]")
    expect(stage.locator("svg")).to_be_visible()
    boxes = page.locator("consilium-blackout rect")
    place = stage.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] * 0.03, place["y"] + place["height"] * 0.02)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.6, place["y"] + place["height"] * 0.09, steps=4)
    page.mouse.up()
    expect(boxes).to_have_count(1)
    page.get_by_role("button", name="Black out all around the scan").click()
    expect(boxes).to_have_count(5)
    page.keyboard.press("Control+z")
    expect(boxes).to_have_count(1)
    page.get_by_role("button", name="Add a box").click()
    expect(boxes.nth(1)).to_be_focused()
    before = int(boxes.nth(1).get_attribute("x") or 0)
    page.keyboard.press("ArrowRight")
    expect(boxes.nth(1)).to_have_attribute("x", str(before + 2))
    page.keyboard.press("Delete")
    expect(boxes).to_have_count(1)
    picture(page, tmp_path / "boxes.png")
    page.get_by_label("Preview: show the boxes black").check()
    picture(page, tmp_path / "preview.png")
    assert Axe().run(page).violations_count == 0
    page.get_by_role("button", name="Black out and release").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("cannot be brought back")
    dialog.get_by_role("button", name="Not yet").click()
    page.get_by_role("button", name="Black out and release").click()
    dialog.get_by_role("button", name="Black out and release").click()
    expect(page.get_by_text("All images are looked through.")).to_be_visible(timeout=60_000)
    page.goto("/cases/case2")
    expect(page.locator("#images img").first).to_be_visible(timeout=15_000)


def test_it_fits_a_phone_and_a_finger(held: Meeting, scan: Path, tmp_path: Path) -> None:
    page = held.sign_in("osei", width=390, height=844, touch=True)
    upload(page, scan)
    picture(page, tmp_path / "phone-overview.png", full_page=True)
    page.get_by_role("link", name="Look at the first").tap()
    page.get_by_role("button", name="Black out all around the scan").tap()
    expect(page.locator("consilium-blackout rect")).to_have_count(4)
    picture(page, tmp_path / "phone.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Remove all").tap()
    page.get_by_role("button", name="Nothing is written in it: release").tap()
    page.get_by_role("dialog").get_by_role("button", name="Release").tap()
    expect(page.get_by_text("All images are looked through.")).to_be_visible(timeout=60_000)


def test_lines_that_unfold_are_as_high_as_a_finger(held: Meeting, scan: Path, tmp_path: Path) -> None:
    page = held.sign_in("osei", width=390, height=844, touch=True)
    upload(page, scan)
    lines = page.locator("main summary")
    expect(lines.first).to_be_visible()
    heights = lines.evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert min(heights) >= 44, heights  # WCAG 2.2 2.5.5; 24 would be the least (2.5.8)
    lines.first.tap()
    expect(page.get_by_role("columnheader", name="What was done")).to_be_visible()
    picture(page, tmp_path / "overview-390.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
