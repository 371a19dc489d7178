"""JSON values of the room's dataclasses: field by field, with their own names.

A member of a union of events or commands carries ``type``, its class name in kebab-case. The inverse, which is strict,
is `conference.wire.codec`.
"""

from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@cache
def kebab(name: str) -> str:
    """``CallCase`` → ``call-case``."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


def names(value: object) -> tuple[str, ...]:
    """The fields of a dataclass, in their order."""
    return _names_of(cast(Hashable, type(value)))


@cache
def _names_of(cls: Hashable) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cast("type[DataclassInstance]", cls)))


def plain(value: object) -> Json:
    """The JSON value of a dataclass, tuple, mapping or scalar; raises TypeError for anything else."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if is_dataclass(value):
        return {name: plain(getattr(value, name)) for name in names(value)}
    raise TypeError(f"{type(value).__name__} has no JSON value")


def tagged(value: object) -> dict[str, Json]:
    """The JSON object of a command or an event, with its ``type``."""
    return {"type": kebab(type(value).__name__), **{name: plain(getattr(value, name)) for name in names(value)}}
