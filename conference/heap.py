"""The garbage collector of a process in which many people wait for each answer.

CPython looks through all there is whenever the young objects have grown by some ten thousands. With a whole application
loaded that takes a tenth of a second or more, and of two hundred people one round in a hundred waits for it.
"""

import gc

_YOUNG, _MIDDLE, _OLD = 5_000, 5, 40
"""A look at the youngest takes 1 ms, at the middle ones 5 ms; at all, after a growth of a million objects, longer."""


def settle() -> None:
    """Take what was loaded at the start out of the collector's sight, for it stays, and look through all rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
