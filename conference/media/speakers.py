"""Who speaks, by the level each voice packet carries (RFC 6464), and who therefore is heard and seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SILENCE: Final = 127.0
_AUDIBLE: Final = 60.0
_RECENT_S: Final = 1.0
_LEAD: Final = 3.0
_RISE: Final = 0.3
_FALL: Final = 0.05


@dataclass(slots=True)
class _Voice:
    level: float = SILENCE
    at: float = float("-inf")


class Speakers:
    """Running levels of the people of one room; levels are −dBov (0 loudest), times seconds of a monotonic clock."""

    __slots__ = ("_order", "_voices")

    def __init__(self) -> None:
        self._voices: dict[str, _Voice] = {}
        self._order: list[str] = []

    def heard(self, person: str, level: int, at: float) -> None:
        """A packet with this level: a voice is noticed quickly and forgotten slowly."""
        voice = self._voices.setdefault(person, _Voice())
        voice.level += (level - voice.level) * (_RISE if level < voice.level else _FALL)
        voice.at = at

    def enter(self, person: str) -> None:
        """The person is in the room, behind everybody who has spoken."""
        if person not in self._order:
            self._order.append(person)

    def leave(self, person: str) -> None:
        """The person is gone."""
        self._voices.pop(person, None)
        if person in self._order:
            self._order.remove(person)

    def speaking(self, at: float) -> list[str]:
        """Who is audible now, loudest first."""
        audible = [
            (voice.level, person)
            for person, voice in self._voices.items()
            if voice.level < _AUDIBLE and at - voice.at < _RECENT_S
        ]
        return [person for _, person in sorted(audible)]

    def order(self, at: float) -> list[str]:
        """Everybody, whoever spoke last first; a new voice leads by 3 dB before it displaces the one that speaks."""
        loudest = next(iter(self.speaking(at)), None)
        if loudest is not None and loudest in self._order and self._displaces(loudest, at):
            self._order.remove(loudest)
            self._order.insert(0, loudest)
        return list(self._order)

    def _displaces(self, person: str, at: float) -> bool:
        first = self._voices.get(self._order[0])
        if first is None or at - first.at >= _RECENT_S:
            return True
        return self._voices[person].level <= first.level - _LEAD


def arrange(places: Sequence[str | None], wanted: Sequence[str]) -> list[str | None]:
    """Who is on which of the fixed places: those wanted keep theirs, newcomers take what others leave.

    Only the first `len(places)` wanted get one. A place that nobody needs is None.
    """
    chosen = list(dict.fromkeys(wanted))[: len(places)]
    kept = [person if person in chosen else None for person in places]
    newcomers = iter([person for person in chosen if person not in kept])
    return [person if person is not None else next(newcomers, None) for person in kept]
