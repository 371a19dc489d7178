"""The one database: one write at a time on one connection, readers on connections of their own.

SQLite runs in WAL with ``synchronous=FULL``. A single writer is also the only checkpointer, which keeps clear of the
WAL-reset corruption of SQLite 3.7.0 to 3.51.2 (two connections writing or checkpointing at once); a file lock keeps a
second process out. Readers are ``query_only``.
"""

import asyncio
import contextlib
import fcntl
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection, Cursor
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool, StaticPool
from sqlmodel import Session, create_engine

from imaging.asking import Ask, by_session, of_sqlite
from web.readers import Readers

P = ParamSpec("P")
R = TypeVar("R")
_OWN_THREADS = 16
"""Readers beside the pool's own threads, such as the associations of a PACS; more wait for their turn."""
_WRITES = re.compile(r'\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.IGNORECASE)
_READS = ("SELECT", "BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK")
_ANY = "*"
"""What a statement touches that is none of these: nobody can tell, so everything."""
_UNRECALLED = frozenset({
    "auditentry", "room_event", "room_follower", "room_snapshot", "room_text", "room_text_whole",
})  # fmt: skip
"""Logs, and how far each was followed, which nothing that is recalled or sent again is computed from: a mark in a room
changes nobody's rights. What a follower writes because of a record is in tables of its own."""
_IMAGES = frozenset({"study", "series", "instance", "refusal"})
"""The index of images, written at every image that comes."""
_READING = ("busy_timeout=5000", "wal_autocheckpoint=0", "query_only=ON")
"""How a connection of a reader is set up."""
_GLANCING = ("busy_timeout=0", "wal_autocheckpoint=0", "query_only=ON")
_STEPS = 30_000
"""Of SQLite's virtual machine; some 20 ns each."""
_RECALLED = 4096
"""Results of reads kept until the next write."""


class DatabaseInUse(Exception):
    """Another process of this program holds the database."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Who writes, and what for: the audit's heading of one transaction."""

    actor_id: str
    actor_name: str
    activity: str
    at: datetime
    request_id: str = ""


class _Recalled:
    """What reads gave, until the next write that could change it."""

    def __init__(self) -> None:
        self._of = 0
        self._known: dict[Hashable, object] = {}

    def at(self, changed: int) -> dict[Hashable, object]:
        """What is known since that write; a read that began before it fills what nobody asks any more."""
        if self._of != changed or len(self._known) >= _RECALLED:
            self._of, self._known = changed, {}
        return self._known


class Database:
    """The writer thread, the readers' pool and the lock of one database; close it when done."""

    def __init__(self, url: str, *, readers: int = 4) -> None:
        self.url = url
        self._sqlite = make_url(url).get_backend_name() == "sqlite"
        self._path = _file_of(url) if self._sqlite else None
        self._lock = _take_lock(self._path) if self._path else None
        self.engine = self._writer_engine()
        self._read_engine = self._reader_engine(readers)
        self._plain = self._driver() if self._path else None
        self._own = threading.local()
        self._asking: list[Connection] = []
        self._writing = threading.Lock()
        self._written = self._changed = self._changed_beside = 0
        self._recalled, self._recalled_beside = _Recalled(), _Recalled()
        self._touched: dict[str, int] = {}
        self._touching: set[str] = set()
        event.listen(self.engine, "before_cursor_execute", self._note_table)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="database-writer")
        self._readers = Readers(readers, "database-reader")

    @property
    def version(self) -> int | None:
        """A number that is another after every write; None: others write this database too, so nobody can tell.

        Rows of the audit and of a room's own log are no write in this sense: nothing that is recalled or sent again
        comes from them.
        """
        return self._changed if self._sqlite else None

    @property
    def appends(self) -> bool:
        """Whether `append_now` can be used: this is a SQLite file."""
        return self._plain is not None

    def version_of(self, *tables: str) -> int | None:
        """`version`, but another only after writes of these tables: by it holds what is computed from their rows."""
        return max(self._touched.get(table, 0) for table in (*tables, _ANY)) if self._sqlite else None

    async def write(
        self, deed: Deed, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run `work(session, …)` in one transaction on the writer thread; committed when this returns."""
        return await asyncio.wrap_future(self.submit(deed, work, *args, **kwargs))

    async def read(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work(session, …)` on a read-only connection."""
        return await self._readers.run(lambda: self._read(work, *args, **kwargs))

    async def ask(self, work: Callable[Concatenate[Ask, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """`read` for statements in text: run `work(ask, …)`, where ``ask(statement, values)`` gives rows.

        A file of SQLite is asked by its driver: a session costs several times what such a statement does. Each
        statement is of its own moment; none is of one before the call.
        """
        return await self._readers.run(lambda: self._ask(work, *args, **kwargs))

    async def glance(self, work: Callable[Concatenate[Ask, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """`ask` for what a file of SQLite answers in less time than the way to a thread and back takes.

        It is done in the event loop's own thread. A statement that takes SQLite more than `_STEPS`, about half a
        millisecond, is broken off, and `work` begins anew in a thread.
        """
        if self._path is not None:
            with contextlib.suppress(sqlite3.OperationalError):  # broken off, or what a thread will say again
                return work(self._glance, *args, **kwargs)
        return await self.ask(work, *args, **kwargs)

    async def recall(
        self, key: Hashable, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """`read`, or what it gave for the same key while `version` was the same; what it gives is not changed.

        work: reads no rows of the audit or of a room's log.

        Only this process writes a SQLite database, so nothing that was committed before the call is missed; with any
        other database each call reads.
        """
        return await self._recall(self._recalled, self._changed, key, work, *args, **kwargs)

    async def recall_beside_images(
        self, key: Hashable, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """`recall` for work that reads no rows of the index of images either, so that it holds while images come."""
        return await self._recall(self._recalled_beside, self._changed_beside, key, work, *args, **kwargs)

    async def _recall(
        self, recalled: "_Recalled", changed: int, key: Hashable, work: Callable[Concatenate[Session, P], R],
        *args: P.args, **kwargs: P.kwargs,
    ) -> R:
        if not self._sqlite:
            return await self.read(work, *args, **kwargs)
        known = recalled.at(changed)
        if key not in known:
            known[key] = await self.read(work, *args, **kwargs)
        return cast(R, known[key])

    def write_now(self, deed: Deed, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """`write` for callers without an event loop, in their own thread."""
        return self._write(deed, work, *args, **kwargs)

    def read_now(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """`read` for callers without an event loop, in their own thread."""
        return self._read(work, *args, **kwargs)

    def append_now(self, tables: Collection[str], work: Callable[Concatenate[Cursor, P], R], *args: P.args,
                   **kwargs: P.kwargs) -> R:
        """Run `work(cursor, …)` in one transaction of the driver's own, in the caller's thread; committed at the end.

        For one row and its audit row (`conference.record.appending`), where a session would cost more than they do.
        tables: what it writes. Only where `appends`.
        """
        if self._plain is None:
            raise RuntimeError("only a SQLite file can be written by its driver")
        with self._writing, contextlib.closing(self._plain.cursor()) as cursor:
            try:
                cursor.execute("BEGIN IMMEDIATE")
                with self._plain:  # commits, or rolls back
                    return work(cursor, *args, **kwargs)
            finally:
                self._is_written(tables)

    def submit(
        self, deed: Deed, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> Future[R]:
        """Queue `work` for the writer thread."""
        return self._writer.submit(lambda: self._write(deed, work, *args, **kwargs))

    def close(self) -> None:
        """Finish what is queued, close every connection, release the lock."""
        self._writer.shutdown()
        self._readers.close()
        for plain in self._asking:
            plain.close()
        self.engine.dispose()
        self._read_engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _write(self, deed: Deed, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        with self._writing:
            try:
                with Session(self.engine, expire_on_commit=False, info={"deed": deed}) as session, session.begin():
                    return work(session, *args, **kwargs)
            finally:
                self._is_written(self._touching)
                self._touching.clear()

    def _is_written(self, tables: Collection[str]) -> None:
        """Before whoever waits for the write goes on, so that they recall nothing older."""
        self._written += 1
        if not _UNRECALLED.issuperset(tables):
            self._changed = self._written
        if not (_UNRECALLED | _IMAGES).issuperset(tables):
            self._changed_beside = self._written
        self._touched |= dict.fromkeys(tables, self._written)

    def _note_table(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(_READS):
            found = _WRITES.match(statement)
            self._touching.add(found[1].lower() if found else _ANY)

    def _read(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        with Session(self._read_engine, expire_on_commit=False) as session:
            return work(session, *args, **kwargs)

    def _ask(self, work: Callable[Concatenate[Ask, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._path is None:
            return self._read(lambda session: work(by_session(session), *args, **kwargs))
        plain = self._asked_by()
        return work(
            lambda statement, values: plain.execute(of_sqlite(statement), values).fetchall(), *args, **kwargs
        )

    def _glance(self, statement: str, values: Mapping[str, str | int]) -> Sequence[Sequence[Any]]:
        return self._asked_by(_GLANCING, _STEPS).execute(of_sqlite(statement), values).fetchall()

    def _asked_by(self, pragmas: Iterable[str] = _READING, steps: int = 0) -> Connection:
        """This thread's own connection of the driver; it only reads, and breaks off after so many steps if any."""
        found: Connection | None = getattr(self._own, "plain", None)
        if found is None:
            found = self._own.plain = sqlite3.connect(str(self._path), check_same_thread=False)
            _configure(found, pragmas)
            found.set_progress_handler(_break_off if steps else None, steps)
            self._asking.append(found)
        return found

    def _writer_engine(self) -> Engine:
        if not self._sqlite:
            return create_engine(self.url, pool_size=1, max_overflow=0)
        engine = create_engine(self.url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        _on_connect(engine, "journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON",
                    "wal_autocheckpoint=1000")
        _begin_explicitly(engine, "BEGIN IMMEDIATE")
        with engine.connect():
            """The file and its journal mode exist before the first reader opens it."""
        return engine

    def _driver(self) -> Connection:
        """The one connection that writes, as the pool has it; only used with `_writing` held."""
        with self.engine.connect() as connection:
            return cast(Connection, connection.connection.driver_connection)

    def _reader_engine(self, size: int) -> Engine:
        if not self._sqlite:
            return create_engine(self.url, pool_size=size, max_overflow=_OWN_THREADS)
        if self._path is None:  # an in-memory database has one connection, and readers share it
            return self.engine
        engine = create_engine(
            self.url, poolclass=QueuePool, pool_size=size, max_overflow=_OWN_THREADS,
            connect_args={"check_same_thread": False},
        )
        _on_connect(engine, *_READING)
        _begin_explicitly(engine, "BEGIN")
        return engine


def _file_of(url: str) -> Path | None:
    name = make_url(url).database
    return Path(name) if name and name != ":memory:" else None


def _take_lock(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise DatabaseInUse(f"{path} is in use by another consilium process; stop it first.") from None
    return handle


def _on_connect(engine: Engine, *pragmas: str) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        _configure(connection, pragmas)


def _configure(connection: Connection, pragmas: Iterable[str]) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; see _begin_explicitly
    with contextlib.closing(connection.cursor()) as cursor:
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")


def _break_off() -> int:
    return 1


def _begin_explicitly(engine: Engine, statement: str) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql(statement)


@contextlib.contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database for the length of a `with` block."""
    database = Database(url)
    try:
        yield database
    finally:
        database.close()
