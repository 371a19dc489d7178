"""A meeting for browser tests: a real server over a small world, and one browser window per participant."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid
from sqlmodel import Session

from agenda.boards import Board, seat
from agenda.cases import Case, Question, add_study
from agenda.clinical import spine
from agenda.conferences import place, plan_conference, publish
from agenda.people import Site, add_person, keep_disciplines
from conference.media.settings import MediaSettings
from conference.settings import ConferenceSettings
from imaging.intake import Arrived, Intake, index
from imaging.sandbox import Sandbox
from imaging.settings import WorkerSettings
from imaging.vault import LocalVault
from tests.conftest import ROOT
from tests.patience import patience
from tests.ports import free_port
from web.app import create_app
from web.auth.enter import issue_link
from web.auth.passwords import Passwords, keep_password
from web.clock import now
from web.database import Deed
from web.services import Services
from web.settings import ServerSettings, Settings, StorageSettings

STUDY, SERIES, SLICES = "1.2.826.1", "1.2.826.1.1", 5
WORKER = WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60)
PASSWORD = "cobalt lantern ferry"
CAST = (
    ("laurent", "Dr Ines Laurent", "member", "chair", "spine-surgery"),
    ("castell", "Rosa Castell", "coordinator", "coordinator", None),
    ("mbeki", "Dr Ayo Mbeki", "member", "core", "neuroradiology"),
    ("varga", "Petra Varga", "member", "core", "physical-therapy"),
    ("haddad", "Noor Haddad", "member", "observer", "physiatry"),
    ("osei", "Dr Kofi Osei", "referrer", "", None),
    ("moss", "Riley Moss", "administrator", "", None),
    ("abebe", "Dr Sara Abebe", "referrer", "", None),
)
"""Key, name, standing, role on the board, discipline."""
CASES = ("case1", "case2")


@dataclass(slots=True)
class Meeting:
    """A running server with one conference, and a window for whoever is asked for."""

    url: str
    conference: str
    held: Services
    browser: Browser
    people: dict[str, str]
    folder: Path
    contexts: list[BrowserContext] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    """Ways in made ahead, for a server in another process."""
    problems: list[str] = field(default_factory=list)
    """What browsers complained of: scripts that failed, things the content security policy refused."""

    def sign_in(self, who: str, *, width: int = 1440, height: int = 900, touch: bool = False) -> Page:
        """A fresh browser profile in which this person is signed in."""
        context = self.browser.new_context(
            base_url=self.url, viewport={"width": width, "height": height}, has_touch=touch
        )
        context.set_default_timeout(patience(30) * 1000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(f"{who}: {error}"))
        page.on("console", lambda said: self._heard(who, said.type, said.text))
        deed = Deed("system", "Test", "test.link", now())
        link = self.links.get(who) or self.held.database.write_now(deed, _link, self.people[who])
        page.goto(f"/enter/{link}")
        page.locator("main form button").first.click()
        expect(page).not_to_have_url(f"{self.url}/enter/{link}")
        return page

    def enter(self, who: str, **size: int) -> Page:
        """This person in the room, live."""
        page = self.sign_in(who, **size)  # type: ignore[arg-type]
        page.goto(f"/conferences/{self.conference}/room")
        expect(page.locator("[data-link=live]")).to_be_attached(timeout=patience(15) * 1000)
        return page

    def _heard(self, who: str, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text and "WebSocket" not in text:
            self.problems.append(f"{who}: {text}")


@contextmanager
def meeting(
    folder: Path, browser: Browser, *, media: bool = False, owners: Mapping[str, str] = {},
    cases: Sequence[str] = CASES,
) -> Iterator[Meeting]:
    """The meeting, its server in a thread of this process; with voice and video where asked for.

    owners: case → who referred it, where that is not Dr Osei.
    """
    port = free_port()
    settings = Settings(
        server=ServerSettings(port=port), storage=StorageSettings(directory=folder),
        conference=ConferenceSettings(media=MediaSettings(enabled=media)),
    )
    app = create_app(settings)
    held: Services = app.state.services
    people, conference = held.database.write_now(
        Deed("system", "Test", "test.world", now()), _world, _hashed(), owners, cases
    )
    add_series(held, folder, SERIES)
    server = uvicorn.Server(uvicorn.Config(
        app, port=port, ws="web.sockets.protocol:RoomProtocol", ws_per_message_deflate=False, ws_max_size=65536,
        log_config=None,
    ))
    thread = threading.Thread(target=server.run, name="server")
    thread.start()
    made = Meeting(f"http://127.0.0.1:{port}", conference, held, browser, people, folder)
    try:
        _await(server, thread)
        yield made
    finally:
        for context in made.contexts:
            context.close()
        server.should_exit = True
        thread.join(20)


@contextmanager
def served(
    folder: Path, browser: Browser, environment: Mapping[str, str] = {},
) -> Iterator[tuple[Meeting, "Process"]]:
    """The same meeting behind a server process of its own, which a test may kill and start again."""
    port = free_port()
    settings = Settings(server=ServerSettings(port=port), storage=StorageSettings(directory=folder))
    held: Services = create_app(settings).state.services
    people, conference = held.database.write_now(Deed("system", "Test", "test.world", now()), _world, _hashed())
    add_series(held, folder, SERIES)
    made = Meeting(f"http://127.0.0.1:{port}", conference, held, browser, people, folder)
    for who in ("laurent", "mbeki", "varga"):
        made.links[who] = held.database.write_now(Deed("system", "Test", "test.link", now()), _link, people[who])
    for closing in (held.sessions, held.uploads.intake, held.pictures, held.database):
        closing.close()
    process = Process(folder, port, environment)
    try:
        process.start()
        yield made, process
    finally:
        for context in made.contexts:
            context.close()
        process.end()


class Process:
    """`consilium serve` of one folder."""

    def __init__(self, folder: Path, port: int, environment: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-m", "web", "serve", "--dir", str(folder)]
        self._environment = os.environ | {"CONSILIUM_SERVER__PORT": str(port), **environment}
        self._running: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it says where it answers."""
        self._running = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._running.stdout is not None
        assert "answers at" in self._running.stdout.readline()

    def kill(self) -> None:
        """kill -9: nothing is flushed, nobody is told."""
        self._end(signal.SIGKILL)

    def end(self) -> None:
        """Ask it to stop, and wait."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._running is not None:
            self._running.send_signal(how)
            self._running.wait(20)
            assert self._running.stdout is not None
            self._running.stdout.close()
            self._running = None


def _await(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "the server stopped"
        assert time.monotonic() < until, "the server did not start"
        thread.join(0.02)


def _hashed() -> str:
    passwords = Passwords()
    try:
        return passwords.hash_now(PASSWORD)
    finally:
        passwords.close()


def _world(
    session: Session, hashed: str, owners: Mapping[str, str] = {}, cases: Sequence[str] = CASES
) -> tuple[dict[str, str], str]:
    at = now()
    session.add(Site(id="city", name="City General", time_zone="Europe/Zurich"))
    keep_disciplines(session, spine().disciplines)
    session.add(Board(
        id="spine", name="Spine board", time_zone="Europe/Zurich",
        required_disciplines=["spine-surgery", "neuroradiology", "physical-therapy"],
    ))
    session.flush()
    people = {}
    for key, name, standing, role, discipline in CAST:
        person = add_person(
            session, name=name, email=f"{key}@example.org", standing=standing, site_id="city", discipline=discipline
        )
        people[key] = person.id
        keep_password(session, person.id, hashed, at)
        if role:
            seat(session, "spine", person.id, role)
    sitting = plan_conference(
        session, board_id="spine", title="Spine board, Thursday", starts_at=at + timedelta(minutes=2), duration_min=60,
        chair_id=people["laurent"], at=at,
    )
    for number, case_id in enumerate(cases, 1001):
        session.add(Case(
            id=case_id, number=number, board_id="spine", referrer_id=people[owners.get(case_id, "osei")],
            state="triaged", created_at=at,
            submitted_at=at, goal="Lift hay again before spring",
        ))
        session.flush()
        session.add(Question(
            case_id=case_id, kind="surgical-candidacy", discipline="spine-surgery",
            text="Is surgery indicated after ten weeks without gain?",
        ))
        place(session, sitting.id, case_id, people["castell"], at)
    publish(session, sitting.id)
    return people, sitting.id


def add_series(
    held: Services, folder: Path, series: str, *, study: str = STUDY, case_id: str = CASES[0], sagittal: bool = False,
) -> None:
    """A small MR series in the vault, of a study of this case; its description is its UID. All share one space."""
    sandbox = Sandbox(WORKER)
    try:
        intake = Intake(held.settings.imaging.file, LocalVault(held.settings.vault_directory), sandbox)
        slices = _slices(folder / series, series, study, sagittal=sagittal)
        found = intake.inspect([Arrived(one.name, one) for one in slices])
        kept = intake.keep(found.candidates)
    finally:
        sandbox.close()

    def enter(session: Session) -> None:
        index(session, kept, found.refused, delivery=f"test {series}", at=now())
        add_study(session, case_id, study, now())

    held.database.write_now(Deed("system", "Test", "test.images", now()), enter)


def _slices(folder: Path, series: str, study: str, *, sagittal: bool = False) -> list[Path]:
    """MR slices of 64 × 64, 5 mm apart; sagittal ones, of 3 mm a pixel, reach from z = 96 mm down."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(SLICES):
        dataset = dcmread(str(get_testdata_file("MR_small.dcm", download=False)))
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SeriesDescription = study, series, series
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(
            entropy_srcs=[series, str(number)]
        )
        dataset.InstanceNumber = number + 1
        dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 5 * number]
        if sagittal:
            dataset.PixelSpacing = [3, 3]
            dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
            dataset.ImagePositionPatient = [5 * number, -90, 96]
        pixels = np.array(dataset.pixel_array)
        pixels[0, 0] = number
        dataset.PixelData = pixels.tobytes()
        made.append(folder / f"{number}.dcm")
        dataset.save_as(made[-1])
    return made


def _link(session: Session, person_id: str) -> str:
    return issue_link(session, person_id, purpose="enter", lifetime=timedelta(hours=1), at=now())
