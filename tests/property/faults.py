"""Faults planted one at a time: laws that do not catch each of them are decoration."""

from collections.abc import Callable

import pytest

Plant = Callable[[pytest.MonkeyPatch], None]


class Faults:
    """The faults of one file of laws, by name; `broken`: what a law raises that was broken."""

    def __init__(self, *broken: type[Exception]) -> None:
        self._broken = broken
        self._planted: dict[str, Plant] = {}

    def plant(self, plant: Plant) -> Plant:
        """Enter a fault: a function, named by what is wrong, that breaks something real."""
        self._planted[plant.__name__] = plant
        return plant

    @property
    def names(self) -> list[str]:
        """What is planted here, in the order of the alphabet."""
        return sorted(self._planted)

    def caught(self, name: str, patch: pytest.MonkeyPatch, laws: Callable[[], None]) -> None:
        """Plant one and hold the laws; fails where they notice nothing."""
        self._planted[name](patch)
        with pytest.raises(self._broken):
            laws()
