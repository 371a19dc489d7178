"""The vault: what arrived, byte for byte, under its SHA-256. Nothing in it is ever changed.

A file is written under ``incoming/``, synced, renamed to its digest, and the folder synced: `keep` returns only when a
power cut can no longer take the bytes away. Names from outside never reach the file system.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, Protocol

from imaging.errors import ObjectNotFound

CHUNK = 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kept:
    """What the vault now holds."""

    digest: str
    """SHA-256 (FIPS 180-4) of the bytes, 64 hexadecimal digits."""
    size: int
    """Bytes."""
    fresh: bool
    """False: the same bytes were there already."""


class Vault(Protocol):
    """Content-addressed, create-once storage of immutable objects."""

    def keep(self, chunks: Iterable[bytes]) -> Kept:
        """Store the bytes durably; the same bytes twice are one object."""

    def open(self, digest: str) -> BinaryIO:
        """The object for reading, positioned at its start; raises ObjectNotFound."""

    def has(self, digest: str) -> bool:
        """Whether the object is there."""

    def size(self, digest: str) -> int:
        """Bytes of the object; raises ObjectNotFound."""

    def verify(self, digest: str) -> bool:
        """Whether the stored bytes still have their digest; raises ObjectNotFound."""

    def digests(self) -> Iterator[str]:
        """Every object, in no particular order."""

    def remove(self, digest: str) -> None:
        """Take an object away for good; an absent one is no error. Callers prove first that nothing refers to it."""


class LocalVault:
    """A vault in a folder of this machine: 256 folders by the first two digits; threads may share it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        for number in range(256):  # all at once, so that no later `keep` waits for a folder of its own to be synced
            (root / f"{number:02x}").mkdir(exist_ok=True, mode=0o700)
        _sync(root)

    def keep(self, chunks: Iterable[bytes]) -> Kept:
        """Store the bytes durably; the same bytes twice are one object."""
        sha = hashlib.sha256()
        size = 0
        with NamedTemporaryFile(dir=self._incoming, delete=False) as file:
            temporary = Path(file.name)
            try:
                for chunk in chunks:
                    sha.update(chunk)
                    file.write(chunk)
                    size += len(chunk)
                file.flush()
                os.fsync(file.fileno())
                digest = sha.hexdigest()
                fresh = self._settle(temporary, digest)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        return Kept(digest, size, fresh)

    def open(self, digest: str) -> BinaryIO:
        """The object for reading; it has a file descriptor, so callers may map it."""
        try:
            return self._place(digest).open("rb")
        except FileNotFoundError:
            raise ObjectNotFound(digest) from None

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
            if _DIGEST.fullmatch(place.name):
                yield place.name

    def remove(self, digest: str) -> None:
        """Take an object away for good; an absent one is no error."""
        self._place(digest).unlink(missing_ok=True)

    def clear_incoming(self) -> int:
        """Delete what an interrupted `keep` left behind, and say how many files; only while nothing is being kept."""
        left = list(self._incoming.iterdir())
        for path in left:
            path.unlink()
        return len(left)

    def _place(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise ObjectNotFound(digest)
        return self.root / digest[:2] / digest

    def _settle(self, temporary: Path, digest: str) -> bool:
        place = self._place(digest)
        if place.is_file():
            temporary.unlink()
            return False
        temporary.chmod(0o400)
        temporary.replace(place)
        _sync(place.parent)
        return True


def chunks_of(file: BinaryIO, size: int = CHUNK) -> Iterator[bytes]:
    """The rest of a file, piece by piece."""
    while chunk := file.read(size):
        yield chunk


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
