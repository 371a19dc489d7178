"""Threads that do something short for an event loop, such as a read of the database, and hand back what it gave.

A pool of `concurrent.futures` does so too. It goes on for a while after it has woken the other side, which then waits
for the interpreter's lock; and it takes its threads in turn, so that each comes to its work, and to its connection,
with cold caches. Here the thread that was busy last is woken first, and waking it is the last thing that is done.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

R = TypeVar("R")
_Work = Callable[[], Callable[[], None]]
"""Does something, and gives how to tell of it."""


class Readers:
    """Up to so many threads, started as they are needed; more work waits for its turn."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._idle: list[SimpleQueue[_Work | None]] = []
        """Where an idle thread waits; the last that became idle is the last."""
        self._waiting: deque[_Work] = deque()
        self._closed = False

    async def run(self, work: Callable[[], R]) -> R:
        """What `work` gives, done on one of the threads; raises what it raises, and RuntimeError once closed."""
        loop = asyncio.get_running_loop()
        given: asyncio.Future[R] = loop.create_future()

        def done() -> Callable[[], None]:
            if given.cancelled():  # whoever waited has gone
                return lambda: None
            try:
                found = work()
            except BaseException as error:
                return partial(_tell, loop, given, given.set_exception, error)
            return partial(_tell, loop, given, given.set_result, found)

        self._submit(done)
        return await given

    def close(self) -> None:
        """Finish what waits, and end the threads."""
        with self._lock:
            self._closed = True
            for place in self._idle:
                place.put(None)
        for thread in self._threads:
            thread.join()

    def _submit(self, work: _Work) -> None:
        with self._lock:
            if self._closed:
                raise RuntimeError("the readers were closed")
            if not self._idle and len(self._threads) == self._most:
                self._waiting.append(work)
                return
            place = self._idle.pop() if self._idle else self._start()
        place.put(work)

    def _start(self) -> "SimpleQueue[_Work | None]":
        place: SimpleQueue[_Work | None] = SimpleQueue()
        name = f"{self._name}_{len(self._threads)}"
        self._threads.append(threading.Thread(target=self._serve, args=(place,), name=name, daemon=True))
        self._threads[-1].start()
        return place

    def _serve(self, place: "SimpleQueue[_Work | None]") -> None:
        work = place.get()
        while work is not None:
            tell = work()
            work = self._next(place)  # idle before anybody is told, so that it is this thread they ask next
            tell()
            del tell  # nothing it holds stays while nothing is asked
            work = work or place.get()

    def _next(self, place: "SimpleQueue[_Work | None]") -> _Work | None:
        """What waits; None: nothing does, and this thread is idle from now on."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._idle.append(place)
            if self._closed:
                place.put(None)
            return None


def _tell(
    loop: asyncio.AbstractEventLoop, given: "asyncio.Future[Any]", say: Callable[[Any], None], what: object
) -> None:
    with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
        loop.call_soon_threadsafe(_say, given, say, what)


def _say(given: "asyncio.Future[Any]", say: Callable[[Any], None], what: object) -> None:
    if not given.done():
        say(what)
