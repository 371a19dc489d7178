"""A settled board and its services, for tests of the web layer."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.web import commands
from tests.unit.web.application import deed, hashed, services_for, settle
from tests.unit.web.commands import Ran, Run
from web.cli import main
from web.clock import now
from web.database import Database, Deed, opened
from web.services import Services


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hashed()


@pytest.fixture
def people(database: Database, password_hash: str) -> dict[str, str]:
    return database.write_now(deed(), settle, password_hash)


@pytest.fixture
def held(database: Database, people: dict[str, str], tmp_path: Path) -> Iterator[Services]:
    made = services_for(database, tmp_path)
    yield made
    made.sessions.close()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs ``consilium …`` in this process, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def ran(*arguments: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["consilium", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return ran


@pytest.fixture
def place(tmp_path: Path, run: Run) -> Path:
    """The folder of a migrated installation with a site, a board and two people and a case."""
    folder = tmp_path / "data"
    assert run("migrate", "--dir", folder).code == 0
    with opened(f"sqlite:///{folder / 'consilium.db'}") as database:
        database.write_now(Deed("system", "system", "test", now()), commands.settle)
    return folder
