"""The course of a sitting: the agenda, opening, calling cases, ending. Rules R10 to R17."""

from math import isfinite

from conference.policy import RoomAction
from conference.room import commands as c
from conference.room import events as e
from conference.room.refused import Refused
from conference.room.seats import Answer, denied, listed
from conference.room.state import RoomState
from conference.room.text_fields import frozen_minutes
from conference.room.values import PANES, Context, FrameFacts, PaneView, Participant


def list_case(state: RoomState, command: c.ListCase) -> Answer:
    """Put a case on the agenda, or say what has changed of it (R10)."""
    known = state.cases.get(command.brief.case)
    if known is not None:
        if known.signed is not None:
            return ()  # what was signed was signed about the brief as it stood
        added = {option.key: option for option in known.options}
        if known.brief == command.brief and all(added.get(option.key) == option for option in command.options):
            return ()
    return (e.CaseListed(command.brief, command.options),)


def unlist_case(state: RoomState, command: c.UnlistCase) -> Answer:
    """Take a case off the agenda, unless it was called: what was discussed stays on record (R11)."""
    case = state.cases.get(command.case)
    if case is None:
        return ()
    if case.called_at is not None:
        return Refused("already-called", "This case was called to the table; it stays on the record.")
    return (e.CaseUnlisted(command.case),)


def arrange_cases(state: RoomState, command: c.ArrangeCases) -> Answer:
    """Set the running order; it names every listed case once (R12)."""
    if sorted(command.order) != sorted(state.cases):
        return Refused("bad-order", "The order must name every case of the agenda once.")
    return () if command.order == state.order else (e.CasesArranged(command.order),)


def announce_images(state: RoomState, command: c.AnnounceImages) -> Answer:
    """Say that a study can be seen."""
    case = state.cases.get(command.case)
    if case is None:
        return Refused("no-such-case", "This case is not on the agenda.")
    if command.study_instance_uid in case.studies:
        return ()
    return (e.ImagesArrived(command.case, command.study_instance_uid),)


def announce_levels(state: RoomState, command: c.AnnounceLevels) -> Answer:
    """Say that the levels of a case stand otherwise, and not how (R120)."""
    if command.case not in state.cases:
        return Refused("no-such-case", "This case is not on the agenda.")
    return (e.LevelsChanged(command.case, command.part),)


def time_cases(state: RoomState, command: c.TimeCases) -> Answer:
    """Say when cases are planned; every one is listed."""
    if not set(command.planned) <= set(state.cases):
        return Refused("no-such-case", "A time is planned for a case that is not on the agenda.")
    return () if state.planned == command.planned else (e.CasesTimed(command.planned),)


def open_conference(state: RoomState, who: Participant) -> Answer:
    """Begin the sitting, once (R13)."""
    if refusal := denied(state, who, RoomAction.RUN):
        return refusal
    if state.phase == "ended":
        return Refused("ended", "This conference has ended.")
    return () if state.phase == "open" else (e.ConferenceOpened(),)


def call_case(state: RoomState, who: Participant, command: c.CallCase) -> Answer:
    """Bring a case to the table of an open conference (R14)."""
    if refusal := denied(state, who, RoomAction.RUN) or not_open(state):
        return refusal
    case = listed(state, who, command.case)
    if isinstance(case, Refused):
        return case
    return () if state.table == command.case else (e.CaseCalled(command.case),)


def end_conference(state: RoomState, who: Participant, context: Context) -> Answer:
    """Close the sitting (R15); minutes that were not read back are frozen as they stand (R94)."""
    if refusal := denied(state, who, RoomAction.RUN):
        return refusal
    if state.phase == "preparing":
        return Refused("not-open", "The conference has not been opened.")
    if state.phase == "ended":
        return ()
    kept = [one for key, case in state.cases.items() for one in frozen_minutes(key, case, context.typed.get(key))]
    return (*kept, e.ConferenceEnded())


def not_open(state: RoomState) -> Refused | None:
    """A refusal unless the conference is open (R13)."""
    match state.phase:
        case "open":
            return None
        case "preparing":
            return Refused("not-open", "The conference has not been opened.")
        case "ended":
            return Refused("ended", "This conference has ended.")


def show(state: RoomState, who: Participant, command: c.Show, context: Context) -> Answer:
    """Rest on an image of the case on the table (R16, R17, R19)."""
    if refusal := denied(state, who, RoomAction.SHOW) or not_open(state):
        return refusal
    case = listed(state, who, command.case)
    if isinstance(case, Refused):
        return case
    if state.table != command.case:
        return Refused("not-on-table", "This case is not on the table.")
    view = command.viewport
    if refusal := _misfit(command, context):
        return refusal
    return () if case.shown == view else (e.Shown(command.case, view),)


def _misfit(command: c.Show, context: Context) -> Refused | None:
    """What is wrong with the panes of a screen (R17, R19)."""
    view = command.viewport
    count = PANES[view.layout]
    if len(view.beside) != count - 1 or not 0 <= view.place < count:
        return Refused("bad-layout", "A screen has one, two, four or six panes, and tells of every one what it shows.")
    frames = (*context.beside, *[None] * len(view.beside))
    panes = [(view, context.frame), *zip(view.beside, frames, strict=False)]
    for pane, frame in panes:
        if pane is None:
            continue
        if not _rests(pane, frame, command):
            return Refused("no-such-image", "This case has no such image.")
        if not _sound(pane):
            return Refused("bad-viewport", "This is not a view of an image.")
    return None


def _rests(view: PaneView, frame: FrameFacts | None, command: c.Show) -> bool:
    wanted = (command.case, view.sop_instance_uid, view.frame)
    return frame is not None and (frame.case, frame.sop_instance_uid, frame.frame) == wanted


def _sound(view: PaneView) -> bool:
    window = (view.window_centre, view.window_width)
    numbers = [view.zoom, *view.pan, *(value for value in window if value is not None)]
    return (
        all(map(isfinite, numbers))
        and 0 < view.zoom <= 1000
        and view.rotation in (0, 90, 180, 270)
        and (view.window_centre is None) == (view.window_width is None)
        # PS3.3 C.11.2.1.2.1: Window Width shall always be greater than or equal to 1.
        and (view.window_width is None or view.window_width >= 1)
    )
