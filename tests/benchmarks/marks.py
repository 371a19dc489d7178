"""marks: from pointer-up to *delivered* on the author's side and to *drawn* on another's, in a room of 50.

The presenter moves at 30 Hz all the while. The limit is what a person feels as at once; there
is no peer, since what others call a whiteboard does not acknowledge. A commit's fsync lies on the way.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from agenda.ids import CaseId
from conference.room import commands as c
from conference.room.plain import tagged
from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.consilium import CASE
from tests.benchmarks.rig.crowd import Crowd, masked
from tests.benchmarks.rig.meeting import ours
from tests.rooms import draw

_LIMIT_MS = 150.0
_AUTHOR, _OTHER = 0, 8
_EVERY_S = 0.1


@dataclass(slots=True)
class Pen:
    """One person who places a mark again and again, and notes when it was delivered and when it was drawn."""

    crowd: Crowd
    delivered_s: list[float] = field(default_factory=list)
    drawn_s: list[float] = field(default_factory=list)
    count: int = 0
    at: float = 0.0
    due: set[str] = field(default_factory=set)

    def place(self) -> None:
        """Lift the pen, if the last mark has arrived everywhere and a moment has passed."""
        if self.due or time.monotonic() - self.at < _EVERY_S:
            return
        self.count += 1
        self.due = {"delivered", "drawn"}
        self.at = time.monotonic()
        say(self.crowd, f"mark-{self.count:06}", draw(f"mark-{self.count:06}", CaseId(CASE)))

    def heard(self, place: int, data: bytes) -> None:
        """Look for the answer on the author's side and the event on another's."""
        key = f"mark-{self.count:06}".encode()
        waited = time.monotonic() - self.at
        if place == _AUTHOR and "delivered" in self.due and b'"ack","id":"' + key in data:
            self.due.discard("delivered")
            self.delivered_s.append(waited)
        if place == _OTHER and "drawn" in self.due and b'"mark":"' + key in data:
            self.due.discard("drawn")
            self.drawn_s.append(waited)


def run(*, short: bool) -> Iterator[Figure]:
    """p95 of both ways in rooms of 10 and of 50."""
    for people in (10, 50):
        delivered, drawn = _measured(people, 3.0 if short else 15.0)
        yield Figure(f"marks {people}: p95 to delivered / limit", delivered, _LIMIT_MS, "ms", 1.0)
        yield Figure(f"marks {people}: p95 to drawn / limit", drawn, _LIMIT_MS, "ms", 1.0)


def _measured(people: int, seconds: float) -> tuple[float, float]:
    with ours(1, people) as meeting:
        crowd = meeting.gather(1, people)
        try:
            say(crowd, "open-0001", c.OpenConference())
            say(crowd, "call-0001", c.CallCase(CaseId(CASE)))
            crowd.drain(1.0)
            pen = Pen(crowd)
            crowd.heard = pen.heard
            crowd.run(seconds, [0], 30.0, beside=pen.place)
        finally:
            crowd.close()
    return _p95_ms(pen.delivered_s), _p95_ms(pen.drawn_s)


def say(crowd: Crowd, command_id: str, command: c.Command) -> None:
    """Send a command as the chair."""
    text = json.dumps({"type": "command", "id": command_id, "command": tagged(command)}, separators=(",", ":"))
    crowd.clients[_AUTHOR].send(masked(text))


def _p95_ms(waits: list[float]) -> float:
    return 1000 * sorted(waits)[int(0.95 * (len(waits) - 1))] if waits else float("inf")
