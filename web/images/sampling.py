"""The pixels under a mark of the room, read from the vault by a picture worker."""

from collections.abc import Sequence

from sqlmodel import Session

from conference.live.ports import PixelsOf
from conference.room.values import FrameFacts, Point
from imaging import studies
from imaging.measure import Sampled
from imaging.pixels.pictures import Pictures
from imaging.pixels.stack import stack_of
from web.database import Database


def reader(database: Database, pictures: Pictures) -> PixelsOf:
    """What a room asks for the pixels under a mark."""

    async def pixels(frame: FrameFacts, kind: str, points: Sequence[Point]) -> Sampled | None:
        series, count = await database.read(_series, frame.sop_instance_uid)
        stack = pictures.stacks.get(series, count)
        if stack is None:
            stack = pictures.stacks.remember(await database.read(stack_of, series))
        index = stack.index_of(frame.sop_instance_uid, frame.frame)
        return None if index is None else await pictures.sampled(stack, index, kind, points)

    return pixels


def _series(session: Session, sop_instance_uid: str) -> tuple[str, int]:
    """The series of an image and how many images it has."""
    series = studies.instance(session, sop_instance_uid).series_instance_uid
    return series, studies.count_of(session, series)[0]
