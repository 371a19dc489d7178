"""Who points and looks where, coalesced: last value wins, flushed a bounded number of times a second, never logged.

Time is monotonic seconds, told.
"""

from collections.abc import Mapping

from conference.room.plain import Json

_GAP_S = 0.016
"""A lone presenter's move leaves at once if the last flush is older than one frame of a 60 Hz screen."""
_CROWD_GAP_S = 0.033
"""When many move, one flush carries them all."""
_CROWD = 4


class Presence:
    """The presence of one room."""

    def __init__(self) -> None:
        self._people: dict[str, dict[str, Json]] = {}
        self._dirty: dict[str, dict[str, Json] | None] = {}
        self._flushed_at = float("-inf")

    def move(self, person: str, patch: Mapping[str, Json]) -> None:
        """Replace the keys that are there; the others stay."""
        self._people.setdefault(person, {}).update(patch)
        waiting = self._dirty.get(person)
        self._dirty[person] = {**(waiting or {}), **patch}

    def clear(self, key: str) -> None:
        """What everybody said under this key no longer holds."""
        for person, state in self._people.items():
            if state.get(key) is not None:
                self.move(person, {key: None})

    def gone(self, person: str) -> None:
        """Somebody left."""
        if self._people.pop(person, None) is not None:
            self._dirty[person] = None

    def due(self) -> float | None:
        """When to flush; None: nothing waits."""
        if not self._dirty:
            return None
        return self._flushed_at + (_GAP_S if len(self._dirty) <= _CROWD else _CROWD_GAP_S)

    def flush(self, at: float) -> dict[str, Json]:
        """What has changed since the last flush; null: gone."""
        changed: dict[str, Json] = dict(self._dirty)
        self._dirty = {}
        self._flushed_at = at
        return changed

    def everybody(self) -> dict[str, Json]:
        """The whole presence, for a newcomer."""
        return {person: dict(state) for person, state in self._people.items()}
