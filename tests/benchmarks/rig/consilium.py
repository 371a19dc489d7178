"""Our server with a board, a case and tokens: `consilium serve` in a process of its own."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlmodel import Session

from agenda.cases import case
from tests.benchmarks.rig.http import Http
from tests.benchmarks.rig.processes import Running, answers
from tests.conftest import ROOT
from tests.ports import free_port
from tests.unit.web.application import deed, settle
from web.app import create_app
from web.auth.tokens import issue_token
from web.clock import now
from web.services import Services
from web.settings import ServerSettings, Settings, StorageSettings

CASE = "case1"
STOW = f"/dicom-web/studies?case={CASE}&patient=confirmed"


@dataclass(frozen=True, slots=True)
class Consilium:
    """A running server whose one case has no images yet."""

    process: Running
    port: int
    dicom_port: int
    token: str
    folder: Path

    @property
    def http(self) -> Http:
        """A kept-alive connection with the token of the referrer, through sign-in, policy and audit."""
        return Http(self.port, {"Authorization": f"Bearer {self.token}"})

    def prepared(self, frames: int) -> None:
        """Return when previews and lossless forms of so many frames are made, as they are long before anybody meets.

        On a busy machine the polite workers are so slow that the server seems to rest while they go on.
        """
        until = time.monotonic() + 300
        while time.monotonic() < until:
            if sum(1 for _ in (self.folder / "derived").rglob("*.lossless")) >= frames:
                return
            time.sleep(0.5)
        raise RuntimeError("the pictures were not made in time")

    def ticket(self) -> str:
        """A single-use ticket to the image stream of the case, as a page asks for it."""
        body = json.dumps({"for": "images", "case": CASE}).encode()
        headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
        return str(json.loads(self.http.send("POST", "/tickets", body, headers))["ticket"])


@contextmanager
def consilium(folder: Path, fill: Callable[[Session], None] = lambda _session: None) -> Iterator[Consilium]:
    """The server on fresh tables, as configured by default but for ports and C-STORE.

    fill: puts rows into the tables before the server starts.
    """
    port, dicom_port = free_port(), free_port()
    settings = Settings(server=ServerSettings(port=port), storage=StorageSettings(directory=folder))
    held: Services = create_app(settings).state.services
    token = held.database.write_now(deed(), _prepared)
    held.database.write_now(deed(), fill)
    for closing in (held.sessions, held.uploads.intake, held.pictures, held.database):
        closing.close()
    environment = os.environ | {
        "CONSILIUM_SERVER__PORT": str(port), "CONSILIUM_IMAGING__DIMSE__ENABLED": "true",
        "CONSILIUM_IMAGING__DIMSE__PORT": str(dicom_port), "CONSILIUM_IMAGING__DIMSE__PEERS": '["STORESCU"]',
        "CONSILIUM_IMAGING__DIMSE__PER_MINUTE": "100000",
    }
    process = Running([sys.executable, "-m", "web", "serve", "--dir", str(folder)], environment, ROOT,
                      ready=lambda: answers(port) and answers(dicom_port))
    try:
        yield Consilium(process, port, dicom_port, token, folder)
    finally:
        process.end()


def _prepared(session: Session) -> str:
    people = settle(session, "no password")
    row = case(session, CASE)
    row.patient_family_name, row.patient_given_name = "Bench", "A"
    row.patient_born_on, row.patient_sex = date(1971, 3, 4), "F"
    return issue_token(session, person_id=people["Cem"], name="benchmark", lifetime=timedelta(days=1), at=now())[1]
