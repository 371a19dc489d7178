"""Power loss, simulated: an SQLite VFS keeps what was not synced volatile; at the cut a random part of it survives.

kill -9 cannot tell `synchronous=FULL` from `NORMAL`, because the kernel's cache survives the process. Here every write
is cut into 512-byte sectors, and of those not yet synced a random subset reaches the disk, in any order: reordering
and torn writes included. The journal settings are read from the product's own database; the statement is the product's.
"""

import random
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from conference.record import log
from conference.room.events import HandRaised
from conference.room.recorded import Recorded
from conference.room.values import CommandId

ROOM = "room-1"
_SECTOR = 512


@dataclass
class _File:
    """Content as the process sees it, as the disk has it, and what lies between."""

    now: bytearray = field(default_factory=bytearray)
    disk: bytearray = field(default_factory=bytearray)
    volatile: list[tuple[int, bytes | None]] = field(default_factory=list)
    """(offset, sector), or (length, None) for a truncation."""


class _Handle:
    """What apsw calls for an open file."""

    def __init__(self, file: _File) -> None:
        self._file = file

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._file.now[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        _put(self._file.now, offset, data)
        for at in range(0, len(data), _SECTOR):
            self._file.volatile.append((offset + at, bytes(data[at : at + _SECTOR])))

    def xTruncate(self, size: int) -> None:
        del self._file.now[size:]
        self._file.volatile.append((size, None))

    def xSync(self, _flags: int) -> None:
        self._file.disk = bytearray(self._file.now)
        self._file.volatile = []

    def xFileSize(self) -> int:
        return len(self._file.now)

    def xSectorSize(self) -> int:
        return _SECTOR

    def xDeviceCharacteristics(self) -> int:
        return 0

    def xFileControl(self, _operation: int, _pointer: int) -> bool:
        return False

    def xCheckReservedLock(self) -> bool:
        return False

    def xClose(self) -> None:
        return

    def xLock(self, _level: int) -> None:
        return

    def xUnlock(self, _level: int) -> None:
        return


class Disk(apsw.VFS):
    """A disk whose power can be cut."""

    def __init__(self, name: str) -> None:
        self.files: dict[str, _File] = {}
        self.name = name
        super().__init__(name, base="")

    def xOpen(self, name: Any, _flags: Any) -> Any:
        path = name.filename() if hasattr(name, "filename") else str(name)
        return _Handle(self.files.setdefault(path, _File()))

    def xAccess(self, path: str, _flags: int) -> bool:
        return bool(path in self.files and self.files[path].now)

    def xDelete(self, path: str, _sync: bool) -> None:
        self.files.pop(path, None)

    def xFullPathname(self, path: str) -> str:
        return path

    def cut(self, chance: random.Random, folder: Path) -> Path:
        """Write what a disk would hold after the power failed now; gives the database's path."""
        for path, file in self.files.items():
            survives = chance.choice((0.0, 0.5, 1.0))
            for offset, data in file.volatile:
                if chance.random() < survives:
                    _put(file.disk, offset, data) if data is not None else file.disk.__delitem__(slice(offset, None))
            (folder / Path(path).name).write_bytes(file.disk)
        return folder / "power.db"


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset + len(data):
        content.extend(b"\0" * (offset + len(data) - len(content)))
    content[offset : offset + len(data)] = data


_TABLES = tuple(str(CreateTable(table).compile(dialect=sqlite.dialect())) for table in (log._EVENTS, log._LEASES))
_INSERT = log._FENCED_INSERT.compile(dialect=sqlite.dialect(paramstyle="named"))


def lost_after_a_cut(pragmas: dict[str, object], seed: int, folder: Path) -> int:
    """Append in batches as the host does, cut the power, count acknowledged records that are gone; -1: corrupt."""
    chance, disk = random.Random(seed), Disk(f"power-{seed}")
    connection = apsw.Connection("/power.db", vfs=disk.name)
    connection.execute("PRAGMA locking_mode=exclusive")
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name}={value}")
    for table in _TABLES:
        connection.execute(table)
    connection.execute("INSERT INTO room_lease(room_id, owner, epoch) VALUES(?, 'me', 1)", (ROOM,))
    head = log.Head()
    for _ in range(chance.randint(10, 50)):
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(chance.randint(1, 8)):
            one = Recorded(head.seq + 1, "2026-11-26T08:00:00.000Z", None, HandRaised("x" * chance.randint(20, 700)))  # type: ignore[arg-type]
            row = log._row(ROOM, 1, head, log.Entry(CommandId(f"command-{one.seq}"), 0, one))
            connection.execute(str(_INSERT), row)
            head = log.Head(one.seq, row["digest"])
        connection.execute("COMMIT")  # from here on the host acknowledges
    path = disk.cut(chance, folder)
    connection.close()
    return _lost(path, head.seq)


def _lost(path: Path, acknowledged: int) -> int:
    found = sqlite3.connect(path)
    try:
        if found.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            return -1
        rows = [row[0] for row in found.execute("SELECT seq FROM room_event ORDER BY seq")]
    except sqlite3.DatabaseError:
        return -1
    finally:
        found.close()
    assert rows == list(range(1, len(rows) + 1)), "a gap after a cut"
    return acknowledged - len(rows)
