"""How files lie that were walked, so that one which lies the same way need not be walked again.

Of the files of a series most have every element at the same byte: only values differ. What `imaging.walk` finds is
decided by the heads of elements and items alone, by the transfer syntax, and by the length of the file. Where these are
the same bytes at the same places as in a file that was walked to its end, so is what the walk would find; comparing
them is one call instead of a loop over hundreds of elements.
"""

import struct
import threading
from collections.abc import Callable, Sequence
from functools import cached_property

from imaging.settings import FileSettings
from imaging.walk import Buffer, Walk, walk

_HEADS = 50_000
"""Heads of elements and items that are remembered in all, for some ten megabytes: of a few hundred ordinary files."""
_OF_A_LENGTH = 8
"""Layouts remembered for files of one length."""


class Layouts:
    """Walks files under some limits; threads may share it."""

    def __init__(self, limits: FileSettings) -> None:
        self._limits = limits
        self._known: dict[int, tuple[_Layout, ...]] = {}
        """By length of the file, the length that was met last at the end; of each the newest first."""
        self._heads = 0
        self._lock = threading.Lock()

    def walk(self, data: Buffer) -> Walk:
        """`imaging.walk.walk`; raises as it does."""
        for one in self._known.get(len(data), ()):
            if one.fits(data):
                return one.of(data)
        found = walk(data, self._limits)
        if found.heads:
            self._remember(len(data), _Layout(found))
        return found

    def _remember(self, length: int, layout: "_Layout") -> None:
        with self._lock:
            others = self._known.pop(length, ())
            self._known[length] = (layout, *others[: _OF_A_LENGTH - 1])
            self._heads += layout.heads - sum(one.heads for one in others[_OF_A_LENGTH - 1 :])
            while self._heads > _HEADS and len(self._known) > 1:
                self._heads -= sum(one.heads for one in self._known.pop(next(iter(self._known))))


class _Layout:
    """Of one file that was walked, without its bytes but for those that decided the walk."""

    def __init__(self, walk: Walk) -> None:
        self._transfer_syntax, self._elements, self._kept = walk.transfer_syntax, walk.elements, walk.kept
        self.heads = len(walk.heads)
        self._spans = _joined(walk.heads)
        self._heads = tuple(bytes(walk.data[start:end]) for start, end in self._spans)

    def fits(self, data: Buffer) -> bool:
        """Whether a file of the same length has the same heads."""
        return self._taken(data) == self._heads

    def of(self, data: Buffer) -> Walk:
        """The walk of a file that fits."""
        return Walk(self._transfer_syntax, data, len(data), self._elements, kept=self._kept)

    @cached_property
    def _taken(self) -> Callable[[Buffer], tuple[bytes, ...]]:
        """Takes the heads out of a file; made when a second file of the same length comes."""
        form, at = ["<"], 0
        for start, end in self._spans:
            form.append(f"{start - at}x{end - start}s")
            at = end
        return struct.Struct("".join(form)).unpack_from


def _joined(heads: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Start and end of the bytes in question, in order; what follows on without a gap is one."""
    found: list[tuple[int, int]] = []
    for start, length in sorted(heads):
        if found and found[-1][1] == start:
            found[-1] = found[-1][0], start + length
        else:
            found.append((start, start + length))
    return found
