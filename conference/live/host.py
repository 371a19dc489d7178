"""The host of one open room: one task that decides, makes durable, and only then tells.

Each turn drains the inbox, decides every command on the running state, appends all events in one transaction, and after
the commit resolves the answers and gives each member their projection. The commit in flight is the batching window:
there is no timer. When the outcome of an append is unknown, what is in memory is dropped and read again from the log.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from agenda.ids import PersonId
from conference.errors import Fenced, RoomUnavailable
from conference.live.audience import Audience
from conference.live.member import Member
from conference.live.ports import Now, Store
from conference.record import log as record
from conference.room.commands import Command, Join, Leave
from conference.room.plain import Json
from conference.room.recorded import Recorded
from conference.room.refused import Refused
from conference.room.room import Accepted, Decided, RoomMachine
from conference.room.state import RoomState, replay
from conference.room.values import CommandId, Context, FrameFacts, Participant, Signature
from conference.wire.session import Close
from imaging.measure import Sampled

log = logging.getLogger(__name__)

_BATCH = 500
_BEAT_S = 1.0

Answer = Accepted | Refused


@dataclass(frozen=True, slots=True, eq=False)
class _Item:
    """A command on its way, and who waits for its answer."""

    who: Participant | None
    id: CommandId
    command: Command
    frame: FrameFacts | None
    signature: Signature | None
    sampled: Sampled | None
    beside: tuple[FrameFacts | None, ...]
    answer: "asyncio.Future[Answer]" = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Loaded:
    history: record.History
    epoch: int


def load(session: Session, room_id: str, owner: str) -> _Loaded:
    """Take the lease, then read the log: nobody else appends after this."""
    epoch = record.take_lease(session, room_id, owner)
    return _Loaded(record.history(session, room_id), epoch)


class RoomHost:
    """One open room. `start` before use; every method runs in the event loop's thread."""

    def __init__(
        self, room_id: str, store: Store, now: Now, *, owner: str, resume_events: int, leave_grace_s: float,
        committed: Callable[[str, Sequence[Recorded]], None],
    ) -> None:
        self.room_id = room_id
        self.over = False
        self._store, self._now, self._owner = store, now, owner
        self._resume_events, self._leave_grace_s = resume_events, leave_grace_s
        self._committed = committed
        self._audience = Audience(room_id)
        self._machine = RoomMachine()
        self._history: list[Recorded] = []
        self._head = record.Head()
        self._epoch = 0
        self._inbox: list[_Item] = []
        self._wake = asyncio.Event()
        self._leaving: dict[PersonId, asyncio.TimerHandle] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def state(self) -> RoomState:
        """The durable state."""
        return self._machine.state

    @property
    def head(self) -> record.Head:
        """The end of the durable log."""
        return self._head

    @property
    def members(self) -> int:
        """Open connections."""
        return len(self._audience)

    @property
    def idle(self) -> bool:
        """Nobody is connected, expected back or waiting for an answer."""
        return not self._audience and not self._inbox and not self._leaving

    async def start(self) -> None:
        """Read the log and begin to serve; whoever was present when the last host stopped has left."""
        await self._reload()
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._beat())]
        for person, seat in self.state.people.items():
            if seat.present:
                await self.submit(None, self._own_id("left", person), Leave(person))

    async def stop(self) -> None:
        """Stop serving; what was acknowledged is durable already."""
        self._end("server going away")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def submit(
        self, who: Participant | None, command_id: CommandId, command: Command, *, frame: FrameFacts | None = None,
        signature: Signature | None = None, sampled: Sampled | None = None, beside: tuple[FrameFacts | None, ...] = (),
    ) -> "asyncio.Future[Answer]":
        """Put a command in the inbox, after all that were submitted before.

        The future gives the answer once it is durable, or raises RoomUnavailable when the outcome is not known.
        """
        if self.over:
            raise RoomUnavailable("This room is closing; ask again.")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._inbox.append(_Item(who, command_id, command, frame, signature, sampled, beside, answer))
        self._wake.set()
        return answer

    async def enter(self, member: Member, since: int | None) -> None:
        """Seat a person and begin to serve their connection, from event `since` on or from the whole state."""
        person = member.participant.person_id
        if (leaving := self._leaving.pop(person, None)) is not None:
            leaving.cancel()
        await self.submit(None, self._own_id("join", person), Join(member.participant))
        self._audience.welcome(member, self.state, self._missed(since))

    def leave(self, member: Member) -> None:
        """A connection has ended; its person leaves with the last one, after a moment's grace."""
        member.stop()
        self._audience.remove(member, self.state)
        person = member.participant.person_id
        if self.over or self._audience.has(person) or person in self._leaving:
            return
        loop = asyncio.get_running_loop()
        self._leaving[person] = loop.call_later(self._leave_grace_s, self._gone, person)

    def move(self, member: Member, patch: dict[str, Json]) -> None:
        """Presence of a member; never logged."""
        if not self.over:
            self._audience.move(member.participant.person_id, patch, self.state)

    def _gone(self, person: PersonId) -> None:
        self._leaving.pop(person, None)
        if self._audience.has(person) or self.over:
            return
        self.submit(None, self._own_id("left", person), Leave(person)).add_done_callback(_heed)

    def _own_id(self, what: str, person: PersonId) -> CommandId:
        """Unique by the epoch, which no two hosts share, and by this host's own clock."""
        return CommandId(f"{what}-{person}-{self._epoch}-{time.monotonic_ns()}")

    def _missed(self, since: int | None) -> list[Recorded] | None:
        if since is None or since > self.state.seq or self.state.seq - since > self._resume_events:
            return None
        return self._history[since:]

    async def _run(self) -> None:
        while not self.over:
            await self._wake.wait()
            self._wake.clear()
            while self._inbox:
                batch, self._inbox = self._inbox[:_BATCH], self._inbox[_BATCH:]
                await self._turn(batch)

    async def _turn(self, batch: Sequence[_Item]) -> None:
        """One turn: decide, append, commit, answer, show."""
        try:
            answers = [(item, self._decide(item)) for item in batch]
            decided = [answer for _, answer in answers if isinstance(answer, Decided)]
            await self._append(decided)
        except Fenced:
            log.warning("room fenced", extra={"room_id": self.room_id})
            self._end("this room is led elsewhere")
            _fail(batch)
            return
        except Exception:  # whatever happened to the write, only the log knows its outcome
            log.exception("append with unknown outcome", extra={"room_id": self.room_id})
            await self._recover(batch)
            return
        recorded = [one for answer in decided for one in answer.recorded]
        self._take_up(recorded)
        for item, answer in answers:
            _resolve(item, _accepted(answer) if isinstance(answer, Decided) else answer)

    def _decide(self, item: _Item) -> Decided | Answer:
        context = Context(_stamp(self._now), item.frame, item.signature, item.sampled, item.beside)
        return self._machine.receive(item.who, item.id, item.command, context)

    async def _append(self, decided: Sequence[Decided]) -> None:
        entries = [
            record.Entry(answer.command, index, one)
            for answer in decided for index, one in enumerate(answer.recorded)
        ]
        if entries:
            self._head = await self._store.write(
                "room.append", record.append, self.room_id, self._epoch, self._head, entries
            )

    def _take_up(self, recorded: Sequence[Recorded]) -> None:
        if not recorded:
            return
        self._machine.commit(recorded)
        self._history.extend(recorded)
        self._audience.show(recorded, self.state)
        self._committed(self.room_id, recorded)

    async def _recover(self, batch: Sequence[_Item]) -> None:
        """Read the log again; it alone knows which of these commands took effect."""
        known = self.state.seq
        try:
            done = await self._reload()
        except Exception:  # the store is gone: close, clients come back when it is
            log.exception("room could not be read again", extra={"room_id": self.room_id})
            self._end("the record cannot be written")
            _fail(batch)
            return
        missed = self._history[known:]
        if missed:
            self._audience.show(missed, self.state)
            self._committed(self.room_id, missed)
        for item in batch:
            if item.id in done:
                _resolve(item, Accepted(done[item.id][1]))
        _fail(batch)

    async def _reload(self) -> dict[CommandId, tuple[PersonId | None, int]]:
        loaded = await self._store.write("room.open", load, self.room_id, self._owner)
        self._history = list(loaded.history.recorded)
        self._head, self._epoch = loaded.history.head, loaded.epoch
        self._machine = RoomMachine(replay(self._history), loaded.history.commands)
        return loaded.history.commands

    def _end(self, reason: str) -> None:
        self.over = True
        for timer in self._leaving.values():
            timer.cancel()
        self._leaving.clear()
        self._audience.close(Close.GOING_AWAY, reason)
        _fail(self._inbox)
        self._inbox = []
        self._wake.set()

    async def _beat(self) -> None:
        while not self.over:
            await asyncio.sleep(_BEAT_S)
            self._audience.beat()


def _accepted(decided: Decided) -> Accepted:
    return Accepted(decided.recorded[-1].seq, decided.recorded)


def _stamp(now: Now) -> str:
    return now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _resolve(item: _Item, answer: Answer) -> None:
    if not item.answer.done():
        item.answer.set_result(answer)


def _fail(items: Sequence[_Item]) -> None:
    for item in items:
        if not item.answer.done():
            item.answer.set_exception(RoomUnavailable("It is not known whether this took effect; ask again."))


def _heed(answer: "asyncio.Future[Answer]") -> None:
    """Nobody waits for the answer of a leave; look at it so that asyncio does not complain."""
    if not answer.cancelled() and answer.exception() is not None:
        log.info("a leave was not recorded")
