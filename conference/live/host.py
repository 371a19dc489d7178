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

from agenda.ids import CaseId, PersonId
from conference.errors import Fenced, RoomUnavailable
from conference.live.audience import Audience
from conference.live.member import Member
from conference.live.outbox import Message
from conference.live.ports import Now, Store
from conference.live.texts import Texts
from conference.record import log as record
from conference.record.snapshots import state_of
from conference.room.commands import Choose, Command, EndConference, Join, Leave, ReadBack, TypeText
from conference.room.joint_text import type_text
from conference.room.lobby import in_lobby
from conference.room.plain import Json
from conference.room.recorded import Recorded
from conference.room.refused import Refused
from conference.room.room import Accepted, Decided, RoomMachine
from conference.room.state import RoomState
from conference.room.values import CommandId, Context, FrameFacts, Participant, Signature
from conference.room.visibility import sight
from conference.text import store as text_store
from conference.text.update import Malformed
from conference.wire import session as wire
from conference.wire.session import Close
from imaging.measure import Sampled

log = logging.getLogger(__name__)

_BATCH = 500
_BEAT_S = 1.0
_OF_TEXT = (Choose, ReadBack, EndConference)
"""Commands that are decided on what the joint texts say."""

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
    state: RoomState
    epoch: int
    texts: dict[CaseId, text_store.Stored]
    typed: dict[CommandId, PersonId]

    @property
    def done(self) -> dict[CommandId, tuple[PersonId | None, int]]:
        """Every command that took effect."""
        return {command: (person, 0) for command, person in self.typed.items()} | self.history.commands


def load(session: Session, room_id: str, owner: str) -> _Loaded:
    """Take the lease, then read the log and the texts: nobody else appends after this."""
    epoch = record.take_lease(session, room_id, owner)
    history = record.history(session, room_id)
    state = state_of(session, room_id, history.recorded, history.digests)
    texts, typed = text_store.texts(session, room_id), text_store.typed_commands(session, room_id)
    return _Loaded(history, state, epoch, texts, typed)


def write(
    session: Session, room_id: str, epoch: int, head: record.Head, entries: Sequence[record.Entry],
    typed: Sequence[text_store.Typed],
) -> record.Head:
    """One turn's records and updates, all or nothing; gives the new head. Raises Fenced and IntegrityError."""
    text_store.append(session, room_id, epoch, typed)
    return record.append(session, room_id, epoch, head, entries) if entries else head


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
        self._texts = Texts()
        self._readers: list[tuple[Member, CaseId, bytes]] = []
        self._history: list[Recorded] = []
        self._head = record.Head()
        self._epoch = 0
        self._at = ""
        """When the turn that runs was begun: the time of all that is decided in it."""
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
        self._texts.seed(self.state)
        self._wake.set()
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
        self._audience.welcome(member, self.state, self._missed(since), _stamp(self._now))

    def leave(self, member: Member) -> None:
        """A connection has ended; its person leaves with the last one, after a moment's grace."""
        member.stop()
        self._audience.remove(member)
        person = member.participant.person_id
        if self.over or self._audience.has(person) or person in self._leaving:
            return
        loop = asyncio.get_running_loop()
        self._leaving[person] = loop.call_later(self._leave_grace_s, self._gone, person)

    def move(self, member: Member, patch: dict[str, Json]) -> None:
        """Presence of a member; never logged. A caret is theirs who may type there, in the case on the table (R98)."""
        if self.over:
            return
        if (caret := patch.get("caret")) is not None and not self._may_type(member, caret):
            patch = {**patch, "caret": None}
        self._audience.move(member.participant.person_id, patch)

    def _may_type(self, member: Member, caret: Json) -> bool:
        if not isinstance(caret, dict) or caret["case"] != self.state.table or self.state.table is None:
            return False
        return type_text(self.state, member.participant, TypeText(self.state.table, "")) == ()

    def read_text(self, member: Member, case: CaseId, state: bytes) -> None:
        """Give a member the joint text of a case as it is durable, as far as it is not in `state`."""
        if not self.over:
            self._readers.append((member, case, state))
            self._wake.set()

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
            while (self._inbox or self._texts.staged) and not self.over:
                batch, self._inbox = self._inbox[:_BATCH], self._inbox[_BATCH:]
                self._at = _stamp(self._now)
                await self._turn(batch)
            self._serve_readers()
            await self._compact()

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
        for case, updates in self._texts.committed().items():
            self._audience.typed(case, updates, self.state)
        self._take_up(recorded)
        for item, answer in answers:
            _resolve(item, _accepted(answer) if isinstance(answer, Decided) else answer)

    def _decide(self, item: _Item) -> Decided | Answer:
        typed = self._texts.typed(self._machine.running) if isinstance(item.command, _OF_TEXT) else {}
        context = Context(self._at, item.frame, item.signature, item.sampled, item.beside, typed)
        known = self._machine.knows(item.id)
        answer = self._machine.receive(item.who, item.id, item.command, context)
        if known:
            return answer  # whatever it carries now: it was carried out when its identity was first used
        if isinstance(answer, Decided):
            self._texts.follow(answer.recorded, self._machine.running)
        if isinstance(item.command, TypeText) and isinstance(answer, Accepted) and item.who is not None:
            return self._typed(item.command, item.id, item.who.person_id, context.at) or answer
        return answer

    def _typed(self, command: TypeText, command_id: CommandId, person: PersonId, at: str) -> Refused | None:
        running = self._machine.running
        refused = self._texts.take(command, command_id, person, running, max(at, running.at))
        if refused is None:
            self._machine.note(command_id, person)
        return refused

    async def _append(self, decided: Sequence[Decided]) -> None:
        entries = [
            record.Entry(answer.command, index, one)
            for answer in decided for index, one in enumerate(answer.recorded)
        ]
        typed = self._texts.staged
        if entries or typed:
            self._head = await self._store.write(
                "room.append", write, self.room_id, self._epoch, self._head, entries, typed
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
        known, ends = self.state.seq, self._durable_ends()
        try:
            done = await self._reload()
        except Exception:  # the store is gone: close, clients come back when it is
            log.exception("room could not be read again", extra={"room_id": self.room_id})
            self._end("the record cannot be written")
            _fail(batch)
            return
        for case, end in self._texts.ends().items():
            if end > ends.get(case, 0):  # who wrote what of it does not matter: merging it again changes nothing
                self._audience.typed(case, [("", self.state.at, self._texts.since(case, b"")[1])], self.state)
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
        self._machine = RoomMachine(loaded.state, loaded.done)
        self._texts = Texts(loaded.texts)
        return loaded.done

    def _durable_ends(self) -> dict[CaseId, int]:
        """The number of the last update of each case that members have been given."""
        ends = self._texts.ends()
        for one in self._texts.staged:
            ends[one.case] = min(ends[one.case], one.seq - 1)
        return ends

    def _serve_readers(self) -> None:
        readers, self._readers = self._readers, []
        for member, case, known in readers:
            seen = sight(self.state, member.participant).of(case) and not in_lobby(self.state, member.participant)
            try:
                state, update = (self._texts if seen else Texts()).since(case, known)  # R98: others' do not exist
            except Malformed:
                member.close(Close.PROTOCOL_ERROR, "not a state of this text")
                continue
            member.durable(Message(wire.text(case, state, update)))

    async def _compact(self) -> None:
        """Keep long documents as one update; what goes wrong here costs nothing but the room's next opening."""
        for due in self._texts.due():
            try:
                await self._store.write(
                    "room.compact", text_store.compact, self.room_id, self._epoch, due.case, due.seq, due.whole
                )
            except Exception:
                log.exception("a text was not compacted", extra={"room_id": self.room_id})
            self._texts.compacted(due)

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
            self._audience.beat(self.state, _stamp(self._now))


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
