"""The DICOM listener within the application: from an association to the vault, the index and the arrivals.

An instance is checked, kept and indexed in one write transaction of its own, and only then is its sender told
0x0000. A study that belongs to a case already is announced to open rooms when its association ends.
"""

import asyncio
import logging
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sqlalchemy import bindparam
from sqlmodel import Session, select

from agenda.cases import cases_of_study
from imaging import arrivals
from imaging.deidentify import records
from imaging.deidentify.doors import Deidentifier, unnamed
from imaging.deidentify.records import Report
from imaging.dimse.part10 import same_data_set
from imaging.errors import QuotaReached, TooLarge
from imaging.intake import Arrived, Candidate, Inspection, Intake, KeptFile, Outcome, index
from imaging.patient_match import Identity
from imaging.remote.errors import Stopped
from imaging.remote.expected import Expected
from imaging.settings import DimseSettings, QuotaSettings
from imaging.studies import Instance
from web.clock import now
from web.database import Database, Deed
from web.images.deidentification import blacked_out_since, deidentifier
from web.images.following import Following
from web.images.keeping import demand_room_for_study
from web.services import Services

if TYPE_CHECKING:
    from imaging.dimse.listener import Listener, Received

log = logging.getLogger(__name__)

_UNNAMED = "one instance"
"""What the record calls a file whose identity nobody may read in it."""
DEMO_PEERS = ("STORESCU", "DCMSEND", "ECHOSCU", "DEMO")
"""What dcmtk's programs call themselves unless told otherwise."""
Announce = Callable[[str, str], None]
"""Called with a case and one of its studies that grew."""


@dataclass(slots=True)
class Reception:
    """Takes instances in, one after the other for each association; called in the threads of the listener."""

    database: Database
    intake: Intake
    announce: Announce
    free_bytes: int = 0
    """Space that stays free on the disk of the vault."""
    expected: Expected = field(default_factory=Expected)
    """Studies that a fetch asked their archive to send here."""
    quota: QuotaSettings = field(default_factory=QuotaSettings)
    hidden: frozenset[str] = frozenset()
    """Titles whose images lose their identity."""
    deidentifier: Deidentifier | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _grown: dict[str, dict[tuple[str, str], None]] = field(default_factory=dict)
    """Association → case and study that grew by it."""
    _following: Following = field(init=False)

    def __post_init__(self) -> None:
        self._following = Following(self.database, self.quota)

    def admit(self, received: "Received") -> Outcome:
        """Check, keep, index, commit; durable when this returns."""
        hides = received.peer.title in self.hidden
        name = _UNNAMED if hides else received.sop_instance_uid
        size = received.path.stat().st_size
        if shutil.disk_usage(received.path.parent).free < self.free_bytes + size:
            return self._refuse(received, Outcome(name, "refused", "disk-full", "The disk is full.", size))
        found = self.intake.inspect([Arrived(name, received.path, received.digest)])
        if not found.candidates:
            return self._refuse(received, found.refused[0])
        candidate = found.candidates[0]
        header = candidate.header
        if (header.sop_class_uid, header.sop_instance_uid) != (received.sop_class_uid, received.sop_instance_uid):
            reason = "The data set is of another SOP class or instance than its sender said."
            return self._refuse(received, Outcome(name, "refused", "mismatch", reason, size))
        fetched = self._fetched(received, candidate)
        if fetched is not None:
            return fetched
        if not hides:
            return self._enter(received, found, None)
        with TemporaryDirectory(dir=received.path.parent) as into:
            return self._without_identity(received, found, Path(into))

    def ended(self, association: str) -> None:
        """Tell open rooms what an association brought to their cases."""
        with self._lock:
            grown = self._grown.pop(association, {})
        for case_id, study_uid in grown:
            self.announce(case_id, study_uid)

    def _fetched(self, received: "Received", candidate: Candidate) -> Outcome | None:
        """What a fetch waits for goes to it, and into its case with the rest; None for everything else."""
        study, name = candidate.header.study_instance_uid, received.sop_instance_uid
        try:
            taken = self.expected.take(study, received.peer.title, received.path)
        except Stopped as stopped:
            return Outcome(name, "refused", "stopped", str(stopped), candidate.size)
        except TooLarge as error:
            return Outcome(name, "refused", "disk-full", error.reason, candidate.size)
        return Outcome(name, "taken", size=candidate.size, sop_instance_uid=name) if taken else None

    def _without_identity(self, received: "Received", found: Inspection, into: Path) -> Outcome:
        if self.deidentifier is None:
            raise RuntimeError("a peer's images are to lose their identity, and nothing takes it")
        done = self.deidentifier.cleaned(found, Identity(), into, patient="not compared")
        if not done.inspection.candidates:
            return self._refuse(received, unnamed(done.inspection.refused[0], _UNNAMED))
        return self._enter(received, done.inspection, done.report)

    def _enter(self, received: "Received", found: Inspection, report: Report | None) -> Outcome:
        """Keep and index one instance that passed its check, unless it is here or there is no room."""
        candidate = found.candidates[0]
        if report is None and (outcome := self._followed(received, candidate)) is not None:
            return outcome
        study, sop = candidate.header.study_instance_uid, candidate.header.sop_instance_uid
        try:
            digest = self.database.read_now(_here_or_room, self.quota, study, sop, candidate.size)
            if digest is not None and self._is_same(candidate, digest):
                return Outcome(candidate.arrived.name, "already here", size=candidate.size, sop_instance_uid=sop,
                               study_instance_uid=study)
            if digest is not None:
                self.database.read_now(demand_room_for_study, self.quota, study, candidate.size)
        except QuotaReached as full:
            name = candidate.arrived.name
            return self._refuse(received, Outcome(name, "refused", full.code, full.reason, candidate.size))
        kept = self.intake.keep(found.candidates)
        outcome = self._write(received, kept, found, report)
        for digest in self.database.read_now(blacked_out_since, [one.digest for one in kept]) if report else ():
            self.intake.vault.remove(digest)
        return outcome

    def _followed(self, received: "Received", candidate: Candidate) -> Outcome | None:
        """One more instance of a series that is here already; None where it takes the ordinary way."""
        series = self._following.of(candidate)
        if series is None:
            return None
        deed = _deed(received)
        outcome = self._following.add(series, self.intake.keep([candidate])[0], deed)
        if outcome is not None:
            self._note_growth(received, outcome, series.cases)
        return outcome

    def _is_same(self, candidate: Candidate, digest: str) -> bool:
        """The same data set came another way, in a file whose header others wrote: that is no conflict."""
        with self.intake.vault.open(digest) as known, candidate.arrived.path.open("rb") as fresh:
            return same_data_set(known, fresh)

    def _refuse(self, received: "Received", outcome: Outcome) -> Outcome:
        return self._write(received, [], Inspection((), (outcome,)))

    def _write(
        self, received: "Received", kept: list[KeptFile], found: Inspection, report: Report | None = None
    ) -> Outcome:
        deed = _deed(received)
        outcome, cases = self.database.write_now(deed, _enter, received, kept, found, deed.at, report)
        self._note_growth(received, outcome, cases)
        return outcome

    def _note_growth(self, received: "Received", outcome: Outcome, cases: Iterable[str]) -> None:
        with self._lock:
            pairs = dict.fromkeys((case_id, outcome.study_instance_uid) for case_id in cases)
            self._grown.setdefault(received.association, {}).update(pairs)


def _deed(received: "Received") -> Deed:
    return Deed("system", f"DICOM peer {received.peer.title}", "images.arrive", now())


def delivery(destination: str) -> str:
    """How the record of refusals names what came for a destination; its peers and associations follow."""
    return f"{records.NETWORK}{destination or '*'}/"


_DIGEST = select(Instance.digest).where(Instance.sop_instance_uid == bindparam("uid"))


def _here_or_room(session: Session, quota: QuotaSettings, study_uid: str, sop_uid: str, coming: int) -> str | None:
    """The digest of an instance that is here; None where it is not and has room. Raises QuotaReached."""
    digest: str | None = session.connection().execute(_DIGEST, {"uid": sop_uid}).scalar()
    if digest is None:
        demand_room_for_study(session, quota, study_uid, coming)
    return digest


def _enter(
    session: Session, received: "Received", kept: list[KeptFile], found: Inspection, at: datetime,
    report: Report | None,
) -> tuple[Outcome, list[str]]:
    """One transaction: the instance, and its study among the arrivals unless a case has it; gives those cases."""
    peer = received.peer
    brought = f"{delivery(peer.destination)}{peer.title}/{received.association}"
    outcome = index(session, kept, found.refused, delivery=brought, at=at)[0]
    if outcome.result != "taken":
        return outcome, []
    if report is not None:
        records.note_more(session, report, delivery=brought, at=at)
    cases = cases_of_study(session, outcome.study_instance_uid)
    arrivals.note(
        session, outcome.study_instance_uid, calling_ae=peer.title, destination=peer.destination, at=at,
        at_home=bool(cases),
    )
    return outcome, cases


def settings_in_force(made: Services) -> DimseSettings:
    """The configuration; a demo listens on loopback for the programs of dcmtk."""
    given = made.settings.imaging.dimse
    if made.demo and not given.enabled:
        return given.model_copy(update={"enabled": True, "host": "127.0.0.1", "peers": DEMO_PEERS})
    return given


@asynccontextmanager
async def listening(made: Services) -> AsyncIterator["Listener | None"]:
    """The listener while the block runs; None when it is off, or when a demo finds the port in use."""
    settings = settings_in_force(made)
    if not settings.enabled:
        yield None
        return
    from imaging.dimse.listener import Listener  # half a second that only a listener pays
    from web.images.offering import CaseStudies

    loop = asyncio.get_running_loop()

    def announce(case_id: str, study_uid: str) -> None:
        asyncio.run_coroutine_threadsafe(_announce(made, case_id, study_uid), loop)

    images = made.settings.imaging
    hidden = images.titles_without_identity
    reception = Reception(
        made.database, made.uploads.intake, announce, images.upload.free_bytes, made.fetching.fetches.expected,
        images.quota, hidden, deidentifier(made) if hidden else None,
    )
    spool = made.settings.storage.directory / "dimse"
    offers = CaseStudies(made.database, made.vault, made.settings.imaging, settings)
    asked = any(one.asks for one in made.settings.imaging.nodes)
    try:
        listener = await asyncio.to_thread(
            Listener, settings, spool, reception.admit, reception.ended, offers=offers if asked else None
        )
    except OSError as error:
        if not made.demo:
            raise
        log.warning("the DICOM port is in use", extra={"port": settings.port, "errno": error.errno})
        yield None
        return
    try:
        yield listener
    finally:
        await asyncio.to_thread(listener.stop)


async def _announce(made: Services, case_id: str, study_uid: str) -> None:
    """Tell open rooms; the images are in the case whether or not anybody hears it now."""
    try:
        await made.rooms.announce_images(case_id, study_uid)
    except Exception:
        log.exception("open rooms could not be told of new images", extra={"case": case_id})
