"""Canonical JSON (RFC 8785): the one byte string of a JSON value, for digests that Python and browsers both compute.

Standard library only. Numbers are printed as ECMAScript prints them (RFC 8785 section 3.2.2.3), names are sorted by
their UTF-16 code units (section 3.2.3).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import lru_cache
from json.encoder import encode_basestring
from math import isfinite

from conference.room.plain import Json, kebab, names

_EXACT = 2**53 - 1
"""Integers beyond lose digits in a browser (RFC 7493 section 2.2)."""
_FEW = 32
"""Members of an object whose order is remembered; those of more are identities, which do not come again."""


def canonical(value: Json) -> bytes:
    """The canonical bytes; raises ValueError for NaN, infinities and integers a double cannot hold."""
    return canonical_text(value).encode()


def digest(value: Json) -> str:
    """SHA-256 over the canonical bytes, hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def canonical_text(value: object) -> str:
    """The canonical bytes before they are encoded in UTF-8, of a JSON value or of what `plain` makes one of."""
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int):
        if abs(value) > _EXACT:
            raise ValueError("An integer beyond 2^53 has no canonical form.")
        return str(value)
    if isinstance(value, (list, tuple)):
        return f"[{','.join([canonical_text(item) for item in value])}]"
    if isinstance(value, Mapping):
        return canonical_object({str(name): canonical_text(item) for name, item in value.items()})
    if is_dataclass(value):
        return canonical_object({name: canonical_text(getattr(value, name)) for name in names(value)})
    raise TypeError(f"{type(value).__name__} has no JSON value")


def canonical_tagged(value: object) -> str:
    """`canonical_text` of what `tagged` makes of a command or an event, without making it."""
    members = {name: canonical_text(getattr(value, name)) for name in names(value)}
    return canonical_object({"type": canonical_text(kebab(type(value).__name__)), **members})


def canonical_object(members: Mapping[str, str]) -> str:
    """The canonical text of an object whose members' texts are known."""
    ordered = (_remembered if len(members) <= _FEW else _ordered)(tuple(members))
    return f"{{{','.join([f'{said}{members[name]}' for name, said in ordered])}}}"


def _ordered(found: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Names in their order, each with how its member begins."""
    ordered = sorted(found)
    if not all(map(str.isascii, ordered)):
        ordered.sort(key=lambda name: name.encode("utf-16-be"))
    return tuple((name, f"{encode_basestring(name)}:") for name in ordered)


_remembered = lru_cache(1024)(_ordered)
"""Of the fields of a record, which are the same again and again."""


def _number(value: float) -> str:
    """ECMA-262 Number::toString for a finite double: Python's shortest digits, ECMAScript's layout."""
    if not isfinite(value):
        raise ValueError("NaN and infinities have no canonical form.")
    if value == 0:
        return "0"  # also for -0
    text = repr(value)
    if "e" not in text:  # from 1e-4 to below 1e16 both lay a number out alike
        return text.removesuffix(".0")
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = text.removeprefix("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or 0)
    digits = whole + fraction
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    return sign + _layout(stripped.rstrip("0"), point)


def _layout(digits: str, point: int) -> str:
    """`digits` with the decimal point after `point` of them, as ECMA-262 lays a number out."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    exponent = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "") + exponent
