"""Whether vault and index agree, and the removal of what no record names."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from imaging.errors import ObjectNotFound
from imaging.vault.port import Held, Vault

Progress = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""
Kind = Literal["missing", "corrupt", "orphaned", "unknown"]


@dataclass(frozen=True, slots=True)
class Named:
    """What the index says of an object."""

    record: str
    """SOP Instance UID of one record that names it."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One object about which vault and index do not agree."""

    kind: Kind
    """missing: named, not there. corrupt: not the bytes its name promises. orphaned: named by no record. unknown:
    named by no record and not a DICOM file, so nothing we would remove."""
    digest: str
    record: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Verified:
    """The answer of `verify`."""

    objects: int
    size: int
    """Bytes."""
    young: int
    """Objects no record names yet; somebody may be taking them in."""
    found: tuple[Discrepancy, ...]

    @property
    def sound(self) -> bool:
        """Every object that a record names is there and whole; orphans do no harm."""
        return all(one.kind in ("orphaned", "unknown") for one in self.found)


def verify(vault: Vault, named: Mapping[str, Named], young_since: datetime, progress: Progress) -> Verified:
    """Read every object and compare: its bytes with its digest, the vault with the index. Raises VaultFailed.

    named: what the index names, read before. An object taken in or removed meanwhile can look wrong; look at what is
    found once more with a fresh index.
    """
    held = sorted(vault.objects(), key=lambda one: one.digest)
    here = {one.digest for one in held}
    missing = ((digest, one) for digest, one in named.items() if digest not in here)
    found = [Discrepancy("missing", digest, one.record, one.size) for digest, one in missing]
    young = 0
    for done, one in enumerate(held, 1):
        if one.digest not in named and one.since >= young_since:
            young += 1
        elif (wrong := _looked_at(vault, one, named.get(one.digest))) is not None:
            found.append(wrong)
        progress(done / len(held))
    return Verified(len(held), sum(one.size for one in held), young, tuple(found))


def _looked_at(vault: Vault, one: Held, named: Named | None) -> Discrepancy | None:
    record = named.record if named else ""
    try:
        if not vault.verify(one.digest) or (named is not None and named.size != one.size):
            return Discrepancy("corrupt", one.digest, record, one.size)
        if named is None:
            return Discrepancy("orphaned" if is_dicom(vault, one.digest) else "unknown", one.digest, "", one.size)
    except ObjectNotFound:
        return Discrepancy("missing", one.digest, record, one.size) if named else None
    return None


def orphans(vault: Vault, named: Mapping[str, Named], before: datetime) -> Iterator[Held]:
    """DICOM files that no record names and that were stored before `before`."""
    for one in vault.objects():
        if one.digest not in named and one.since < before and is_dicom(vault, one.digest):
            yield one


def is_dicom(vault: Vault, digest: str) -> bool:
    """Whether an object is a file of ours: PS3.10's mark after the preamble."""
    return vault.read(digest, 128, 4) == b"DICM"
