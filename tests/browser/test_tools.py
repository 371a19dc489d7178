"""Every tool of the viewer by mouse, by keyboard alone and by finger; and what other objects lay over the image."""

import io
import math
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Route, expect

from tests.browser.test_viewer import ORIGIN, SOP, Stage, contexts, staged, voxel

__all__ = ["contexts"]
pytestmark = pytest.mark.browser

Place = tuple[float, float]


@pytest.fixture
def stage(contexts: Any) -> Iterator[Stage]:
    made = staged(contexts(), "canvas2d", voxel())
    yield made
    assert made.problems == []
    made.page.context.close()


def choose(stage: Stage, tool: str) -> None:
    stage.page.locator(f".viewer-tool[data-tool={tool}]").click()


def click(stage: Stage, *places: Place) -> None:
    for place in places:
        stage.page.mouse.click(*stage.on_screen(*place))


def close(points: list[list[float]], expected: list[Place]) -> bool:
    return len(points) == len(expected) and all(
        math.dist(point, place) < 0.06 for point, place in zip(points, expected, strict=True)
    )


BY_MOUSE: dict[str, tuple[list[Place], str]] = {
    "length": ([(4, 6), (14, 6)], "5.0 mm"),
    "angle": ([(4, 6), (14, 6), (14, 16)], "90.0°"),
    "cobb": ([(4, 6), (20, 6), (4, 22), (20, 22)], "Cobb 0.0°"),
    "ellipse": ([(4, 6), (14, 16)], "mm²"),
    "rectangle": ([(4, 6), (14, 16)], "25.0 mm²"),
    "freehand": ([(4, 6), (14, 6), (14, 16), (4, 6)], "12.5 mm²"),
    "path": ([(4, 6), (14, 6), (14, 16), (14, 16)], "10.0 mm"),
    "spinopelvic": ([(16, 28), (16, 28), (6, 20), (12, 23), (7, 10), (13, 9), (10, 2)], "PI "),
    "probe": ([(5.5, 9.5)], "1000 stored"),
}


def test_each_tool_by_clicks(stage: Stage) -> None:
    marks = stage.page.locator(".viewer-mark")
    for tool, (places, words) in BY_MOUSE.items():
        choose(stage, tool)
        click(stage, *places)
        expect(marks.locator(".viewer-label")).to_contain_text(words)
        stage.page.keyboard.press("Control+z")
        expect(marks).to_have_count(0)
    drawn = stage.events("markcomplete")
    assert [mark["kind"] for mark in drawn] == list(BY_MOUSE)
    assert {(mark["sop_instance_uid"], mark["frame"]) for mark in drawn} == {(SOP, 3)}


def test_each_worded_tool_asks_for_its_words(stage: Stage) -> None:
    for tool in ("arrow", "text", "point", "level"):
        choose(stage, tool)
        click(stage, *([(4, 6), (14, 16)] if tool == "arrow" else [(4, 6)]))
        stage.page.locator(".viewer-prompt input").fill("L4")
        stage.page.keyboard.press("Enter")
        expect(stage.page.locator(".viewer-mark")).to_contain_text("L4")
        stage.page.keyboard.press("Control+z")
        expect(stage.page.locator(".viewer-mark")).to_have_count(0)
    told = [(mark["kind"], mark["text"]) for mark in stage.events("markcomplete")]
    assert told == [("arrow", "L4"), ("text", "L4"), ("point", "L4"), ("level", "L4")]


def test_areas_and_the_probe_say_what_pixels_are_worth(stage: Stage) -> None:
    choose(stage, "rectangle")
    click(stage, (4, 8), (8, 12))  # 16 pixels, one of them 1000
    expect(stage.page.locator(".viewer-mark .viewer-label")).to_contain_text("mean 62.5, SD 242.1 stored")
    choose(stage, "probe")
    stage.page.mouse.move(*stage.on_screen(5.5, 9.5))
    reading = stage.page.locator(".viewer-reading")
    expect(reading).to_contain_text("1000 stored")
    expect(reading).to_contain_text("column 6, row 10")
    stage.page.mouse.move(*stage.on_screen(12.5, 9.5))
    expect(reading).to_contain_text("0 stored")


def test_the_spinopelvic_set_guides_and_may_stop_early(stage: Stage) -> None:
    choose(stage, "spinopelvic")
    guide = stage.page.locator(".viewer-guide:visible")
    expect(guide).to_contain_text("Middle of one femoral head")
    click(stage, (16, 28), (17, 28), (6, 20), (12, 23))
    expect(guide).to_contain_text("5 of 7")
    stage.page.get_by_role("button", name="Finish here").click()
    (mark,) = stage.events("markcomplete")
    assert close(mark["points"], [(16, 28), (17, 28), (6, 20), (12, 23)])
    expect(stage.page.locator(".viewer-mark .viewer-label")).to_contain_text("PT ")


def test_a_length_by_keys_alone_then_its_handle_then_back_and_forth(stage: Stage) -> None:
    pane = stage.page.locator(".viewer-pane").first
    keyboard = stage.page.keyboard
    pane.focus()
    keyboard.press("l")
    keyboard.press("Enter")
    expect(stage.page.locator(".viewer-crosshair")).to_be_visible()
    keyboard.press("Enter")
    for _ in range(10):
        keyboard.press("ArrowRight")
    keyboard.press("Enter")
    (mark,) = stage.events("markcomplete")
    (x0, y0), (x1, y1) = mark["points"]
    assert x1 - x0 > 1
    assert y0 == y1
    expect(stage.page.locator(".viewer-mark")).to_have_count(1)
    keyboard.press("Shift+E")
    keyboard.press("Shift+E")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    (move,) = stage.events("markmove")
    assert close(move["points"], [(x0, y0), (x1, y1 + 2)])
    keyboard.press("Control+z")
    assert stage.events("markmove")[-1]["points"] == mark["points"]
    keyboard.press("Control+z")
    expect(stage.page.locator(".viewer-mark")).to_have_count(0)
    keyboard.press("Control+Shift+Z")
    expect(stage.page.locator(".viewer-mark")).to_have_count(1)
    assert stage.events("markcomplete")[-1]["mark"] != mark["mark"]


def test_a_cobb_angle_by_taps(contexts: Any) -> None:
    stage = staged(contexts(has_touch=True, viewport={"width": 390, "height": 760}), "canvas2d", voxel())
    stage.page.evaluate("document.querySelector('consilium-viewer').tool = 'cobb'")
    expect(stage.page.locator(".viewer-pane .viewer-guide")).to_be_visible()  # the series stay in reach until it begins
    stage.page.touchscreen.tap(*stage.on_screen(4, 6))
    expect(stage.page.locator(".viewer-body > .viewer-guide")).to_be_visible()
    pane, guide = (stage.page.locator(one).first.bounding_box() for one in (".viewer-pane", ".viewer-guide:visible"))
    assert pane is not None
    assert guide is not None
    assert guide["y"] >= pane["y"] + pane["height"] - 1, "what to press next covers where it is to be pressed"
    assert guide["y"] + guide["height"] <= 760
    for place in [(20, 6), (4, 22), (20, 28)]:
        stage.page.touchscreen.tap(*stage.on_screen(*place))
    expect(stage.page.locator(".viewer-mark .viewer-label")).to_contain_text("Cobb 20.6°")
    (mark,) = stage.events("markcomplete")
    assert close(mark["points"], [(4, 6), (20, 6), (4, 22), (20, 28)])
    assert stage.problems == []
    stage.page.context.close()


def test_the_words_of_a_mark_are_asked_for_within_the_image_and_so_can_be_given_up(contexts: Any) -> None:
    stage = staged(contexts(has_touch=True, viewport={"width": 390, "height": 760}), "canvas2d", voxel())
    stage.page.evaluate("document.querySelector('consilium-viewer').tool = 'text'")
    expect(stage.page.locator(".viewer-pane").first).to_contain_text("Lossless")
    stage.page.touchscreen.tap(*stage.on_screen(20, 6))
    pane, asked = (stage.page.locator(one).first.bounding_box() for one in (".viewer-pane", ".viewer-prompt"))
    assert pane is not None
    assert asked is not None
    assert pane["x"] <= asked["x"]
    assert asked["x"] + asked["width"] <= pane["x"] + pane["width"]
    cancel = stage.page.get_by_role("button", name="Cancel")
    place = cancel.bounding_box()
    assert place is not None
    assert place["x"] + place["width"] <= asked["x"] + asked["width"]
    cancel.tap()
    expect(stage.page.locator(".viewer-prompt")).to_have_count(0)
    assert stage.problems == []
    stage.page.context.close()


def test_scrolling_gives_up_a_half_drawn_angle(stage: Stage) -> None:
    choose(stage, "cobb")
    click(stage, (4, 6), (20, 6))
    stage.page.keyboard.press("ArrowDown")
    expect(stage.page.locator(".viewer-pane").first).to_contain_text("MR 4/5")
    click(stage, (4, 22), (20, 22), (4, 28), (20, 28))
    (mark,) = stage.events("markcomplete")
    assert mark["frame"] == 4
    assert close(mark["points"], [(4, 22), (20, 22), (4, 28), (20, 28)])


def mask() -> bytes:
    picture = Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    picture.putpixel((0, 0), (255, 0, 0, 255))
    into = io.BytesIO()
    picture.save(into, "PNG")
    return into.getvalue()


OBJECTS = {
    "objects": [
        {"sop": "9.1", "kind": "segmentation", "title": "Segmentation: Discs", "modality": "SEG", "date": ""},
        {"sop": "9.2", "kind": "presentation", "title": "Presentation state: Key", "modality": "PR", "date": ""},
        {"sop": "9.3", "kind": "report", "title": "Report: Measurements", "modality": "SR", "date": ""},
    ]
}
SEGMENTATION = {
    "title": "Discs",
    "segmentation": {
        "label": "DISCS", "rows": 2, "columns": 4,
        "segments": [{"number": 1, "label": "Disc L4-L5", "colour": "#ff0000", "made_by": ""}],
        "frames": [
            {"frame": 1, "segment": 1, "sop_instance_uid": SOP, "of_frame": 5, "matrix": [2, 0, 0, 2, 4, 8]},
        ],
    },
}
STATE = {
    "title": "Key",
    "presentation": {
        "label": "KEY", "description": "", "creator": "", "references": [[SOP, [2]]], "rotation": 90,
        "flipped": False, "inverted": False, "shutter": [[2, 2], [20, 2], [20, 30], [2, 30]],
        "parts": [
            {
                "images": [], "window": [300, 600], "area": None,
                "graphics": [
                    {"kind": "polyline", "points": [[1, 1], [9, 9]], "text": "", "filled": False, "display": False},
                    {"kind": "text", "points": [[0.5, 0.5]], "text": "Here", "filled": False, "display": True},
                ],
            }
        ],
    },
}


def test_a_segmentation_and_a_presentation_state_lie_over_their_images(stage: Stage) -> None:
    def answered(route: Route) -> None:
        path = route.request.url.removeprefix(f"{ORIGIN}/cases/c1/objects")
        said = {".json": OBJECTS, "/9.1/overlay.json": SEGMENTATION, "/9.2/overlay.json": STATE}.get(path)
        if said is None:
            route.fulfill(body=mask(), content_type="image/png")
        else:
            route.fulfill(json=said)

    stage.page.route("**/cases/c1/objects**", answered)
    stage.page.get_by_label("Reports and overlays").click()
    expect(stage.page.get_by_role("link", name="Report: Measurements")).to_have_attribute(
        "href", "/cases/c1/objects/9.3"
    )
    stage.page.get_by_label("Segmentation: Discs").check()
    pane = stage.page.locator(".viewer-pane").first
    expect(pane).to_contain_text("MR 5/5")
    expect(stage.page.get_by_text("Disc L4-L5")).to_be_visible()
    box, (left, top) = stage.page.locator(".viewer-mask").bounding_box(), stage.on_screen(4, 8)
    assert box is not None
    assert math.dist((box["x"], box["y"]), (left, top)) < 1
    right, bottom = stage.on_screen(12, 12)
    assert math.dist((box["x"] + box["width"], box["y"] + box["height"]), (right, bottom)) < 1
    own = stage.page.locator(".viewer-corner[data-at=bottom-left] > span").first.inner_text()
    assert own.startswith("W ")
    assert not own.startswith("W 600")
    stage.page.get_by_label("Presentation state: Key").check()
    expect(pane).to_contain_text("MR 2/5")
    expect(stage.page.locator(".viewer-laid")).to_contain_text("Here")
    expect(stage.page.locator(".viewer-shutter")).to_have_count(1)
    expect(pane).to_contain_text("W 600")
    stage.page.get_by_label("Presentation state: Key").uncheck()
    expect(stage.page.locator(".viewer-laid")).to_have_count(0)
    expect(pane).to_contain_text(own)  # its window goes with it
