"""A message of STOW-RS on its way in: what came is written, hashed and looked at while what follows comes.

A thread does that for as long as something waits for it, and is given back when nothing does: a thin line that takes an
hour over its message holds none. Each way to a thread and back costs as much as a small instance.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from imaging.dicomweb.stow import Staging, composed
from imaging.intake import Inspection, Intake

_WORTH = 1024 * 1024
"""Bytes for which a thread is asked; the end of the message is written in any case."""
_AHEAD = 4 * 1024 * 1024
"""Bytes that may wait to be written; then the sender waits."""


class Receiving:
    """One message; `close` whatever happens.

    begin: makes its staging, in a thread.
    """

    def __init__(self, begin: Callable[[], Staging]) -> None:
        self._begin = begin
        self._staging: Staging | None = None
        self._waiting: deque[bytes] = deque()
        self._came = self._written = 0
        """Bytes; the one is counted by the event loop, the other by the thread that writes."""
        self._writing: asyncio.Future[Staging] | None = None

    async def take(self, piece: bytes) -> None:
        """Some of the message; raises what is wrong with what was written until now, BadMessage or TooLarge."""
        self._waiting.append(piece)
        self._came += len(piece)
        if self._writing is not None and (self._writing.done() or self._came - self._written >= _AHEAD):
            await self._writing
            self._writing = None
        if self._writing is None and self._came - self._written >= _WORTH:
            self._writing = asyncio.ensure_future(asyncio.to_thread(self._write))

    async def end(self, folder: Path, intake: Intake) -> Inspection:
        """Every file of the message checked; raises BadMessage, TooLarge, UnsupportedBody."""
        if self._writing is not None:
            await self._writing
        return await asyncio.to_thread(self._inspected, folder, intake)

    async def close(self) -> None:
        """Nothing is written any more, and no file stays open."""
        if self._writing is not None:
            await asyncio.wait([self._writing])
            if not self._writing.cancelled():
                self._writing.exception()  # it was told already, or nobody waits for the message any more
        if self._staging is not None:
            self._staging.close()

    def _write(self) -> Staging:
        """All that waits, and what comes meanwhile."""
        if self._staging is None:
            self._staging = self._begin()
        while self._waiting:
            pieces = [self._waiting.popleft() for _ in range(len(self._waiting))]
            self._staging.feed(*pieces)
            self._written += sum(map(len, pieces))
        return self._staging

    def _inspected(self, folder: Path, intake: Intake) -> Inspection:
        staging = self._write()
        arrived = staging.finish()
        more, unmade = composed(staging.described, folder, intake)
        inspection = intake.judge([*arrived, *more], [*staging.looked, *map(intake.look, more)])
        return replace(inspection, refused=(*unmade, *inspection.refused))
