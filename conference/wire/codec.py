"""JSON in and out of the room: strict on the way in, fast on the way out.

A message with an unknown key, a wrong type, a NaN or an unknown ``type`` is refused whole. Every dataclass of the room
is mirrored here once, at import, by a msgspec struct that forbids unknown fields; the room itself stays free of
libraries.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Generic, Literal, NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from conference.errors import ProtocolError
from conference.room.commands import HOST_ONLY, Command
from conference.room.events import Event
from conference.room.plain import Json, kebab, tagged

T = TypeVar("T")

Restore = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a type is read: what msgspec validates, and what turns that into the room's own value."""

    wire: Any
    restore: Restore


def _shape(kind: Any) -> _Shape:
    if isinstance(kind, NewType):
        return _shape(kind.__supertype__)
    if is_dataclass(kind):
        return _mirror(cast(type, kind))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return _tuple(arguments)
    if origin is Mapping:
        values = _shape(arguments[1])
        return _Shape(dict[str, values.wire], lambda found: {key: values.restore(one) for key, one in found.items()})  # type: ignore[name-defined]
    if origin in (Union, types.UnionType):
        return _optional(arguments)
    if kind in (str, int, float, bool, types.NoneType) or origin is Literal:
        return _Shape(kind, _same)
    raise TypeError(f"{kind!r} does not travel")


def _tuple(arguments: tuple[Any, ...]) -> _Shape:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _shape(arguments[0])
        return _Shape(tuple[item.wire, ...], lambda found: tuple(map(item.restore, found)))  # type: ignore[name-defined]
    items = [_shape(argument) for argument in arguments]
    return _Shape(
        tuple[tuple(item.wire for item in items)],  # type: ignore[misc]
        lambda found: tuple(item.restore(one) for item, one in zip(items, found, strict=True)),
    )


def _optional(arguments: tuple[Any, ...]) -> _Shape:
    """Only ``X | None``: unions of dataclasses are the commands and the events, which are tagged."""
    (kind,) = (argument for argument in arguments if argument is not types.NoneType)
    inner = _shape(kind)
    return _Shape(inner.wire | None, lambda found: None if found is None else inner.restore(found))


@cache
def _mirror(kind: type, tag: str | None = None) -> _Shape:
    hints = get_type_hints(kind)
    shapes = {field.name: _shape(hints[field.name]) for field in fields(kind)}
    wire = msgspec.defstruct(
        f"{kind.__name__}Wire", [(name, shape.wire) for name, shape in shapes.items()], forbid_unknown_fields=True,
        frozen=True, tag=tag, tag_field=None if tag is None else "type",
    )

    def restore(found: Any) -> Any:
        return kind(*[shape.restore(getattr(found, name)) for name, shape in shapes.items()])

    return _Shape(wire, restore)


class Reader(Generic[T]):
    """Reads one of a closed set of dataclasses, told apart by ``type``."""

    def __init__(self, kinds: tuple[type, ...]) -> None:
        shapes = {_mirror(kind, kebab(kind.__name__)).wire: _mirror(kind, kebab(kind.__name__)) for kind in kinds}
        self._restore = {wire: shape.restore for wire, shape in shapes.items()}
        self.wire: Any = Union[tuple(shapes)]  # noqa: UP007 - built at run time
        self._decoder = msgspec.json.Decoder(self.wire)

    def read(self, text: str | bytes) -> T:
        """The value of a JSON text; raises ProtocolError."""
        try:
            return self.restore(self._decoder.decode(text))
        except (msgspec.DecodeError, UnicodeError, RecursionError) as why:
            raise ProtocolError("This is not a message of the room protocol.") from why

    def restore(self, found: Any) -> T:
        """The room's value of a decoded struct."""
        return cast(T, self._restore[type(found)](found))


FROM_WIRE = tuple(kind for kind in get_args(Command) if kind not in HOST_ONLY)
"""Commands that a client may send."""

commands: Reader[Command] = Reader(FROM_WIRE)
events: Reader[Event] = Reader(get_args(Event))
"""Of the log, where every event is in full."""

_encoder = msgspec.json.Encoder()


def encode(value: Mapping[str, object]) -> str:
    """The JSON text of a message."""
    return _encoder.encode(value).decode()


def encode_event(event: Event) -> Json:
    """The JSON value of an event in full, for the log."""
    return tagged(event)
