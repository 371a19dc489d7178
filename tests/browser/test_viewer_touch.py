"""Fingers on a phone's viewer: one scrolls, two zoom and move, and a film runs at a tap."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.reading import Series, levels, pane, reading
from tests.browser.test_viewer import Stage
from tests.browser.test_viewer_layouts import centroid, contexts

__all__ = ["contexts"]
pytestmark = pytest.mark.browser

Place = tuple[float, float]


@pytest.fixture
def stage(contexts: Callable[..., Any]) -> Iterator[Stage]:
    voxels = np.zeros((16, 24, 20), "<u2")
    voxels[:, 10:14, 8:12] = 1000
    phone = contexts(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 760})
    made = reading(phone, [Series("1.1", "AX T2", voxels)])
    yield made
    assert made.problems == []
    made.page.context.close()


def moved(page: Page, *fingers: tuple[Place, Place], steps: int = 8) -> None:
    """Put fingers down, move each from its first place to its second, from the middle of the pane, and lift them."""
    box = pane(page, 0).bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    touch = page.context.new_cdp_session(page)

    def at(share: float) -> list[dict[str, float]]:
        return [
            {"x": middle[0] + a[0] + (b[0] - a[0]) * share, "y": middle[1] + a[1] + (b[1] - a[1]) * share, "id": number}
            for number, (a, b) in enumerate(fingers)
        ]

    # Fingers come one after the other, as they do in life.
    for count in range(1, len(fingers) + 1):
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at(0)[:count]})
    for step in range(1, steps + 1):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": at(step / steps)})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_down_the_image_scrolls_and_back_up_returns(stage: Stage) -> None:
    image = pane(stage.page, 0)
    expect(image).to_contain_text("MR 9/16")
    moved(stage.page, ((0, -60), (0, 60)))
    expect(image).not_to_contain_text("MR 9/16")
    moved(stage.page, ((0, 60), (0, -60)))
    expect(image).to_contain_text("MR 9/16")


def test_two_fingers_apart_zoom_and_together_zoom_back(stage: Stage) -> None:
    image = pane(stage.page, 0)
    moved(stage.page, ((-40, 0), (-80, 0)), ((40, 0), (80, 0)))
    expect(image).to_contain_text("Zoom 2.00")
    expect(image).to_contain_text("MR 9/16")  # neither finger scrolled
    moved(stage.page, ((-80, 0), (-40, 0)), ((80, 0), (40, 0)))
    expect(image).to_contain_text("Zoom 1.00")


def test_two_fingers_side_by_side_move_the_image_with_them(stage: Stage) -> None:
    ratio = stage.page.evaluate("devicePixelRatio")
    before = centroid(levels(stage.page, 0))
    moved(stage.page, ((-40, 0), (-15, 30)), ((40, 0), (65, 30)))

    def arrived() -> bool:
        across, down = (now - then for now, then in zip(centroid(levels(stage.page, 0)), before, strict=True))
        return abs(across / ratio - 25) < 2 and abs(down / ratio - 30) < 2

    stage.until(arrived)
    expect(pane(stage.page, 0)).to_contain_text("Zoom 1.00")
    expect(pane(stage.page, 0)).to_contain_text("MR 9/16")


def test_a_tap_runs_a_film_and_another_stops_it(stage: Stage) -> None:
    play = stage.page.get_by_role("button", name="Play")
    play.scroll_into_view_if_needed()
    play.tap()
    number = pane(stage.page, 0).locator(".viewer-slice")
    seen = set[str]()

    def runs() -> bool:
        seen.add(number.inner_text())
        return len(seen) > 3

    stage.until(runs)
    stage.page.get_by_role("button", name="Pause").tap()
    stage.settled()
    stood = number.inner_text()
    for _ in range(30):
        stage.settled()
    assert number.inner_text() == stood
