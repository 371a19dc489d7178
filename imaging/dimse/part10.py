"""The header of a DICOM file (PS3.10 7.1) around a data set that came over the network.

The header depends on nothing but the instance: the same instance sent twice is the same bytes, and one object.
"""

import struct
from pathlib import Path
from typing import BinaryIO

IMPLEMENTATION = "2.25.135028975225954151161790977560799717141"
"""Our Implementation Class UID; it never changes, or what is sent again would no longer be the same file."""
_CHUNK = 1024 * 1024


def header(sop_class_uid: str, sop_instance_uid: str, transfer_syntax: str) -> bytes:
    """Preamble, prefix and file meta information."""
    elements = struct.pack("<HH2sHI", 0x0002, 0x0001, b"OB", 0, 2) + b"\0\1"
    for element, uid in ((0x0002, sop_class_uid), (0x0003, sop_instance_uid), (0x0010, transfer_syntax),
                         (0x0012, IMPLEMENTATION)):
        value = uid.encode("ascii")
        value += b"\0" * (len(value) % 2)
        elements += struct.pack("<HH2sH", 0x0002, element, b"UI", len(value)) + value
    return bytes(128) + b"DICM" + struct.pack("<HH2sHI", 0x0002, 0x0000, b"UL", 4, len(elements)) + elements


def same_data_set(one: BinaryIO, other: BinaryIO) -> bool:
    """Whether two files hold the same instance in the same encoding, whoever wrote their headers.

    Both are files of the intake, read from their start; a header without its length is taken to differ.
    """
    here, there = _meta(one), _meta(other)
    if here is None or there is None or here[1] != there[1]:
        return False
    one.seek(here[0])
    other.seek(there[0])
    while chunk := one.read(_CHUNK):
        if chunk != other.read(len(chunk)):
            return False
    return other.read(1) == b""


def write(place: Path, head: bytes, data_set: memoryview) -> None:
    """A file of header and data set at `place`, which must not exist."""
    with place.open("xb") as file:
        file.write(head)
        file.write(data_set)


def _meta(file: BinaryIO) -> tuple[int, bytes] | None:
    """Where the data set starts, and the transfer syntax as written."""
    start = file.read(144)
    if len(start) < 144 or start[128:140] != b"DICM\x02\x00\x00\x00UL\x04\x00":
        return None
    length = struct.unpack_from("<I", start, 140)[0]
    rest = file.read(min(length, _CHUNK))
    at = rest.find(b"\x02\x00\x10\x00UI")
    if at < 0 or at + 8 > len(rest):
        return None
    size = struct.unpack_from("<H", rest, at + 6)[0]
    return 144 + length, rest[at + 8 : at + 8 + size]
