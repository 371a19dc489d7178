"""One member of a live room: a connection, and what happens when it does not keep up."""

import asyncio
import logging
import time
from collections.abc import Mapping

from conference.live.outbox import Message, Outbox
from conference.live.ports import Connection
from conference.room.plain import Json
from conference.room.values import Participant

log = logging.getLogger(__name__)


class Member:
    """A person's connection. `durable` and `presence` never wait and never raise."""

    def __init__(
        self, participant: Participant, connection: Connection, *, limit_bytes: int, patience_s: float
    ) -> None:
        self.participant = participant
        self.over = False
        self._connection = connection
        self._outbox = Outbox(limit_bytes=limit_bytes, patience_s=patience_s)
        self._drain: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    def durable(self, message: Message) -> None:
        """Deliver a message that must arrive, after all that waits."""
        if self.over or (self._drain is None and self._connection.send_frame(message.frame)):
            return
        self._outbox.durable(message.text)
        self._start()

    def presence(self, message: Message, people: Mapping[str, Json]) -> None:
        """Deliver presence; a member that lags gets the newest only, once it can."""
        if self.over or (self._drain is None and self._connection.send_frame(message.frame)):
            return
        self._outbox.presence(people)
        self._start()

    def beat(self, message: Message, at: float) -> None:
        """Once a second: a sign of life, and the cut for whoever takes nothing any more."""
        if self._outbox.too_slow(at):
            self.cut()
        elif self._drain is None:
            self.durable(message)

    def cut(self) -> None:
        """Drop a connection that does not keep up; its client comes back and asks for what is missing."""
        if self.over:
            return
        log.info("member cut: too slow", extra={"person_id": self.participant.person_id})
        self._end()
        self._connection.abort()

    def close(self, code: int, reason: str) -> None:
        """Deliver nothing more and close."""
        if self.over:
            return
        self._end()
        self._closing = asyncio.create_task(self._close(code, reason))

    def stop(self) -> None:
        """The connection has ended by itself."""
        self._end()

    async def closed(self) -> None:
        """Wait until a close that was begun has been made."""
        if self._closing is not None:
            await self._closing

    def _end(self) -> None:
        self.over = True
        if self._drain is not None:
            self._drain.cancel()
            self._drain = None

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(1.0):
                await self._connection.close(code, reason)
        except (TimeoutError, OSError, RuntimeError):
            self._connection.abort()

    def _start(self) -> None:
        if self._outbox.too_slow(time.monotonic()):
            self.cut()
        elif self._drain is None:
            self._drain = asyncio.create_task(self._send_all())

    async def _send_all(self) -> None:
        try:
            while taken := self._outbox.take(time.monotonic()):
                for text in taken:
                    await self._connection.send(text)
                self._outbox.sent()
            self._drain = None
        except (OSError, RuntimeError) as why:  # the peer went; its receiving side ends the connection
            log.debug("member gone while sending", extra={"why": type(why).__name__})
            self.over = True
            self._drain = None
