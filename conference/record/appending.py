"""One row and its audit row by the database driver itself, for what comes by the hundred and waits for each answer.

An ORM session costs more than half a millisecond before its first statement. Here a row goes in by a statement that was
compiled once, and its line of the audit with it, by one call: neither can be written without the other. Only for SQLite
inside the one writer's transaction; `conference.record.audit` is the audit of everything else.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from sqlite3 import Cursor
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.dialects.sqlite import dialect

from conference.record.audit import GENESIS, AuditEntry, Heading, digest_of

_DIALECT = dialect()
_LAST = "SELECT number, digest FROM auditentry ORDER BY number DESC LIMIT 1"


class Appender:
    """Inserts rows of one table, each with its audit row."""

    def __init__(self, table: Table) -> None:
        self._rows = _Insert(table)
        self._entries = _Insert(cast(Table, AuditEntry.__table__))  # type: ignore[attr-defined]
        self._kind = table.name
        self._key = [column.name for column in table.primary_key]

    def add(self, cursor: Cursor, deed: Heading, row: Mapping[str, Any]) -> None:
        """Both rows, in the caller's transaction; raises sqlite3.IntegrityError where the row is here already.

        row: every column of the table.
        """
        self._rows.run(cursor, row)
        last = cursor.execute(_LAST).fetchone()
        number, previous = last or (0, GENESIS)
        entry: dict[str, object] = {
            "number": number + 1, "at": deed.at.astimezone(UTC), "actor_id": deed.actor_id,
            "actor_name": deed.actor_name, "activity": deed.activity, "deed": "add", "kind": self._kind,
            "record": "/".join(str(row[name]) for name in self._key), "summary": "", "request_id": deed.request_id,
            "previous": previous,
        }
        self._entries.run(cursor, entry | {"digest": digest_of(entry)})


def instant(at: datetime) -> str:
    """An instant as its column holds it."""
    return str(_AT(at))


class _Insert:
    """An INSERT of every column of a table, compiled once, with what makes its values the driver's."""

    def __init__(self, table: Table) -> None:
        self._names = [column.name for column in table.columns]
        self._makers = [_maker(column.type) for column in table.columns]
        marks = insert(table).compile(dialect=_DIALECT)
        if marks.positiontup != self._names:
            raise RuntimeError(f"{table.name}: its statement does not name every column once, in order")
        self._statement = str(marks)

    def run(self, cursor: Cursor, row: Mapping[str, Any]) -> None:
        """One row."""
        pairs = zip(self._names, self._makers, strict=True)
        cursor.execute(self._statement, [maker(row[name]) if maker else row[name] for name, maker in pairs])


def _maker(kind: Any) -> Callable[[Any], Any] | None:
    maker: Callable[[Any], Any] | None = kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    return maker


_AT = _maker(AuditEntry.__table__.c.at.type) or str  # type: ignore[attr-defined]
