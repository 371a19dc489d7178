"""Alembic's environment: the product's metadata, on the connection that `web.migrate` hands over."""

from typing import Any, Literal

from alembic import context
from sqlmodel.sql.sqltypes import AutoString

import agenda.columns
import imaging.columns
from web import schema


def rendered(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Migrations stand for themselves: they name the database's types, not ours, which may change."""
    if kind == "type" and isinstance(item, (agenda.columns.Instant, imaging.columns.Instant)):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=schema.metadata(),
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=rendered,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
