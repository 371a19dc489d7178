"""Harnesses of the room's promises. Each takes the variant to try and raises AssertionError when a promise breaks.

A harness that no mutant fails proves nothing: `test_mutants.py` runs each on the product, which must pass, and on the
mutants of `variants.py`, which must not.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from conference.errors import RoomUnavailable
from conference.live.host import RoomHost
from conference.live.member import Member
from conference.record import log
from conference.room import commands as c
from conference.room.recorded import Recorded
from conference.room.refused import Refused
from conference.room.room import Accepted
from conference.room.values import CommandId, FrameFacts, Participant
from tests.live_rooms import AT, ROOM, Wire, settle
from tests.rooms import CHAIR, HIP, OPTIONS, SURGEON, THERAPIST, brief, draw, frame
from web.database import Database
from web.sockets.store import RoomStore

Host = type[RoomHost]


class HeldStore(RoomStore):
    """A store whose appends wait until they are let go: the moment between deciding and being durable."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.go, self.held = asyncio.Event(), asyncio.Event()
        self.go.set()

    async def write(self, activity: str, work: Any, *args: Any, **kwargs: Any) -> Any:
        if activity == "room.append":
            if not self.go.is_set():
                self.held.set()
            await self.go.wait()
        return await super().write(activity, work, *args, **kwargs)


def _ignore(_room_id: str, _recorded: Sequence[Recorded]) -> None:
    return


async def started(kind: Host, store: RoomStore, owner: str = "one") -> RoomHost:
    host = kind(ROOM, store, lambda: AT, owner=owner, resume_events=1000, leave_grace_s=0.0, committed=_ignore)
    await host.start()
    return host


async def _seated(host: RoomHost, person: Participant, wire: Wire) -> Member:
    member = Member(person, wire, limit_bytes=1 << 20, patience_s=10.0)
    await host.enter(member, None)
    return member


async def _say(
    host: RoomHost, who: Participant | None, command_id: str, command: c.Command, facts: FrameFacts | None = None
) -> Any:
    return await host.submit(who, CommandId(command_id), command, frame=facts)


async def _opened(host: RoomHost) -> tuple[Wire, Wire]:
    await _say(host, None, "list-0001", c.ListCase(brief(), OPTIONS))
    chair, surgeon = Wire(), Wire()
    await _seated(host, CHAIR, chair)
    await _seated(host, SURGEON, surgeon)
    await _say(host, CHAIR, "open-0001", c.OpenConference())
    await _say(host, CHAIR, "call-0001", c.CallCase(HIP))
    await settle()
    return chair, surgeon


async def nothing_leaves_before_it_is_durable(kind: Host, database: Database) -> None:
    """While an append is pending nobody has an acknowledgement or the event; when it fails nobody ever had."""
    store = HeldStore(database)
    host = await started(kind, store)
    chair, _ = await _opened(host)
    store.go.clear()
    answer = host.submit(SURGEON, CommandId("draw-0001"), draw(), frame=frame())
    await asyncio.wait_for(store.held.wait(), 20)
    await settle()
    early = answer.done()
    told = any(one["event"]["type"] == "drawn" for one in chair.events())
    store.go.set()
    await answer
    await settle()
    try:
        assert not early, "acknowledged before it was durable"
        assert not told, "shown before it was durable"
        assert any(one["event"]["type"] == "drawn" for one in chair.events()), "never shown"
    finally:
        await host.stop()


async def a_fenced_host_writes_nothing(kind: Host, database: Database) -> None:
    """A host that was paused while another took the room over must not append, though no number is taken yet."""
    first = await started(kind, RoomStore(database))
    await _opened(first)
    second = await started(kind, _Quiet(database), owner="two")
    before = database.read_now(log.head_of, ROOM)
    try:
        try:
            answer = await _say(first, SURGEON, "draw-0001", draw(), frame())
        except RoomUnavailable:
            answer = None
        assert not isinstance(answer, Accepted), "a fenced host acknowledged"
        assert database.read_now(log.head_of, ROOM) == before, "a fenced host wrote"
    finally:
        await first.stop()
        await second.stop()


class _Quiet(RoomStore):
    """A store of a host that has taken the lease and not written yet."""

    async def write(self, activity: str, work: Any, *args: Any, **kwargs: Any) -> Any:
        if activity == "room.append":
            return log.Head()
        return await super().write(activity, work, *args, **kwargs)


async def a_command_sent_again_makes_no_second_event(kind: Host, database: Database) -> None:
    """The same command id to the same host and to the next one: the same answer, one event."""
    first = await started(kind, RoomStore(database))
    await _opened(first)
    raised = c.RaiseHand()
    one = await _say(first, SURGEON, "hand-0001", raised)
    await _say(first, SURGEON, "down-0001", c.LowerHand(SURGEON.person_id))
    two = await _say(first, SURGEON, "hand-0001", raised)
    await first.stop()
    second = await started(kind, RoomStore(database), owner="two")
    try:
        await _seated(second, SURGEON, Wire())
        three = await _say(second, SURGEON, "hand-0001", raised)
        assert not any(isinstance(answer, Refused) for answer in (one, two, three))
        assert one.seq == two.seq == three.seq, "another answer to the same command"
        kinds = [type(recorded.event).__name__ for recorded in database.read_now(log.history, ROOM).recorded]
        assert kinds.count("HandRaised") == 1, "a second event"
    finally:
        await second.stop()


async def one_stalled_reader_holds_nobody_up(kind: Host, database: Database) -> None:
    """A member that reads nothing any more: everybody else goes on, and it is cut when it lags too far."""
    host = await started(kind, RoomStore(database))
    chair, _ = await _opened(host)
    stalled = Wire()
    member = Member(THERAPIST, stalled, limit_bytes=65_536, patience_s=10.0)
    await host.enter(member, None)
    await settle()
    stalled.reading.clear()
    try:
        for number in range(40):
            answer = host.submit(
                SURGEON,
                CommandId(f"draw-{number:04}"),
                draw(f"m{number}", kind="text", points=((1.0, 1.0),), text="x" * 500),
                frame=frame(),
            )
            done, _pending = await asyncio.wait([answer], timeout=2.0)
            assert done, "one stalled reader holds the room up"
        await settle()
        assert len([one for one in chair.events() if one["event"]["type"] == "drawn"]) == 40
        for number in range(40, 200):
            await _say(
                host,
                SURGEON,
                f"draw-{number:04}",
                draw(f"m{number}", kind="text", points=((1.0, 1.0),), text="x" * 500),
                frame(),
            )
        assert stalled.aborted, "a member that lags for ever is never cut"
    finally:
        stalled.reading.set()
        await host.stop()


HARNESSES = (
    nothing_leaves_before_it_is_durable,
    a_fenced_host_writes_nothing,
    a_command_sent_again_makes_no_second_event,
    one_stalled_reader_holds_nobody_up,
)
