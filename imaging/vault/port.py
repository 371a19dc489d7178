"""What every vault promises: content-addressed, create-once storage of immutable objects."""

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

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


@dataclass(frozen=True, slots=True)
class Held:
    """One object as the vault lists it; its content was not read."""

    digest: str
    size: int
    """Bytes."""
    since: datetime
    """When it was stored, or kept again, by the clock of the storage."""


class Ready(NamedTuple):
    """A file of ours that is to become an object; nobody writes to it any more."""

    path: Path
    digest: str
    """SHA-256, counted while it was written."""
    begun: Future[int] | None = None
    """What `Vault.begin` gave for it, if that was asked."""


class Vault(Protocol):
    """Content-addressed, create-once storage of immutable objects; threads may share it.

    Every verb raises VaultFailed when the storage does not answer or does not do what it was asked.
    """

    @property
    def name(self) -> str:
        """What an operator knows it by: a folder, or ``s3://bucket/prefix``."""

    def keep(self, chunks: Iterable[bytes]) -> Kept:
        """Store the bytes durably and whole, or not at all; the same bytes twice are one object."""

    def begin(self, file: Path) -> Future[int] | None:
        """A file of ours is whole and will be adopted unless it is refused: what can be done for that before begins.

        What this gives goes to `adopt` with the file; None: nothing can be done yet.
        """

    def adopt(self, files: Sequence[Ready]) -> list[Kept]:
        """`keep` files of ours whose digests were counted while they were written, without reading them where that can
        be; all are durable when this returns.

        They may be taken over where they lie: nobody writes to them any more, and removing their names is the caller's.
        """

    def open(self, digest: str) -> BinaryIO:
        """The object as a file of this machine, positioned at its start; raises ObjectNotFound.

        The file has a descriptor and a name, so that it can be mapped, and read by a process without a network.
        """

    def read(self, digest: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`, less at the end of the object; raises ObjectNotFound."""

    def has(self, digest: str) -> bool:
        """Whether the object is there."""

    def size(self, digest: str) -> int:
        """Bytes of the object; raises ObjectNotFound."""

    def verify(self, digest: str) -> bool:
        """Whether the stored bytes still have their digest; raises ObjectNotFound."""

    def digests(self) -> Iterator[str]:
        """Every object, in no particular order."""

    def objects(self) -> Iterator[Held]:
        """Every object with its size and age, in no particular order."""

    def remove(self, digest: str) -> None:
        """Take an object away for good; an absent one is no error. Callers prove first that nothing refers to it."""

    def remove_older(self, digest: str, before: datetime) -> bool:
        """Take an object away unless it was stored, or kept again, at `before` or later; says whether it went.

        Nobody who keeps the same bytes meanwhile loses them: either they made the object young, or they store it anew.
        """

    def clear_incoming(self) -> int:
        """Delete what an interrupted `keep` left behind, and say how many files; only while nothing is being kept."""

    def probe(self) -> str:
        """Write, read and remove a few bytes; gives a sentence for the operator, or raises VaultFailed."""


def proper(digest: str) -> str:
    """The digest when it is one; raises ObjectNotFound, so that no other name ever reaches a storage."""
    if not is_digest(digest):
        raise ObjectNotFound(digest)
    return digest


def is_digest(name: str) -> bool:
    """Whether a name is a SHA-256 in lower-case hexadecimal."""
    return _DIGEST.fullmatch(name) is not None


def chunks_of(file: BinaryIO, size: int = CHUNK) -> Iterator[bytes]:
    """The rest of a file, piece by piece."""
    while chunk := file.read(size):
        yield chunk
