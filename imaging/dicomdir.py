"""A disc's table of contents (PS3.3 F, PS3.10 8): which files it names, and which of them did not come along.

`contents` runs inside a worker of `imaging.sandbox`. The files themselves are read wherever they lie; the table only
says whether a disc is whole.
"""

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

NAME = "DICOMDIR"
_MOST = 100_000
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Contents:
    """What a table of contents says."""

    disc: str
    """File-set ID (0004,1130): what is written on the disc, when anything."""
    files: tuple[str, ...]
    """Paths below the folder of the table, with slashes."""


def contents(path: str) -> tuple[dict[str, Any], bytes]:
    """The facts of a table of contents; no payload."""
    warnings.simplefilter("ignore")
    found = pydicom.dcmread(path, specific_tags=["FileSetID", "DirectoryRecordSequence"])
    records = found.get("DirectoryRecordSequence") or []
    files = [named for record in records[:_MOST] if (named := _named(record))]
    return {"disc": str(found.get("FileSetID") or "")[:16], "files": list(dict.fromkeys(files))}, b""


def contents_of(facts: dict[str, Any]) -> Contents:
    """What a worker said of a table, held to its shape; raises ValueError."""
    disc, files = facts.get("disc"), facts.get("files")
    if not isinstance(disc, str) or not isinstance(files, list) or not all(isinstance(one, str) for one in files):
        raise ValueError("no table of contents")
    return Contents("".join(letter for letter in disc if letter.isprintable()).strip(), tuple(files))


def missing(table: str, said: Contents, names: Iterable[str]) -> list[str]:
    """The files the table `table` names that are not among `names`, however a disc or a zip spells them.

    A disc writes in capitals, may add a version (``IM0001.;1``, ISO 9660 7.5), and may have been copied without its
    folders' parents.
    """
    folder = table.replace("\\", "/").rpartition("/")[0]
    here = {_plain(name) for name in names}
    ending: dict[str, list[str]] = {}
    for name in here:
        ending.setdefault(name.rpartition("/")[2], []).append(name)
    return [file for file in said.files if not _is_here(_plain(file), _plain(f"{folder}/{file}"), here, ending)]


def listed(said: Contents, folder: Path) -> list[Path]:
    """The files of a folder that its table names; nothing outside the folder is ever looked at."""
    named = {_plain(file) for file in said.files}
    inside = (one for one in sorted(folder.rglob("*")) if one.is_file())
    return [one for one in inside if _plain(one.relative_to(folder).as_posix()) in named]


def sentence(said: Contents, lost: Sequence[str]) -> str:
    """What a person is told of a disc that is not whole."""
    disc = f"The disc “{said.disc}”" if said.disc else "The disc"
    shown = ", ".join(lost[:_SHOWN])
    more = f" and {len(lost) - _SHOWN:,} more" if len(lost) > _SHOWN else ""
    files = "a file that is" if len(lost) == 1 else f"{len(lost):,} files that are"
    return f"{disc} lists {files} not here: {shown}{more}. Copy the whole disc, or ask its sender."


def _is_here(short: str, whole: str, here: set[str], ending: dict[str, list[str]]) -> bool:
    alike = ending.get(short.rpartition("/")[2], ())
    return whole in here or short in here or any(name.endswith("/" + short) for name in alike)


def _named(record: Dataset) -> str:
    value = record.get("ReferencedFileID")
    parts = [str(one) for one in (value if isinstance(value, MultiValue | list) else [value]) if one]
    return "/".join(part.replace("/", "_") for part in parts)[:1024]


def _plain(name: str) -> str:
    return re.sub(r"\.?(;\d+)?$", "", name.replace("\\", "/").strip("/").casefold())
