"""Anchors: heads of the audit's chain, appended to a file apart from the database.

A chain alone does not stop somebody who can rewrite all of it; a head kept elsewhere does. The file is meant to lie
where the database's administrator cannot write, or to be shipped there: one JSON object a line, nothing ever changed.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from conference.record.audit import Head


class AnchorsBroken(Exception):
    """The file of anchors cannot be read; the text names the file and the line."""


class Anchors:
    """The file of anchors; it is made when the first one is dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last: Head | None = None

    def drop(self, head: Head, at: datetime) -> None:
        """Append a head and make it durable; an empty chain, or the head that was dropped last, leaves nothing."""
        if head.number == 0 or head == self._last:
            return
        line = json.dumps({"at": at.astimezone(UTC).isoformat(), "number": head.number, "digest": head.digest})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, line.encode() + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        self._last = head

    def all(self) -> list[Head]:
        """Every anchor, oldest first; raises AnchorsBroken."""
        if not self.path.is_file():
            return []
        found: list[Head] = []
        for number, line in enumerate(self.path.read_text("utf-8").splitlines(), 1):
            try:
                kept = json.loads(line)
                found.append(Head(int(kept["number"]), str(kept["digest"])))
            except (ValueError, KeyError, TypeError):
                raise AnchorsBroken(f"{self.path}, line {number}: this is not an anchor.") from None
        return found
