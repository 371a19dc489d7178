"""Searches for an order that go on while somebody looks: the first answer at once, better ones as they are found."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from agenda.ids import new_id
from agenda.ordering.posed import Posed
from agenda.ordering.values import Arrangement, Limits

LIMITS = Limits(seconds=20, work=40)
_KEPT = 40


@dataclass(slots=True)
class Search:
    """One search; `best` changes while it goes on."""

    key: str
    owner: str
    """The person who asked; nobody else sees it."""
    board_id: str
    posed: Posed
    best: Arrangement | None = None
    chosen: bool = False
    """Which cases are heard is settled; only their order remains."""
    done: bool = False
    _lock: Lock = field(default_factory=Lock)

    def seen(self) -> "Seen":
        """The search as it stands at one moment: a page never mixes two."""
        with self._lock:
            return Seen(self.best, self.chosen, self.done)

    def better(self, found: Arrangement, *, done: bool = False) -> None:
        """Called from the search's thread."""
        with self._lock:
            self.best, self.done = found, done


@dataclass(frozen=True, slots=True)
class Seen:
    """What one page shows of a search."""

    best: Arrangement | None
    chosen: bool
    done: bool


class Searches:
    """The searches of this process; old ones are forgotten, nothing of them is kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Search] = OrderedDict()
        self._one_at_a_time = asyncio.Semaphore(1)
        self._going: set[asyncio.Task[None]] = set()

    def start(self, owner: str, board_id: str, posed: Posed) -> Search:
        """Begin to look."""
        search = Search(new_id(), owner, board_id, posed)
        self._kept[search.key] = search
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        task = asyncio.create_task(self._run(search))
        self._going.add(task)
        task.add_done_callback(self._going.discard)
        return search

    def find(self, key: str, owner: str) -> Search | None:
        """A search of this person; None when it is forgotten or somebody else's."""
        found = self._kept.get(key)
        return found if found is not None and found.owner == owner else None

    async def _run(self, search: Search) -> None:
        async with self._one_at_a_time:
            try:
                await asyncio.to_thread(_look, search)
            finally:
                search.done = True


def _look(search: Search) -> None:
    # OR-tools brings pandas along: seconds and a hundred megabytes that a server which arranges nothing does not pay.
    from agenda.ordering.solve import arrange

    def selected() -> None:
        search.chosen = True

    search.better(arrange(search.posed.problem, LIMITS, search.better, selected), done=True)
