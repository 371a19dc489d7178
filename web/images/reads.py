"""Reads of pictures in the audit: one row for a person, a series and a minute, written before the first picture leaves.

A page of thumbnails is forty requests; forty rows would say no more than one. What is claimed stays strict: every
picture that leaves lies within a minute after a committed row that names who read which series of which case. Nothing
is counted in memory to be written later, so a kill loses nothing. Searches by DICOMweb are noted likewise: one row for
a person, a level and a number of results.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)
"""How long a row speaks for further reads of the same series by the same person."""
_REMEMBERED = 10_000


class Reads:
    """Which rows still speak, on one event loop."""

    def __init__(self) -> None:
        self._rows: OrderedDict[tuple[str, str], tuple[datetime, asyncio.Task[None]]] = OrderedDict()

    async def note(self, who: str, record: str, at: datetime, write: Callable[[], Awaitable[None]]) -> datetime:
        """Return once a row for this person and record is committed that is younger than `WINDOW`; until when it is so.

        who: everything that tells readers apart. write: commits the row; when it fails, every read that waits for it
        fails with it, and the next one tries again.
        """
        key = (who, record)
        found = self._rows.get(key)
        if found is None or not timedelta() <= at - found[0] < WINDOW or _failed(found[1]):
            found = (at, asyncio.create_task(_run(write)))
            self._rows[key] = found
            self._rows.move_to_end(key)
            while len(self._rows) > _REMEMBERED:
                self._rows.popitem(last=False)
        await asyncio.shield(found[1])  # whoever gives up waiting does not stop the row the others wait for
        return found[0] + WINDOW


async def _run(write: Callable[[], Awaitable[None]]) -> None:
    await write()


def _failed(row: asyncio.Task[None]) -> bool:
    return row.done() and (row.cancelled() or row.exception() is not None)
