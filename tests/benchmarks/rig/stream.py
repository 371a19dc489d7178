"""200 slices over a thin link: our image stream against Orthanc's rendered pictures and raw frames.

Ours is read as the browser reads it: a ticket, one socket, `show`, credit for every message. Orthanc is read as a good
DICOMweb viewer reads it: six connections, the current slice first, then outward. Times begin when the reader asks and
do not hold decoding, which is the browser's on both sides.
"""

import asyncio
import io
import json
import os
import queue
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import websockets
from pydicom import dcmread

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.consilium import STOW, Consilium, consilium
from tests.benchmarks.rig.http import Http
from tests.benchmarks.rig.instances import STACK, Kind, series, uids
from tests.benchmarks.rig.link import Link, thin
from tests.benchmarks.rig.orthanc import Orthanc, orthanc
from tests.conftest import ROOT

_HEADER = struct.Struct("<BBHII")
_CONNECTIONS = 6
_COLLECTED = ROOT.parent / "shared" / "data" / "series" / "mr_sag_mprage_philips_171"
"""A whole sagittal MPRAGE of a head."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Seconds, and ratios, not to exceed; None: only shown."""

    first: float | None = None
    current: float | None = None
    scrollable: float | None = None
    against_rendered: float | None = 1.0
    bytes: float | None = None


@dataclass(slots=True)
class Seen:
    """When, in seconds, and after how many bytes."""

    first: float = 0.0
    current: float = 0.0
    scrollable: float = 0.0
    everything: float = 0.0
    bytes: int = 0


def _real(count: int) -> tuple[list[bytes], Kind] | None:
    """A real series of as many slices as there are, its identities those of the made one; None: there is none.

    CONSILIUM_BENCHMARK_SERIES names a folder of one series of DICOM files; where it is not set, the collection beside
    the repository is looked into, and where it is empty, slices are made. Slices are given again from the first until
    there are `count`, so that a series of 170 fills 200.
    """
    folder = os.environ.get("CONSILIUM_BENCHMARK_SERIES", str(_COLLECTED) if _COLLECTED.is_dir() else "")
    if not folder:
        return None
    paths = sorted(path for path in Path(folder).iterdir() if path.is_file())
    files = []
    for place in range(count):
        found = dcmread(paths[place % len(paths)])
        found.StudyInstanceUID, found.SeriesInstanceUID, found.SOPInstanceUID = uids(7, 0, place)
        found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID
        found.PatientName, found.PatientID, found.PatientBirthDate = "Bench^00007", "BENCH00007", ""
        found.InstanceNumber, found.ImagePositionPatient = place + 1, [0, 0, 1.2 * place]
        found.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        out = io.BytesIO()
        found.save_as(out)
        files.append(out.getvalue())
    return files, Kind(Path(folder).name, str(found.Modality), found.Rows, found.Columns, count)


def measured(name: str, rate: float, delay: float, bars: Bars, *, patience: float, short: bool) -> Iterator[Figure]:
    """The four stages and the bytes, ours / Orthanc's.

    patience: seconds after which what is whole by then is extrapolated, for raw frames at 1 Mbit/s take six minutes.
    """
    kind = replace(STACK, count=20) if short else STACK
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        theirs = stack.enter_context(orthanc(folder / "orthanc"))
        ours = stack.enter_context(consilium(folder / "consilium"))
        real = _real(kind.count)
        files, kind = real if real is not None else (list(series(kind, 7)), kind)
        what = f"{kind.count} slices of {kind.rows} x {kind.columns}, " + (f"real: {kind.template}" if real else "made")
        for at in range(0, len(files), 20):
            ours.http.stow(STOW, files[at : at + 20])
            theirs.http.stow("/dicom-web/studies", files[at : at + 20])
        ours.prepared(kind.count)
        with thin(ours.port, rate, delay) as link:
            us = asyncio.run(_ours(ours, link, kind, patience))
        rendered = _theirs(theirs, rate, delay, kind, "/rendered", "image/jpeg", patience)
        sized = _theirs(theirs, rate, delay, kind, "/rendered?viewport=192,192", "image/jpeg", patience)
        frames = 'multipart/related; type="application/octet-stream"'
        raw = _theirs(theirs, rate, delay, kind, "/frames/1", frames, patience)
        ahead = bars.against_rendered
        yield Figure(f"{name} first picture / rendered", us.first, rendered.first, "s", None)
        if bars.first is not None:
            yield Figure(f"{name} first picture / bar", us.first, bars.first, "s", 1.0)
        yield Figure(f"{name} current lossless / raw", us.current, raw.first, "s", 1.0)
        if bars.current is not None:
            yield Figure(f"{name} current lossless / bar", us.current, bars.current, "s", 1.0)
        yield Figure(f"{name} scrollable / rendered", us.scrollable, rendered.everything, "s", ahead)
        yield Figure(f"{name} scrollable / rendered 192", us.scrollable, sized.everything, "s", 1.0)
        if bars.scrollable is not None:
            yield Figure(f"{name} scrollable / bar", us.scrollable, bars.scrollable, "s", 1.0)
        yield Figure(f"{name} all lossless / raw", us.everything, raw.everything, "s", 1.0)
        yield Figure(f"{name} lossless bytes / raw", us.bytes / 1e6, raw.bytes / 1e6, "MB", bars.bytes, what)


async def _ours(ours: Consilium, link: Link, kind: Kind, patience: float) -> Seen:
    uid, middle, seen = uids(7, 0, 0)[1], kind.count // 2, Seen()
    host = {"Host": f"127.0.0.1:{ours.port}", "Origin": f"http://127.0.0.1:{ours.port}",
            "Authorization": f"Bearer {ours.token}"}
    address = f"ws://127.0.0.1:{link.port}/sockets/images?ticket={ours.ticket()}"
    async with websockets.connect(address, compression=None, max_size=None, additional_headers=host) as socket:
        began, previews, lossless = time.perf_counter(), 0, 0
        speed = "thin" if link.bits_per_second < 3e6 else "normal"
        asked = {"type": "show", "series": uid, "index": middle, "link": speed}
        await socket.send(json.dumps(asked))
        while lossless < kind.count:
            message = await socket.recv()
            at = time.perf_counter() - began
            if isinstance(message, str):
                continue
            which, _, _, index, length = _HEADER.unpack_from(message)
            await socket.send(json.dumps({"type": "credit", "bytes": length}))
            seen.bytes += length if which != 1 else 0
            previews, lossless = previews + (which == 1), lossless + (which != 1)
            seen.first = seen.first or at
            seen.current = seen.current or (at if which != 1 and index == middle else 0.0)
            seen.scrollable = seen.scrollable or (at if previews == kind.count else 0.0)
            seen.everything = at
            if at > patience and seen.scrollable:
                break
        share = kind.count / lossless
    whole = seen.scrollable + (seen.everything - seen.scrollable) * share
    return Seen(seen.first, seen.current, seen.scrollable, whole, round(seen.bytes * share))


def _theirs(
    theirs: Orthanc, rate: float, delay: float, kind: Kind, what: str, accept: str, patience: float
) -> Seen:
    study, uid, _ = uids(7, 0, 0)
    middle = kind.count // 2
    order = sorted(range(kind.count), key=lambda place: abs(place - middle))
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for place in order:
        waiting.put(place)
    done: list[float] = []
    seen = Seen()
    with thin(theirs.port, rate, delay) as link:
        began = time.perf_counter()

        def fetch() -> None:
            http = Http(link.port)
            while time.perf_counter() - began < patience:
                try:
                    place = waiting.get_nowait()
                except queue.Empty:
                    return
                instance = f"/dicom-web/studies/{study}/series/{uid}/instances/{uids(7, 0, place)[2]}"
                got = http.get(instance + what, Accept=accept)
                done.append(time.perf_counter() - began)
                seen.bytes += len(got)
                if place == middle:
                    seen.first = done[-1]

        threads = [threading.Thread(target=fetch) for _ in range(_CONNECTIONS)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    share = kind.count / len(done)
    return Seen(seen.first, seen.first, max(done) * share, max(done) * share, round(seen.bytes * share))
