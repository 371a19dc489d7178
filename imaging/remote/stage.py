"""Where the files of one fetch lie until the intake has checked them, and what they may amount to."""

import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from imaging.errors import TooLarge
from imaging.intake import Arrived
from imaging.remote.errors import Stopped
from imaging.settings import UploadSettings


class Stage:
    """A folder with one subfolder a series; threads may share it."""

    def __init__(self, folder: Path, limits: UploadSettings, progress: Callable[[int], None]) -> None:
        """progress: called with the number of files that are here."""
        self._folder, self._limits, self._progress = folder, limits, progress
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._aborts: list[Callable[[], None]] = []
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sizes = {one: one.stat().st_size for one in self._files()}
        self._number = len(self._sizes)

    @property
    def files(self) -> int:
        """How many files are here."""
        return len(self._sizes)

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(self._sizes.values())

    def begin(self, series: str) -> None:
        """A series starts, from its first file: what an interrupted try left of it is dropped."""
        self.go_on()
        place = self._folder / series
        with self._lock:
            self._sizes = {one: size for one, size in self._sizes.items() if one.parent != place}
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(mode=0o700)

    def put(self, series: str, pieces: Iterable[bytes | memoryview]) -> None:
        """One file, piece by piece; raises TooLarge beyond the limits, and Stopped."""
        with self._lock:
            self._number += 1
            place = self._folder / series / f"{self._number:06}.dcm"
            if len(self._sizes) >= self._limits.files:
                raise TooLarge("fetch-files", f"The study has more than the {self._limits.files:,} files we take.")
            before = self.size
        size, partial = 0, place.with_suffix(".part")
        with partial.open("xb") as file:
            for piece in pieces:
                self.go_on()
                size += len(piece)
                self._affordable(before + size, len(piece))
                file.write(piece)
        partial.rename(place)
        with self._lock:
            self._sizes[place] = size
        self._progress(self.files)

    def take(self, series: str, file: Path) -> None:
        """A file that lies elsewhere on the same disk moves here; raises TooLarge, Stopped."""
        self.go_on()
        size = file.stat().st_size
        self._affordable(self.size + size, 0)
        with self._lock:
            self._number += 1
            place = self._folder / series / f"{self._number:06}.dcm"
            place.parent.mkdir(exist_ok=True, mode=0o700)
            file.rename(place)
            self._sizes[place] = size
        self._progress(self.files)

    def holds(self, series: str) -> bool:
        """Whether anything of a series is here."""
        return any(one.parent.name == series for one in self._sizes)

    def arrived(self) -> list[Arrived]:
        """The files, by the order in which they came."""
        return [Arrived(f"image {number}", place) for number, place in enumerate(sorted(self._sizes), 1)]

    def go_on(self) -> None:
        """Raises Stopped once somebody stopped the fetch."""
        if self._stopped.is_set():
            raise Stopped

    def on_stop(self, abort: Callable[[], None]) -> None:
        """Have `abort` called when the fetch is stopped; at once when it is stopped already."""
        with self._lock:
            self._aborts.append(abort)
        if self._stopped.is_set():
            abort()

    def stop(self) -> None:
        """End the fetch; blocks until what runs was told."""
        self._stopped.set()
        with self._lock:
            aborts, self._aborts = self._aborts, []
        for abort in aborts:
            abort()

    def drop(self) -> None:
        """Remove everything."""
        with self._lock:
            self._sizes.clear()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _affordable(self, total: int, more: int) -> None:
        if total > self._limits.total_bytes:
            raise TooLarge("fetch-size", f"The study has more than the {self._limits.total_bytes:,} bytes we take.")
        if shutil.disk_usage(self._folder).free - more < self._limits.free_bytes:
            raise TooLarge("disk-full", "The server has no room for this study; tell your administrator.")

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*/*.dcm"))
