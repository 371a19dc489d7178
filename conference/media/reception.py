"""What we know of one incoming stream: losses to ask for and the report its sender gets (RFC 3550, 6.4.1 and A.8)."""

from dataclasses import dataclass
from typing import Final

from conference.media.rtcp import Block
from conference.media.rtp import ahead

_LARGEST_GAP: Final = 300
_REPEAT_S: Final = 0.04
_GIVE_UP_S: Final = 1.0
_TIMES: Final = 8
_MOST_AT_ONCE: Final = 120


@dataclass(slots=True)
class _Gap:
    since: float
    times: int = 0
    asked_at: float = 0.0


class Reception:
    """Statistics of one SSRC; times are seconds of a monotonic clock, `clock` its timestamp ticks a second."""

    __slots__ = (
        "_base", "_clock", "_gaps", "_highest", "_jitter", "_prior_expected", "_prior_received", "_received",
        "_repairs", "_report", "_ssrc", "_transit",
    )

    def __init__(self, ssrc: int, clock: int, *, repairs: bool) -> None:
        self._ssrc = ssrc
        self._clock = clock
        self._repairs = repairs
        self._gaps: dict[int, _Gap] = {}
        self._base: int | None = None
        self._highest = 0
        self._received = self._prior_received = self._prior_expected = 0
        self._jitter = 0.0
        self._transit: float | None = None
        self._report: tuple[int, float] | None = None

    def note(self, sequence: int, timestamp: int, at: float) -> bool:
        """One packet came by its own stream; True where it shows that others before it are missing."""
        if self._base is None:
            self._base = self._highest = sequence
        number = self._highest + ahead(sequence, self._highest & 0xFFFF)
        step = number - self._highest
        gap = self._repairs and 1 < step <= _LARGEST_GAP
        if step > 0:
            if gap:
                self._gaps.update((missing, _Gap(at)) for missing in range(self._highest + 1, number))
            self._highest = number
        else:
            self._gaps.pop(number, None)
        self._received += 1
        transit = at * self._clock - timestamp
        if self._transit is not None:
            change = abs(transit - self._transit)
            if change < self._clock:  # a wrapped or restarted timestamp says nothing of the line
                self._jitter += (change - self._jitter) / 16
        self._transit = transit
        return gap

    def recovered(self, sequence: int) -> bool:
        """One packet came by retransmission; True where it was missing, else it is to be dropped."""
        if self._base is None:
            return False
        number = self._highest + ahead(sequence, self._highest & 0xFFFF)
        return self._gaps.pop(number, None) is not None

    def missing(self, at: float) -> tuple[int, ...]:
        """Sequence numbers to ask for now: at once, then every 40 ms, at most eight times within a second."""
        if not self._gaps:
            return ()
        due: list[int] = []
        for number, gap in list(self._gaps.items()):
            if at - gap.since > _GIVE_UP_S or gap.times >= _TIMES:
                del self._gaps[number]
            elif (gap.times == 0 or at - gap.asked_at >= _REPEAT_S) and len(due) < _MOST_AT_ONCE:
                gap.times += 1
                gap.asked_at = at
                due.append(number & 0xFFFF)
        return tuple(due)

    def sender_report(self, ntp: int, at: float) -> None:
        """The sender's report came; the next block tells when."""
        self._report = (ntp >> 16 & 0xFFFFFFFF, at)

    def block(self, at: float) -> Block | None:
        """The report block since the last one; None before the first packet."""
        if self._base is None:
            return None
        expected = self._highest - self._base + 1
        lately = expected - self._prior_expected
        lost = lately - (self._received - self._prior_received)
        self._prior_expected, self._prior_received = expected, self._received
        report, reported_at = self._report or (0, at)
        return Block(
            ssrc=self._ssrc,
            fraction_lost=min(255, (lost << 8) // lately) if lost > 0 and lately > 0 else 0,
            lost=expected - self._received,
            highest=self._highest & 0xFFFFFFFF,
            jitter=int(self._jitter),
            last_report=report,
            delay=int((at - reported_at) * 65_536) & 0xFFFFFFFF,
        )
