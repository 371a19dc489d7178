"""Several images at once in a real browser: side by side, scrolling together, cutting each other, and cut anew."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserType, Page, expect

from tests.browser.reading import REFUSED_CODEC, SAGITTAL, Series, levels, pane, reading

pytestmark = pytest.mark.browser

BRIGHT = (9, 13, 6)
"""Slice, row and column of the one bright voxel of the axial stack."""


def axial() -> Series:
    """Sixteen axial slices, 2 mm apart."""
    voxels = np.zeros((16, 24, 20), "<u2")
    voxels[BRIGHT] = 1000
    return Series("1.1", "AX T2", voxels)


def sagittal() -> Series:
    """Eight sagittal slices through the axial ones, in the same frame of reference."""
    return Series("1.2", "SAG T2", np.full((8, 32, 24), 300, "<u2"), SAGITTAL, (16, 0, 31), (-2, 0, 0))


def finer() -> Series:
    """Axial slices of half the distance."""
    return Series("1.3", "AX T1", np.full((31, 24, 20), 200, "<u2"), step=(0, 0, 1))


def prior() -> Series:
    """An earlier study of its own frame of reference."""
    voxels = np.full((16, 24, 20), 400, "<u2")
    return Series("2.1", "AX T2", voxels, study="2", date="2024-01-05", frame_of_reference="7.7")


@pytest.fixture(scope="module")
def contexts(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Callable[..., Any]]:
    """Makes browser contexts."""
    browser = browser_type.launch(**browser_type_launch_args)
    yield lambda **options: browser.new_context(**{"viewport": {"width": 1000, "height": 760}, **options})
    browser.close()


def chosen(page: Page, menu: str, entry: str) -> None:
    """Choose an entry of a menu of the toolbar."""
    page.get_by_label(menu).click()
    wanted = page.locator(".viewer-menu[open]").get_by_role("button", name=entry)
    on_top = """entry => { const box = entry.getBoundingClientRect();
        return entry.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)); }"""
    assert wanted.evaluate(on_top), "the menu hangs over the images, not cut off by the toolbar"
    wanted.click()


def centroid(pixels: Any) -> tuple[float, float]:
    """Where the light is, in pixels of the canvas: x, y."""
    rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]] + 0.5
    return float((columns * pixels).sum() / pixels.sum()), float((rows * pixels).sum() / pixels.sum())


def test_images_lie_side_by_side_scroll_together_and_cut_each_other(contexts: Callable[..., Any]) -> None:
    stage = reading(contexts(), [axial(), sagittal(), finer(), prior()])
    page = stage.page
    chosen(page, "Layout", "Four, two by two")
    # The prior of the same part of the body first, then the rest of the study.
    for at, words in enumerate(["AX T2", "Prior", "SAG T2", "AX T1"]):
        expect(pane(page, at)).to_contain_text(words)
        expect(pane(page, at)).to_contain_text("Lossless")
    expect(pane(page, 4)).to_be_hidden()
    expect(pane(page, 0)).to_contain_text("MR 9/16")
    # Slice 9 lies at z = 16; in the sagittal images, whose first row is z = 31, that is 15 mm further down.
    line = pane(page, 2).locator(".viewer-cross[data-active]")
    expect(line).to_have_count(1)
    assert line.evaluate("line => Math.abs(line.y1.baseVal.value - line.y2.baseVal.value)") < 0.2
    pane(page, 0).focus()
    before = float(line.get_attribute("y1") or 0)
    page.keyboard.press("ArrowDown")
    expect(pane(page, 0)).to_contain_text("MR 10/16")
    expect(pane(page, 1)).to_contain_text("MR 10/16")  # another frame of reference: it moves by the same distance
    expect(pane(page, 3)).to_contain_text("MR 19/31")  # z = 18 mm
    expect(pane(page, 2)).to_contain_text("MR 5/8")  # across: stays
    stage.until(lambda: float(line.get_attribute("y1") or 0) < before - 10)
    page.keyboard.press("k")
    page.keyboard.press("ArrowDown")
    expect(pane(page, 0)).to_contain_text("MR 11/16")
    stage.settled()
    expect(pane(page, 3)).to_contain_text("MR 19/31")
    page.keyboard.press("y")
    expect(line).to_have_count(0)
    assert stage.problems == []
    page.context.close()


def test_a_series_is_dragged_into_a_pane_and_a_prior_is_one_key_away(contexts: Callable[..., Any]) -> None:
    stage = reading(contexts(), [axial(), sagittal(), prior()])
    page = stage.page
    pane(page, 0).focus()
    page.keyboard.press("j")
    expect(pane(page, 1)).to_contain_text("Prior")
    page.locator('.viewer-series[data-series="1.2"]').drag_to(pane(page, 1))
    expect(pane(page, 1)).to_contain_text("SAG T2")
    expect(pane(page, 1)).to_have_attribute("data-active", "true")
    page.keyboard.press("Shift+X")
    expect(pane(page, 1)).to_be_hidden()
    expect(pane(page, 0)).to_contain_text("SAG T2")  # what was worked in stays
    assert stage.problems == []
    page.context.close()


def test_a_bright_voxel_lands_exactly_in_cuts_of_the_volume(contexts: Callable[..., Any]) -> None:
    stage = reading(contexts(), [axial()])
    page = stage.page
    chosen(page, "Cuts through the volume", "Coronal")
    expect(pane(page, 0)).to_contain_text("Coronal MPR")
    expect(pane(page, 0)).to_contain_text("Lossless")
    page.locator(".viewer-slider").first.fill(str(BRIGHT[1] + 1))
    expect(pane(page, 0)).to_contain_text(f"MR {BRIGHT[1] + 1}/24")
    stage.until(lambda: levels(page, 0).max() > 240)
    pixels = levels(page, 0)
    height, width = pixels.shape
    # 20 columns of 1 mm and 16 layers of 2 mm, the head up: slice 9 is the 7th from the top.
    scale = min(width / 20, height / 32)
    expected = (width / 2 + (BRIGHT[2] + 0.5 - 10) * scale, height / 2 + ((15 - BRIGHT[0]) + 0.5 - 8) * 2 * scale)
    assert math.dist(centroid(pixels), expected) < scale / 10, "half a voxel would be half of the scale"
    # Five layers that hold the voxel: the brightest stays, the mean is a fifth.
    page.get_by_label("Cuts through the volume").click()
    page.get_by_label("Thickness of the slab").select_option("5")
    expect(pane(page, 0)).to_contain_text("MIP of 5.0 mm")
    stage.until(lambda: levels(page, 0).max() > 240)
    page.locator(".viewer-menu[open]").get_by_role("button", name="Mean of the slab").click()
    expect(pane(page, 0)).to_contain_text("mean of 5.0 mm")
    stage.until(lambda: 40 < levels(page, 0).max() < 60)
    assert stage.events("viewportchange") == [], "cuts are not shared"
    assert stage.problems == []
    page.context.close()


def test_what_is_no_volume_says_why(contexts: Callable[..., Any]) -> None:
    sheared = axial()
    sheared.step = (0, 1, 2)
    stage = reading(contexts(), [sheared])
    stage.page.get_by_label("Cuts through the volume").click()
    expect(stage.page.locator(".viewer-menu[open]")).to_contain_text("tilted gantry")
    stage.page.keyboard.press("Escape")
    expect(stage.page.locator(".viewer-menu[open]")).to_have_count(0)
    pane(stage.page, 0).focus()
    stage.page.keyboard.press("m")  # the key says it too, instead of doing nothing
    expect(stage.page.locator(".viewer-menu[open]")).to_contain_text("tilted gantry")
    expect(pane(stage.page, 1)).to_be_hidden()
    stage.page.context.close()


def test_a_box_sets_the_window_that_suits_it(contexts: Callable[..., Any]) -> None:
    ramp = axial()
    ramp.voxels[:] = (np.arange(24)[:, None] * 20 + np.arange(20)[None, :]).astype("<u2")
    stage = reading(contexts(), [ramp])
    page = stage.page
    box = pane(page, 0).bounding_box()
    assert box is not None
    scale = min(box["width"] / 20, box["height"] / 24)
    at = [
        (box["x"] + box["width"] / 2 + (column - 10) * scale, box["y"] + box["height"] / 2 + (row - 12) * scale)
        for column, row in ((2.1, 5.1), (17.9, 8.9))
    ]
    page.keyboard.down("Shift")
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    # Rows 5 to 8, columns 2 to 17: values 102 to 177.
    expect(pane(page, 0)).to_contain_text("W 76 L 140")
    page.context.close()


@pytest.mark.parametrize("before", ["", REFUSED_CODEC], ids=["wasm", "no-wasm"])
def test_without_webassembly_raw_samples_are_asked_for_and_look_the_same(
    contexts: Callable[..., Any], before: str
) -> None:
    bright = axial()
    bright.voxels[8, 4:8, 10:14] = 500  # the slice that is opened
    stage = reading(contexts(), [bright], before=before)
    assert [shown.get("raw", False) for shown in stage.shows] == [bool(before)] * len(stage.shows)
    pixels = levels(stage.page, 0)
    height, width = pixels.shape
    scale = min(width / 20, height / 24)
    left, top = width / 2 + (10 - 10) * scale, height / 2 + (4 - 12) * scale
    inside = pixels[int(top + scale) : int(top + 3 * scale), int(left + scale) : int(left + 3 * scale)]
    # PS3.3 C.11.2.1.2: (500 - 0) / 1000 of 255, in the middle of the square.
    assert abs(inside.mean() - 127.5) < 1
    assert stage.problems == []
    stage.page.context.close()


def test_a_phone_shows_one_image_and_a_swipe_brings_the_next_series(contexts: Callable[..., Any]) -> None:
    stage = reading(contexts(has_touch=True, viewport={"width": 390, "height": 760}), [axial(), sagittal()])
    page = stage.page
    box = pane(page, 0).bounding_box()
    assert box is not None
    touch = page.context.new_cdp_session(page)
    middle = box["y"] + box["height"] / 2

    def swipe(start: float, end: float) -> None:
        points = [start + (end - start) * step / 5 for step in range(6)]
        for at, x in enumerate(points):
            kind = "touchStart" if at == 0 else "touchMove"
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": middle}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    swipe(300, 90)
    expect(pane(page, 0)).to_contain_text("SAG T2")
    swipe(90, 300)
    expect(pane(page, 0)).to_contain_text("AX T2")
    assert stage.problems == []
    page.context.close()
