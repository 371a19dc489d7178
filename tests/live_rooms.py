"""Live rooms for tests: a real database, a fake socket, and a conference with two cases on its agenda."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from agenda.boards import Board
from agenda.cases import Case, Question
from agenda.conferences import AgendaItem, Conference
from agenda.ids import CaseId
from agenda.people import Discipline, Person, Site
from conference.live.hosts import Rooms
from conference.live.member import Member
from conference.record.replay import Follower
from conference.room.values import FrameFacts, Participant
from conference.settings import ConferenceSettings
from tests.rooms import HIP, IMAGE, KNEE, SPACING
from web.database import Database, Deed
from web.sockets.store import RoomStore

ROOM = "conference-1"
AT = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
DEED = Deed("test", "Test", "test.seed", AT)


def seed(session: Session) -> None:
    """A board, a conference, two cases with a question each."""
    session.add(Site(id="site", name="Valley", time_zone="America/Denver"))
    for code in ("spine-surgery", "physical-therapy", "primary-care"):
        session.add(Discipline(code=code, name=code, colour="#336699", shape="circle"))
    session.flush()
    session.add(
        Person(
            id="ada",
            name="Dr Ada Chair",
            email="ada@x.org",
            standing="member",
            site_id="site",
            discipline="spine-surgery",
        )
    )
    session.add(
        Person(
            id="fay",
            name="Dr Fay Rural",
            email="fay@x.org",
            standing="referrer",
            site_id="site",
            discipline="primary-care",
        )
    )
    session.add(
        Board(
            id="board",
            name="Spine",
            time_zone="America/Denver",
            required_disciplines=["spine-surgery", "physical-therapy"],
        )
    )
    session.flush()
    session.add(Conference(id=ROOM, board_id="board", title="Thursday", starts_at=AT, chair_id="ada"))
    for number, key in enumerate((HIP, KNEE), 1):
        session.add(
            Case(
                id=key,
                number=number,
                board_id="board",
                referrer_id="fay",
                state="scheduled",
                created_at=AT,
                goal="Walk",
            )
        )
        session.flush()
        session.add(
            Question(
                id=f"q-{key}",
                case_id=key,
                kind="surgical-candidacy",
                discipline="spine-surgery",
                text="Is surgery indicated?",
            )
        )
        session.add(AgendaItem(id=f"item-{key}", conference_id=ROOM, case_id=key, position=number))


def facts(_session: Session, case: CaseId, sop_instance_uid: str, frame: int) -> FrameFacts | None:
    """Every case has the one image."""
    if (sop_instance_uid, frame) != (IMAGE, 1):
        return None
    return FrameFacts(IMAGE, 1, 512, 512, SPACING, case)


class Wire:
    """A fake socket; `stalled` makes it a peer that does not read."""

    def __init__(self, *, fast: bool = False) -> None:
        self.received: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self.aborted = False
        self.reading = asyncio.Event()
        self.reading.set()
        self._fast = fast

    async def send(self, text: str) -> None:
        await self.reading.wait()
        self.received.append(json.loads(text))

    def send_frame(self, frame: bytes) -> bool:
        if not self._fast or not self.reading.is_set():
            return False
        head = 2 if frame[1] < 126 else 4 if frame[1] == 126 else 10
        self.received.append(json.loads(frame[head:]))
        return True

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def abort(self) -> None:
        self.aborted = True

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.received if message["type"] == kind]

    def events(self) -> list[dict[str, Any]]:
        return [
            record
            for message in self.received
            if message["type"] in ("events", "welcome")
            for record in message["events"]
        ]


@asynccontextmanager
async def rooms(
    database: Database,
    *,
    followers: tuple[Follower, ...] = (),
    store: RoomStore | None = None,
    owner: str = "test",
    **settings: Any,
) -> AsyncIterator[Rooms]:
    """Started rooms, stopped at the end."""
    chosen = ConferenceSettings(**({"leave_grace_s": 0.0} | settings))
    made = Rooms(store or RoomStore(database), lambda: AT, facts, chosen, followers, owner)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def enter(rooms: Rooms, person: Participant, wire: Wire, since: int | None = None, **limits: Any) -> Member:
    """Let somebody in through a fake socket."""
    member = Member(person, wire, **({"limit_bytes": 1 << 20, "patience_s": 10.0} | limits))
    await rooms.enter(ROOM, member, since)
    return member


async def settle(turns: int = 50) -> None:
    """Let every ready task run."""
    for _ in range(turns):
        await asyncio.sleep(0)
