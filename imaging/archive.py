"""Opens a zip without believing it: counts, sizes and names are held against limits before and while unpacking.

Names inside an archive are labels for people. They are never used as paths: every member is written under a number.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from imaging.errors import Refused, TooLarge, Unreadable, UnsafeArchive
from imaging.settings import ArchiveSettings

_CHUNK = 1024 * 1024
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
_NAME_LIMIT = 300
_TAIL = 128 * 1024


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: where it was unpacked, or why it was not."""

    name: str
    """As in the archive; a label, cut to a length people can read."""
    size: int
    path: Path | None
    refusal: Refused | None = None


def is_zip(path: Path) -> bool:
    """Whether a file begins like a zip; its name is not asked."""
    with path.open("rb") as file:
        return file.read(4) in _ZIP_MARKS


def unpacked(archive: Path, into: Path, limits: ArchiveSettings, files: int) -> Iterator[Member]:
    """Every member, unpacked under `into` one by one as ``000001``, ``000002``, …; folders are passed over.

    files: how many members are taken at most. Raises UnsafeArchive, TooLarge or Unreadable for the archive as a whole,
    before anything is written; a bad member is given back with its refusal.
    """
    _check_directory(archive, files)
    try:
        opened = zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, ValueError, RuntimeError, OSError):  # RuntimeError: a zip of a later version
        raise Unreadable("broken-zip", "The zip is damaged or cut short; make it again from the disc.") from None
    with opened:
        members = [one for one in opened.infolist() if not one.is_dir()]
        _check(archive, members, limits, files)
        total = 0
        for number, one in enumerate(members, 1):
            made = _member(opened, one, into / f"{number:06}", limits, limits.total_bytes - total)
            total += made.size if made.path else 0
            yield made


def _check(archive: Path, members: list[zipfile.ZipInfo], limits: ArchiveSettings, files: int) -> None:
    if len(members) > files:
        raise TooLarge("zip-files", f"The zip holds {len(members):,} files; the limit is {files:,}.")
    total = sum(one.file_size for one in members)
    if total > limits.total_bytes:
        raise TooLarge("zip-size", f"The zip unfolds to {total:,} bytes; the limit is {limits.total_bytes:,}.")
    size = archive.stat().st_size
    if total > max(size * limits.ratio, limits.ratio_floor_bytes):
        raise TooLarge("zip-ratio", f"The zip unfolds to {total // max(size, 1):,} times its size, like a zip bomb.")
    for one in members:
        _check_name(one)


def _check_name(one: zipfile.ZipInfo) -> None:
    """One dishonest name spoils the archive: whoever made it meant harm."""
    name = one.orig_filename.replace("\\", "/")
    label = _label(name)
    wrong = ""
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        wrong = f"holds a file with an absolute path, “{label}”"
    elif ".." in name.split("/"):
        wrong = f"holds a file that leads outside it, “{label}”"
    elif "\0" in name:
        wrong = "holds a file whose name contains a zero byte"
    elif stat.S_ISLNK(one.external_attr >> 16):
        wrong = f"holds a link instead of a file, “{label}”"
    if wrong:
        raise UnsafeArchive("zip-path", f"The zip {wrong}; nothing of it was taken.")


def _check_directory(archive: Path, files: int) -> None:
    """The table of contents is read into memory as a whole: its announced size must fit the number of files."""
    with archive.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - _TAIL, 0))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or end + 22 > len(tail):
        raise Unreadable("broken-zip", "The zip is damaged or cut short; make it again from the disc.")
    announced: int = struct.unpack_from("<I", tail, end + 12)[0]
    large = tail.rfind(b"PK\x06\x06", 0, end)
    if announced == 0xFFFFFFFF and 0 <= large <= len(tail) - 56:
        announced = struct.unpack_from("<Q", tail, large + 40)[0]
    if announced > 1024 * 1024 + files * 1024:
        raise TooLarge("zip-files", f"The zip's table of contents is larger than {files:,} files need.")


def _member(opened: zipfile.ZipFile, one: zipfile.ZipInfo, path: Path, limits: ArchiveSettings, left: int) -> Member:
    label = _label(one.filename)
    try:
        if one.flag_bits & _ENCRYPTED:
            raise Unreadable("zip-password", "The file is protected by a password; zip the disc without one.")
        if one.compress_type not in _METHODS:
            raise Unreadable("zip-method", "The file is packed in a way we do not read; zip the disc the usual way.")
        most = min(left, one.file_size, max(one.compress_size * limits.ratio, limits.ratio_floor_bytes))
        size = _write(opened, one, path, most)
        if is_zip(path):
            raise UnsafeArchive("zip-nested", "A zip inside a zip is not opened; send it by itself.")
    except Refused as refusal:
        path.unlink(missing_ok=True)
        return Member(label, one.file_size, None, refusal)
    return Member(label, size, path)


def _write(opened: zipfile.ZipFile, one: zipfile.ZipInfo, path: Path, most: int) -> int:
    """Unpack up to `most` bytes; more than announced or allowed is refused while it unfolds, not after."""
    size = 0
    try:
        with opened.open(one) as source, path.open("xb") as target:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise TooLarge("zip-ratio", "The file unfolds far beyond its size, like a zip bomb.")
                target.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):  # the last: a password, a compression unknown here
        raise Unreadable("broken-zip", "The file is damaged inside the zip; zip the disc again.") from None
    return size


def _label(name: str) -> str:
    clean = "".join(letter if letter.isprintable() else "�" for letter in name)
    return clean if len(clean) <= _NAME_LIMIT else "…" + clean[-_NAME_LIMIT:]
