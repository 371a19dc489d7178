"""How often a stranger may ask before it costs us more than it costs them."""

from collections import Counter
from collections.abc import Hashable
from typing import Final

_SOURCES: Final = 20_000


class Allowance:
    """So many times for each source until it is renewed; what it remembers is bounded, whoever asks."""

    def __init__(self, times: int) -> None:
        self.times = times
        self._taken: Counter[Hashable] = Counter()

    def take(self, source: Hashable) -> bool:
        """Whether the source may once more; a new one may not while too many others have asked."""
        taken = self._taken[source]
        if taken >= self.times or (not taken and len(self._taken) >= _SOURCES):
            return False
        self._taken[source] = taken + 1
        return True

    def renew(self) -> None:
        """A new second: everybody may again."""
        self._taken.clear()
