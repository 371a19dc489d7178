"""Disposable worker processes in which untrusted bytes meet libraries that were not written for them.

The boundary is the end of the process, not the handling of an exception: a worker that grows, hangs or crashes costs
its one file. Parent and worker speak JSON lines over pipes, so a worker that was taken over can say nothing but data;
what it says is validated by the caller.
"""

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imaging.errors import WorkerLost
from imaging.settings import WorkerSettings

_LINE_LIMIT = 64 * 1024 * 1024
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a task gave back."""

    facts: dict[str, Any]
    payload: bytes = b""


class Sandbox:
    """A pool of workers; threads may share it. `close` when done."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.processes = settings.processes
        self._settings = settings
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(settings.processes)
        self._closed = False

    def run(self, task: str, **arguments: object) -> Answer:
        """Run ``module:function`` of this package with JSON arguments in a worker; raises WorkerLost.

        The function gives ``(facts, payload)``. An exception in it, a signal, too much memory or time all end the
        worker and raise WorkerLost with a sentence.
        """
        with self._worker() as worker:
            return worker.ask(task, arguments)

    def close(self) -> None:
        """End every worker."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    @contextmanager
    def _worker(self) -> "Iterator[_Worker]":
        with self._places:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is None:
                worker = _Worker(self._settings)
            try:
                yield worker
            except BaseException:
                worker.end()
                raise
            if worker.asked >= self._settings.reuse:
                worker.end()
                return
            with self._lock:
                keep = not self._closed
                if keep:
                    self._idle.append(worker)
            if not keep:
                worker.end()


class _Worker:
    """One child process."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self.asked = 0
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            [sys.executable, "-P", "-m", "imaging.sandboxed", str(settings.memory_bytes), str(settings.cpu_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            close_fds=True,
            start_new_session=True,
        )

    def ask(self, task: str, arguments: dict[str, object]) -> Answer:
        """One task, answered within the time of the settings."""
        self.asked += 1
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"task": task, "arguments": arguments}).encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ConnectionResetError):
            raise WorkerLost("The reader ended before it could look at this file.") from None
        deadline = time.monotonic() + self._settings.wall_seconds
        head, rest = self._line(deadline)
        said = json.loads(head)
        if not isinstance(said, dict):
            raise WorkerLost("The reader answered nonsense about this file.")
        if "error" in said:
            raise WorkerLost(str(said["error"])[:300])
        wanted = int(said.get("payload", 0))
        if not 0 <= wanted <= self._settings.memory_bytes:
            raise WorkerLost("The reader answered nonsense about this file.")
        while len(rest) < wanted:
            rest += self._read(deadline)
        return Answer(said.get("facts", {}), bytes(rest[:wanted]))

    def end(self) -> None:
        """Kill the process and collect it; its pipes are closed."""
        with suppress(ProcessLookupError):
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self._process.wait()

    def _line(self, deadline: float) -> tuple[bytes, bytearray]:
        got = bytearray()
        while True:
            more = self._read(deadline)
            at = more.find(b"\n")
            if at >= 0:
                return bytes(got + more[:at]), bytearray(more[at + 1 :])
            got += more
            if len(got) > _LINE_LIMIT:
                raise WorkerLost("The reader had too much to say about this file.")

    def _read(self, deadline: float) -> bytes:
        assert self._process.stdout is not None
        handle = self._process.stdout.fileno()
        left = deadline - time.monotonic()
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if left <= 0 or not poll.poll(left * 1000):
            raise WorkerLost(f"Reading this file took longer than {self._settings.wall_seconds:g} s.")
        chunk = os.read(handle, 1024 * 1024)
        if not chunk:
            raise WorkerLost("The reader ended on this file: it needs too much memory or time, or it is damaged.")
        return chunk


def _environment() -> dict[str, str]:
    """As little as the worker needs; no secrets of ours, one thread for each numeric library."""
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    paths = os.pathsep.join([str(_ROOT), *(path for path in sys.path if path)])
    return single | {"PYTHONPATH": paths, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
