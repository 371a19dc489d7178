"""The one door for images: check → match → keep → index → commit, and only then success.

`Intake.inspect` and `Intake.keep` work on files and run in a thread of the caller; `index` runs inside the caller's
transaction. Between keeping and indexing a crash leaves at worst bytes that no row names; `sweep` takes them away.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TypeVar
from uuid import uuid4

from pydantic import ValidationError
from sqlmodel import Session, col, select

from imaging.claims import VIDEO, Pixels, pixels
from imaging.delivered import Arrived, Candidate, Inspection, KeptFile, Outcome, Result
from imaging.dicomdir import contents_of, missing, sentence
from imaging.errors import Refused, WorkerLost
from imaging.facts import Header
from imaging.patient_match import Identity, same_patient
from imaging.sandbox import Answer, Sandbox
from imaging.settings import FileSettings
from imaging.studies import HELD, Instance, Refusal, Series, Study
from imaging.vault import Vault, chunks_of
from imaging.vault.upkeep import is_dicom
from imaging.walk import walked

__all__ = ["Arrived", "Candidate", "Inspection", "Intake", "KeptFile", "Outcome", "Progress", "index", "sweep"]
log = logging.getLogger(__name__)

A = TypeVar("A")
B = TypeVar("B")
Progress = Callable[[int], None]
"""Called with how many files are done."""

_READ_AT_ONCE = 16
"""Headers a worker is asked for in one go."""
_SYNCED_AT_ONCE = 8
"""Files whose sync is waited for at a time: the file system writes them to the disk together."""
_ASKED_AT_ONCE = 500
"""Instances named in one query; SQLite of old takes 999."""
DICOMDIR_CLASS = "1.2.840.10008.1.3.10"
_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66."


@dataclass(frozen=True, slots=True)
class _Walked:
    """A file whose structure is sound; its header is not read yet."""

    arrived: Arrived
    claimed: Pixels | None
    transfer_syntax: str
    size: int
    identity: tuple[str, str, str]
    """Instance, study and series, as the structure has them."""

    @property
    def frames(self) -> int:
        return self.claimed.frames if self.claimed else 0


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
        a_time = max(1, min(_READ_AT_ONCE, -(-len(files) // self._sandbox.processes)))
        groups = [files[at : at + a_time] for at in range(0, len(files), a_time)]
        found = chain.from_iterable(_side_by_side(self._checked, groups, self._sandbox.processes, "intake-check"))
        for done, one in enumerate(found, 1):
            if isinstance(one, Candidate):
                candidates.append(one)
            else:
                refused.append(one)
            progress(done)
        return Inspection(tuple(candidates), (*refused, *self._incomplete_discs(files, refused)))

    def keep(self, candidates: Sequence[Candidate], progress: Progress = lambda _done: None) -> list[KeptFile]:
        """Put the bytes into the vault as received; durable when this returns."""
        kept: list[KeptFile] = []
        for done, one in enumerate(_side_by_side(self._kept, candidates, _SYNCED_AT_ONCE, "intake-keep"), 1):
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

    def _checked(self, files: Sequence[Arrived]) -> list[Candidate | Outcome]:
        """What was found in each; the headers of all are asked of one worker at once."""
        looked = [self._walked(one) for one in files]
        asked = [one for one in looked if isinstance(one, _Walked)]
        headers = iter(self._headers(asked))
        return [_judged(one, next(headers)) if isinstance(one, _Walked) else one for one in looked]

    def _walked(self, arrived: Arrived) -> "_Walked | Outcome":
        size = arrived.path.stat().st_size
        try:
            with walked(arrived.path, self._limits) as walk:
                if walk.text(0x00020002) == DICOMDIR_CLASS:
                    reason = "The disc's table of contents is not needed: the files themselves are read."
                    return Outcome(arrived.name, "passed over", "dicomdir", reason, size)
                claimed = pixels(walk, self._limits)
                identity = walk.text(0x00080018), walk.text(0x0020000D), walk.text(0x0020000E)
                return _Walked(arrived, claimed, walk.transfer_syntax, size, identity)
        except Refused as refusal:
            return Outcome(arrived.name, "refused", refusal.code, refusal.reason, size)

    def _headers(self, files: Sequence[_Walked]) -> list[object]:
        """What a worker says of each header, or the WorkerLost of a file that spoilt it.

        Files of many frames may take their whole allowance of time each, so they are read one by one; and so are all
        of a group of which one cost the worker its life.
        """
        if len(files) > 1 and not any(one.frames > 1 for one in files):
            try:
                paths = [[str(one.arrived.path), one.frames] for one in files]
                headers = self._sandbox.run("imaging.header:read_all", files=paths).facts["headers"]
                if isinstance(headers, list) and len(headers) == len(files):
                    return headers
            except (WorkerLost, KeyError):
                log.info("a group of files is read one by one", extra={"files": len(files)})
        return [self._header(one) for one in files]

    def _header(self, one: _Walked) -> object:
        try:
            return self._sandbox.run("imaging.header:read", path=str(one.arrived.path), frames=one.frames).facts
        except WorkerLost as lost:
            return lost


def _judged(one: _Walked, said: object) -> Candidate | Outcome:
    """A file and what a worker says of its header, held against each other."""
    reason = "The file's header contradicts itself about its identity."
    if isinstance(said, WorkerLost):
        return Outcome(one.arrived.name, "refused", "unreadable", str(said), one.size)
    if said == {"damaged": True}:
        reason = "The file's header is damaged; it cannot be read."
        return Outcome(one.arrived.name, "refused", "broken", reason, one.size)
    try:
        header = Header.model_validate(said)
        if (header.sop_instance_uid, header.study_instance_uid, header.series_instance_uid) == one.identity:
            return Candidate(one.arrived, header, one.claimed, one.transfer_syntax, one.size)
    except ValidationError:
        reason = "The file's header is damaged; its identity cannot be read."
    return Outcome(one.arrived.name, "refused", "broken", reason, one.size)


def _side_by_side(work: Callable[[A], B], items: Sequence[A], threads: int, name: str) -> Iterator[B]:
    """`map`, in some threads where there is more than one item; in order."""
    if len(items) < 2:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(min(threads, len(items)), thread_name_prefix=name) as pool:
        yield from pool.map(work, items)


def index(
    session: Session, kept: Sequence[KeptFile], refused: Sequence[Outcome], *, delivery: str, at: datetime,
    closed_studies: Collection[str] = (),
) -> list[Outcome]:
    """Enter what was kept into the index, in the caller's transaction; gives what became of every file.

    delivery: the upload, association or import, for the record of refusals.
    closed_studies: studies this person may not add to, because they belong to cases they cannot see.
    """
    outcomes = list(refused)
    known = _Known(session, [one.candidate.header.sop_instance_uid for one in kept])
    for one in kept:
        try:
            outcomes.append(_enter(known, one, at, closed_studies))
        except Refused as refusal:
            outcomes.append(Outcome(
                one.candidate.arrived.name, "refused", refusal.code, refusal.reason, one.candidate.size,
                one.candidate.header.sop_instance_uid, one.candidate.header.study_instance_uid, one.digest,
            ))
    for outcome in outcomes:
        if outcome.result == "refused":
            session.add(_refusal(outcome, delivery, at))
    session.flush()
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


class _Known:
    """What the index has of one delivery: asked once for all its files, and held while they are entered."""

    def __init__(self, session: Session, sop_instance_uids: Sequence[str]) -> None:
        self.session = session
        self.instances: dict[str, Instance] = {}
        self._series: dict[str, Series] = {}
        self._studies: dict[str, Study] = {}
        for at in range(0, len(sop_instance_uids), _ASKED_AT_ONCE):
            some = sop_instance_uids[at : at + _ASKED_AT_ONCE]
            for row in session.exec(select(Instance).where(col(Instance.sop_instance_uid).in_(some))):
                self.instances[row.sop_instance_uid] = row

    def series(self, uid: str) -> Series | None:
        """A series that is here."""
        found = self._series.get(uid) or self.session.get(Series, uid)
        if found is not None:
            self._series[uid] = found
        return found

    def study(self, uid: str) -> Study | None:
        """A study that is here."""
        found = self._studies.get(uid) or self.session.get(Study, uid)
        if found is not None:
            self._studies[uid] = found
        return found


def _enter(known: _Known, kept: KeptFile, at: datetime, closed_studies: Collection[str]) -> Outcome:
    header, name = kept.candidate.header, kept.candidate.arrived.name
    if header.study_instance_uid in closed_studies:
        raise Refused("study-elsewhere", "This study belongs to a case you cannot open; ask your coordinator.")
    here = known.instances.get(header.sop_instance_uid)
    picture = picture_of(kept.candidate)
    result: Result = "taken"
    if here is not None and kept.digest not in (here.digest, here.before_blackout):
        raise Refused("conflict", "Another file with the same identity is here already; the coordinator is shown both.")
    if here is not None and _series_study(known, here) != (header.series_instance_uid, header.study_instance_uid):
        raise Refused("conflict", "This file is here already, in another study.")
    if here is not None:
        result = "already here"
    else:
        _enter_study(known, header, kept.candidate.identity, at)
        row = known.instances[header.sop_instance_uid] = _instance(kept, picture, at)
        known.session.add(row)
    return Outcome(
        name, result, "" if picture == "yes" else "no-picture", "" if picture == "yes" else picture,
        kept.candidate.size, header.sop_instance_uid, header.study_instance_uid, kept.digest,
    )


def _series_study(known: _Known, here: Instance) -> tuple[str, str]:
    row = known.series(here.series_instance_uid)
    assert row is not None  # the database refuses an instance without its series
    return row.series_instance_uid, row.study_instance_uid


def _enter_study(known: _Known, header: Header, identity: Identity, at: datetime) -> None:
    """The study and the series of a header, each written at once: what belongs to it is written after it."""
    study = known.study(header.study_instance_uid)
    if study is None:
        known.session.add(Study(
            study_instance_uid=header.study_instance_uid, patient_name=header.patient_name,
            patient_id=header.patient_id, patient_born_on=header.patient_born_on, patient_sex=header.patient_sex,
            description=header.study_description, study_date=header.study_date, study_time=header.study_time,
            accession_number=header.accession_number, institution=header.institution, received_at=at,
        ))
        known.session.flush()
    elif not same_patient(_patient_of(study), identity):
        raise Refused("conflict", "Its study is here already, of another patient; the coordinator is shown both.")
    series = known.series(header.series_instance_uid)
    if series is None:
        known.session.add(Series(
            series_instance_uid=header.series_instance_uid, study_instance_uid=header.study_instance_uid,
            number=header.series_number, modality=header.modality, description=header.series_description,
            body_part=header.body_part, laterality=header.laterality, protocol=header.protocol,
            frame_of_reference_uid=header.frame_of_reference_uid or None,
        ))
        known.session.flush()
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
        frame_spans=[[number for fragment in span for number in fragment] for span in found.spans] if found else [],
    )
    if found is not None:
        row.rows, row.columns, row.frames = found.rows, found.columns, found.frames
        row.samples, row.bits_allocated, row.photometric = found.samples, found.bits_allocated, found.photometric
        row.encapsulated, row.pixel_offset, row.pixel_length = found.encapsulated, found.offset, found.length
    return row


def _refusal(outcome: Outcome, delivery: str, at: datetime) -> Refusal:
    return Refusal(
        id=uuid4().hex, delivery=delivery, at=at, file_name=outcome.name, size=outcome.size, code=outcome.code,
        reason=outcome.reason, sop_instance_uid=outcome.sop_instance_uid or None, digest=outcome.digest or None,
    )
