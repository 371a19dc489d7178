"""A server under measurement: started, awaited, its CPU counted with all its children, ended."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_START_S = 60.0
_WATCHED_S = 2.5
"""Longer than our server waits for more of a study before it draws it."""


class Missing(Exception):
    """A peer that is not installed; the text says what to install."""


class Running:
    """One process and its children."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None, folder: Path | None = None,
                 ready: Callable[[], bool] = lambda: True) -> None:
        self._process = subprocess.Popen(
            command, env=None if environment is None else dict(environment), cwd=folder, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + _START_S
        while not ready():
            if self._process.poll() is not None or time.monotonic() > until:
                self.end()
                raise RuntimeError(f"{command[0]} did not start")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """The process, without its children."""
        return self._process.pid

    def cpu(self) -> float:
        """Seconds of user and system time so far: of the process, its living children and those it has collected."""
        return cpu_of(self.pid)

    def family(self) -> list[int]:
        """The process and all its living descendants."""
        return _family(_stats(), self.pid)

    def rest(self) -> None:
        """Return when it has nothing left to do: what it makes ahead of need is not to disturb the next measurement."""
        for _ in range(120):
            before = self.cpu()
            time.sleep(_WATCHED_S)
            if self.cpu() - before < 0.1 * _WATCHED_S:
                return

    def end(self) -> None:
        """Ask it to stop, then make it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()


def cpu_of(ancestor: int) -> float:
    """Seconds of user and system time so far: of a process, its living children and those it has collected."""
    stats = _stats()
    return sum(sum(int(one) for one in stats[pid][11:15]) for pid in _family(stats, ancestor)) / _TICKS


def _stats() -> dict[int, list[str]]:
    """/proc/PID/stat of every process, from the field after its name on."""
    found: dict[int, list[str]] = {}
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            found[int(place.name)] = (place / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _family(stats: Mapping[int, Sequence[str]], ancestor: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for pid, said in stats.items():
        children.setdefault(int(said[1]), []).append(pid)
    found, waiting = [], [ancestor]
    while waiting:
        pid = waiting.pop()
        if pid in stats:
            found.append(pid)
        waiting += children.get(pid, [])
    return found


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Somebody listens there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0
