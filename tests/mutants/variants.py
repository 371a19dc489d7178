"""Hosts with one promise broken each: the mistakes that look right in a demonstration."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from conference.live.host import RoomHost, _accepted, _Item, _resolve
from conference.record import log
from conference.room.room import Decided
from conference.room.visibility import Sight, shown_all
from conference.wire import session as wire


class AcknowledgesFirst(RoomHost):
    """Answers as soon as it has decided; the write follows."""

    async def _turn(self, batch: Sequence[_Item]) -> None:
        for item in batch:
            answer = self._decide(item)
            _resolve(item, _accepted(answer) if isinstance(answer, Decided) else answer)
            if isinstance(answer, Decided):
                await self._append([answer])
                self._take_up(answer.recorded)


class ShowsFirst(RoomHost):
    """Shows the events to the room while they are being written."""

    async def _append(self, decided: Sequence[Decided]) -> None:
        recorded = [one for answer in decided for one in answer.recorded]
        if recorded:
            self._audience.show(recorded, self._machine.running)
        await super()._append(decided)


class Unfenced(RoomHost):
    """Appends without naming the epoch it was made under."""

    async def _append(self, decided: Sequence[Decided]) -> None:
        entries = [
            log.Entry(answer.command, index, one) for answer in decided for index, one in enumerate(answer.recorded)
        ]
        if entries:
            self._head = await self._store.write(
                "room.append", _plain_append, self.room_id, self._epoch, self._head, entries
            )


def _plain_append(
    session: Session, room_id: str, epoch: int, head: log.Head, entries: Sequence[log.Entry]
) -> log.Head:
    for entry in entries:
        row = log._row(room_id, epoch, head, entry)
        session.connection().execute(insert(log._EVENTS).values(**{f"{name}": value for name, value in row.items()}))
        head = log.Head(entry.recorded.seq, row["digest"])
    return head


class ForgetsCommands(RoomHost):
    """Gives every arrival of a command an identity of its own."""

    _arrivals = count()

    def submit(self, who: Any, command_id: Any, command: Any, **extra: Any) -> Any:
        return super().submit(who, type(command_id)(f"{command_id}-{next(self._arrivals)}"), command, **extra)


class SendsInTurn(RoomHost):
    """Awaits each member's send before the next, and the room's next turn after all of them."""

    async def _turn(self, batch: Sequence[_Item]) -> None:
        answers = [(item, self._decide(item)) for item in batch]
        decided = [answer for _, answer in answers if isinstance(answer, Decided)]
        await self._append(decided)
        recorded = [one for answer in decided for one in answer.recorded]
        self._machine.commit(recorded)
        self._history.extend(recorded)
        if recorded:
            text = wire.happened(shown_all(recorded, Sight(None, None), self.state), None)
            for member in self._audience.everybody():
                await member._connection.send(text)
        for item, answer in answers:
            _resolve(item, _accepted(answer) if isinstance(answer, Decided) else answer)
