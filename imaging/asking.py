"""Questions to a database in text: making an expression of objects costs several times what SQLite takes to answer.

The text is PostgreSQL's. A driver or a session of SQLite is asked the same in its own words.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, text
from sqlmodel import Session

Ask = Callable[[str, Mapping[str, str | int]], Sequence[Sequence[Any]]]
"""Gives the rows of a statement whose places, ``:name``, are filled with these values."""


def by_session(session: Session) -> Ask:
    """Ask through a session of any kind of database."""
    return lambda statement, values: session.connection().execute(clause(statement, session), values).all()


def clause(words: str, session: Session) -> TextClause:
    """Words as part of what a session executes."""
    return _clause(words, session.get_bind().dialect.name == "sqlite")


@lru_cache(256)
def of_sqlite(words: str) -> str:
    """SQLite's LIKE does not mind case, as ILIKE does not; folding both sides first would take twice as long."""
    return words.replace(" ILIKE ", " LIKE ")


@lru_cache(256)
def _clause(words: str, sqlite: bool) -> TextClause:
    return text(of_sqlite(words) if sqlite else words)
