"""Stacks that were opened lately, kept as they were read: the bytes of a series never change, they only become more."""

from collections import OrderedDict

from imaging.pixels.stack import Stack

_MOST_SLICES = 40_000
"""Of all stacks that are remembered; about 2 KB each."""


class Opened:
    """Stacks by their Series Instance UID, the latest last; used from one event loop."""

    def __init__(self) -> None:
        self._stacks: OrderedDict[str, Stack] = OrderedDict()
        self._slices = 0

    def get(self, series_instance_uid: str, instances: int) -> Stack | None:
        """A stack that was opened while the series had as many instances; None: ask the index again."""
        found = self._stacks.get(series_instance_uid)
        return found if found is not None and found.instances == instances else None

    def series_of(self, sop_instance_uid: str, frame: int) -> str | None:
        """The series of a frame that is part of a stack remembered here."""
        stacks = reversed(self._stacks.items())
        return next((uid for uid, one in stacks if one.index_of(sop_instance_uid, frame) is not None), None)

    def remember(self, stack: Stack) -> Stack:
        """Keep a stack for `get`, and give it back; the oldest go when all have too many slices together."""
        earlier = self._stacks.pop(stack.series_instance_uid, None)
        self._stacks[stack.series_instance_uid] = stack
        self._slices += len(stack.slices) - (len(earlier.slices) if earlier else 0)
        while self._slices > _MOST_SLICES and len(self._stacks) > 1:
            self._slices -= len(self._stacks.popitem(last=False)[1].slices)
        return stack
