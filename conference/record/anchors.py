"""Anchors: heads of the audit's chain and of every room's log, appended to a file apart from the database.

A chain alone does not stop somebody who can rewrite all of it; a head kept elsewhere does. The file is meant to lie
where the database's administrator cannot write, or to be shipped there: one JSON object a line, nothing ever changed.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conference.record import log
from conference.record.audit import Head


class AnchorsBroken(Exception):
    """The file of anchors cannot be read; the text names the file and the line."""


@dataclass(frozen=True, slots=True)
class Anchored:
    """What the file says."""

    audit: tuple[Head, ...] = ()
    """Every head of the audit, oldest first."""
    rooms: Mapping[str, log.Head] = field(default_factory=dict)
    """Room → the last head that was kept of its log."""


class Anchors:
    """The file of anchors; it is made when the first one is dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last: Head | None = None
        self._rooms: dict[str, log.Head] = {}

    def drop(self, head: Head, at: datetime, rooms: Mapping[str, log.Head] = {}) -> None:
        """Append the heads that have moved and make them durable; an empty chain leaves nothing."""
        moment = at.astimezone(UTC).isoformat()
        lines: list[dict[str, Any]] = [
            {"at": moment, "room": room, "seq": one.seq, "digest": one.digest}
            for room, one in sorted(rooms.items()) if one.seq and one != self._rooms.get(room)
        ]
        if head.number and head != self._last:
            lines.append({"at": moment, "number": head.number, "digest": head.digest})
        if not lines:
            return
        self._append("".join(json.dumps(line) + "\n" for line in lines).encode())
        self._last = head
        self._rooms |= rooms

    def _append(self, content: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)

    def all(self) -> list[Head]:
        """Every anchor of the audit, oldest first; raises AnchorsBroken."""
        return list(self.read().audit)

    def read(self) -> Anchored:
        """Everything the file says; raises AnchorsBroken."""
        if not self.path.is_file():
            return Anchored()
        audit: list[Head] = []
        rooms: dict[str, log.Head] = {}
        for number, line in enumerate(self.path.read_text("utf-8").splitlines(), 1):
            try:
                kept = json.loads(line)
                if "room" in kept:
                    rooms[str(kept["room"])] = log.Head(int(kept["seq"]), str(kept["digest"]))
                else:
                    audit.append(Head(int(kept["number"]), str(kept["digest"])))
            except (ValueError, KeyError, TypeError):
                raise AnchorsBroken(f"{self.path}, line {number}: this is not an anchor.") from None
        return Anchored(tuple(audit), rooms)
