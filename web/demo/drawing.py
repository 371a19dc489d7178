"""Drawing one study of the demo; runs in a process of its own, so it imports little."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from imaging.phantoms.dicom import Patient
from imaging.phantoms.studies import study
from web.demo.story import Pictures, Who


@dataclass(frozen=True, slots=True)
class Order:
    """One study to generate into a folder."""

    case: str
    who: Who
    wanted: Pictures
    taken_at: datetime
    seed: int
    folder: Path


def draw(order: Order) -> tuple[str, tuple[str, ...]]:
    """Write the files of one study; gives the case's key and the paths."""
    who = order.who
    patient = Patient(who.family, who.given, who.number, date.fromisoformat(who.born), who.sex)
    made = study(
        order.wanted.kind, patient, order.taken_at, order.seed, small=order.wanted.small, **dict(order.wanted.options)
    )
    order.folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, file in enumerate(made.files):
        path = order.folder / f"{number:04}.dcm"
        path.write_bytes(file)
        paths.append(str(path))
    return order.case, tuple(paths)
