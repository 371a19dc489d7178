"""Marks on images: placed, reshaped, erased; measured here and nowhere else. Rules R20 to R28."""

from collections.abc import Mapping
from math import isfinite

from agenda.ids import CaseId
from conference.policy import RoomAction
from conference.room import commands as c
from conference.room import events as e
from conference.room.refused import Refused, too_long
from conference.room.seats import Answer, denied, listed, role_of
from conference.room.sitting import not_open
from conference.room.state import CaseState, RoomState
from conference.room.values import (
    Context,
    FrameFacts,
    Mark,
    MarkId,
    MarkKind,
    Measured,
    MeasuredPart,
    Participant,
    Point,
)
from imaging.measure import Measurement, Sampled, Unmeasurable, measured
from imaging.spinopelvic import COUNTS

_COUNTS: Mapping[MarkKind, tuple[int, ...] | range] = {
    "length": (2,),
    "angle": (3,),
    "cobb": (4,),
    "arrow": (2,),
    "text": (1,),
    "ellipse": (2, 4),
    "rectangle": (2, 4),
    "freehand": range(3, 513),
    "path": range(2, 513),
    "point": (1,),
    "level": (1,),
    "probe": (1,),
    "spinopelvic": COUNTS,
}
"""Points each kind takes; their meaning is in ``web/docs/protocol.md``."""
_WORDED: tuple[MarkKind, ...] = ("text", "level")
"""Kinds that say nothing without words."""
_METRIC = ("mm", "mm2")


def draw(state: RoomState, who: Participant, command: c.Draw, context: Context) -> Answer:
    """Place a mark, with the author's role at this moment and a value computed here."""
    case = _drawable(state, who, command.case)
    if isinstance(case, Refused):
        return case
    if command.mark in state.mark_cases:
        return Refused("duplicate-mark", "A mark with this identity exists or existed.")
    value = _checked(command.kind, command.points, command.text, _frame(case, command, context), context.sampled)
    if isinstance(value, Refused):
        return value
    return (e.Drawn(Mark(
        command.mark, command.case, command.kind, command.sop_instance_uid, command.frame, command.points,
        command.text, who.person_id, who.name, who.discipline, role_of(state, who), 1, value,
    )),)


def reshape(state: RoomState, who: Participant, command: c.Reshape, context: Context) -> Answer:
    """Move the handles of one's own mark, from the revision one has seen."""
    case, mark = _find(state, command.mark)
    if case is None or mark is None:
        return Refused("no-such-mark", "This mark is not there any more.")
    drawable = _drawable(state, who, mark.case)
    if isinstance(drawable, Refused):
        return drawable
    if mark.author != who.person_id:
        return Refused("not-author", "Only its author reshapes a mark.")
    if mark.revision != command.revision:
        return Refused("stale-revision", "This mark has changed since you saw it.")
    if (mark.points, mark.text) == (command.points, command.text):
        return ()
    if _frozen(case, command.mark):
        return Refused("cited", "The recommendation that was read back cites this mark.")
    value = _checked(mark.kind, command.points, command.text, _frame(case, mark, context), context.sampled)
    if isinstance(value, Refused):
        return value
    return (e.Reshaped(command.mark, mark.revision + 1, command.points, command.text, value),)


def erase(state: RoomState, who: Participant, command: c.Erase) -> Answer:
    """Take a mark away; taking it away twice is the same as once."""
    case, mark = _find(state, command.mark)
    if case is None or mark is None:
        return ()
    drawable = _drawable(state, who, mark.case)
    if isinstance(drawable, Refused):
        return drawable
    if mark.author != who.person_id and role_of(state, who) != "chair":
        return Refused("not-author", "Only its author or the chair erases a mark.")
    if _frozen(case, command.mark):
        return Refused("cited", "The recommendation that was read back cites this mark.")
    return (e.Erased(command.mark),)


def _drawable(state: RoomState, who: Participant, case_id: CaseId) -> CaseState | Refused:
    """The case, if this person may put marks on it now."""
    if refusal := denied(state, who, RoomAction.DRAW) or not_open(state):
        return refusal
    case = listed(state, who, case_id)
    if isinstance(case, Refused):
        return case
    if state.table != case_id and role_of(state, who) != "chair":
        return Refused("not-on-table", "This case is not on the table.")
    if case.signed is not None:
        return Refused("signed", "The recommendation of this case is signed; nothing of it changes any more.")
    return case


def _find(state: RoomState, mark: MarkId) -> tuple[CaseState | None, Mark | None]:
    case_id = state.mark_cases.get(mark)
    case = None if case_id is None else state.cases.get(case_id)
    return case, None if case is None else case.marks.get(mark)


def _frozen(case: CaseState, mark: MarkId) -> bool:
    draft = case.recommendation
    return draft is not None and draft.digest is not None and mark in draft.recommendation.cited


def _frame(case: CaseState, asked: c.Draw | Mark, context: Context) -> FrameFacts | None:
    """The facts of the frame the mark lies on, if the host supplied exactly those."""
    facts = context.frame
    if facts is None or facts.case != case.brief.case:
        return None
    same = (facts.sop_instance_uid, facts.frame) == (asked.sop_instance_uid, asked.frame)
    return facts if same else None


def _checked(
    kind: MarkKind, points: tuple[Point, ...], text: str, frame: FrameFacts | None, sampled: Sampled | None
) -> Measured | Refused | None:
    """The value of these points on this frame, or why they are no mark."""
    if frame is None:
        return Refused("no-such-image", "This case has no such image.")
    if len(points) not in _COUNTS[kind]:
        return Refused("bad-points", f"A mark of the kind {kind} does not have {len(points)} points.")
    if not all(_inside(point, frame) for point in points):
        return Refused("bad-points", "A point lies outside the image.")
    if refusal := too_long("The text of a mark", text):
        return refusal
    if kind in _WORDED and not text.strip():
        return Refused("bad-text", "This mark needs words.")
    try:
        value = measured(kind, points, frame.spacing, sampled)
    except Unmeasurable as why:
        return Refused("bad-points", str(why))
    return None if value is None else _kept(value, frame)


def _kept(value: Measurement, frame: FrameFacts) -> Measured:
    """The value as the record keeps it, with where its millimetres come from."""
    parts = tuple([MeasuredPart(part.name, part.value, part.unit) for part in value.parts])
    metric = value.unit in _METRIC or any(part.unit in _METRIC for part in parts)
    source = frame.spacing.source if metric and frame.spacing is not None else None
    return Measured(value.value, value.unit, value.error, value.method, source, parts)


def _inside(point: Point, frame: FrameFacts) -> bool:
    column, row = point
    return isfinite(column) and isfinite(row) and 0 <= column <= frame.columns and 0 <= row <= frame.rows
