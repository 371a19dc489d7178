"""After the start the collector leaves what was loaded alone, and still collects what comes later."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from conference import heap


class _Ring:
    """Garbage that only the collector can take."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The collector of the other tests is as it was."""
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_what_was_loaded_is_out_of_sight_and_what_comes_is_collected() -> None:
    loaded = gc.get_count()
    heap.settle()
    assert gc.get_freeze_count() > 10_000, loaded
    assert len(gc.get_objects()) < 1_000
    gone = weakref.ref(_Ring())
    kept = []
    while gone() is not None and len(kept) < 200_000:
        kept.append([])  # type: ignore[var-annotated]
    assert gone() is None, "a ring of the young is taken before a hundred thousand objects more have come"
