"""Which camera layer a listener's line carries: down at once when packets are lost or pile up, up again by trial."""

from typing import Final

_TOO_MUCH: Final = 0.08
_CLEAN: Final = 0.02
_FALL: Final = 0.9
_CARRIED: Final = 0.6
_MISSED_S: Final = 0.5
_MISSED: Final = 0.15
_MISSED_FOR_S: Final = 0.2
_MISSED_LEAST: Final = 10
_PROVEN_S: Final = 60.0
_FIRST_HOLD_S: Final = 5.0
_LONGEST_HOLD_S: Final = 60.0


class Downlink:
    """One listener's line; loss is a fraction, rates are bit/s, times are seconds of a monotonic clock."""

    __slots__ = (
        "_count", "_counted_at", "_down_at", "_estimate", "_hold", "_loss", "_missed", "_missed_at", "_missed_from",
        "_rate", "_up_at", "high",
    )

    def __init__(self) -> None:
        self.high = True
        self._down_at = 0.0
        self._up_at = 0.0
        self._missed = self._missed_from = 0
        self._missed_at = -_MISSED_S
        self._hold = 0.0
        self._loss = 0.0
        self._estimate = 0.0
        self._rate = 0.0
        self._count = 0
        self._counted_at: float | None = None

    def reported(self, loss: float, at: float) -> None:
        """The listener says which share of a camera's packets did not arrive lately."""
        self._loss = loss
        if loss > _TOO_MUCH:
            self._lower(at)

    def missed(self, count: int, packets: int, at: float) -> None:
        """The listener asks for so many packets of cameras for the first time, of `packets` sent to it so far.

        A thin line shows here half a second before the listener's report: when it goes on missing many, and not after
        one gap, which any line has now and then.
        """
        if at - self._missed_at > _MISSED_S:
            self._missed_at, self._missed_from, self._missed = at, packets, 0
        self._missed += count
        lasting = at - self._missed_at >= _MISSED_FOR_S and self._missed >= _MISSED_LEAST
        if lasting and self._missed > _MISSED * (packets - self._missed_from):
            self._lower(at)

    def sent(self, octets: int, at: float) -> None:
        """How many octets of cameras went to the listener in all; about once a second."""
        if self._counted_at is not None and at > self._counted_at:
            self._rate = 8 * (octets - self._count) / (at - self._counted_at)
        self._count, self._counted_at = octets, at

    def estimated(self, rate: float, at: float) -> None:
        """The listener's estimate of its line, which knows of a long queue before anything is lost.

        It starts low and grows slowly on the best of lines, so it counts only when it has just fallen, and only when it
        fell well below what is sent: a listener whose machine was busy for a moment says a little less.
        """
        fell = rate < _FALL * self._estimate
        self._estimate = rate
        if fell and rate < _CARRIED * self._rate:
            self._lower(at)

    def try_high(self, at: float) -> bool:
        """Whether the high layer is to be sent now; every failed trial waits twice as long as the one before.

        What the line carried for a minute was no failure.
        """
        if not self.high and self._loss < _CLEAN and at - self._down_at >= self._hold:
            self.high = True
            self._up_at = at
        return self.high

    def _lower(self, at: float) -> None:
        if self.high:
            self.high = False
            self._down_at = at
            if at - self._up_at > _PROVEN_S:
                self._hold = 0.0
            self._hold = min(max(2 * self._hold, _FIRST_HOLD_S), _LONGEST_HOLD_S)
