"""The audit: one row for every change and every read of a record, written in the change's own transaction.

A listener on the session writes it, so no writer can forget; without a heading (`session.info["deed"]`) the write
fails, and without its audit row the write is undone with it. Rows are chained by SHA-256; `verify` finds a row that was
changed, removed or inserted. A tail that was cut off is found against the anchors of `conference.record.anchors`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, cast, runtime_checkable
from weakref import WeakSet

from sqlalchemy import Connection, Engine, Insert, Table, event, insert, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction
from sqlmodel import Field, SQLModel, col

from agenda.columns import instant

GENESIS = "0" * 64
"""The digest before the first row."""

EXEMPT: dict[str, str] = {
    "auditentry": "it is the audit itself",
    "room_event": "the room's log is append-only with a chain of its own and names its actors",
    "room_lease": "which process hosts a room is housekeeping of the room's log",
    "room_text": "the joint text's updates name their authors and times themselves",
    "room_text_whole": "a compaction of the joint text can be made again from its updates",
    "sent_form": "the key of a form that was taken says nothing; what the form did is audited",
    "room_snapshot": "it is a cache of the room's log, made again when it is missing",
    "room_follower": "how far a projection has read the room's log can be computed again from it",
}
"""Tables whose rows leave no audit row, each with its reason."""

EXEMPT_FIELDS: dict[str, tuple[frozenset[str], str]] = {
    "arrival": (frozenset({"instances", "last_at"}), "how many came is the number of the instances' own rows"),
    "signinsession": (frozenset({"seen_at"}), "when a session was last used says nothing that the reads do not"),
}
"""Changes of these fields alone leave no audit row, each with its reason."""


class AuditRefused(Exception):
    """A write that would leave no audit row was stopped; the text says what the writer must do."""


@runtime_checkable
class Heading(Protocol):
    """Who does something, what for and when: what `session.info["deed"]` holds."""

    @property
    def actor_id(self) -> str:
        """The identity."""

    @property
    def actor_name(self) -> str:
        """The name at that time."""

    @property
    def activity(self) -> str:
        """A stable name such as ``case.submit``."""

    @property
    def at(self) -> datetime:
        """Aware."""

    @property
    def request_id(self) -> str:
        """The request, as the log names it; empty for the command line."""


class AuditEntry(SQLModel, table=True):
    """One line of the audit. Never holds a patient's data: fields are named, not quoted."""

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Position in the chain, from 1 without gaps."""
    at: datetime = instant(index=True)
    actor_id: str = Field(index=True)
    actor_name: str
    activity: str = Field(index=True)
    deed: str
    """add, change, remove or read."""
    kind: str = Field(index=True)
    """The table of the record, or what was read: ``case``, ``image``, ``letter``."""
    record: str = Field(index=True)
    """The record's identity."""
    summary: str = ""
    """Names of the fields that changed."""
    request_id: str = ""
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something `verify` found; `number` is the row it was found at."""

    number: int
    what: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: the number and digest of its last row; 0 and `GENESIS` when it is empty."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class _Line:
    deed: str
    kind: str
    record: str
    summary: str


_entries = cast(Table, AuditEntry.__table__)  # type: ignore[attr-defined]
_NAMED = re.compile(r"([a-z]+)[ :/](.+)")
_LAST = select(_entries.c.number, _entries.c.digest).order_by(_entries.c.number.desc()).limit(1)
_APPEND = insert(_entries)
_UPSERTS = (sqlite.Insert, postgresql.Insert)
"""Of their rows nobody can say beforehand which will be added."""
_audited: "WeakSet[Engine]" = WeakSet()
_TRIGGERS = tuple(
    f"CREATE TRIGGER IF NOT EXISTS auditentry_no_{verb.lower()} BEFORE {verb} ON auditentry "
    f"BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
    for verb in ("UPDATE", "DELETE")
)


def install(engine: Engine) -> None:
    """Audit every ORM session on this engine from now on. Twice is the same as once."""
    _audited.add(engine)
    if not event.contains(Session, "after_flush", _after_flush):
        event.listen(Session, "after_flush", _after_flush)
        event.listen(Session, "do_orm_execute", _bulk)
    if engine.dialect.name == "sqlite" and inspect(engine).has_table("auditentry"):
        with engine.begin() as connection:
            for trigger in _TRIGGERS:
                connection.execute(text(trigger))


def note_read(session: Session, deed: Heading, action: str, record: str) -> None:
    """One row for a read of `record`; the caller's transaction fails if it cannot be written.

    action: the policy's name of it, e.g. ``image.read``. record: an identity, or a kind and an identity such as
    ``case 4f…`` or ``case/4f…/image/1.2.3``; without a kind it is the first part of the action.
    """
    named = _NAMED.fullmatch(record)
    kind, key = (named[1], named[2]) if named else (action.partition(".")[0], record)
    _append(session.connection(), deed, [_Line("read", kind, key, "")], activity=action)


def head(session: Session) -> Head:
    """The end of the chain."""
    return _head(session.connection())


def verify(session: Session, anchors: Iterable[Head] = ()) -> list[Fault]:
    """Everything wrong with the chain, in its order; nothing: an empty list.

    anchors: heads that were put where the database's administrator cannot change them.
    """
    faults: list[Fault] = []
    wanted = {anchor.number: anchor.digest for anchor in anchors}
    at = Head(0, GENESIS)
    for row in _readable(session, faults):
        number, previous, kept = int(str(row["number"])), str(row["previous"]), str(row["digest"])
        if number != at.number + 1:
            faults.append(Fault(number, f"{number - at.number - 1} row(s) missing before this one"))
        elif previous != at.digest:
            faults.append(Fault(number, "this row does not follow from the one before: one was changed or inserted"))
        if digest_of(row) != kept:
            faults.append(Fault(number, "this row was changed after it was written"))
        if wanted.pop(number, kept) != kept:
            faults.append(Fault(number, "this row differs from its anchor: the chain was rewritten"))
        at = Head(number, kept)
    faults += [Fault(number, "an anchored row is gone: the tail was cut off") for number in sorted(wanted) if number]
    return faults


def _readable(session: Session, faults: list[Fault]) -> Iterator[dict[str, object]]:
    """Every row that can be read; one that cannot, since its bytes are no row any more, is a fault."""
    try:
        yield from _rows(session)
    except (ValueError, TypeError):
        numbers = session.connection().execute(select(_entries.c.number).order_by(_entries.c.number)).scalars().all()
        for number in numbers:
            try:
                session.connection().execute(select(_entries).where(_entries.c.number == number)).all()
            except (ValueError, TypeError):
                faults.append(Fault(int(number), "this row was changed after it was written: it cannot be read"))


def digest_of(row: dict[str, object]) -> str:
    """SHA-256 of the previous digest followed by the row's canonical JSON (RFC 8785), in hex."""
    content = {key: value for key, value in row.items() if key != "digest"}
    moment = content["at"]
    assert isinstance(moment, datetime)
    content["at"] = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(str(row["previous"]).encode() + canonical(content)).hexdigest()


def canonical(content: Mapping[str, object]) -> bytes:
    """`rfc8785.dumps` of a flat object of text and whole numbers with keys in ASCII, in C: each image waits for one."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _after_flush(session: Session, _context: UOWTransaction) -> None:
    if session.get_bind() not in _audited:
        return
    lines = [*_changes(session)]
    if not lines:
        return
    _append(session.connection(), _heading(session), lines)


def _changes(session: Session) -> Iterator[_Line]:
    for deed, rows in (("add", session.new), ("change", session.dirty), ("remove", session.deleted)):
        for row in rows:
            state = inspect(row)
            assert state is not None
            table = str(state.mapper.local_table.name)
            if table in EXEMPT:
                continue
            fields: list[str] = []
            if deed == "change":
                fields = [one.key for one in state.mapper.column_attrs if state.attrs[one.key].history.has_changes()]
                passed_over, _reason = EXEMPT_FIELDS.get(table, (frozenset(), ""))
                if set(fields) <= passed_over:
                    continue
            key = state.identity or state.mapper.primary_key_from_instance(row)
            record = "/".join(str(part) for part in key)
            yield _Line(deed, table, record, " ".join(sorted(fields)))


def _bulk(state: ORMExecuteState) -> None:
    """Rows inserted many at a time are audited here, one by one; every other statement for many rows is stopped."""
    if not (state.is_insert or state.is_update or state.is_delete) or state.session.get_bind() not in _audited:
        return
    table = str(getattr(getattr(state.statement, "table", None), "name", ""))
    if table in EXEMPT and table != "auditentry":
        return
    rows = _inserted(state) if table not in EXEMPT else []
    if not rows:
        raise AuditRefused(f"A bulk statement on {table or 'a table'} leaves no audit row; change rows one by one.")
    _append(state.session.connection(), _heading(state.session), [_Line("add", table, key, "") for key in rows])


def _inserted(state: ORMExecuteState) -> list[str]:
    """The identities of the rows a plain INSERT is given as parameters; none where they cannot be told beforehand."""
    statement = state.statement
    if not isinstance(statement, Insert) or isinstance(statement, _UPSERTS) or statement.select is not None:
        return []
    parameters = state.parameters or {}
    given: list[Mapping[str, Any]] = [parameters] if isinstance(parameters, Mapping) else [*parameters]
    mapper = state.bind_mapper
    assert mapper is not None
    names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    if not all(row.get(name) is not None for row in given for name in names):
        return []
    return ["/".join(str(row[name]) for name in names) for row in given]


def _heading(session: Session) -> Heading:
    deed = session.info.get("deed")
    if not isinstance(deed, Heading):
        raise AuditRefused("This write names nobody: give the session a deed (Database.write does).")
    return deed


def _append(connection: Connection, deed: Heading, lines: Iterable[_Line], activity: str = "") -> None:
    """Add rows at the end of the chain. One writer at a time: the database's BEGIN IMMEDIATE, or a lock below."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('auditentry'))"))
    at = _head(connection)
    rows: list[dict[str, object]] = []
    for line in lines:
        row: dict[str, object] = {
            "number": at.number + 1, "at": deed.at.astimezone(UTC), "actor_id": deed.actor_id,
            "actor_name": deed.actor_name, "activity": activity or deed.activity, "deed": line.deed, "kind": line.kind,
            "record": line.record, "summary": line.summary, "request_id": deed.request_id, "previous": at.digest,
        }
        row["digest"] = digest_of(row)
        rows.append(row)
        at = Head(at.number + 1, str(row["digest"]))
    connection.execute(_APPEND, rows)


def _head(connection: Connection) -> Head:
    found = connection.execute(_LAST).first()
    return Head(int(found[0]), str(found[1])) if found else Head(0, GENESIS)


def _rows(session: Session) -> Iterator[dict[str, object]]:
    statement = select(_entries).order_by(col(AuditEntry.number)).execution_options(yield_per=1000)
    for row in session.connection().execute(statement):
        yield dict(row._mapping)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows to read; an empty field says nothing.

    Text is matched whole; `activity` by its beginning, `record` whole or as what comes before a slash.
    """

    actor_id: str = ""
    activity: str = ""
    deed: str = ""
    kind: str = ""
    record: str = ""
    since: datetime | None = None
    until: datetime | None = None


def entries(session: Session, wanted: Filter, *, before: int | None = None, limit: int = 50) -> list[AuditEntry]:
    """Up to `limit` rows, newest first, with numbers below `before`: a page by key, steady while rows are added."""
    rows = select(AuditEntry).order_by(col(AuditEntry.number).desc()).limit(limit)
    if before is not None:
        rows = rows.where(col(AuditEntry.number) < before)
    if wanted.activity:
        rows = rows.where(col(AuditEntry.activity).startswith(wanted.activity, autoescape=True))
    if wanted.record:
        within = col(AuditEntry.record).startswith(wanted.record + "/", autoescape=True)
        rows = rows.where((col(AuditEntry.record) == wanted.record) | within)
    for name in ("actor_id", "deed", "kind"):
        value = getattr(wanted, name)
        if value:
            rows = rows.where(_entries.c[name] == value)
    if wanted.since is not None:
        rows = rows.where(col(AuditEntry.at) >= wanted.since)
    if wanted.until is not None:
        rows = rows.where(col(AuditEntry.at) < wanted.until)
    return list(session.scalars(rows))
