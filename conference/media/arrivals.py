"""When transport-wide numbered packets arrived, told back to their sender (draft-holmer-rmcat-transport-wide-cc-01).

The sender's bandwidth estimation runs on this; without it a browser never sends the high layer of a camera.
"""

from operator import sub

from conference.media.rtcp import TransportFeedback
from conference.media.rtp import ahead

_TICKS_PER_S = 4_000  # 250 µs
_TICKS_PER_REFERENCE = 256  # 64 ms
_LONGEST = 1_000
_WINDOW = 8_000
_MISSING, _SMALL, _LARGE = 0, 1, 2


class Arrivals:
    """Collects arrivals of one sender between two feedbacks; times are seconds of a monotonic clock."""

    __slots__ = ("_arrived", "_count", "_highest")

    def __init__(self) -> None:
        self._arrived: dict[int, float] = {}
        self._highest: int | None = None
        self._count = 0

    def note(self, sequence: int, at: float) -> None:
        """One packet arrived; a repeated number keeps its first time, a number of long ago is left out."""
        highest = self._highest if self._highest is not None else sequence
        extended = highest + ahead(sequence, highest & 0xFFFF)
        if extended >= highest - _WINDOW:
            self._arrived.setdefault(extended, at)
        self._highest = max(highest, extended)

    def feedback(self, sender: int, media: int) -> list[TransportFeedback]:
        """Everything noted since the last call, in packets of at most a thousand numbers."""
        numbers = sorted(self._arrived)
        packets = []
        while numbers:
            base = numbers[0]
            within = [number for number in numbers if number - base < _LONGEST]
            numbers = numbers[len(within) :]
            packets.append(TransportFeedback(sender, media, self._body(base, within)))
            self._count += 1
        self._arrived = {}
        return packets

    def _body(self, base: int, numbers: list[int]) -> bytes:
        ticks = [int(self._arrived[number] * _TICKS_PER_S) for number in numbers]
        reference = ticks[0] // _TICKS_PER_REFERENCE
        steps = list(map(sub, ticks, [reference * _TICKS_PER_REFERENCE, *ticks]))
        count = numbers[-1] - base + 1
        if count == len(numbers) and count >= 7 and min(steps) >= 0 and max(steps) <= 255:  # nothing missed, on time
            told = (_SMALL << 13 | count).to_bytes(2, "big") + bytes(steps)
        else:
            told = _told(base, numbers, steps)
        head = (base & 0xFFFF).to_bytes(2, "big") + count.to_bytes(2, "big")
        return head + (reference & 0xFFFFFF).to_bytes(3, "big") + bytes([self._count & 0xFF]) + told


def _told(base: int, numbers: list[int], steps: list[int]) -> bytes:
    """Which of the numbers came, and how long after the one before each."""
    symbols = [_MISSING] * (numbers[-1] - base + 1)
    deltas = bytearray()
    late = 0  # what one step could not say is made up for in the next
    for number, step in zip(numbers, steps, strict=True):
        delta = max(-32768, min(32767, step + late))
        late += step - delta
        small = 0 <= delta <= 255
        symbols[number - base] = _SMALL if small else _LARGE
        deltas += delta.to_bytes(1, "big") if small else delta.to_bytes(2, "big", signed=True)
    return _chunks(symbols) + bytes(deltas)


def _chunks(symbols: list[int]) -> bytes:
    """Status chunks: run lengths where they pay, else vectors of seven two-bit symbols."""
    chunks = bytearray()
    at = 0
    while at < len(symbols):
        run = 1
        while at + run < len(symbols) and symbols[at + run] == symbols[at]:
            run += 1
        if run >= 7:
            chunks += (symbols[at] << 13 | run).to_bytes(2, "big")
            at += run
            continue
        vector = 0xC000
        for place, symbol in enumerate(symbols[at : at + 7]):
            vector |= symbol << (12 - 2 * place)
        chunks += vector.to_bytes(2, "big")
        at += 7
    return bytes(chunks)
