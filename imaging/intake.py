"""The one door for images: check → match → keep → index → commit, and only then success.

`Intake.inspect` and `Intake.keep` work on files and run in a thread of the caller; `index` runs inside the caller's
transaction. Between keeping and indexing a crash leaves at worst bytes that no row names; `sweep` takes them away.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import ValidationError
from sqlmodel import Session, select

from imaging import plain
from imaging.claims import Pixels, pixels
from imaging.delivered import Arrived, Candidate, Inspection, KeptFile, Outcome
from imaging.dicomdir import contents_of, missing, sentence
from imaging.errors import Refused, WorkerLost
from imaging.facts import Header
from imaging.indexing import index, row_of
from imaging.layouts import Layouts
from imaging.sandbox import Answer, Sandbox
from imaging.settings import FileSettings
from imaging.studies import Instance
from imaging.vault import Ready, Vault, chunks_of
from imaging.vault.upkeep import is_dicom
from imaging.walk import walked

__all__ = [
    "Arrived", "Candidate", "Inspection", "Intake", "KeptFile", "Looked", "Outcome", "Progress", "index", "row_of",
    "sweep",
]
log = logging.getLogger(__name__)

A = TypeVar("A")
B = TypeVar("B")
Progress = Callable[[int], None]
"""Called with how many files are done."""

_READ_AT_ONCE = 16
"""Headers a worker is asked for in one go."""
_ADOPTED_AT_ONCE = 64
"""Files whose digest is known that are given to the vault in one go."""
_SYNCED_AT_ONCE = 8
"""Files whose sync is waited for at a time: the file system writes them to the disk together."""
DICOMDIR_CLASS = "1.2.840.10008.1.3.10"


@dataclass(frozen=True, slots=True)
class Walked:
    """A file whose structure is sound."""

    arrived: Arrived
    claimed: Pixels | None
    transfer_syntax: str
    size: int
    identity: tuple[str, str, str]
    """Instance, study and series, as the structure has them."""
    header: Header | None
    """Its header, when it is an ordinary one; None: a worker is to read it."""

    @property
    def frames(self) -> int:
        return self.claimed.frames if self.claimed else 0


Looked = Walked | Outcome
"""A file whose structure is sound, or what became of one whose is not."""


class Intake:
    """Checks files in disposable workers and keeps them in the vault."""

    def __init__(self, limits: FileSettings, vault: Vault, sandbox: Sandbox) -> None:
        self.vault = vault
        self._limits = limits
        self._layouts = Layouts(limits)
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
        return self.judge(files, map(self.look, files), progress)

    def look(self, arrived: Arrived) -> Looked:
        """What the structure of one file says; `judge` goes on from there, once all have come."""
        try:
            with walked(arrived.path, self._limits, self._layouts.walk) as walk:
                if walk.text(0x00020002) == DICOMDIR_CLASS:
                    reason = "The disc's table of contents is not needed: the files themselves are read."
                    return Outcome(arrived.name, "passed over", "dicomdir", reason, walk.size)
                claimed = pixels(walk, self._limits)
                identity = walk.text(0x00080018), walk.text(0x0020000D), walk.text(0x0020000E)
                header = plain.header(walk, claimed.frames if claimed else 0)
                return Walked(arrived, claimed, walk.transfer_syntax, walk.size, identity, header)
        except Refused as refusal:
            return Outcome(arrived.name, "refused", refusal.code, refusal.reason, arrived.path.stat().st_size)

    def begun(self, arrived: Arrived) -> Arrived:
        """The same, for a file whose digest is known: the vault does beforehand what it can."""
        return replace(arrived, begun=self.vault.begin(arrived.path))

    def judge(
        self, files: Sequence[Arrived], looks: Iterable[Looked], progress: Progress = lambda _done: None
    ) -> Inspection:
        """The check of files that were looked at, in the same order."""
        looked: list[Looked] = []
        done = 0
        for one in looks:
            looked.append(one)
            if not _is_odd(one):
                progress(done := done + 1)
        odd = [one for one in looked if isinstance(one, Walked) and one.header is None]
        a_time = max(1, min(_READ_AT_ONCE, -(-len(odd) // self._sandbox.processes)))
        groups = [odd[at : at + a_time] for at in range(0, len(odd), a_time)]
        said: list[object] = []
        for headers in _side_by_side(self._headers, groups, self._sandbox.processes, "intake-check"):
            said += headers
            progress(done + len(said))
        return self._inspection(files, looked, iter(said))

    def _inspection(
        self, files: Sequence[Arrived], looked: Sequence[Looked], said: Iterator[object]
    ) -> Inspection:
        candidates: list[Candidate] = []
        refused: list[Outcome] = []
        for one in looked:
            found = _judged(one, one.header or next(said)) if isinstance(one, Walked) else one
            if isinstance(found, Candidate):
                candidates.append(found)
            else:
                refused.append(found)
        return Inspection(tuple(candidates), (*refused, *self._incomplete_discs(files, refused)))

    def keep(self, candidates: Sequence[Candidate], progress: Progress = lambda _done: None) -> list[KeptFile]:
        """Put the bytes into the vault as received; durable when this returns."""
        if all(one.arrived.digest for one in candidates):
            return self._adopted(candidates, progress)
        kept: list[KeptFile] = []
        for done, one in enumerate(_side_by_side(self._kept, candidates, _SYNCED_AT_ONCE, "intake-keep"), 1):
            kept.append(one)
            progress(done)
        return kept

    def _adopted(self, candidates: Sequence[Candidate], progress: Progress) -> list[KeptFile]:
        """The same for files whose digests are known: nothing is read or copied again."""
        kept: list[KeptFile] = []
        for at in range(0, len(candidates), _ADOPTED_AT_ONCE):
            some = candidates[at : at + _ADOPTED_AT_ONCE]
            held = self.vault.adopt([
                Ready(one.arrived.path, one.arrived.digest, one.arrived.begun) for one in some
            ])
            kept += [KeptFile(one, found.digest) for one, found in zip(some, held, strict=True)]
            progress(len(kept))
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

    def _headers(self, files: Sequence[Walked]) -> list[object]:
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

    def _header(self, one: Walked) -> object:
        try:
            return self._sandbox.run("imaging.header:read", path=str(one.arrived.path), frames=one.frames).facts
        except WorkerLost as lost:
            return lost


def _is_odd(one: Looked) -> bool:
    return isinstance(one, Walked) and one.header is None


def _judged(one: Walked, said: object) -> Candidate | Outcome:
    """A file and what a worker says of its header, held against each other."""
    reason = "The file's header contradicts itself about its identity."
    if isinstance(said, WorkerLost):
        return Outcome(one.arrived.name, "refused", "unreadable", str(said), one.size)
    if said == {"damaged": True}:
        reason = "The file's header is damaged; it cannot be read."
        return Outcome(one.arrived.name, "refused", "broken", reason, one.size)
    try:
        header = said if isinstance(said, Header) else Header.model_validate(said)
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
