"""One measured ratio, and how a run is printed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """Ours against a peer, lower is better; `bar`: the ratio not to exceed, None: only shown."""

    name: str
    ours: float
    peer: float
    unit: str
    bar: float | None
    note: str = ""
    """What was proven, or what cannot be repeated; for a reader, not for a program."""

    @property
    def ratio(self) -> float:
        """ours / peer; a peer of nothing makes it infinite unless ours is nothing as well."""
        if self.peer == 0:
            return 1.0 if self.ours == 0 else float("inf")
        return self.ours / self.peer

    @property
    def met(self) -> bool:
        """True when the ratio is within the bar, or there is none."""
        return self.bar is None or self.ratio <= self.bar


def as_text(figures: Sequence[Figure]) -> str:
    """A line per figure: the ratio, then both figures behind it."""
    return "\n".join(_line(one) for one in figures)


def _line(one: Figure) -> str:
    bar = "" if one.bar is None else f"  bar {one.bar:.3g}: {'met' if one.met else 'NOT MET'}"
    behind = f"ours {one.ours:.4g}, peer {one.peer:.4g} {one.unit}"
    return f"{one.name:<44} {one.ratio:8.3f}  ({behind}){bar}{'  ' + one.note if one.note else ''}"


def as_json(figures: Sequence[Figure]) -> str:
    """A list of objects with name, ours, peer, unit, ratio, bar and met; what is without end is null."""
    def finite(number: float) -> float | Literal[None]:
        return number if abs(number) != float("inf") else None

    return json.dumps([
        {"name": one.name, "ours": one.ours, "peer": one.peer, "unit": one.unit, "ratio": finite(one.ratio),
         "bar": one.bar, "met": one.met}
        for one in figures
    ], indent=2)
