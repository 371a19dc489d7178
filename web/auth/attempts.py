"""How often somebody may try: limits by account and address, with growing pauses and no lock-out.

A lock-out would let anybody keep a surgeon out of a conference; a growing pause costs the guesser and nobody else.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from web.auth.errors import SlowDown

_LONGEST_PAUSE_S = 60
_REMEMBERED = 10_000
_PER_ADDRESS = 5
"""An address (a clinic behind one router) may make this many times an account's attempts."""


@dataclass(slots=True)
class _Failures:
    count: int
    last: float


class Attempts:
    """Counts attempts at a secret; keys are accounts and network addresses, kept in memory only."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free = per_minute
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_address = RateLimitItemPerMinute(per_minute * _PER_ADDRESS)
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def demand(self, account: str, address: str) -> None:
        """Go on only if another attempt is due; raises SlowDown with the seconds to wait."""
        failures = self._failures.get(_key(account, address))
        if failures is not None and failures.count >= self._free:
            pause = min(2.0 ** (failures.count - self._free + 1), _LONGEST_PAUSE_S)
            left = failures.last + pause - self._clock()
            if left > 0:
                raise SlowDown(int(left) + 1)
        if not self._limiter.hit(self._per_address, "address", address):
            raise SlowDown(self._wait(address))

    def failed(self, account: str, address: str) -> None:
        """One more wrong answer."""
        key = _key(account, address)
        failures = self._failures.pop(key, _Failures(0, 0.0))
        self._failures[key] = _Failures(failures.count + 1, self._clock())
        while len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, account: str, address: str) -> None:
        """A right answer clears what went before."""
        self._failures.pop(_key(account, address), None)

    def _wait(self, address: str) -> int:
        reset = self._limiter.get_window_stats(self._per_address, "address", address).reset_time
        return max(1, int(reset - time.time()) + 1)


class Allowance:
    """So many of something an hour for one person, e.g. uploads; `demand` before each."""

    def __init__(self, per_hour: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._item = RateLimitItemPerHour(per_hour)

    def demand(self, person_id: str, what: str) -> None:
        """Count one; raises SlowDown when the hour's share is used up."""
        if not self._limiter.hit(self._item, what, person_id):
            reset = self._limiter.get_window_stats(self._item, what, person_id).reset_time
            raise SlowDown(max(1, int(reset - time.time()) + 1))


def _key(account: str, address: str) -> str:
    return f"{account}\n{address}"
