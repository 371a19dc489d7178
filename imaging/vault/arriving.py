"""A file on its way in, written so that a vault may take it over where it lies (`Vault.adopt`)."""

import hashlib
import os
from pathlib import Path

from imaging.vault.disk import start_writing

READABLE = 0o400
"""Mode of an object, and of a file that may become one: nobody writes to it, and only we read it."""


class Arriving:
    """One file, counted as it grows; `close` whatever happens."""

    def __init__(self, path: Path) -> None:
        """Begins the file, which must not exist."""
        self._file: int | None = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, READABLE)
        self._digest = hashlib.sha256()

    def add(self, data: bytes | memoryview) -> None:
        """Some more of it, all of which is written; raises OSError."""
        assert self._file is not None
        self._digest.update(data)
        written = os.write(self._file, data)
        while written < len(data):
            written += os.write(self._file, memoryview(data)[written:])

    def hurry(self) -> None:
        """Have the disk begin with it, without waiting: the vault will wait for less."""
        assert self._file is not None
        start_writing(self._file)

    def whole(self) -> str:
        """There is no more of it: its SHA-256 in hex."""
        self.close()
        return self._digest.hexdigest()

    def close(self) -> None:
        """It does not stay open."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
