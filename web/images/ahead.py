"""Results of studies nobody asked for yet, written while nobody waits: the next search finds them (`web.services`).

Counting a study's images and writing its attributes is most of what a search costs that meets other studies than those
before it. So after a search the others are written as it showed its own, newest first and a few at a time, for nobody
to wait for; as soon as the tables change, it ends. The next search begins it anew.
"""

import asyncio
import contextlib
from collections.abc import Sequence

from imaging.asking import Ask
from imaging.dicomweb.qido import NEWEST, newest_studies
from imaging.dicomweb.results import TABLES, Results, Shown
from web.database import Database

_PORTION = 25
"""Studies written in one go, in some 0.3 ms."""
_MOST = 5_000
"""Of the newest studies; a list shows no more at once, and `Results` keeps several forms of so many."""
_QUIET_S = 0.1
"""While images arrive more often than this, nothing is written ahead: it would not stand."""
_PAUSE_S = 0.01
"""Between two portions, for whoever else wants to go on."""


class Ahead:
    """One such writing at a time, on one event loop."""

    def __init__(self, quiet_s: float = _QUIET_S, pause_s: float = _PAUSE_S) -> None:
        self._quiet_s, self._pause_s = quiet_s, pause_s
        self._written: tuple[int | None, set[Shown]] = (None, set())
        self._task: asyncio.Task[None] | None = None

    def begin(self, database: Database, results: Results, shown: Shown, version: int | None) -> None:
        """Write, unless it is done or being done. version: of `TABLES`; None: nothing is kept, so there is no use."""
        if version is None or (version == self._written[0] and shown in self._written[1]):
            return
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(database, results, shown, version))

    async def done(self) -> None:
        """Return when what was begun has ended."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _write(self, database: Database, results: Results, shown: Shown, version: int) -> None:
        await asyncio.sleep(self._quiet_s)
        last: Sequence[str] = NEWEST
        for _ in range(_MOST // _PORTION):
            if database.version_of(*TABLES) != version:
                return
            found = await database.ask(_portion, results, shown, version, last)
            if len(found) < _PORTION:
                break
            last = found[-1]
            await asyncio.sleep(self._pause_s)
        if self._written[0] != version:
            self._written = (version, set())
        self._written[1].add(shown)


def _portion(ask: Ask, results: Results, shown: Shown, version: int, after: Sequence[str]) -> Sequence[Sequence[str]]:
    found = newest_studies(ask, _PORTION, after)
    results.studies(ask, [uid for _, uid in found], shown, version)
    return found
