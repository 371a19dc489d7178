"""Command sets of DIMSE messages (PS3.7 6.3 and annex E): implicit VR little endian, group 0000; pure."""

import re
import struct
from dataclasses import dataclass

from imaging.dimse.pdu import Abort, Violation

C_STORE_RQ, C_ECHO_RQ, C_CANCEL_RQ = 0x0001, 0x0030, 0x0FFF
_RESPONSE = 0x8000
_NO_DATA_SET = 0x0101
_CLASS, _FIELD, _MESSAGE, _ANSWERED = 0x0002, 0x0100, 0x0110, 0x0120
_DATA_SET, _STATUS, _COMMENT, _INSTANCE = 0x0800, 0x0900, 0x0902, 0x1000
_UID = re.compile(r"[0-9.]{1,64}")
_ELEMENT = struct.Struct("<HHI")


@dataclass(frozen=True, slots=True)
class Command:
    """What a peer asks for."""

    field: int
    """Command Field (0000,0100)."""
    message: int
    """Message ID (0000,0110)."""
    sop_class_uid: str
    sop_instance_uid: str
    has_data_set: bool


def read(raw: bytes) -> Command:
    """A command set; raises Violation where it is none, or where a UID is none."""
    values: dict[int, bytes] = {}
    at = 0
    while at < len(raw):
        if at + 8 > len(raw):
            raise Violation(Abort.INVALID_VALUE)
        group, element, length = _ELEMENT.unpack_from(raw, at)
        at += 8
        if group or at + length > len(raw):
            raise Violation(Abort.INVALID_VALUE)
        values[element] = raw[at : at + length]
        at += length
    return Command(
        field=_number(values, _FIELD), message=_number(values, _MESSAGE, needed=False),
        sop_class_uid=_uid(values, _CLASS), sop_instance_uid=_uid(values, _INSTANCE),
        has_data_set=_number(values, _DATA_SET) != _NO_DATA_SET,
    )


def response(asked: Command, status: int, comment: str = "") -> bytes:
    """The response to C-STORE or C-ECHO (PS3.7 9.3.1.2, 9.3.5.2). comment: ASCII, up to 64 characters."""
    fields = _element(_FIELD, struct.pack("<H", asked.field | _RESPONSE))
    fields += _element(_ANSWERED, struct.pack("<H", asked.message))
    fields += _element(_DATA_SET, struct.pack("<H", _NO_DATA_SET)) + _element(_STATUS, struct.pack("<H", status))
    if comment:
        fields += _element(_COMMENT, _even(comment.encode("ascii", "replace"), b" "))
    if asked.sop_class_uid:
        fields = _element(_CLASS, _even(asked.sop_class_uid.encode("ascii"), b"\0")) + fields
    if asked.sop_instance_uid:
        fields += _element(_INSTANCE, _even(asked.sop_instance_uid.encode("ascii"), b"\0"))
    return _element(0x0000, struct.pack("<I", len(fields))) + fields


def _element(element: int, value: bytes) -> bytes:
    return _ELEMENT.pack(0, element, len(value)) + value


def _even(value: bytes, padding: bytes) -> bytes:
    return value + padding * (len(value) % 2)


def _number(values: dict[int, bytes], element: int, *, needed: bool = True) -> int:
    value = values.get(element)
    if value is None and not needed:
        return 0
    if value is None or len(value) != 2:
        raise Violation(Abort.INVALID_VALUE)
    return int.from_bytes(value, "little")


def _uid(values: dict[int, bytes], element: int) -> str:
    text = values.get(element, b"").decode("ascii", "replace").rstrip(" \0")
    if text and not _UID.fullmatch(text):
        raise Violation(Abort.INVALID_VALUE)
    return text
