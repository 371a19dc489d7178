"""Rectangles on a picture: what lies outside the regions of an ultrasound."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Whole pixels; the top left one is (0, 0)."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column after it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row after it."""
        return self.top + self.height

    def within(self, columns: int, rows: int) -> "Rectangle | None":
        """The part of it that lies on a picture; None when nothing does."""
        left, top = max(self.left, 0), max(self.top, 0)
        width, height = min(self.right, columns) - left, min(self.bottom, rows) - top
        return Rectangle(left, top, width, height) if width > 0 and height > 0 else None


def outside(regions: Sequence[Rectangle], columns: int, rows: int) -> list[Rectangle]:
    """Rectangles that cover everything but the regions and do not overlap; without regions there is nothing to say.

    Bands of rows between the edges of the regions, each divided at the columns that no region covers.
    """
    kept = [one for region in regions if (one := region.within(columns, rows)) is not None]
    if not kept:
        return []
    edges = sorted({0, rows, *(one.top for one in kept), *(one.bottom for one in kept)})
    found: list[Rectangle] = []
    for top, bottom in pairwise(edges):
        covered = sorted((one.left, one.right) for one in kept if one.top <= top and one.bottom >= bottom)
        at = 0
        for left, right in covered:
            if left > at:
                _add(found, Rectangle(at, top, left - at, bottom - top))
            at = max(at, right)
        if at < columns:
            _add(found, Rectangle(at, top, columns - at, bottom - top))
    return found


def _add(found: list[Rectangle], one: Rectangle) -> None:
    """Join it with one that ends where it begins."""
    for index, known in enumerate(found):
        if (known.left, known.width, known.bottom) == (one.left, one.width, one.top):
            found[index] = Rectangle(known.left, known.top, known.width, known.height + one.height)
            return
    found.append(one)
