"""The cache of pictures: what names a picture, files that are whole or not there, and the last ones in memory."""

import hashlib
import json
import os
import tempfile
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

from imaging.pixels.render import Format
from imaging.pixels.stack import Shown, Stack
from imaging.pixels.window import Rendering, Window

SIZES = (96, 160, 256, 512, 1024, 2048)
"""Sizes rendered pictures come in; others are brought to the next, so that the cache stays small."""
VERSION = "3"
"""Part of every name in the cache; raise it when the same input gives other pictures."""


class Fresh:
    """The pictures last asked for, in memory up to so many bytes."""

    def __init__(self, budget: int) -> None:
        self._budget, self._bytes = budget, 0
        self._pictures: OrderedDict[Path, bytes] = OrderedDict()

    def get(self, place: Path) -> bytes | None:
        """The picture, if it is still here."""
        found = self._pictures.get(place)
        if found is not None:
            self._pictures.move_to_end(place)
        return found

    def put(self, place: Path, picture: bytes) -> bytes:
        """Keep a picture and let go of the oldest beyond the budget; gives it back."""
        if place not in self._pictures and len(picture) <= self._budget // 8:
            self._pictures[place] = picture
            self._bytes += len(picture)
        while self._bytes > self._budget:
            self._bytes -= len(self._pictures.popitem(last=False)[1])
        return picture


@dataclass(frozen=True, slots=True)
class Asked:
    """A rendered picture as asked for, brought to what the cache holds."""

    wished: int
    form: Format
    window: Window | None

    @property
    def size(self) -> int:
        """What is kept instead of the size wished for."""
        return next((one for one in SIZES if one >= self.wished), SIZES[-1])

    def rendering(self, shown: Shown, index: int) -> Rendering:
        """The rendering of the frame, with the window asked for."""
        own = shown.rendering_of(index)
        return replace(own, window=self.window) if self.window else own


def fingerprint(stack: Stack) -> str:
    """The name of a stack: other files, another name."""
    if not stack.named:
        files = [(one.digest, one.frame.number) for one in stack.slices]
        stack.named.append(digest(VERSION, stack.series_instance_uid, files))
    return stack.named[0]


def digest(*parts: object) -> str:
    """A short name of anything that JSON can say."""
    return hashlib.blake2b(json.dumps(parts, default=str).encode(), digest_size=12).hexdigest()


def read(place: Path) -> bytes | None:
    """A file of the cache; None where there is none."""
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None


def write(place: Path, data: bytes) -> None:
    """Whole or not at all; not synced, for the cache can be made again."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
        file.write(data)
    os.replace(file.name, place)
