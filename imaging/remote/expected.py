"""Studies we asked an archive to send to our own listener (C-MOVE): their files go to the fetch that waits for them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imaging.remote.stage import Stage


@dataclass(frozen=True, slots=True)
class _Wait:
    sender: str
    stage: Stage
    place: str


class Expected:
    """What the listener is told to look out for; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, list[_Wait]] = {}

    @contextmanager
    def study(self, study_uid: str, sender: str, stage: Stage, place: str, *, enabled: bool) -> Iterator[None]:
        """While the block runs, files of this study from this application entity belong to the stage."""
        if not enabled:
            yield
            return
        one = _Wait(sender, stage, place)
        with self._lock:
            self._waiting.setdefault(study_uid, []).append(one)
        try:
            yield
        finally:
            with self._lock:
                left = [other for other in self._waiting[study_uid] if other is not one]
                self._waiting[study_uid] = left
                if not left:
                    del self._waiting[study_uid]

    def take(self, study_uid: str, sender: str, file: Path) -> bool:
        """Whether a fetch waits for this file, which it then has taken; raises TooLarge, Stopped."""
        with self._lock:
            found = next((one for one in self._waiting.get(study_uid, ()) if one.sender == sender), None)
        if found is None:
            return False
        found.stage.take(found.place, file)
        return True
