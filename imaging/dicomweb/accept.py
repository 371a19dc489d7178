"""What a client accepts, most wanted first (RFC 9110 12.5.1 with the multipart forms of PS3.18 8.7). Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from imaging.dicomweb.multipart import media_type

_ITEM = re.compile(r'(?:[^,"]|"[^"]*"?)+')
_ITEMS = 64
"""An Accept header of more items than this is cut; real ones have a dozen."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One form the client takes."""

    media: str
    """Of the content or, in a multipart message, of each part: ``type/subtype``, either may be ``*``."""
    transfer_syntax: str = ""
    """UID, ``*``, or empty when the client does not say."""
    multipart: bool | None = None
    """None: either way."""

    def takes(self, media: str) -> bool:
        """Whether this media type is one of those meant."""
        wanted, _, kind = self.media.partition("/")
        main, _, sub = media.partition("/")
        return wanted in ("*", main) and kind in ("*", sub)


@lru_cache(maxsize=256)
def accepted(header: str, parameter: str = "") -> tuple[Accepted, ...]:
    """The forms of an Accept header by their weight; the ``accept`` parameter of the query comes before all.

    No header, or an empty one, takes everything. What has weight 0 is left out.
    """
    found = [*_items(parameter), *_items(header)]
    return tuple(found) or (Accepted("*/*"),)


def takes_any(wanted: Iterable[Accepted], *media: str) -> str | None:
    """The first of these media types that is taken outside a multipart message; None: none is."""
    for one in wanted:
        for kind in media:
            if one.multipart is not True and one.takes(kind):
                return kind
    return None


def _items(header: str) -> list[Accepted]:
    weighed: list[tuple[float, Accepted]] = []
    for text in islice(map(re.Match.group, _ITEM.finditer(header)), _ITEMS):
        if not text.strip() or "/" not in text:
            continue
        media, said = media_type(text.strip())
        weight = _weight(said.get("q", "1"))
        if weight > 0:
            weighed.append((weight, _item(text, media, said)))
    return [one for _, one in sorted(weighed, key=lambda pair: -pair[0])]


def _item(text: str, media: str, said: dict[str, str]) -> Accepted:
    bare = text.split(";")[0].strip().lower()
    syntax = said.get("transfer-syntax", "")
    if bare == "multipart/related":
        return Accepted(said.get("type", "*/*").lower() or "*/*", syntax, multipart=True)
    if bare in ("*/*", "multipart/*"):
        return Accepted("*/*", syntax, True if bare == "multipart/*" else None)
    return Accepted(media if "*" not in bare else bare, syntax, multipart=False)


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0
