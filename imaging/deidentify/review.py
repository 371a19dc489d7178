"""Held images: which they are, and what a person says of their pixels: nothing burned in, or these boxes black.

What is rewritten takes the place of what was held. The identity stays: it was given by the de-identification and
nothing was shown under it. The bytes before are removed from the vault, for they may name the patient.
"""

import os
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlmodel import Session, col, select

from imaging.deidentify.regions import Rectangle, outside
from imaging.errors import InstanceNotFound, Refused, Unreadable, WorkerLost
from imaging.intake import Arrived, Intake, KeptFile, row_of
from imaging.pixels.stack import Slice, Stack, stack_of_held
from imaging.sandbox import Answer, Sandbox
from imaging.settings import WorkerSettings
from imaging.studies import Instance, Series

RECTANGLES = 200
"""Most rectangles on one image."""
_TASK = "imaging.deidentify.painter:"
_PATIENCE_S = 120
_REPLACED = frozenset({"sop_instance_uid", "series_instance_uid", "received_at", "before_blackout", "held"})


@dataclass(frozen=True, slots=True)
class Held:
    """One image that waits for a person."""

    instance: Instance
    series: Series
    alike: int
    """How many images of its series wait too and have the same size, itself included."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a worker made of one held image, safe in the vault."""

    sop_instance_uid: str
    kept: KeptFile
    before: str
    """Digest of what it takes the place of."""


def held_in(session: Session, studies: Collection[str]) -> list[Held]:
    """What waits in these studies, by series and number."""
    rows = session.exec(
        select(Instance, Series).join(Series, col(Series.series_instance_uid) == col(Instance.series_instance_uid))
        .where(col(Instance.held).is_(True), col(Series.study_instance_uid).in_(list(studies)))
        .order_by(col(Series.study_instance_uid), col(Series.number), col(Series.series_instance_uid),
                  col(Instance.number), col(Instance.sop_instance_uid))
    ).all()
    sizes: dict[tuple[str, int, int], int] = {}
    for row, _series in rows:
        key = (row.series_instance_uid, row.rows, row.columns)
        sizes[key] = sizes.get(key, 0) + 1
    return [Held(row, run, sizes[row.series_instance_uid, row.rows, row.columns]) for row, run in rows]


def held_one(session: Session, sop_instance_uid: str, studies: Collection[str]) -> Held:
    """One held image of these studies; raises InstanceNotFound, also when somebody has dealt with it already."""
    for one in held_in(session, studies):
        if one.instance.sop_instance_uid == sop_instance_uid:
            return one
    raise InstanceNotFound(sop_instance_uid)


def alike(session: Session, sop_instance_uid: str, studies: Collection[str]) -> list[Held]:
    """A held image and those of its series that wait and have its size."""
    this = held_one(session, sop_instance_uid, studies).instance
    return [
        one for one in held_in(session, studies)
        if (one.instance.series_instance_uid, one.instance.rows, one.instance.columns)
        == (this.series_instance_uid, this.rows, this.columns)
    ]


def held_stack(session: Session, sop_instance_uid: str, studies: Collection[str]) -> Stack:
    """The frames of a held image as they are drawn for the person who looks; raises InstanceNotFound."""
    return stack_of_held(session, held_one(session, sop_instance_uid, studies).instance)


def replace_held(session: Session, looked: Sequence[Looked], at: datetime) -> list[str]:
    """Put what was rewritten in the place of what was held; gives the digests that nothing names any more.

    An image that another person dealt with meanwhile keeps what they said.
    """
    gone: list[str] = []
    for one in looked:
        row = session.get(Instance, one.sop_instance_uid)
        if row is None or not row.held or row.digest != one.before:
            gone += [] if row is not None and row.digest == one.kept.digest else [one.kept.digest]
            continue
        fresh = row_of(one.kept, at)
        for name in set(Instance.model_fields) - _REPLACED:
            setattr(row, name, getattr(fresh, name))
        row.held, row.before_blackout = False, one.before
        session.add(row)
        session.flush()
        gone.append(one.before)
    named = set(session.exec(select(Instance.digest).where(col(Instance.digest).in_(gone))))
    return [one for one in dict.fromkeys(gone) if one not in named]


class Reviewer:
    """Rewrites held images in workers of its own, which may take longer than those of the intake."""

    def __init__(self, intake: Intake, settings: WorkerSettings) -> None:
        self._intake = intake
        self._settings = settings.model_copy(update={
            "processes": 1, "cpu_seconds": max(settings.cpu_seconds, _PATIENCE_S),
            "wall_seconds": max(settings.wall_seconds, float(_PATIENCE_S)),
        })

    def suggestion(self, row: Instance) -> list[Rectangle]:
        """Everything outside the regions an ultrasound names; nothing for other images. Blocks."""
        try:
            found = self._intake.read_more(_TASK + "facts", path=self._path(row)).facts.get("regions", [])
            regions = [Rectangle(*(int(part) for part in one)) for one in found]
        except (WorkerLost, TypeError, ValueError):
            return []
        made = outside(regions, row.columns, row.rows)
        return made if len(made) <= RECTANGLES else []

    def looked(self, stack: Stack, row: Instance, rectangles: Sequence[Rectangle]) -> Looked:
        """Write a held image anew: boxes black in every frame, or as it is when there are none. Blocks.

        Raises Refused with a sentence when it cannot be done; the image stays held.
        """
        sandbox = Sandbox(self._settings)
        try:
            answer = self._written(sandbox, stack, row, rectangles)
        except WorkerLost as lost:
            raise Unreadable("blackout", f"This image cannot be rewritten. {lost}") from None
        finally:
            sandbox.close()
        with TemporaryDirectory(prefix="blackout-") as folder:
            place = Path(folder) / "image"
            with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(answer.payload)
            return self._kept(place, row)

    def _kept(self, place: Path, row: Instance) -> Looked:
        inspection = self._intake.inspect([Arrived("image", place)])
        if not inspection.candidates:
            raise Refused("blackout", inspection.refused[0].reason)
        candidate = inspection.candidates[0]
        if candidate.header.sop_instance_uid != row.sop_instance_uid:
            raise Unreadable("broken", "The image came back with another identity; nothing was changed.")
        return Looked(row.sop_instance_uid, self._intake.keep([candidate])[0], row.digest)

    def _written(
        self, sandbox: Sandbox, stack: Stack, row: Instance, rectangles: Sequence[Rectangle]
    ) -> Answer:
        if not rectangles:
            return sandbox.run(_TASK + "released", path=self._path(row))
        first = stack.slices[0]
        boxes = [[one.left, one.top, one.width, one.height] for one in rectangles]
        return sandbox.run(
            _TASK + "blacked_out", path=self._path(row), layout=asdict(first.layout), spans=_spans(stack.slices),
            rectangles=boxes, inverted=row.inverted != (row.slope < 0),
        )

    def _path(self, row: Instance) -> str:
        with self._intake.vault.open(row.digest) as file:
            return str(Path(file.name).resolve())


def _spans(slices: Sequence[Slice]) -> list[Any]:
    """Where the bytes of each frame are; nothing where a frame begins within a byte or the file is read as a whole."""
    if any(one.whole or one.layout.bits_allocated == 1 for one in slices):
        return []
    return [[list(span) for span in one.spans] for one in slices]
