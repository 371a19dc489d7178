"""The metadata of instances: whole data sets without their bulk, made in workers and kept in a cache."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from imaging.dicomweb.errors import BadQuery
from imaging.dicomweb.json import element
from imaging.dicomweb.present import Row, address
from imaging.errors import NotFound, WorkerLost
from imaging.intake import Intake
from imaging.studies import Instance
from imaging.vault import Vault

PIXELS = {"7FE00008": "OF", "7FE00009": "OD", "7FE00010": "OW"}
"""Float, double float and integer pixel data (PS3.3 C.7.6.24, C.7.6.25, C.7.6.3), and their VR."""
_TASK = "imaging.dicomweb.dataset:"
_ADDRESS = b'"BulkDataURI":"/'
"""These bytes are nowhere else: inside a string of JSON a quote never stands without a backslash."""
_AT_ONCE = 2
_VERSION = "1"
"""Part of every name in the cache; raise it when the same file gives other metadata."""


class BulkDataNotFound(NotFound):
    """The instance has no such value, or it is no bulk data."""

    noun = "bulk data"


@dataclass(frozen=True, slots=True)
class Metadata:
    """Reads data sets of the vault; threads may share it."""

    intake: Intake
    vault: Vault
    cache: Path
    """A folder that may be deleted."""

    def of(self, rows: Sequence[Row], base: str) -> Iterator[bytes]:
        """Pieces of one JSON array with the data set of each row; blocks. base: URL of the service."""
        yield b"["
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="metadata") as pool:
            for number, said in enumerate(pool.map(self._one, rows)):
                place = f'"BulkDataURI":"{address(base, rows[number])}/bulkdata/'.encode()
                yield (b"," if number else b"") + said.replace(_ADDRESS, place)
        yield b"]"

    def bulk(self, row: Instance, where: str) -> bytes:
        """One value by its path (see `imaging.dicomweb.dataset.bulk`); blocks. Raises BulkDataNotFound."""
        if not all(part and set(part.upper()) <= set("0123456789ABCDEF") for part in where.split(".")):
            raise BadQuery("bulkdata", "this is no address that the metadata gave.")
        try:
            answer = self.intake.read_more(_TASK + "bulk", path=self._path(row), where=where)
        except WorkerLost:
            raise BulkDataNotFound(where) from None
        if not answer.facts.get("found"):
            raise BulkDataNotFound(where)
        return answer.payload

    def _one(self, row: Row) -> bytes:
        assert row.instance is not None
        assert row.series is not None
        place = self.cache / row.instance.digest[:2] / f"{row.instance.digest}.{_VERSION}.json"
        try:
            return place.read_bytes()
        except FileNotFoundError:
            pass
        try:
            said = self.intake.read_more(_TASK + "metadata", path=self._path(row.instance)).payload
            json.loads(said)  # a worker is not trusted more than the file it read
        except (WorkerLost, ValueError):
            return _least(row)
        said = _with_pixels(row.instance, said)
        _write(place, said)
        return said

    def _path(self, row: Instance) -> str:
        with self.vault.open(row.digest) as file:
            return str(Path(file.name).resolve())


def _with_pixels(row: Instance, said: bytes) -> bytes:
    if not row.frames:
        return said
    floating = {32: "7FE00008", 64: "7FE00009"} if row.bits_stored == 0 else {}
    tag = floating.get(row.bits_allocated, "7FE00010")
    vr = "OB" if row.encapsulated or row.bits_allocated == 8 else PIXELS[tag]
    pixels = json.dumps({tag: {"vr": vr, "BulkDataURI": f"/{tag}"}}, separators=(",", ":")).encode()
    return said[:-1] + (b"," if len(said) > 2 else b"") + pixels[1:]


def _least(row: Row) -> bytes:
    """What the index knows of an instance whose header cannot be read as a whole."""
    assert row.instance is not None
    assert row.series is not None
    known = {
        "00080016": element("UI", row.instance.sop_class_uid), "00080018": element("UI", row.instance.sop_instance_uid),
        "00080060": element("CS", row.series.modality), "0020000D": element("UI", row.study.study_instance_uid),
        "0020000E": element("UI", row.series.series_instance_uid), "00200013": element("IS", row.instance.number),
    }
    return json.dumps(known, separators=(",", ":")).encode()


def _write(place: Path, data: bytes) -> None:
    """Whole or not at all, for others read it meanwhile."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
        file.write(data)
    os.replace(file.name, place)
