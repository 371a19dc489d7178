"""What intake says of files: as they came, as they were checked, as they are kept, and what became of each."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from imaging.claims import Pixels
from imaging.facts import Header
from imaging.patient_match import Identity

Result = Literal["taken", "already here", "refused", "passed over"]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file as it came, in a place of ours."""

    name: str
    """What people know it by; never used as a path."""
    path: Path
    digest: str = ""
    """SHA-256, where it was counted while we wrote the file; nobody writes to it any more."""
    begun: Future[int] | None = field(default=None, compare=False)
    """What the vault does for it already (`imaging.vault.Vault.begin`)."""


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
