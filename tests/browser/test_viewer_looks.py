"""How the viewer lies on the screen: nothing covers anything, nothing is too small for a finger, axe finds no fault."""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserType, Page, expect

from tests.browser.reading import pane, reading
from tests.browser.test_viewer_layouts import axial, chosen, finer, prior, sagittal

pytestmark = pytest.mark.browser

SCREENS = {390: 844, 1440: 900, 2560: 1440}
_LONG = "C-SPINE with and without contrast, follow-up after anterior fusion of two levels"


@pytest.fixture(scope="module")
def contexts(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Callable[..., Any]]:
    """Makes browser contexts of a width; a narrow one has fingers."""
    browser = browser_type.launch(**browser_type_launch_args)

    def made(width: int, scheme: str = "dark") -> Any:
        phone = width < 500
        return browser.new_context(
            viewport={"width": width, "height": SCREENS[width]}, has_touch=phone, is_mobile=phone, color_scheme=scheme
        )

    yield made
    browser.close()


def boxes(page: Page, selector: str) -> list[dict[str, float]]:
    """The boxes of what is visible, in CSS pixels, with its words."""
    found: list[dict[str, float]] = page.eval_on_selector_all(
        selector,
        """all => all.filter(e => e.checkVisibility() && e.getBoundingClientRect().width > 0).map(e => {
            const { x, y, right, bottom, width, height } = e.getBoundingClientRect();
            return { x, y, right, bottom, width, height, words: e.ariaLabel ?? e.textContent.trim() };
        })""",
    )
    return found


def cover(a: dict[str, float], b: dict[str, float]) -> bool:
    return a["x"] < b["right"] - 1 and b["x"] < a["right"] - 1 and a["y"] < b["bottom"] - 1 and b["y"] < a["bottom"] - 1


@pytest.mark.parametrize("width", SCREENS)
def test_words_tools_and_slider_do_not_cover_each_other(contexts: Callable[..., Any], width: int) -> None:
    series = axial()
    series.description = _LONG
    page = reading(contexts(width), [series]).page
    spoken = boxes(page, ".viewer-corner, .viewer-edge, .viewer-slider, .viewer-tools, .viewer-strip")
    assert len(spoken) >= 10
    assert [(a["words"], b["words"]) for a, b in combinations(spoken, 2) if cover(a, b)] == []
    image = boxes(page, ".viewer-pane:not([hidden])")[0]
    for word in boxes(page, ".viewer-corner, .viewer-edge"):
        assert word["x"] >= image["x"]
        assert word["right"] <= image["right"] + 0.5
        assert word["y"] >= image["y"]
        assert word["bottom"] <= image["bottom"] + 0.5
    page.context.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_words_of_marks_keep_off_the_words_of_the_corners(contexts: Callable[..., Any], width: int) -> None:
    page = reading(contexts(width), [axial()]).page
    image = boxes(page, ".viewer-pane:not([hidden])")[0]
    edges = {"top": image["y"] + 30, "bottom": image["bottom"] - 30}
    for across in (image["x"] + 30, image["right"] - 150):
        for down in edges.values():
            page.locator(".viewer-tool[data-tool=length]").click()
            page.mouse.click(across, down)
            page.mouse.click(across + 40, down)
    expect(page.locator(".viewer-mark")).to_have_count(4)
    corners, marks = boxes(page, ".viewer-corner > *, .viewer-edge"), boxes(page, ".viewer-mark text")
    assert len(marks) == 4
    assert [(a["words"], b["words"]) for a in corners for b in marks if cover(a, b)] == []
    page.context.close()


def test_words_of_six_small_images_do_not_cover_each_other_and_no_tool_is_hidden(contexts: Callable[..., Any]) -> None:
    series = axial()
    series.description = _LONG
    page = reading(contexts(1440), [series, sagittal(), finer(), prior()]).page
    page.set_viewport_size({"width": 850, "height": 800})  # what a room leaves of 1440 pixels
    chosen(page, "Layout", "Six")
    expect(pane(page, 3)).to_contain_text("Lossless")
    spoken = boxes(page, ".viewer-corner > *, .viewer-edge")
    assert len(spoken) >= 40
    assert [(a["words"], b["words"]) for a, b in combinations(spoken, 2) if cover(a, b)] == []
    slices = boxes(page, ".viewer-slice")
    images = boxes(page, ".viewer-pane:not([hidden])")
    assert all(any(cover(word, image) and word["right"] <= image["right"] for image in images) for word in slices)
    tools = boxes(page, ".viewer-tools :is(.viewer-tool, select)")
    assert len(tools) > 20
    assert [one["words"] for one in tools if one["right"] > 850] == []
    page.context.close()


@pytest.mark.parametrize(("width", "least"), [(390, 44), (1440, 24)])
def test_what_is_pressed_is_large_enough(contexts: Callable[..., Any], width: int, least: int) -> None:
    page = reading(contexts(width), [axial(), sagittal()]).page
    page.get_by_label("Layout").click()
    pressed = boxes(page, "consilium-viewer :is(button, summary, select)")
    assert len(pressed) > 20
    assert [one["words"] for one in pressed if min(one["width"], one["height"]) < least] == []
    page.context.close()


def test_the_image_has_most_of_a_wide_screen(contexts: Callable[..., Any]) -> None:
    page = reading(contexts(2560), [axial()]).page
    image = boxes(page, ".viewer-pane:not([hidden])")[0]
    assert image["width"] * image["height"] > 0.8 * 2560 * 1440
    page.context.close()


def test_every_tool_can_be_seen_or_scrolled_to(contexts: Callable[..., Any]) -> None:
    page = reading(contexts(390), [axial()]).page
    for at in range(page.locator(".viewer-tools .viewer-tool").count()):
        tool = page.locator(".viewer-tools .viewer-tool").nth(at)
        tool.scroll_into_view_if_needed()
        expect(tool).to_be_in_viewport(ratio=0.9)
    page.context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_no_fault_in_any_state(contexts: Callable[..., Any], width: int, scheme: str) -> None:
    page = reading(contexts(width, scheme), [axial(), sagittal(), finer(), prior()]).page
    _faultless(page, "one image")
    for menu in ("Layout", "Cuts through the volume", "Reports and overlays"):
        page.get_by_label(menu).click()
        _faultless(page, menu)
        page.keyboard.press("Escape")
    chosen(page, "Layout", "Six")
    expect(pane(page, 0)).to_contain_text("Lossless")
    _faultless(page, "six images")
    pane(page, 0).focus()
    page.keyboard.press("m")
    _faultless(page, "cuts")
    page.keyboard.press("?")
    _faultless(page, "keys")
    page.context.close()


def _faultless(page: Page, state: str) -> None:
    # The page around the viewer is the test's own: what belongs to whole pages is not asked of it.
    options = {"rules": {name: {"enabled": False} for name in ("document-title", "html-has-lang", "region",
               "page-has-heading-one", "landmark-one-main", "bypass", "heading-order", "meta-viewport")}}
    found = Axe().run(page, options=options)
    assert found.violations_count == 0, f"{state}: {found.generate_report()}"
