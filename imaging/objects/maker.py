"""Objects made and read from the server's side: files of the vault go to a worker, files or marks come back."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import msgspec

from imaging.errors import ImagingError, WorkerLost
from imaging.objects.reading import READABLE
from imaging.objects.values import Answered, Made, ObjectKind, Order, Reading
from imaging.sandbox import Sandbox
from imaging.settings import WorkerSettings
from imaging.studies import Instance
from imaging.vault import Vault

_TASK = "imaging.objects.work:"
_PATIENCE_S, _CPU_S = 90.0, 30
_REMEMBERED = 256
_NAMES = {"report": "measurements", "presentation": "marks", "keys": "key-images", "letter": "letter"}


class NotMade(ImagingError):
    """The objects could not be made; the text says why."""


class NotRead(ImagingError):
    """An object of somebody else could not be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes and reads objects in disposable workers; threads may share it."""

    vault: Vault
    sandbox: Sandbox
    _read: dict[str, Answered] = field(default_factory=dict)
    """Digest → what was read: files never change, and a page that waits asks again and again."""

    @classmethod
    def of(cls, vault: Vault, settings: WorkerSettings) -> "Maker":
        """A maker with a worker of its own: its libraries are large, and loading them must not count as hanging."""
        patient = settings.model_copy(update={
            "processes": 1, "wall_seconds": max(settings.wall_seconds, _PATIENCE_S),
            "cpu_seconds": max(settings.cpu_seconds, _CPU_S),
        })
        return cls(vault, Sandbox(patient))

    def close(self) -> None:
        """End the worker."""
        self.sandbox.close()

    def make(self, order: Order, digests: Mapping[str, str]) -> list[Made]:
        """The objects of an order; blocks. Raises NotMade.

        digests: SOP Instance UID → file in the vault, for every image the order refers to; they become its sources.
        """
        with ExitStack() as opened:
            paths = {uid: _path(opened, self.vault, digest) for uid, digest in digests.items()}
            try:
                answer = self.sandbox.run(_TASK + "make", order=asdict(replace(order, sources=paths)))
            except WorkerLost as error:
                raise NotMade(f"The objects could not be made: {error}") from None
        return _cut(answer.facts, answer.payload)

    def read(self, row: Instance) -> Reading:
        """The marks of a report or presentation state; blocks. Raises NotRead."""
        if row.sop_class_uid not in READABLE:
            raise NotRead("This is neither a measurement report nor a presentation state.")
        found = self._read.get(row.digest) or self._fresh(row)
        if found.refused:
            raise NotRead(found.refused)
        assert found.reading is not None, "a worker refuses or reads"
        return found.reading

    def _fresh(self, row: Instance) -> Answered:
        with ExitStack() as opened:
            try:
                answer = self.sandbox.run(_TASK + "read", path=_path(opened, self.vault, row.digest))
                found = msgspec.json.decode(answer.payload, type=Answered)
            except (WorkerLost, msgspec.DecodeError):  # a worker is not trusted more than the file it read
                raise NotRead("This object cannot be read as a measurement report or presentation state.") from None
        while len(self._read) >= _REMEMBERED:
            self._read.pop(next(iter(self._read)), None)
        self._read[row.digest] = found
        return found


def _path(opened: ExitStack, vault: Vault, digest: str) -> str:
    return str(Path(opened.enter_context(vault.open(digest)).name).resolve())


def _cut(facts: dict[str, object], payload: bytes) -> list[Made]:
    """The payload as files, each named by what it is; several of a kind are numbered."""
    made: list[Made] = []
    at = 0
    for one in msgspec.convert(facts["files"], list[_File]):
        number = sum(other.kind == one.kind for other in made) + 1
        name = _NAMES[one.kind] + (f"-{number}" if number > 1 else "") + ".dcm"
        content = payload[at : at + one.length]
        made.append(Made(
            one.kind, one.sop_instance_uid, one.sop_class_uid, one.study_instance_uid, name, content,
        ))
        at += one.length
    return made


class _File(msgspec.Struct):
    kind: ObjectKind
    sop_instance_uid: str
    sop_class_uid: str
    study_instance_uid: str
    length: int
