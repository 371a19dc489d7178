"""OHIF from npm, unmodified, opens a study from our DICOMweb with a bearer token and draws it.

Needs Chromium, and the package @ohif/app: ``python -m tests.peers.ohif`` fetches it.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from agenda.cases import add_study
from imaging.intake import Arrived, index
from tests.patience import patience
from tests.peers.ohif import Seen, built, one_origin
from tests.unit.imaging.samples import dataset, written
from tests.unit.web.application import deed, settle
from web.app import create_app
from web.auth.tokens import issue_token
from web.clock import now
from web.services import Services
from web.settings import ServerSettings, Settings, StorageSettings

pytestmark = [pytest.mark.peer, pytest.mark.browser]
STUDY = "1.2.826.0.1.3680043.9.2.1"
SIDE, SLICES = 64, 3
_BRIGHT = """
() => [...document.querySelectorAll('canvas')].some((canvas) => {
  if (!canvas.width || !canvas.height) return false;
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext('2d');
  context.drawImage(canvas, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  let bright = 0;
  for (let at = 0; at < pixels.length; at += 4) bright += pixels[at] > 128 && pixels[at] === pixels[at + 2];
  return bright > canvas.width * canvas.height / 50;
})
"""
"""Whether a canvas shows a picture: a fiftieth of it brighter than mid grey, and grey."""


def a_slice(number: int) -> bytes:
    """A bright disc on a ramp."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    disc = (rows - SIDE / 2) ** 2 + (columns - SIDE / 2) ** 2 < (SIDE / 4 + number) ** 2
    pixels = np.where(disc, 390, columns).astype("<u2")
    said = {"Rows": SIDE, "Columns": SIDE, "SliceThickness": 1.0, "FrameOfReferenceUID": "1.2.826.0.1.3680043.9.4.1"}
    return written(dataset(number, **said), pixels.tobytes())


@dataclass(frozen=True)
class Here:
    port: int
    token: str


@contextmanager
def served(folder: Path) -> Iterator[Here]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        app = create_app(Settings(server=ServerSettings(port=port), storage=StorageSettings(directory=folder)))
        made: Services = app.state.services
        people = made.database.write_now(deed(), settle, "no password")
        lifetime = timedelta(days=1)
        token = made.database.write_now(
            deed(), issue_token, person_id=people["Ada"], name="ohif", lifetime=lifetime, at=now()
        )[1]
        put(made, folder)  # before the start, which sweeps away what is in the vault and not yet in the index
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Here(port, token)
        finally:
            server.should_exit = True
            thread.join()


def put(made: Services, folder: Path) -> None:
    arrived = []
    for number in range(1, SLICES + 1):
        place = folder / f"slice-{number}"
        place.write_bytes(a_slice(number))
        arrived.append(Arrived(place.name, place))
    found = made.uploads.intake.inspect(arrived)
    kept = made.uploads.intake.keep(found.candidates)
    made.database.write_now(deed(), index, kept, found.refused, delivery="test", at=now())
    made.database.write_now(deed(), add_study, "case1", STUDY, now())


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Seen, Here]]:
    dist = built()
    with served(tmp_path_factory.mktemp("ohif")) as here, one_origin(dist, here.port) as (url, seen):
        yield url, seen, here


@pytest.fixture
def page(viewer: tuple[str, Seen, Here], browser: Browser) -> Iterator[Page]:
    context = browser.new_context(base_url=viewer[0], viewport={"width": 1280, "height": 800})
    context.set_default_timeout(patience(90) * 1000)
    yield context.new_page()
    context.close()


def test_it_opens_a_study_and_draws_it(viewer: tuple[str, Seen, Here], page: Page) -> None:
    _, seen, here = viewer
    page.goto(f"/viewer?StudyInstanceUIDs={STUDY}&token={here.token}")
    page.wait_for_function(_BRIGHT)
    expect(page.locator("body")).not_to_contain_text("Something went wrong")
    asked = seen.requests
    assert {status for _, _, status, _, _ in asked} == {200}, asked
    assert all(bearer for *_, bearer, _ in asked)
    assert here.token not in page.url
    assert all('type="image/jphc"' in kind for *_, kind in seen.paths("/frames/")), seen.paths("/frames/")
    assert seen.paths("/metadata")
    assert {accept.split(";")[0] for _, accept, *_ in seen.paths("/frames/")} == {"multipart/related"}
