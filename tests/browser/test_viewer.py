"""The viewer by itself in a real browser: where pixels lie, that both renderers agree, and that gestures make marks.

The page, its tickets and its image stream are played by the test; scripts and styles are the built client's, under the
product's content security policy.
"""

import base64
import json
import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, BrowserType, ConsoleMessage, Page, Route, WebSocketRoute, expect

pytestmark = pytest.mark.browser

DIST = Path(__file__).parents[2] / "web" / "static" / "dist"
ORIGIN = "http://localhost:4999"
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; "
    "connect-src 'self' ws://localhost:4999; worker-src 'self'; font-src 'self'"
)
SERIES, SOP = "1.2.3", "1.2.3.4"
ROWS, COLUMNS, SLICES = 32, 24, 5
BRIGHT = (5, 9)
"""Column and row index of the one bright voxel."""
MIME = {".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".svg": "image/svg+xml"}


@dataclass
class Stage:
    """One page with one viewer."""

    page: Page
    problems: list[str]
    shows: list[dict[str, Any]]

    def events(self, name: str) -> list[Any]:
        """Details of the events of a kind so far."""
        found: list[Any] = self.page.evaluate("name => window.heard.filter(e => e[0] === name).map(e => e[1])", name)
        return found

    def settled(self) -> None:
        """Return when everything that waits for the next frame of the screen has been done."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def until(self, true: Callable[[], bool]) -> None:
        """Let the page go on until something is true; fails after 300 frames of the screen."""
        for _ in range(300):
            if true():
                return
            self.settled()
        assert true()

    def on_screen(self, column: float, row: float) -> tuple[float, float]:
        """Page coordinates of an image point of a fitted image with square pixels."""
        box = self.page.locator(".viewer-pane").first.bounding_box()
        assert box is not None
        scale = min(box["width"] / COLUMNS, box["height"] / ROWS)
        return (
            box["x"] + box["width"] / 2 + (column - COLUMNS / 2) * scale,
            box["y"] + box["height"] / 2 + (row - ROWS / 2) * scale,
        )

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press at one image point and let go at another."""
        self.page.mouse.move(*self.on_screen(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.on_screen(*end), steps=4)
        self.page.mouse.up()

    def pixels(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        """Red levels of the canvas."""
        data = self.page.evaluate("document.querySelector('.viewer-pane canvas').toDataURL('image/png')")
        return np.asarray(Image.open(BytesIO(base64.b64decode(data.split(",")[1]))).convert("RGB"), float)[:, :, 0]


def voxel() -> bytes:
    """Stored samples of a black image with one bright voxel."""
    image = np.zeros((ROWS, COLUMNS), "<u2")
    image[BRIGHT[1], BRIGHT[0]] = 1000
    return image.tobytes()


def ramp() -> bytes:
    """Stored samples that rise along the columns, over the whole window and beyond."""
    return np.tile(np.linspace(0, 1200, COLUMNS).astype("<u2"), (ROWS, 1)).tobytes()


def facts() -> dict[str, Any]:
    """The `series` message of the stream."""
    frame = {
        "sop_instance_uid": SOP,
        "rows": ROWS,
        "columns": COLUMNS,
        "position": None,
        "row_spacing_mm": 0.5,
        "column_spacing_mm": 0.5,
        "spacing_source": "pixel",
    }
    return {
        "type": "series", "series": SERIES, "handle": 0,
        "frames": [{**frame, "frame": number + 1} for number in range(SLICES)],
        "modality": "MR", "description": "SAG T2", "photometric": "MONOCHROME2", "bits_stored": 12, "signed": False,
        "sample": "u16", "slope": 1, "intercept": 0, "window": {"centre": 500.5, "width": 1001, "function": "LINEAR"},
        "presets": [], "voi_lut": None, "padding": None, "inverted": False, "colour": False,
        "orientation": [0, 1, 0, 0, 0, -1], "frame_of_reference": None,
    }  # fmt: skip


def script() -> str:
    """Address of the viewer's entry in the built client."""
    manifest = DIST / "manifest.json"
    if not manifest.is_file():
        pytest.skip("needs the built client: web/static/dist is empty")
    return "/static/dist/" + str(json.loads(manifest.read_text())["src/viewer-page.ts"]["file"])


def document(renderer: str) -> str:
    """The page."""
    return (
        f'<!doctype html><html lang="en"><title>Viewer</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/page.css">'
        f"{_sheets()}<script src='/page.js'></script><script type='module' src='{script()}'></script>"
        f'<consilium-viewer case="c1" renderer="{renderer}"></consilium-viewer>'
    )


def _sheets() -> str:
    """Of the entry and of all that it imports, as the server's pages name them."""
    manifest = json.loads((DIST / "manifest.json").read_text())
    names, open_ = ["src/viewer-page.ts"], ["src/viewer-page.ts"]
    while open_:
        fresh = [name for name in manifest[open_.pop()].get("imports", []) if name not in names]
        names += fresh
        open_ += fresh
    sheets = [sheet for name in reversed(names) for sheet in manifest[name].get("css", [])]
    return "".join(f'<link rel="stylesheet" href="/static/dist/{sheet}">' for sheet in sheets)


HEAR = """window.heard = [];
for (const name of ['viewportchange', 'markcomplete', 'markmove', 'markerase', 'draft', 'pointerat', 'leave'])
  addEventListener(name, (event) => window.heard.push([name, event.detail]));
addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective));"""
STUDIES = {
    "studies": [
        {
            "study_instance_uid": "1.2", "description": "MR lumbar spine", "date": "2026-11-09",
            "series": [
                {
                    "series_instance_uid": SERIES, "modality": "MR", "description": "SAG T2", "frames": SLICES,
                    "preview": None,
                }
            ],
        }
    ]
}  # fmt: skip


def played(route: Route, renderer: str) -> None:
    """Answer for the server."""
    path = route.request.url.removeprefix(ORIGIN).split("?")[0]
    answers = {
        "/": ("text/html", document(renderer)),
        "/page.css": ("text/css", "html, body { height: 100%; margin: 0; }"),
        "/page.js": ("text/javascript", HEAR),
        "/tickets": ("application/json", json.dumps({"ticket": "t", "url": "/sockets/images?ticket=t"})),
        "/cases/c1/studies.json": ("application/json", json.dumps(STUDIES)),
        "/cases/c1/levels.json": ("application/json", "null"),
    }
    if path in answers:
        kind, body = answers[path]
        route.fulfill(body=body, content_type=kind, headers={"content-security-policy": POLICY})
        return
    file = DIST / path.removeprefix("/static/dist/")
    if path.startswith("/static/dist/") and file.is_file():
        route.fulfill(body=file.read_bytes(), content_type=MIME.get(file.suffix, "application/octet-stream"))
    else:
        route.fulfill(status=404, body="")


def staged(context: BrowserContext, renderer: str, samples: bytes, sent: int = SLICES) -> Stage:
    """A page whose viewer shows every slice with the same samples; `sent`: how many of them come."""
    page = context.new_page()
    stage = Stage(page, [], [])

    def complained(message: ConsoleMessage) -> None:
        if message.type == "error":
            stage.problems.append(message.text)

    def connected(socket: WebSocketRoute) -> None:
        def told(message: str | bytes) -> None:
            said = json.loads(message)
            if said["type"] != "show":
                return
            if not stage.shows:
                socket.send(json.dumps(facts()))
                for index in range(sent):
                    socket.send(struct.pack("<BBHII", 3, 0, 0, index, len(samples)) + samples)
            stage.shows.append(said)

        socket.on_message(told)

    page.on("console", complained)
    page.on("pageerror", lambda error: stage.problems.append(str(error)))
    context.route(f"{ORIGIN}/**", lambda route: played(route, renderer))
    page.route_web_socket("**/sockets/images**", connected)
    page.goto(ORIGIN + "/")
    expect(page.locator(".viewer-pane").first).to_contain_text("Lossless")
    return stage


@pytest.fixture(scope="module")
def contexts(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Any]:
    """Makes browser contexts; WebGL is drawn in software where there is no graphics processor."""
    flags = [*browser_type_launch_args["args"], "--enable-unsafe-swiftshader", "--use-angle=swiftshader"]
    browser = browser_type.launch(**{**browser_type_launch_args, "args": flags})
    yield lambda **options: browser.new_context(**{"viewport": {"width": 1000, "height": 760}, **options})
    browser.close()


@pytest.fixture
def stage(contexts: Any) -> Iterator[Stage]:
    made = staged(contexts(), "canvas2d", voxel())
    yield made
    assert made.problems == []
    made.page.context.close()


def drawn(contexts: Any, renderer: str, samples: bytes) -> "np.ndarray[Any, np.dtype[np.float64]]":
    stage = staged(contexts(), renderer, samples)
    kind = stage.page.locator(".viewer-pane").first.get_attribute("data-renderer")
    if kind != renderer:
        pytest.skip(f"this Chromium gives no {renderer}")
    pixels = stage.pixels()
    assert stage.problems == []
    stage.page.context.close()
    return pixels


@pytest.mark.parametrize("renderer", ["canvas2d", "webgl2"])
def test_a_bright_voxel_is_centred_where_its_middle_is(contexts: Any, renderer: str) -> None:
    pixels = drawn(contexts, renderer, voxel())
    height, width = pixels.shape
    scale = min(width / COLUMNS, height / ROWS)
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    centre = ((columns * pixels).sum() / pixels.sum(), (rows * pixels).sum() / pixels.sum())
    expected = (
        width / 2 + (BRIGHT[0] + 0.5 - COLUMNS / 2) * scale,
        height / 2 + (BRIGHT[1] + 0.5 - ROWS / 2) * scale,
    )
    assert math.dist(centre, expected) < 0.1, "half a voxel would be half of the scale"
    assert scale > 10
    assert pixels.max() >= 250


@pytest.mark.parametrize("samples", [voxel(), ramp()], ids=["voxel", "ramp"])
def test_both_renderers_draw_the_same_pixels(contexts: Any, samples: bytes) -> None:
    one, other = drawn(contexts, "canvas2d", samples), drawn(contexts, "webgl2", samples)
    assert one.shape == other.shape
    height, width = one.shape
    reach = COLUMNS * min(width / COLUMNS, height / ROWS) / 2
    # The outermost pixel of the image is shared with the black around it: browsers smooth it, the shader does not.
    inside = slice(math.ceil(width / 2 - reach) + 1, math.floor(width / 2 + reach) - 1)
    difference = np.abs(one - other)[2:-2, inside]
    assert difference.max() <= 3, f"levels differ by up to {difference.max()}"
    assert difference.mean() < 0.5


def test_the_words_say_what_is_seen(stage: Stage) -> None:
    pane = stage.page.locator(".viewer-pane").first
    for words in ("MR 3/5", "W 1001", "0.50 mm, pixel spacing", "Lossless", "Not for primary diagnosis", "9 Nov 2026"):
        expect(pane).to_contain_text(words)


def test_a_drag_makes_a_length_in_image_points(stage: Stage) -> None:
    stage.page.get_by_role("button", name="Length").click()
    stage.drag((BRIGHT[0] + 0.5, BRIGHT[1] + 0.5), (15.5, 9.5))
    (mark,) = stage.events("markcomplete")
    assert mark["kind"] == "length"
    assert (mark["sop_instance_uid"], mark["frame"]) == (SOP, 3)
    for point, expected in zip(mark["points"], [(5.5, 9.5), (15.5, 9.5)], strict=True):
        assert math.dist(point, expected) < 0.05
    label = stage.page.locator(".viewer-mark .viewer-label")
    expect(label).to_contain_text("5.0 mm")
    assert len(stage.events("draft")) >= 2
    assert stage.events("draft")[-1] is None


def test_a_cobb_angle_is_two_drags_and_its_handle_moves(stage: Stage) -> None:
    stage.page.get_by_role("button", name="Cobb").click()
    stage.drag((4, 6), (20, 6))
    stage.drag((4, 22), (20, 28))
    (mark,) = stage.events("markcomplete")
    assert mark["kind"] == "cobb"
    assert len(mark["points"]) == 4
    expect(stage.page.locator(".viewer-mark .viewer-label")).to_contain_text("Cobb 20.6°")
    stage.drag((20, 28), (20, 22))
    (move,) = stage.events("markmove")
    assert move["mark"] == mark["mark"]
    assert math.dist(move["points"][3], (20, 22)) < 0.05
    expect(stage.page.locator(".viewer-mark .viewer-label")).to_contain_text("Cobb 0.0°")
    stage.page.keyboard.press("Delete")
    assert [erased["mark"] for erased in stage.events("markerase")] == [mark["mark"]]


def test_text_is_asked_for_beside_its_place(stage: Stage) -> None:
    stage.page.get_by_role("button", name="Text").click()
    stage.page.mouse.click(*stage.on_screen(10, 10))
    stage.page.get_by_role("textbox", name="Text").fill("Extruded fragment")
    stage.page.keyboard.press("Enter")
    expect(stage.page.locator(".viewer-mark")).to_contain_text("Extruded fragment")
    assert stage.events("markcomplete")[0]["text"] == "Extruded fragment"


def test_the_wheel_scrolls_and_the_server_is_told_while_it_has_more_to_send(contexts: Any) -> None:
    stage = staged(contexts(), "canvas2d", voxel(), sent=SLICES - 1)
    stage.page.mouse.move(*stage.on_screen(12, 16))
    stage.page.mouse.wheel(0, 120)
    expect(stage.page.locator(".viewer-pane").first).to_contain_text("MR 4/5")
    stage.until(lambda: stage.shows[-1]["index"] == 3)
    stage.until(lambda: any(seen["frame"] == 4 for seen in stage.events("viewportchange")))
    assert stage.problems == []
    stage.page.context.close()


def test_a_stack_that_is_here_in_full_scrolls_without_a_word_to_the_server(stage: Stage) -> None:
    asked = len(stage.shows)
    stage.page.mouse.move(*stage.on_screen(12, 16))
    stage.page.mouse.wheel(0, 120)
    expect(stage.page.locator(".viewer-pane").first).to_contain_text("MR 4/5")
    stage.until(lambda: any(seen["frame"] == 4 for seen in stage.events("viewportchange")))
    assert len(stage.shows) == asked
    # The slider follows, a few times a second.
    expect(stage.page.locator(".viewer-slider").first).to_have_attribute("aria-valuetext", "Image 4 of 5")


def test_a_window_drag_and_a_preset_change_and_restore_the_window(stage: Stage) -> None:
    before = stage.pixels()
    stage.drag((5, 5), (15, 15))
    stage.until(lambda: any(seen["window_width"] > 1001 for seen in stage.events("viewportchange")))
    stage.page.keyboard.press("1")
    stage.until(lambda: stage.events("viewportchange")[-1]["window_width"] is None)
    stage.settled()
    assert np.array_equal(stage.pixels(), before)


def test_following_shows_the_same_and_tells_nobody(stage: Stage) -> None:
    viewport = {
        "series_instance_uid": SERIES, "sop_instance_uid": SOP, "frame": 1, "window_centre": 300, "window_width": 600,
        "zoom": 2, "pan": [0.1, -0.2], "rotation": 90, "flipped": True, "inverted": True,
        "layout": "1x1", "place": 0, "linked": True, "beside": [],
    }  # fmt: skip
    stage.page.evaluate("v => { document.querySelector('consilium-viewer').viewport = v }", viewport)
    expect(stage.page.locator(".viewer-pane").first).to_contain_text("MR 1/5")
    stage.settled()
    assert stage.page.evaluate("document.querySelector('consilium-viewer').viewport") == viewport
    assert stage.events("viewportchange") == []


def test_the_help_sheet_opens_on_a_question_mark(stage: Stage) -> None:
    stage.page.locator(".viewer-pane").first.focus()
    stage.page.keyboard.press("?")
    expect(stage.page.get_by_role("dialog", name="Keys of the viewer")).to_contain_text("Invert")


def test_fingers_draw_with_the_same_gesture(contexts: Any) -> None:
    stage = staged(contexts(has_touch=True, viewport={"width": 390, "height": 760}), "canvas2d", voxel())
    stage.page.get_by_role("button", name="Length").tap()
    for point in ((5.5, 9.5), (15.5, 9.5)):
        stage.page.touchscreen.tap(*stage.on_screen(*point))
    (mark,) = stage.events("markcomplete")
    assert math.dist(mark["points"][0], (5.5, 9.5)) < 0.1
    sizes = stage.page.eval_on_selector_all(".viewer-tool", "all => all.map(e => e.getBoundingClientRect().height)")
    assert min(sizes) >= 24
    assert stage.problems == []
    stage.page.context.close()
