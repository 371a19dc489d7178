"""Workers for pictures, most urgent first, never more at a time than the settings say, all politely niced."""

import asyncio
import heapq
import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum

from imaging.sandbox import Answer, Sandbox
from imaging.settings import WorkerSettings


class Urgency(IntEnum):
    """Who waits."""

    LOOKED_AT = 0
    """A person looks at this very frame."""
    SOON = 1
    """The stream will send it."""
    SOMETIME = 2
    """Nobody waits: derived ahead of need."""


@dataclass(order=True, slots=True)
class _Waiting:
    urgency: Urgency
    turn: int
    start: asyncio.Future[None] = field(compare=False)


class Pool:
    """Runs tasks of `imaging.pixels.work` in the sandbox; one event loop uses it."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._sandbox = Sandbox(settings)
        self._threads = ThreadPoolExecutor(settings.processes, thread_name_prefix="pictures")
        self.size = settings.processes
        self._free = settings.processes
        self._waiting: list[_Waiting] = []
        self._turns = itertools.count()

    async def run(self, task: str, urgency: Urgency, **arguments: object) -> Answer:
        """One task, after all that are more urgent; raises WorkerLost."""
        await self._turn(urgency)
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, lambda: self._sandbox.run(task, **arguments)
            )
        finally:
            self._free += 1
            self._next()

    def close(self) -> None:
        """End the workers; what runs is lost, what waits is cancelled."""
        for waiting in self._waiting:
            waiting.start.cancel()
        self._waiting.clear()
        self._sandbox.close()
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _turn(self, urgency: Urgency) -> None:
        start: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, _Waiting(urgency, next(self._turns), start))
        self._next()
        try:
            await start
        except asyncio.CancelledError:
            if start.done() and not start.cancelled():  # the place was given to us in the moment we gave up
                self._free += 1
                self._next()
            raise

    def _next(self) -> None:
        while self._free > 0 and self._waiting:
            start = heapq.heappop(self._waiting).start
            if not start.done():
                self._free -= 1
                start.set_result(None)
