"""A settled board and its services, for tests of the web layer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.web.application import deed, hashed, services_for, settle
from web.database import Database
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
