"""The pixels under a mark, asked for before the room decides: slow or unreadable, they cost the mark its mean alone."""

import asyncio
import logging

from conference.live.ports import PixelsOf
from conference.room.commands import Command, Draw, Reshape
from conference.room.state import RoomState
from conference.room.values import FrameFacts, MarkKind
from imaging.errors import ImagingError
from imaging.measure import SAMPLED_KINDS, Sampled

log = logging.getLogger(__name__)

_PATIENCE_S = 3.0
"""A frame is decoded in some 50 ms; whoever draws does not wait for a machine that is busy beyond measure."""


async def sampled(
    pixels: PixelsOf | None, state: RoomState, command: Command, frame: FrameFacts | None
) -> Sampled | None:
    """What the pixels under the mark of a command are worth; None: it covers none, or they cannot be read."""
    if pixels is None or frame is None or not isinstance(command, Draw | Reshape):
        return None
    kind = command.kind if isinstance(command, Draw) else _kind(state, command)
    within = all(0 <= column <= frame.columns and 0 <= row <= frame.rows for column, row in command.points)
    if kind is None or kind not in SAMPLED_KINDS or not within:
        return None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await pixels(frame, kind, command.points)
    except (ImagingError, TimeoutError) as error:
        log.warning("pixels under a mark were not read", extra={"kind": type(error).__name__})
        return None


def _kind(state: RoomState, command: Reshape) -> MarkKind | None:
    case_id = state.mark_cases.get(command.mark)
    case = None if case_id is None else state.cases.get(case_id)
    mark = None if case is None else case.marks.get(command.mark)
    return None if mark is None else mark.kind
