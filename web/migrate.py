"""Bring a database to the schema of this release, and say where it stands."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> list[str]:
    """Run the migrations that are missing; gives their revisions, oldest first. Safe to repeat."""
    with engine.connect() as connection:
        missing = pending(connection)
        connection.rollback()
        with connection.begin():
            command.upgrade(_config(connection), "head")
    return missing


def pending(connection: Connection) -> list[str]:
    """Revisions that this release has and the database has not, oldest first."""
    script = ScriptDirectory.from_config(_config(connection))
    current = MigrationContext.configure(connection).get_current_revision()
    steps = script.iterate_revisions("head", current or "base")
    return [step.revision for step in reversed(list(steps))]


def revise(engine: Engine, message: str, identity: str) -> None:
    """Write the migration that takes the database's schema to the metadata's; for developers."""
    with engine.connect() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=identity)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config
