"""The outbound queue within the application: a task that sends what is due, and sleeps until the next is."""

import asyncio
import logging
from dataclasses import dataclass, field

from sqlmodel import Session

from imaging.nodes import Node, node_named
from imaging.outbound.delivery import attempt, by_node
from imaging.outbound.queue import Attempt, Sending, due, next_due, settle
from imaging.outbound.spool import Spool
from web.clock import now
from web.database import Database, Deed

log = logging.getLogger(__name__)
_LONGEST_S = 300.0
"""The queue is looked at at least so often, whatever it says."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Sends what is queued; one for the application."""

    database: Database
    spool: Spool
    nodes: tuple[Node, ...]
    calling: str
    """Our own application entity title."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def destinations(self) -> tuple[Node, ...]:
        """The nodes objects may be sent to."""
        return tuple(one for one in self.nodes if one.store)

    def wake(self) -> None:
        """Something was queued or is to be tried at once."""
        self._changed.set()

    async def run(self) -> None:
        """Send for as long as the task lives; a failure of one round is logged and tried again."""
        while True:
            self._changed.clear()
            try:
                while await self.send_due():
                    pass
                pause = await self._pause()
            except Exception:
                log.exception("a round of the outbound queue failed")
                pause = 30.0
            try:
                await asyncio.wait_for(self._changed.wait(), pause)
            except TimeoutError:
                continue

    async def send_due(self) -> int:
        """One round: try what is due, destination by destination; gives how many were tried."""
        rows = await self.database.read(_due)
        grouped = by_node([(one.node, one.id, self.spool.place(one.digest)) for one in rows])
        for name, files in grouped.items():
            node = node_named(self.nodes, name)
            made = await asyncio.to_thread(attempt, node, files, self.calling)
            await self._settle(made)
            log.info("sent objects", extra={"node": name, "files": len(files),
                                            "sent": sum(one.result == "sent" for one in made)})
        return len(rows)

    async def _settle(self, made: list[Attempt]) -> None:
        deed = Deed("system", "Consilium", "objects.send", now())
        needless = await self.database.write(deed, settle, made, deed.at)
        await asyncio.to_thread(self.spool.drop, needless)

    async def _pause(self) -> float:
        at = await self.database.read(next_due)
        return _LONGEST_S if at is None else min(max((at - now()).total_seconds(), 0.05), _LONGEST_S)


def _due(session: Session) -> list[Sending]:
    return due(session, now())
