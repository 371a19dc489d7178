"""The spool: files that wait to be sent, each under its SHA-256, durable before a row names it."""

import hashlib
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile


@dataclass(frozen=True, slots=True)
class Spool:
    """A folder of this machine; threads may share it."""

    folder: Path

    def keep(self, content: bytes) -> str:
        """Store the bytes; when this returns a power cut cannot take them away. Gives their digest."""
        digest = hashlib.sha256(content).hexdigest()
        place = self.place(digest)
        if place.is_file():
            return digest
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(dir=self.folder, delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(place)
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        return digest

    def place(self, digest: str) -> Path:
        """Where a file lies, or would lie."""
        return self.folder / f"{digest}.dcm"

    def drop(self, digests: Collection[str]) -> None:
        """Remove files that are no longer needed."""
        for digest in digests:
            self.place(digest).unlink(missing_ok=True)
