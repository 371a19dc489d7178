"""The database as a live room needs it, and the facts of images that marks are checked against."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlmodel import Session

from agenda.cases import studies_of
from agenda.ids import CaseId
from conference.room.values import FrameFacts, Spacing
from imaging.errors import NotFound
from imaging.studies import frame_facts, study_of_instance
from web.clock import now
from web.database import Database, Deed

P = ParamSpec("P")
R = TypeVar("R")


class RoomStore:
    """`conference.live.ports.Store` over the one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(
        self, activity: str, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """One transaction on the writer thread, in the name of the server."""
        return await self._database.write(Deed("system", "Consilium", activity, now()), work, *args, **kwargs)

    async def read(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A read on a reader's connection."""
        return await self._database.read(work, *args, **kwargs)


def facts_of(session: Session, case: CaseId, sop_instance_uid: str, frame: int) -> FrameFacts | None:
    """What the room must know of one frame; None when the case has no such image."""
    try:
        if study_of_instance(session, sop_instance_uid) not in studies_of(session, case):
            return None
        found = frame_facts(session, sop_instance_uid, frame)
    except NotFound:
        return None
    row_mm, column_mm, source = found.row_spacing_mm, found.column_spacing_mm, found.spacing_source
    spacing = None
    if row_mm is not None and column_mm is not None and source != "none":
        spacing = Spacing(row_mm, column_mm, source)
    return FrameFacts(sop_instance_uid, frame, found.rows, found.columns, spacing, case)
