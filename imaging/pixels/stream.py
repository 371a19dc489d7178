"""What the image stream sends next: order and flow control of one connection. Pure; the socket is elsewhere.

The order is: the picture somebody looks at, first as a preview, then lossless; then the opening pictures of series that
may be looked at next, as previews; then previews outward, then lossless outward, and last the opening pictures without
loss, as far as the budget of the link goes. Every `show` re-centres it, and nothing is ever sent twice. Bytes count as
in flight until the reader credits them; a new message starts only while they are below the limit, so that at most the
limit and one message wait in the network and a scroll is answered by the very next message.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import chain
from typing import Literal

Link = Literal["thin", "normal"]

LIMITS: dict[Link, int] = {"thin": 64 * 1024, "normal": 1024 * 1024}
"""Bytes in flight: half a second at 1 Mbit/s, and what fills 100 Mbit/s at 80 ms."""
BUDGETS: dict[Link, int] = {"thin": 128 * 1024, "normal": 32 * 1024 * 1024}
"""Bytes sent on a connection of what nobody looks at yet: a second of a thin link in all."""
_THIN, _NORMAL = 250_000.0, 625_000.0
"""Bytes a second, 2 and 5 Mbit/s: below the one a link is thin whatever the browser says, above the other it is not."""
_ENOUGH_BYTES, _ENOUGH_S = 96 * 1024, 0.4


class Tier(IntEnum):
    """How good a picture of a frame is."""

    PREVIEW = 1
    LOSSLESS = 2


@dataclass(frozen=True, slots=True)
class Item:
    """One picture to send."""

    series: str
    index: int
    tier: Tier


class Unsent:
    """Indices not yet taken, nearest first: both neighbours of any place in nearly constant time."""

    def __init__(self, count: int) -> None:
        # Entry i leads to the nearest index ≥ i (≤ i) not taken; paths are halved on the way (union–find).
        self._count = count
        self._up = list(range(count + 1))
        self._down = list(range(-1, count))
        self.left = count

    def __contains__(self, index: int) -> bool:
        return 0 <= index < self._count and self._up[index] == index

    def take(self, index: int) -> None:
        """Never give this index again."""
        if index in self:
            self._up[index] = index + 1
            self._down[index + 1] = index - 1
            self.left -= 1

    def nearest(self, centre: int) -> int | None:
        """The index closest to `centre`, the later one of two; None: all were taken."""
        above, below = self._above(centre), self._below(centre)
        if above == self._count:
            return below if below >= 0 else None
        if below < 0:
            return above
        return above if above - centre <= centre - below else below

    def _above(self, index: int) -> int:
        while self._up[index] != index:
            self._up[index] = self._up[self._up[index]]
            index = self._up[index]
        return index

    def _below(self, index: int) -> int:
        # _down is shifted by one so that −1 (nothing left below) has a place of its own.
        while index >= 0 and self._down[index + 1] != index:
            onward = self._down[index + 1]
            self._down[index + 1] = self._down[onward + 1] if onward >= 0 else -1
            index = self._down[index + 1]
        return index


@dataclass(slots=True)
class _Shown:
    """One series on this connection."""

    count: int
    centre: int
    turn: int
    """Larger: shown more recently."""
    unsent: dict[Tier, Unsent]
    told: bool = field(default=False)
    """Its completion was reported."""
    ahead: bool = False
    """Nobody looks at it yet."""


class Meter:
    """Which class a link is of, by how fast what was sent is credited; in seconds of any clock."""

    def __init__(self) -> None:
        self.link: Link | None = None
        """None: not enough was sent to tell."""
        self._since: float | None = None
        self._bytes = 0

    def sent(self, at: float) -> None:
        """Something is on its way."""
        if self._since is None:
            self._since, self._bytes = at, 0

    def credited(self, size: int, in_flight: int, at: float) -> None:
        """This much has arrived, and this much is still on its way."""
        if self._since is None:
            return
        self._bytes += size
        spent = at - self._since
        if self._bytes >= _ENOUGH_BYTES and (spent >= _ENOUGH_S or self._bytes / max(spent, 1e-6) > _NORMAL):
            rate = self._bytes / max(spent, 1e-6)
            self.link = "thin" if rate < _THIN else "normal" if rate > _NORMAL else self.link
            self._since, self._bytes = at, 0
        if in_flight == 0:  # the line is idle from now on: that tells nothing of its speed
            self._since = None


class Delivery:
    """Order and flow control of one connection.

    The shell calls `show`, `credit` and `drop` as messages arrive; then, as long as `next` gives an item, makes the
    picture and calls `sent` with its size, or `failed`. An item stays next until one of these says it is done.
    """

    def __init__(self, limit: int = LIMITS["normal"]) -> None:
        self.limit = limit
        self.budget = BUDGETS["normal"]
        """Bytes that may still be sent of what nobody looks at."""
        self.in_flight = 0
        self._series: dict[str, _Shown] = {}
        self._turns = 0

    def show(self, series: str, count: int, index: int) -> None:
        """Somebody looks at frame `index` (from 0, clamped) of a series of `count` frames."""
        self._turns += 1
        centre = min(max(index, 0), max(count - 1, 0))
        shown = self._series.get(series)
        if shown is None:
            self._series[series] = _Shown(count, centre, self._turns, {tier: Unsent(count) for tier in Tier})
        else:
            shown.centre, shown.turn, shown.ahead = centre, self._turns, False

    def foresee(self, series: str, count: int, index: int) -> None:
        """Frame `index` of a series may be looked at next; a series that is looked at already stays as it is."""
        if series not in self._series:
            self.show(series, count, index)
            self._series[series].ahead = True

    def drop(self, series: str) -> None:
        """Send no more of this series until it is shown again; what was sent stays sent."""
        if series in self._series:
            self._series[series].turn = 0

    def skip(self, series: str, tier: Tier, first: int, last: int) -> None:
        """The reader says it still holds these frames, both ends included: a reconnect does not start over."""
        shown = self._series[series]
        for index in range(max(first, 0), min(last, shown.count - 1) + 1):
            shown.unsent[tier].take(index)

    def credit(self, size: int) -> None:
        """The reader has consumed this many bytes."""
        self.in_flight = max(0, self.in_flight - max(0, size))

    def next(self) -> Item | None:
        """What to send now; None: nothing is left, or the reader must first consume what is in flight."""
        if self.in_flight >= self.limit:
            return None
        return next(self.ahead(1), None)

    def ahead(self, count: int) -> Iterator[Item]:
        """The first item that would be sent of each of `count` stages and series, for warming up; best first."""
        live = sorted((s for s in self._series.items() if s[1].turn), key=lambda pair: -pair[1].turn)
        seen = [one for one in live if not one[1].ahead]
        next_ones = [one for one in reversed(live) if one[1].ahead] if self.budget > 0 else []
        items = chain(
            *(_current(seen, tier) for tier in Tier), _current(next_ones, Tier.PREVIEW),
            *(_outward(seen, tier) for tier in Tier), _current(next_ones, Tier.LOSSLESS),
        )
        for _, item in zip(range(count), items, strict=False):
            yield item

    def sent(self, item: Item, size: int) -> None:
        """An item went out with this many bytes."""
        shown = self._series[item.series]
        shown.unsent[item.tier].take(item.index)
        self.in_flight += size
        if shown.ahead:
            self.budget -= size

    def failed(self, item: Item) -> None:
        """An item cannot be made; it is not asked for again."""
        self._series[item.series].unsent[item.tier].take(item.index)

    def somebody_waits(self) -> bool:
        """Somebody still waits for the very picture they look at."""
        live = [one for one in self._series.values() if one.turn and not one.ahead]
        return any(one.centre in one.unsent[tier] for one in live for tier in Tier)

    def completed(self) -> list[str]:
        """Series of which everything has now been sent, each reported once."""
        done = [
            name
            for name, shown in self._series.items()
            if not shown.told and not any(unsent.left for unsent in shown.unsent.values())
        ]
        for name in done:
            self._series[name].told = True
        return done


def _current(live: list[tuple[str, _Shown]], tier: Tier) -> Iterator[Item]:
    for name, shown in live:
        if shown.centre in shown.unsent[tier]:
            yield Item(name, shown.centre, tier)


def _outward(live: list[tuple[str, _Shown]], tier: Tier) -> Iterator[Item]:
    for name, shown in live:
        index = shown.unsent[tier].nearest(shown.centre) if shown.count else None
        if index is not None:
            yield Item(name, index, tier)
