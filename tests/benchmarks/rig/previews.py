"""The preview of a frame by HTTP from either server, one request after another on one connection."""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.consilium import CASE, STOW, consilium
from tests.benchmarks.rig.http import Http
from tests.benchmarks.rig.instances import MIXED, Kind, study, uids
from tests.benchmarks.rig.orthanc import orthanc

SIZE = 256
"""Longer side of ours: what strips and thumbnails ask for. Orthanc's preview has the size of the image."""
_JPEG = {"Accept": "image/jpeg"}


def measured(name: str, bar: float, *, cold: bool, short: bool) -> Iterator[Figure]:
    """Median milliseconds of a preview, ours / Orthanc's, for CT of 512² and MR of 256²."""
    kinds: tuple[Kind, ...] = tuple(
        Kind(one.template, one.modality, one.rows, one.columns, 10 if short else 60) for one in MIXED[:2]
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        theirs = stack.enter_context(orthanc(folder / "orthanc"))
        ours = stack.enter_context(consilium(folder / "consilium"))
        mine, other = ours.http, theirs.http
        for at in range(0, len(files := study(kinds, 3)), 20):
            mine.stow(STOW, files[at : at + 20])
            other.stow("/dicom-web/studies", files[at : at + 20])
        known = _identities(other)
        ours.prepared(len(files))
        ours.process.rest()
        for index, kind in enumerate(kinds):
            sops = [uids(3, index, place)[2] for place in range(kind.count)]
            our_paths = [f"/cases/{CASE}/images/{sop}/1/{_what(cold=cold)}" for sop in sops]
            their_paths = [f"/instances/{known[sop]}/preview" for sop in sops]
            if cold:
                _timed(mine, our_paths[:1], {})  # the series is opened once, not for each picture
            rounds = 1 if cold else 3
            if not cold:
                _timed(mine, our_paths, {})
                _timed(other, their_paths, _JPEG)
            cpu = ours.process.cpu(), theirs.process.cpu()
            us, them = [], []
            for _ in range(rounds):
                for our_path, their_path in zip(our_paths[1:], their_paths[1:], strict=True):
                    us += _timed(mine, [our_path], {})
                    them += _timed(other, [their_path], _JPEG)
            title = f"{name} {kind.modality} {kind.rows}x{kind.columns}"
            yield Figure(title, statistics.median(us), statistics.median(them), "ms", bar)
            spent = [(after - before) / len(us) * 1000 for before, after in zip(
                cpu, (ours.process.cpu(), theirs.process.cpu()), strict=True)]
            yield Figure(f"{title}: CPU", *spent, "ms", None)


def _what(*, cold: bool) -> str:
    """Nobody asks for JPEG of this size ahead of need, so that is cold until it is asked for."""
    return f"rendered?format=jpeg&size={SIZE}" if cold else f"preview.webp?size={SIZE}"


def _timed(http: Http, paths: list[str], headers: dict[str, str]) -> list[float]:
    taken = []
    for path in paths:
        began = time.perf_counter()
        http.get(path, **headers)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _identities(http: Http) -> dict[str, str]:
    """SOP Instance UID → Orthanc's own name of the instance."""
    return {one["MainDicomTags"]["SOPInstanceUID"]: one["ID"] for one in json.loads(http.get("/instances?expand"))}
