"""Reports, documents, presentation states and segmentations from the server's side. Threads may share it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from imaging.display.kinds import DisplayKind, kind_of
from imaging.display.values import Document, Presentation, Report, Segmentation
from imaging.errors import ImagingError, WorkerLost
from imaging.intake import Intake
from imaging.studies import Instance
from imaging.vault import Vault

_TASK = "imaging.display.work:"
T = TypeVar("T")


class NotShown(ImagingError):
    """This object cannot be shown; the text says why."""


@dataclass(frozen=True, slots=True)
class Shows:
    """Reads objects in disposable workers; blocks."""

    intake: Intake
    vault: Vault

    def report(self, row: Instance) -> Report:
        """A structured report as a list of its items; raises NotShown."""
        return self._facts(row, "report", Report)

    def document(self, row: Instance) -> Document:
        """What an encapsulated PDF is; raises NotShown."""
        return self._facts(row, "document", Document)

    def presentation(self, row: Instance) -> Presentation:
        """What a presentation state asks for; raises NotShown."""
        return self._facts(row, "presentation", Presentation)

    def segmentation(self, row: Instance) -> Segmentation:
        """What a segmentation holds; raises NotShown."""
        return self._facts(row, "segmentation", Segmentation)

    def part(self, row: Instance, number: int) -> bytes:
        """A page of a document as WebP (0: the PDF itself), or a frame of a segmentation as PNG. Raises NotShown."""
        kind = kind_of(row.sop_class_uid)
        if kind not in ("document", "segmentation"):
            raise NotShown("This object has no pages or frames.")
        return self._run(row, "part", kind, number=number)

    def _facts(self, row: Instance, kind: DisplayKind, wanted: type[T]) -> T:
        if kind_of(row.sop_class_uid) != kind:
            raise NotShown(f"This object is no {kind}.")
        try:
            return msgspec.json.decode(self._run(row, "facts", kind), type=wanted)
        except msgspec.DecodeError:
            raise NotShown("This object cannot be read.") from None

    def _run(self, row: Instance, task: str, kind: str, **more: int) -> bytes:
        with self.vault.open(row.digest) as file:
            path = str(Path(file.name).resolve())
            try:
                answer = self.intake.read_more(_TASK + task, path=path, kind=kind, **more)
            except WorkerLost as why:
                raise NotShown(str(why)) from None
        if reason := answer.facts.get("reason"):
            raise NotShown(str(reason)[:300])
        return answer.payload
