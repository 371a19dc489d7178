"""What a case has to send out as DICOM objects, read from the logs of the rooms it was discussed in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from conference.record import log
from conference.room.events import Drawn, Erased, RecommendationReadBack, Reshaped, Shown
from conference.room.evolve import replay
from conference.room.recorded import Recorded
from conference.room.values import Mark, MarkId, Viewport
from imaging.objects.codes import MAIN, NAMES
from imaging.objects.uids import tracking_uid
from imaging.objects.values import Annotation, Value


@dataclass(frozen=True, slots=True)
class Content:
    """The marks of a case and what was shown of it, over all its rooms."""

    marks: tuple[Mark, ...]
    shown: tuple[Viewport, ...]
    """The last picture each room showed of the case."""
    cited: frozenset[MarkId]
    """Marks the recommendation rests on."""
    changed_at: str
    """When any of it changed last; empty when there is nothing."""


def content_of(session: Session, case_id: str, room_ids: Sequence[str]) -> Content:
    """The content of a case, oldest room first."""
    marks: dict[MarkId, Mark] = {}
    shown: list[Viewport] = []
    cited: set[MarkId] = set()
    changed = ""
    for room_id in room_ids:
        recorded = log.after(session, room_id, 0)
        case = next((one for key, one in replay(recorded).cases.items() if key == case_id), None)
        if case is None:
            continue
        marks |= case.marks
        shown += [case.shown] if case.shown is not None else []
        cited |= set(case.recommendation.recommendation.cited) if case.recommendation is not None else set()
        changed = max(changed, _changed(recorded, case_id))
    return Content(tuple(marks.values()), tuple(shown), frozenset(cited), changed)


def _changed(recorded: Iterable[Recorded], case_id: str) -> str:
    """The instant of the last event that changes what goes out."""
    own: set[MarkId] = set()
    at = ""
    for entry in recorded:
        match entry.event:
            case Drawn(mark) if mark.case == case_id:
                own.add(mark.mark)
                at = entry.at
            case (Reshaped() | Erased()) as event if event.mark in own:
                at = entry.at
            case (Shown() | RecommendationReadBack()) as event if event.case == case_id:
                at = entry.at
            case _:
                pass
    return at


def annotation(mark: Mark) -> Annotation:
    """A mark as it goes out."""
    return Annotation(
        identity=mark.mark, kind=mark.kind, sop_instance_uid=mark.sop_instance_uid, frame=mark.frame,
        points=mark.points, text=mark.text, values=_values(mark),
        method=mark.measured.method if mark.measured else "", author=mark.author_name,
    )


def _values(mark: Mark) -> tuple[Value, ...]:
    main, measured = MAIN.get(mark.kind), mark.measured
    if main is None or measured is None:
        return ()
    parts = [Value(one.name, one.value, one.unit) for one in measured.parts if one.name in NAMES]
    return (Value(main, measured.value, measured.unit, measured.error), *parts)


def known_tracking_uids(content: Content) -> frozenset[str]:
    """Tracking UIDs of the marks that are here already."""
    return frozenset(tracking_uid(mark.mark) for mark in content.marks)
