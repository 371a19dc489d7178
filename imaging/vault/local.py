"""A vault in a folder of this machine.

A file is written under ``incoming/``, synced, renamed to its digest, and the folder synced: `keep` returns only when a
power cut can no longer take the bytes away. Names from outside never reach the file system.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from secrets import token_hex
from tempfile import NamedTemporaryFile
from typing import BinaryIO, TypeVar

from imaging.errors import ObjectNotFound, VaultFailed
from imaging.vault.arriving import READABLE, Arriving
from imaging.vault.port import Held, Kept, Ready, chunks_of, is_digest, proper

T = TypeVar("T")
_SYNCED_AT_ONCE = 8


class LocalVault:
    """A vault in a folder of this machine: 256 folders by the first two digits; threads may share it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._settling = threading.Lock()
        self._syncs = ThreadPoolExecutor(_SYNCED_AT_ONCE, thread_name_prefix="vault-sync")
        self._incoming = root / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        for number in range(256):  # all at once, so that no later `keep` waits for a folder of its own to be synced
            (root / f"{number:02x}").mkdir(exist_ok=True, mode=0o700)
        _sync(root)

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.root)

    def keep(self, chunks: Iterable[bytes]) -> Kept:
        """Store the bytes durably and whole, or not at all; the same bytes twice are one object."""
        temporary = self._incoming / token_hex(16)
        file = Arriving(temporary)
        try:
            for chunk in chunks:
                file.add(chunk)
            digest = file.whole()
            size, place = _synced(temporary), self._place(digest)
            fresh = self._name(partial(temporary.replace, place), place)
            _sync(place.parent)
            if not fresh:
                temporary.unlink()
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        finally:
            file.close()
        return Kept(digest, size, fresh)

    def begin(self, file: Path) -> Future[int]:
        """Have it on the disk while others still come; `adopt` waits for that."""
        return self._syncs.submit(_synced, file)

    def adopt(self, files: Sequence[Ready]) -> list[Kept]:
        """Give files of ours second names, after syncing them; one on another file system is copied.

        Step by step for all of them, so that the disk is waited for together and a folder is synced once.
        """
        rest = iter(self._some_at_a_time(_synced, [one.path for one in files if one.begun is None]))
        sizes = [one.begun.result() if one.begun else next(rest) for one in files]
        kept: list[Kept] = []
        folders: dict[Path, None] = {}
        for (file, digest, _), size in zip(files, sizes, strict=True):
            place = self._place(digest)
            try:
                fresh = self._name(partial(os.link, file, place), place)
            except OSError:  # another file system, or one without second names
                with file.open("rb") as copied:
                    kept.append(self.keep(chunks_of(copied)))
                continue
            folders[place.parent] = None
            kept.append(Kept(digest, size, fresh))
        self._some_at_a_time(_sync, list(folders))
        return kept

    def open(self, digest: str) -> BinaryIO:
        """The object for reading; it has a file descriptor, so callers may map it."""
        try:
            return self._place(digest).open("rb")
        except FileNotFoundError:
            raise ObjectNotFound(digest) from None

    def read(self, digest: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`, less at the end of the object."""
        with self.open(digest) as file:
            file.seek(start)
            return file.read(length)

    def has(self, digest: str) -> bool:
        """Whether the object is there."""
        return self._place(digest).is_file()

    def size(self, digest: str) -> int:
        """Bytes of the object; raises ObjectNotFound."""
        try:
            return self._place(digest).stat().st_size
        except FileNotFoundError:
            raise ObjectNotFound(digest) from None

    def verify(self, digest: str) -> bool:
        """Whether the stored bytes still have their digest; raises ObjectNotFound."""
        sha = hashlib.sha256()
        with self.open(digest) as file:
            for chunk in chunks_of(file):
                sha.update(chunk)
        return sha.hexdigest() == digest

    def digests(self) -> Iterator[str]:
        """Every object, in no particular order."""
        for place in self.root.glob("[0-9a-f][0-9a-f]/*"):
            if is_digest(place.name):
                yield place.name

    def objects(self) -> Iterator[Held]:
        """Every object with its size and age, in no particular order."""
        for place in self.root.glob("[0-9a-f][0-9a-f]/*"):
            if is_digest(place.name):
                facts = place.stat()
                yield Held(place.name, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))

    def remove(self, digest: str) -> None:
        """Take an object away for good; an absent one is no error."""
        self._place(digest).unlink(missing_ok=True)

    def remove_older(self, digest: str, before: datetime) -> bool:
        """Take an object away unless it was stored, or kept again, at `before` or later; says whether it went."""
        place = self._place(digest)
        with self._settling:
            try:
                old = place.stat().st_mtime < before.timestamp()
            except FileNotFoundError:
                return False
            if old:
                place.unlink()
        return old

    def clear_incoming(self) -> int:
        """Delete what an interrupted `keep` left behind, and say how many files; only while nothing is being kept."""
        left = list(self._incoming.iterdir())
        for path in left:
            path.unlink()
        return len(left)

    def probe(self) -> str:
        """Write, sync, read and remove a few bytes."""
        try:
            with NamedTemporaryFile(dir=self._incoming) as file:
                file.write(b"consilium")
                file.flush()
                os.fsync(file.fileno())
                file.seek(0)
                same = file.read() == b"consilium"
            room = os.statvfs(self.root)
        except OSError as error:
            raise VaultFailed(f"{self.root}: {error.strerror}.") from None
        if not same:
            raise VaultFailed(f"{self.root}: what was written does not come back.")
        return f"{self.root} can be written; {room.f_bavail * room.f_frsize / 1e9:.1f} GB free"

    def _some_at_a_time(self, work: Callable[[Path], T], paths: Sequence[Path]) -> list[T]:
        """What it gives for each, in order; syncs that are waited for at the same time reach the disk as one.

        Each thread has its share from the beginning: to hand it each path costs as much as half a sync.
        """
        if len(paths) == 1:
            return [work(paths[0])]
        share = -(-len(paths) // _SYNCED_AT_ONCE)
        shares = [paths[at : at + share] for at in range(0, len(paths), share or 1)]
        each = self._syncs.map(lambda some: [work(one) for one in some], shares[1:])
        first = [work(one) for one in shares[0]] if shares else []
        return [*first, *(found for some in each for found in some)]

    def _place(self, digest: str) -> Path:
        return self.root / digest[:2] / proper(digest)

    def _name(self, put: Callable[[], object], place: Path) -> bool:
        """Give an object its name unless it has it; says whether it had not.

        Its folder is still to be synced, also where it had its name: whoever gave it may not have come to that yet.
        """
        with self._settling:
            fresh = not place.is_file()
            if fresh:
                put()
            else:
                os.utime(place)  # young again, so that nobody clears it away before it is indexed
        return fresh


@contextmanager
def _opened(path: Path, flags: int = 0) -> Iterator[int]:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        yield handle
    finally:
        os.close(handle)


def _synced(file: Path) -> int:
    """Bytes of a file that is on the disk now, as an object is to be."""
    with _opened(file) as handle:
        os.fsync(handle)
        found = os.fstat(handle)
        if found.st_mode & 0o777 != READABLE:
            os.fchmod(handle, READABLE)
        return found.st_size


def _sync(folder: Path) -> None:
    with _opened(folder, os.O_DIRECTORY) as handle:
        os.fsync(handle)
