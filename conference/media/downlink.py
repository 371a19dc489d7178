"""Which camera layer a listener's line carries: down at once when packets are lost, up again by trial."""

from typing import Final

_TOO_MUCH: Final = 0.08
_CLEAN: Final = 0.02
_FIRST_HOLD_S: Final = 5.0
_LONGEST_HOLD_S: Final = 60.0


class Downlink:
    """One listener's line; loss is a fraction, times are seconds of a monotonic clock."""

    __slots__ = ("_down_at", "_hold", "_loss", "high")

    def __init__(self) -> None:
        self.high = True
        self._down_at = 0.0
        self._hold = 0.0
        self._loss = 0.0

    def reported(self, loss: float, at: float) -> None:
        """The listener says which share of a camera's packets did not arrive lately."""
        self._loss = loss
        if self.high and loss > _TOO_MUCH:
            self.high = False
            self._down_at = at
            self._hold = min(max(2 * self._hold, _FIRST_HOLD_S), _LONGEST_HOLD_S)

    def try_high(self, at: float) -> bool:
        """Whether the high layer is to be sent now; every failed trial waits twice as long as the one before."""
        if not self.high and self._loss < _CLEAN and at - self._down_at >= self._hold:
            self.high = True
        return self.high
