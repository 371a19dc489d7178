"""The call in the room: three windows hear and see each other, and the media process may die under them."""

import os
import signal
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserType, Page, expect

from tests.browser.meeting import Meeting, meeting
from tests.browser.test_viewer_looks import boxes, cover
from tests.browser.until import until

pytestmark = pytest.mark.browser

FAKE = [
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--auto-accept-this-tab-capture",
    "--autoplay-policy=no-user-gesture-required",
]
PATIENCE_MS = 45_000
WATCHED = """
const Real = RTCPeerConnection;
window.connections = [];
window.RTCPeerConnection = class extends Real {
  constructor(...given) { super(...given); window.connections.push(this); }
};
const Voice = Audio;
window.voices = [];
window.Audio = class extends Voice {
  constructor(...given) { super(...given); window.voices.push(this); }
};
window.received = async () => {
  const found = { heard: 0, seen: 0, screens: 0 };
  const pc = window.connections.at(-1);
  if (!pc || pc.connectionState !== 'connected') return found;
  for (const one of (await pc.getStats()).values()) {
    if (one.type !== 'inbound-rtp') continue;
    if (one.kind === 'audio' && one.totalAudioEnergy > 0) found.heard += 1;
    if (one.kind === 'video' && one.framesDecoded > 5) one.mid === 's0' ? found.screens += 1 : found.seen += 1;
  }
  return found;
};
"""


MICROPHONE = "window.connections.at(-1).getTransceivers().find((one) => one.mid === 'mic').sender.track.id"


@pytest.fixture
def faking(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """A browser whose microphone beeps and whose camera shows a clock."""
    launch = {**browser_type_launch_args, "args": [*browser_type_launch_args["args"], *FAKE]}
    browser = browser_type.launch(**launch)
    yield browser
    browser.close()


@pytest.fixture
def held(tmp_path: Path, faking: Browser) -> Iterator[Meeting]:
    with meeting(tmp_path, faking, media=True) as made:
        yield made
        assert made.problems == []


def enter(held: Meeting, who: str, **size: int) -> Page:
    """This person in the room, with their connections watched."""
    page = held.sign_in(who, **size)  # type: ignore[arg-type]
    page.add_init_script(WATCHED)
    page.goto(f"/conferences/{held.conference}/room")
    return page


def join(page: Page, *, camera: bool = False) -> None:
    """Through the check into the call."""
    page.locator("[data-call-join]").click(timeout=PATIENCE_MS)
    expect(page.locator("#call-level")).to_be_visible(timeout=PATIENCE_MS)
    if camera:
        page.get_by_label("Start with the camera on").check()
    page.locator("[data-join]").click()
    expect(page.locator("[data-call=live]")).to_be_visible(timeout=PATIENCE_MS)


def receives(page: Page, *, heard: int = 0, seen: int = 0, screens: int = 0) -> None:
    """Wait until this window hears and sees so many others."""
    until(
        page,
        "async ([heard, seen, screens]) => { const now = await window.received();"
        " return now.heard >= heard && now.seen >= seen && now.screens >= screens; }",
        [heard, seen, screens], timeout_ms=PATIENCE_MS,
    )


def process(held: Meeting) -> int:
    """The media process of now."""
    assert held.held.media is not None
    running = held.held.media._process
    assert running is not None
    return running.pid


def test_on_a_phone_the_image_keeps_its_place_beside_a_call(held: Meeting) -> None:
    chair, phone = enter(held, "laurent"), enter(held, "mbeki", width=390, height=844, touch=True)
    for press in ("[data-open]", "[data-call-next]"):
        chair.locator(f"#main {press}").or_(chair.locator(press)).first.click(timeout=PATIENCE_MS)
    join(chair, camera=True)
    join(phone, camera=True)
    expect(phone.locator(".tile video")).to_have_count(2, timeout=PATIENCE_MS)
    expect(phone.locator(".viewer-pane").first).to_contain_text("Lossless", timeout=PATIENCE_MS)
    expect(phone.locator(".call-caption")).to_be_empty(timeout=PATIENCE_MS)
    image = phone.locator(".viewer-pane").first.bounding_box()
    assert image is not None
    assert image["height"] > 844 / 4
    said = boxes(phone, ".viewer-corner > *, .viewer-edge")
    assert len(said) >= 8
    assert [(a["words"], b["words"]) for a, b in combinations(said, 2) if cover(a, b)] == []
    pressed = boxes(phone, ".call-bar > button, .call-bar summary")
    assert len({round(one["y"] + one["height"] / 2) for one in pressed}) == 1  # one row


def test_three_hear_and_see_each_other_and_survive_the_media_process(held: Meeting) -> None:
    pages = [enter(held, who) for who in ("laurent", "mbeki", "varga")]
    chair, second, third = pages
    for page in pages:
        join(page, camera=True)
    for page in pages:
        receives(page, heard=2, seen=2)
    expect(chair.locator(".tile video")).to_have_count(3, timeout=PATIENCE_MS)

    second.keyboard.press("Control+d")
    expect(second.locator(".call-mute")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE_MS)
    expect(chair.locator(f"[data-person='{held.people['mbeki']}'] [aria-label=muted]")).to_be_visible(
        timeout=PATIENCE_MS
    )
    second.keyboard.down("Space")
    expect(second.locator(".call-mute")).to_have_attribute("aria-pressed", "false", timeout=PATIENCE_MS)
    second.keyboard.up("Space")
    expect(second.locator(".call-mute")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE_MS)

    chair.get_by_label("Volumes and line").click()
    chair.get_by_label("Mute Petra Varga").click()
    expect(third.locator("[data-said]")).to_contain_text("Dr Ines Laurent muted your microphone", timeout=PATIENCE_MS)
    chair.get_by_label("Volumes and line").click()

    os.kill(process(held), signal.SIGKILL)
    expect(chair.locator("[data-call=waiting]")).to_contain_text("The room goes on", timeout=PATIENCE_MS)
    for page in pages:
        expect(page.locator("[data-link=live]")).to_be_attached(timeout=PATIENCE_MS)
        expect(page.locator("[data-call=live]")).to_be_visible(timeout=PATIENCE_MS)
        receives(page, seen=2)
    receives(second, heard=1)


def test_space_talks_wherever_it_means_nothing_else_and_who_spoke_is_heard(held: Meeting) -> None:
    chair, second = (enter(held, who) for who in ("laurent", "mbeki"))
    for press in ("[data-open]", "[data-call-next]"):
        chair.locator(press).first.click(timeout=PATIENCE_MS)
    for page in (chair, second):
        join(page)
    receives(chair, heard=1)
    voice = chair.locator(".room-hearing [data-discipline=neuroradiology]")
    expect(voice).to_have_attribute("data-state", "heard", timeout=PATIENCE_MS)
    expect(voice).to_contain_text("spoke ")
    expect(chair.locator(".room-hearing [data-discipline=physical-therapy]")).to_contain_text("not here")

    mute, image = second.locator(".call-mute"), second.locator(".viewer-pane").first
    expect(image).to_contain_text("Lossless", timeout=PATIENCE_MS)
    mute.click()
    expect(mute).to_have_attribute("aria-pressed", "true")
    _held(second, talks=True)  # on the key for the microphone, which the pointer left the focus on
    second.keyboard.press("Space")
    expect(mute).to_have_attribute("aria-pressed", "false")
    second.keyboard.press("Space")
    expect(mute).to_have_attribute("aria-pressed", "true")
    image.click()
    expect(image).to_be_focused()
    _held(second, talks=True)
    second.get_by_role("tab", name="Marks").click()
    _held(second, talks=True)
    second.keyboard.press("ArrowRight")
    _held(second, talks=False)  # a tab that keys have chosen
    second.locator("#minutes").click()
    _held(second, talks=False)
    expect(second.locator("#minutes")).to_have_value(" ")
    image.focus()
    for key in ("l", "Enter"):
        second.keyboard.press(key)
    expect(second.locator(".viewer-crosshair")).to_be_visible()
    _held(second, talks=False)  # a point of the line


def _held(page: Page, *, talks: bool) -> None:
    """Space is held for a while: it talks as long, and not a moment longer."""
    mute = page.locator(".call-mute")
    page.keyboard.down("Space")
    page.wait_for_timeout(600)
    expect(mute).to_have_attribute("aria-pressed", "false" if talks else "true")
    page.keyboard.up("Space")
    expect(mute).to_have_attribute("aria-pressed", "true")


def test_a_decision_is_a_caption_of_the_call_and_a_voice_is_as_loud_as_one_likes(held: Meeting) -> None:
    chair, second = (enter(held, who) for who in ("laurent", "mbeki"))
    for page in (chair, second):
        join(page)
    receives(second, heard=1)
    second.get_by_label("Volumes and line").click()
    second.get_by_label("Volume of Dr Ines Laurent").fill("0.2")
    second.wait_for_function("voices.some((voice) => voice.volume === 0.2)", timeout=PATIENCE_MS)
    before = second.evaluate(MICROPHONE)
    second.locator("[data-device=mic]").select_option(index=1, timeout=PATIENCE_MS)
    second.wait_for_function(f"(before) => {MICROPHONE} !== before", arg=before, timeout=PATIENCE_MS)
    second.get_by_label("Volumes and line").click()
    expect(second.locator("[data-quality]")).to_contain_text("line")
    expect(second.locator("[data-caption]")).to_be_empty()

    chair.locator("[data-open]").click()
    chair.locator("[data-call-next]").click()
    for page in (chair, second):
        expect(page.locator("[data-caption]")).to_contain_text("On the table: ", timeout=PATIENCE_MS)
    expect(second.locator("p[data-heard]")).to_contain_text("On the table: ")
    expect(second.locator("[data-caption]")).to_be_empty(timeout=PATIENCE_MS)
    chair.get_by_role("tab", name="Decision").click()
    chair.locator("#rec-option").select_option("rehabilitation")
    chair.locator("#rec-rationale").fill("Ten weeks are too short to give up on it.")
    chair.locator("#rec-answer-0").fill("No, not now.")
    chair.get_by_role("button", name="Read back").click()
    for page in (chair, second):
        caption = page.locator("[data-caption]")
        expect(caption).to_contain_text("Read back: Consensus, Structured rehabilitation.", timeout=PATIENCE_MS)
        assert caption.evaluate("({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth")


def test_a_screen_is_shared_and_voices_alone_are_a_choice(held: Meeting) -> None:
    chair, second = (enter(held, who) for who in ("laurent", "mbeki"))
    for page in (chair, second):
        join(page, camera=True)
    chair.get_by_role("button", name="Share a screen").click()
    expect(second.locator(f"[data-screen='{held.people['laurent']}'] video")).to_be_visible(timeout=PATIENCE_MS)
    receives(second, heard=1, seen=1, screens=1)

    second.get_by_label("Volumes and line").click()
    second.locator("[data-voices-only]").check()
    expect(second.locator("[data-screen]")).to_have_count(0, timeout=PATIENCE_MS)
    expect(second.locator(".tile video")).to_have_count(0, timeout=PATIENCE_MS)
    still = second.evaluate("received()")
    assert still["heard"] == 1
    expect(chair.locator(f"[data-person='{held.people['mbeki']}'] video")).to_have_count(0, timeout=PATIENCE_MS)
    second.locator("[data-voices-only]").uncheck()
    expect(second.locator("[data-screen] video")).to_be_visible(timeout=PATIENCE_MS)

    chair.get_by_role("button", name="Stop sharing").click()
    expect(second.locator("[data-screen]")).to_have_count(0, timeout=PATIENCE_MS)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "The browser may not use the microphone. Allow it beside the address"),
        ("NotFoundError", "No microphone was found. Plug one in"),
        ("NotReadableError", "The microphone is busy: another program or window uses it"),
    ],
)
def test_a_microphone_that_cannot_be_had_is_explained_and_one_may_listen(
    held: Meeting, name: str, words: str
) -> None:
    page = held.sign_in("laurent")
    page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{name}'));"
    )
    page.goto(f"/conferences/{held.conference}/room")
    page.locator("[data-call-join]").click(timeout=PATIENCE_MS)
    expect(page.locator("call-check [role=alert]")).to_contain_text(words, timeout=PATIENCE_MS)
    expect(page.locator("[data-join]")).to_be_disabled()
    page.get_by_label("Start with the camera on").click()
    camera = page.locator("call-check [role=alert]", has_text=words.split(".")[0].replace("microphone", "camera"))
    expect(camera).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_label("Start with the camera on")).not_to_be_checked()
    expect(page.locator("[data-network=direct]")).to_be_visible(timeout=PATIENCE_MS)
    page.locator("[data-listen]").click()
    expect(page.locator("[data-call=live]")).to_be_visible(timeout=PATIENCE_MS)


def test_the_call_is_a_strip_of_its_own_that_assistive_technology_reads(held: Meeting) -> None:
    page = enter(held, "laurent", width=390, height=844)
    page.locator("[data-open]").click(timeout=PATIENCE_MS)
    page.locator("[data-call-next]").click()
    expect(page.locator(".viewer-pane").first).to_contain_text("Lossless", timeout=PATIENCE_MS)
    page.locator("[data-call-join]").click()
    expect(page.locator("#call-level")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_label("Start with the camera on").check()
    expect(page.get_by_label("Your camera")).to_be_visible(timeout=PATIENCE_MS)
    checked = Axe().run(page, context="call-check")
    assert checked.response["violations"] == [], checked.generate_report()
    page.locator("[data-join]").click()
    expect(page.locator("[data-call=live]")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("[data-own] video")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_label("Volumes and line").click()
    expect(page.locator("[data-device=mic]")).to_be_visible(timeout=PATIENCE_MS)
    found = Axe().run(page, context="room-media")
    assert found.response["violations"] == [], found.generate_report()
    viewer, strip = page.locator("consilium-viewer").bounding_box(), page.locator("room-media").bounding_box()
    assert viewer is not None
    assert strip is not None
    assert viewer["y"] + viewer["height"] <= strip["y"] + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
