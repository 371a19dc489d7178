"""The migrations, the tables and the places where tables are declared agree."""

import ast
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from tests.conftest import ROOT
from web import schema
from web.database import opened
from web.migrate import pending, upgrade


def test_migrations_lead_to_the_tables_of_this_release(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'migrated.db'}") as database:
        assert upgrade(database.engine)
        assert upgrade(database.engine) == []
        with database.engine.connect() as connection:
            assert pending(connection) == []
            assert compare_metadata(MigrationContext.configure(connection), schema.metadata()) == []


def test_every_module_with_a_table_is_listed() -> None:
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in ("agenda", "imaging", "conference", "web")
        for path in (ROOT / package).rglob("*.py")
        if "node_modules" not in path.parts and _declares_a_table(path)
    }
    assert found == set(schema.MODULES)


def _declares_a_table(path: Path) -> bool:
    tree = ast.parse(path.read_text("utf-8"))
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    if any(keyword.arg == "table" for node in classes for keyword in node.keywords):
        return True
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy")
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(name.name == "Table" for node in imports for name in node.names) and any(
        isinstance(called, ast.Name) and called.id == "Table" for called in calls
    )
