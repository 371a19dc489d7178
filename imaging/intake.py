"""The one door for images: check → match → keep → index → commit, and only then success.

`Intake.inspect` and `Intake.keep` work on files and run in a thread of the caller; `index` runs inside the caller's
transaction. Between keeping and indexing a crash leaves at worst bytes that no row names; `sweep` takes them away.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from uuid import uuid4

from pydantic import ValidationError
from sqlmodel import Session, select

from imaging.claims import VIDEO, Pixels, pixels
from imaging.dicomdir import contents_of, missing, sentence
from imaging.errors import Refused, Unreadable, WorkerLost
from imaging.facts import Header
from imaging.patient_match import Identity, same_patient
from imaging.sandbox import Answer, Sandbox
from imaging.settings import FileSettings
from imaging.studies import HELD, Instance, Refusal, Series, Study
from imaging.vault import Vault, chunks_of
from imaging.vault.upkeep import is_dicom
from imaging.walk import Walk, walked

log = logging.getLogger(__name__)

Progress = Callable[[int], None]
"""Called with how many files are done."""
Result = Literal["taken", "already here", "refused", "passed over"]

_SYNCED_AT_ONCE = 8
"""Files whose sync is waited for at a time: the file system writes them to the disk together."""
DICOMDIR_CLASS = "1.2.840.10008.1.3.10"
_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66."


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file as it came, in a place of ours."""

    name: str
    """What people know it by; never used as a path."""
    path: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    name: str
    result: Result
    code: str = ""
    reason: str = ""
    """A sentence when refused or passed over; when taken without a picture, why there is none."""
    size: int = 0
    sop_instance_uid: str = ""
    study_instance_uid: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that passed its check."""

    arrived: Arrived
    header: Header
    pixels: Pixels | None
    transfer_syntax: str
    size: int
    held: bool = False
    """Not shown until somebody has looked for writing in its pixels."""

    @property
    def identity(self) -> Identity:
        """Who the header says the patient is."""
        header = self.header
        return Identity(header.patient_name, header.patient_born_on, header.patient_sex, header.patient_id)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the check found; nothing is kept yet."""

    candidates: tuple[Candidate, ...]
    refused: tuple[Outcome, ...]

    @property
    def identities(self) -> list[Identity]:
        """The distinct patients as the headers write them, in order of appearance."""
        return list(dict.fromkeys(one.identity for one in self.candidates))

    @property
    def studies(self) -> frozenset[str]:
        """The Study Instance UIDs that occur."""
        return frozenset(one.header.study_instance_uid for one in self.candidates)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A candidate whose bytes are safe in the vault."""

    candidate: Candidate
    digest: str


class Intake:
    """Checks files in disposable workers and keeps them in the vault."""

    def __init__(self, limits: FileSettings, vault: Vault, sandbox: Sandbox) -> None:
        self.vault = vault
        self._limits = limits
        self._sandbox = sandbox

    @property
    def limits(self) -> FileSettings:
        """What one file may claim."""
        return self._limits

    @property
    def processes(self) -> int:
        """How many files are read at a time."""
        return self._sandbox.processes

    def close(self) -> None:
        """End the workers."""
        self._sandbox.close()

    def read_more(self, task: str, **arguments: object) -> Answer:
        """Another reader of a file, in the same disposable workers; blocks. Raises WorkerLost."""
        return self._sandbox.run(task, **arguments)

    def inspect(self, files: Sequence[Arrived], progress: Progress = lambda _done: None) -> Inspection:
        """Check every file; a bad one costs itself alone."""
        candidates: list[Candidate] = []
        refused: list[Outcome] = []
        with ThreadPoolExecutor(self._sandbox.processes, thread_name_prefix="intake-check") as pool:
            for done, found in enumerate(pool.map(self._checked, files), 1):
                if isinstance(found, Candidate):
                    candidates.append(found)
                else:
                    refused.append(found)
                progress(done)
        return Inspection(tuple(candidates), (*refused, *self._incomplete_discs(files, refused)))

    def keep(self, candidates: Sequence[Candidate], progress: Progress = lambda _done: None) -> list[KeptFile]:
        """Put the bytes into the vault as received; durable when this returns."""
        kept: list[KeptFile] = []
        with ThreadPoolExecutor(_SYNCED_AT_ONCE, thread_name_prefix="intake-keep") as pool:
            for done, one in enumerate(pool.map(self._kept, candidates), 1):
                kept.append(one)
                progress(done)
        return kept

    def _kept(self, one: Candidate) -> KeptFile:
        with one.arrived.path.open("rb") as file:
            return KeptFile(one, self.vault.keep(chunks_of(file)).digest)

    def _incomplete_discs(self, files: Sequence[Arrived], outcomes: Sequence[Outcome]) -> list[Outcome]:
        """One refusal for each table of contents that names files which did not come along."""
        tables = {one.name for one in outcomes if one.code == "dicomdir"}
        found = []
        for table in (one for one in files if one.name in tables):
            try:
                said = contents_of(self._sandbox.run("imaging.dicomdir:contents", path=str(table.path)).facts)
            except (WorkerLost, ValueError):
                continue  # it names nothing that could be missed
            lost = missing(table.name, said, (one.name for one in files))
            if lost:
                found.append(Outcome(table.name, "refused", "disc-incomplete", sentence(said, lost)))
        return found

    def _checked(self, arrived: Arrived) -> Candidate | Outcome:
        size = arrived.path.stat().st_size
        try:
            with walked(arrived.path, self._limits) as walk:
                if walk.text(0x00020002) == DICOMDIR_CLASS:
                    reason = "The disc's table of contents is not needed: the files themselves are read."
                    return Outcome(arrived.name, "passed over", "dicomdir", reason, size)
                claimed = pixels(walk, self._limits)
                header = self._read(arrived.path, walk, claimed)
                return Candidate(arrived, header, claimed, walk.transfer_syntax, size)
        except Refused as refusal:
            return Outcome(arrived.name, "refused", refusal.code, refusal.reason, size)
        except WorkerLost as lost:
            return Outcome(arrived.name, "refused", "unreadable", str(lost), size)

    def _read(self, path: Path, walk: Walk, claimed: Pixels | None) -> Header:
        frames = claimed.frames if claimed else 0
        answer = self._sandbox.run("imaging.header:read", path=str(path), frames=frames)
        if answer.facts.get("damaged") is True:
            raise Unreadable("broken", "The file's header is damaged; it cannot be read.")
        try:
            header = Header.model_validate(answer.facts)
        except ValidationError:
            raise Unreadable("broken", "The file's header is damaged; its identity cannot be read.") from None
        for tag, said in ((0x00080018, header.sop_instance_uid), (0x0020000D, header.study_instance_uid),
                          (0x0020000E, header.series_instance_uid)):
            if walk.text(tag) != said:
                raise Unreadable("broken", "The file's header contradicts itself about its identity.")
        return header


def index(
    session: Session, kept: Sequence[KeptFile], refused: Sequence[Outcome], *, delivery: str, at: datetime,
    closed_studies: Collection[str] = (),
) -> list[Outcome]:
    """Enter what was kept into the index, in the caller's transaction; gives what became of every file.

    delivery: the upload, association or import, for the record of refusals.
    closed_studies: studies this person may not add to, because they belong to cases they cannot see.
    """
    outcomes = list(refused)
    for one in kept:
        try:
            outcomes.append(_enter(session, one, at, closed_studies))
        except Refused as refusal:
            outcomes.append(Outcome(
                one.candidate.arrived.name, "refused", refusal.code, refusal.reason, one.candidate.size,
                one.candidate.header.sop_instance_uid, one.candidate.header.study_instance_uid, one.digest,
            ))
    for outcome in outcomes:
        if outcome.result == "refused":
            session.add(_refusal(outcome, delivery, at))
    return outcomes


def sweep(session: Session, vault: Vault) -> list[str]:
    """Remove DICOM files of the vault that no row names, left by a crash before the commit; gives their digests.

    Only while nothing is being taken in: at start. Objects that are not DICOM files belong to others and stay.
    """
    vault.clear_incoming()
    removed: list[str] = []
    indexed = set(session.exec(select(Instance.digest)))
    for digest in [one for one in vault.digests() if one not in indexed]:
        if is_dicom(vault, digest):
            vault.remove(digest)
            removed.append(digest)
    if removed:
        log.info("removed files that were never indexed", extra={"files": len(removed)})
    return removed


def _enter(session: Session, kept: KeptFile, at: datetime, closed_studies: Collection[str]) -> Outcome:
    header, name = kept.candidate.header, kept.candidate.arrived.name
    if header.study_instance_uid in closed_studies:
        raise Refused("study-elsewhere", "This study belongs to a case you cannot open; ask your coordinator.")
    known = session.get(Instance, header.sop_instance_uid)
    picture = picture_of(kept.candidate)
    result: Result = "taken"
    if known is not None and kept.digest not in (known.digest, known.before_blackout):
        raise Refused("conflict", "Another file with the same identity is here already; the coordinator is shown both.")
    if known is not None and _series_study(session, known) != (header.series_instance_uid, header.study_instance_uid):
        raise Refused("conflict", "This file is here already, in another study.")
    if known is not None:
        result = "already here"
    else:
        _enter_study(session, header, kept.candidate.identity, at)
        session.add(_instance(kept, picture, at))
        session.flush()
    return Outcome(
        name, result, "" if picture == "yes" else "no-picture", "" if picture == "yes" else picture,
        kept.candidate.size, header.sop_instance_uid, header.study_instance_uid, kept.digest,
    )


def _series_study(session: Session, known: Instance) -> tuple[str, str]:
    row = session.get_one(Series, known.series_instance_uid)
    return row.series_instance_uid, row.study_instance_uid


def _enter_study(session: Session, header: Header, identity: Identity, at: datetime) -> None:
    study = session.get(Study, header.study_instance_uid)
    if study is None:
        session.add(Study(
            study_instance_uid=header.study_instance_uid, patient_name=header.patient_name,
            patient_id=header.patient_id, patient_born_on=header.patient_born_on, patient_sex=header.patient_sex,
            description=header.study_description, study_date=header.study_date, study_time=header.study_time,
            accession_number=header.accession_number, institution=header.institution, received_at=at,
        ))
        session.flush()
    elif not same_patient(_patient_of(study), identity):
        raise Refused("conflict", "Its study is here already, of another patient; the coordinator is shown both.")
    series = session.get(Series, header.series_instance_uid)
    if series is None:
        session.add(Series(
            series_instance_uid=header.series_instance_uid, study_instance_uid=header.study_instance_uid,
            number=header.series_number, modality=header.modality, description=header.series_description,
            body_part=header.body_part, laterality=header.laterality, protocol=header.protocol,
            frame_of_reference_uid=header.frame_of_reference_uid or None,
        ))
        session.flush()
    elif series.study_instance_uid != header.study_instance_uid:
        raise Refused("conflict", "Its series is here already, in another study.")


def _patient_of(study: Study) -> Identity:
    return Identity(study.patient_name, study.patient_born_on, study.patient_sex, study.patient_id)


def picture_of(candidate: Candidate) -> str:
    """``yes``, or the sentence why a candidate has nothing to draw."""
    kind = candidate.header.sop_class_name
    if candidate.pixels is None:
        return f"{kind}: this kind of object holds no picture."
    if candidate.held:
        return HELD
    if candidate.transfer_syntax in VIDEO:
        return "Video (MPEG) is kept; it is not drawn."
    if candidate.header.sop_class_uid.startswith(_SEGMENTATION):
        return "A segmentation is kept; it is not a picture by itself."
    return "yes"


def row_of(kept: KeptFile, at: datetime) -> Instance:
    """The row of a kept file, in no session yet."""
    return _instance(kept, picture_of(kept.candidate), at)


def _instance(kept: KeptFile, picture: str, at: datetime) -> Instance:
    header, found = kept.candidate.header, kept.candidate.pixels
    said = header.model_dump(include=set(Instance.model_fields) - {"frame_facts"})
    said["frame_of_reference_uid"] = header.frame_of_reference_uid or None
    row = Instance(
        **said,
        transfer_syntax_uid=kept.candidate.transfer_syntax,
        number=header.instance_number,
        digest=kept.digest,
        held=kept.candidate.held,
        size=kept.candidate.size,
        received_at=at,
        picture=picture,
        deflated=kept.candidate.transfer_syntax == "1.2.840.10008.1.2.1.99",
        big_endian=kept.candidate.transfer_syntax == "1.2.840.10008.1.2.2",
        frame_facts=header.overrides(),
    )
    if found is not None:
        row.rows, row.columns, row.frames = found.rows, found.columns, found.frames
        row.samples, row.bits_allocated, row.photometric = found.samples, found.bits_allocated, found.photometric
        row.encapsulated, row.pixel_offset, row.pixel_length = found.encapsulated, found.offset, found.length
        row.frame_spans = [[number for fragment in span for number in fragment] for span in found.spans]
    return row


def _refusal(outcome: Outcome, delivery: str, at: datetime) -> Refusal:
    return Refusal(
        id=uuid4().hex, delivery=delivery, at=at, file_name=outcome.name, size=outcome.size, code=outcome.code,
        reason=outcome.reason, sop_instance_uid=outcome.sop_instance_uid or None, digest=outcome.digest or None,
    )
