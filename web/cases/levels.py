"""What pages say of a case's vertebrae: how they are counted, where they lie, what is graded and what differs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlmodel import Session

from agenda.cases import studies_of
from agenda.clinical import spine
from agenda.errors import Invalid
from agenda.grades import Graded, differences
from agenda.grading import Grading, gradings
from agenda.levels import RARE, VERTEBRAE, neighbours
from agenda.numbering import METHODS, Anchor, Numbering, labels
from agenda.numberings import NumberingScheme, Standing, levels_named, numbering_of, relabelled_since, standing
from conference.outcome.signing import record_in_force
from conference.room.values import Recommendation
from imaging.errors import NotFound
from imaging.geometry import Plane, plane_of
from imaging.studies import Frame, Series, series_of, stack

_SAGITTAL = 0.7
"""Cosine between an image's normal and the patient's left to right; above it the image is called sagittal."""


@dataclass(frozen=True, slots=True)
class Markable:
    """One series whose images lie in the patient, in the order a reader scrolls."""

    series: Series
    frames: tuple[Frame, ...]
    sagittal: bool


@dataclass(frozen=True, slots=True)
class LevelFacts:
    """What a case's page says in short."""

    standing: Standing
    method: str
    """How the numbering in force, or the one that waits, was made; empty without any."""
    resign: tuple[str, ...]
    """Levels of the signed recommendation that were relabelled since."""
    notes: tuple[str, ...]
    """Grades that differ, as sentences."""


def level_facts(session: Session, case_id: str) -> LevelFacts:
    """The short facts of a case."""
    stands = standing(session, case_id)
    row = stands.accepted or stands.proposed
    return LevelFacts(
        stands, METHODS[numbering_of(row).method] if row else "", resign_needed(session, case_id),
        difference_notes(session, case_id),
    )


def difference_notes(session: Session, case_id: str) -> tuple[str, ...]:
    """The grades of a case that differ, as sentences for the agenda."""
    return tuple(note(one) for one in differences(session, case_id))


def note(found: Graded) -> str:
    """Two grades that differ, as a sentence for the agenda."""
    said = " and ".join(f"{one.grade} ({spine().short(one.discipline)})" for one in found.grades)
    where = f"{found.level} {found.side}".strip()
    return f"{gradings()[found.instrument].name} at {where} was graded {said}."


def texts_of(drafted: Recommendation) -> tuple[str, ...]:
    """The words of a recommendation in which a level can be named."""
    return (
        drafted.rationale, drafted.follow_up, *drafted.answers.values(), *(action.text for action in drafted.actions),
    )


def resign_needed(session: Session, case_id: str) -> tuple[str, ...]:
    """Levels that the signed recommendation names and a later numbering calls otherwise; empty where all is well."""
    signed = record_in_force(session, case_id)
    if signed is None:
        return ()
    said = json.loads(signed.record)["recommendation"]
    texts = (
        said["rationale"], said["follow_up"], *said["answers"].values(), *(one["text"] for one in said["actions"]),
    )
    named = levels_named(session, case_id, said["option"], texts)
    return relabelled_since(session, case_id, signed.signed_at, named)


def markable(session: Session, case_id: str) -> list[Markable]:
    """The series of a case on which vertebrae can be marked, sagittal ones first."""
    found = []
    for uid in studies_of(session, case_id):
        try:
            runs = series_of(session, uid)
        except NotFound:
            continue
        for run in runs:
            frames = tuple(one for one in stack(session, run.series_instance_uid) if _placed(one))
            if frames:
                found.append(Markable(run, frames, _is_sagittal(frames[0])))
    return sorted(found, key=lambda one: not one.sagittal)


def _placed(frame: Frame) -> bool:
    return bool(frame.frame_of_reference_uid) and plane(frame) is not None


def _is_sagittal(frame: Frame) -> bool:
    lies = plane(frame)
    return lies is not None and abs(lies.normal[0]) > _SAGITTAL


def plane(frame: Frame) -> Plane | None:
    """Where a frame lies in the patient; None where that is not known."""
    if frame.position is None or frame.orientation is None:
        return None
    if frame.row_spacing_mm is None or frame.column_spacing_mm is None:
        return None
    return plane_of(frame.position, frame.orientation, (frame.row_spacing_mm, frame.column_spacing_mm))


def gradable(stands: Standing, chosen: Grading) -> list[str]:
    """The levels or vertebrae this patient has that an instrument is made for, as a form offers them."""
    row = stands.accepted or stands.proposed
    names = numbering_of(row).vertebrae if row else tuple(name for name in VERTEBRAE if name not in RARE)
    if chosen.per == "vertebra":
        return [name for name in names if name[0] in chosen.regions]
    return [
        f"{upper}-{lower}" for upper, lower in pairwise(names[:-1])
        if neighbours(upper, lower) and lower[0] in chosen.regions
    ]


def anchors_from(text: str, run: Markable) -> tuple[Anchor, ...]:
    """Marks from lines of vertebra, image, column and row; raises Invalid naming anchors and the line.

    The image is its number in the series, or ``<SOP Instance UID>/<frame>``.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return tuple(_anchor(number, parts, run) for number, parts in enumerate(lines, start=1))


def _anchor(number: int, parts: Sequence[str], run: Markable) -> Anchor:
    try:
        vertebra, image, column, row = parts
        index, point = _image(image, run), (float(column), float(row))
    except ValueError:
        raise Invalid("anchors", f"Line {number}: write the vertebra, the image, the column and the row.") from None
    if not 1 <= index <= len(run.frames):
        raise Invalid("anchors", f"Line {number}: the series has images 1 to {len(run.frames)}.")
    frame = run.frames[index - 1]
    if not (0 <= point[0] <= frame.columns and 0 <= point[1] <= frame.rows):
        raise Invalid("anchors", f"Line {number}: the mark lies outside the image.")
    lies = plane(frame)
    assert lies is not None, "a markable series has only frames with a place"
    return Anchor(vertebra.upper(), frame.sop_instance_uid, frame.number, point, lies.to_patient(point))


def _image(named: str, run: Markable) -> int:
    """Its number, from 1; 0 for an image of another series. Raises ValueError for what is neither number nor name."""
    uid, slash, frame = named.partition("/")
    if not slash:
        return int(named)
    place = (uid, int(frame))
    return next((at for at, one in enumerate(run.frames, 1) if (one.sop_instance_uid, one.number) == place), 0)


def as_lines(row: NumberingScheme | None, run: Markable) -> str:
    """A version's marks on this series as the form's lines; empty where it was marked on another."""
    if row is None or row.series_instance_uid != run.series.series_instance_uid:
        return ""
    places = {(one.sop_instance_uid, one.number): index for index, one in enumerate(run.frames, start=1)}
    return "\n".join(
        f"{one.vertebra} {places[one.sop_instance_uid, one.frame]} {one.point[0]:g} {one.point[1]:g}"
        for one in numbering_of(row).anchors if (one.sop_instance_uid, one.frame) in places
    )


def labels_json(stands: Standing) -> dict[str, Any]:
    """Every vertebra with its place, for the viewer; no label without a numbering."""
    row = stands.accepted or stands.proposed
    if row is None:
        return {"frame_of_reference": None, "state": stands.state, "contested": [], "labels": []}
    made: Numbering = numbering_of(row)
    return {
        "frame_of_reference": row.frame_of_reference, "state": stands.state, "contested": list(stands.contested),
        "labels": [{"vertebra": one.vertebra, "at": list(one.at), "marked": one.marked} for one in labels(made)],
    }


def frames_json(frames: Iterable[Frame], case_id: str) -> str:
    """The images of a series as the marking page needs them."""
    rows: list[Mapping[str, Any]] = [
        {"src": f"/cases/{case_id}/images/{one.sop_instance_uid}/{one.number}/rendered?size=1024&format=webp",
         "columns": one.columns, "rows": one.rows,
         "aspect": (one.row_spacing_mm or 1.0) / (one.column_spacing_mm or 1.0)} for one in frames
    ]
    return json.dumps(rows)
