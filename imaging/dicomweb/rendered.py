"""The query of a rendered picture or thumbnail (PS3.18 8.3.5.1). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imaging.dicomweb.accept import Accepted, takes_any
from imaging.dicomweb.errors import BadQuery, NotAcceptable
from imaging.pixels.cache import SIZES
from imaging.pixels.render import Format
from imaging.pixels.window import Function, Window

_FORMATS: dict[str, Format] = {"image/jpeg": "jpeg", "image/png": "png", "image/webp": "webp"}
_FUNCTIONS: dict[str, Function] = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
THUMBNAIL = 160


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be drawn."""

    size: int
    """Most pixels on the longer side."""
    form: Format
    media: str
    window: Window | None


def wish(parameters: Mapping[str, str], wanted: Sequence[Accepted], *, thumbnail: bool) -> Wish:
    """The wish in a query; raises BadQuery naming the parameter, NotAcceptable naming the formats."""
    media = takes_any(wanted, *_FORMATS)
    if media is None:
        raise NotAcceptable(f"Pictures are given as {', '.join(_FORMATS)}.")
    size = _size(parameters.get("viewport", ""), SIZES[-1] if not thumbnail else THUMBNAIL)
    return Wish(size, _FORMATS[media], media, _window(parameters.get("window", "")))


def _size(text: str, otherwise: int) -> int:
    if not text:
        return otherwise
    parts = text.split(",")
    if len(parts) > 2 and any(parts[2:]):
        raise BadQuery("viewport", "a part of the picture cannot be cut out; give its width and height alone.")
    if len(parts) < 2 or not all(part.isdecimal() and int(part[:6]) > 0 for part in parts[:2]):
        raise BadQuery("viewport", "this must be a width and a height in pixels, such as 512,512.")
    smaller = min(int(part[:6]) for part in parts[:2])
    return max((one for one in SIZES if one <= smaller), default=SIZES[0])


def _window(text: str) -> Window | None:
    if not text:
        return None
    parts = text.split(",")
    try:
        centre, width = float(parts[0]), float(parts[1])
        function = _FUNCTIONS[parts[2].strip().lower()] if len(parts) > 2 else "LINEAR"
    except (ValueError, IndexError, KeyError):
        raise BadQuery("window", "this must be centre,width,function, such as 40,400,linear.") from None
    if not (abs(centre) <= 1e9 and 1 <= width <= 1e9):
        raise BadQuery("window", "the centre is between -1e9 and 1e9, the width between 1 and 1e9.")
    return Window(centre, width, "", function)
