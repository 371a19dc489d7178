"""A room without I/O: commands in, decisions out; the host makes them durable and then says so.

    receive(…) → Decided    append it durably, then commit(decided)
               → Refused    tell the person; nothing happened
               → Accepted   it was decided before, or changes nothing; tell the person

Several commands may be received before the first is committed: each is decided on the state that the earlier ones will
have made (`RoomMachine.running`), which is what lets a host append them in one transaction.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agenda.ids import PersonId
from conference.room.commands import Command
from conference.room.decide import decide
from conference.room.evolve import evolve, replay
from conference.room.recorded import Recorded
from conference.room.refused import Refused
from conference.room.state import EMPTY, RoomState
from conference.room.values import CommandId, Context, Participant

_REMEMBERED = 1024
"""Refusals kept for a client that asks again; accepted commands are known for ever, by the log."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command that holds; `seq` is the number of its last event, or of the state it did not have to change."""

    seq: int
    events: tuple[Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """Events that follow from a command, numbered, not yet durable."""

    command: CommandId
    person: PersonId | None
    recorded: tuple[Recorded, ...]


class RoomMachine:
    """One room; `state` holds what is durable, `running` also what is on its way."""

    def __init__(self, state: RoomState = EMPTY, done: Mapping[CommandId, tuple[PersonId | None, int]] = {}) -> None:
        """Done: every command of the log with who gave it and the number of its last event."""
        self.state = state
        self.running = state
        self._done = dict(done)
        self._refused: OrderedDict[tuple[PersonId | None, CommandId], Refused] = OrderedDict()

    def receive(
        self, who: Participant | None, command_id: CommandId, command: Command, context: Context
    ) -> Decided | Accepted | Refused:
        """Decide one command on the running state; a command seen before has the answer it had (R1)."""
        person = None if who is None else who.person_id
        if (done := self._done.get(command_id)) is not None:
            return self._again(done, person)
        if (refused := self._refused.get((person, command_id))) is not None:
            return refused
        at = max(context.at, self.running.at)
        answer = decide(self.running, who, command, context if context.at == at else replace(context, at=at))
        if isinstance(answer, Refused):
            return self._remember(person, command_id, answer)
        if not answer:
            return Accepted(self.running.seq)
        first = self.running.seq + 1
        recorded = tuple(Recorded(first + index, at, person, event) for index, event in enumerate(answer))
        for one in recorded:
            self.running = evolve(self.running, one)
        self._done[command_id] = (person, recorded[-1].seq)
        return Decided(command_id, person, recorded)

    def knows(self, command_id: CommandId) -> bool:
        """Was a command of this identity carried out before?"""
        return command_id in self._done

    def note(self, command_id: CommandId, person: PersonId) -> None:
        """A command that made no event, and yet is done for ever: its effect is kept beside the log (R91)."""
        self._done[command_id] = (person, self.running.seq)

    def commit(self, recorded: Sequence[Recorded]) -> None:
        """Take up records that are now durable, in their order."""
        seq = self.state.seq
        for one in recorded:
            seq += 1
            assert one.seq == seq, "committed out of order"
        if seq == self.running.seq:  # nothing else is on its way, as it is whenever the host keeps to one batch
            self.state = self.running
        else:
            self.state = replay(recorded, self.state)

    def _again(self, done: tuple[PersonId | None, int], person: PersonId | None) -> Accepted | Refused:
        by, seq = done
        if by != person:
            return Refused("duplicate-command", "Another person's command has this identity.")
        return Accepted(seq)

    def _remember(self, person: PersonId | None, command_id: CommandId, refused: Refused) -> Refused:
        self._refused[person, command_id] = refused
        if len(self._refused) > _REMEMBERED:
            self._refused.popitem(last=False)
        return refused
