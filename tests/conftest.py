"""What many tests stand on: a database of their own, real DICOM where there is some."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from web import schema
from web.database import Database, opened

ROOT = Path(__file__).parent.parent

# A law is about values, not about how busy the machine is.
settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("laws")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright keeps an event loop running, in which no other test can start its own."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real DICOM beside the repository; a test that needs it says so where it is missing."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the collection of real DICOM beside the repository (../shared/data)")
    return folder


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database with every table."""
    with opened(f"sqlite:///{tmp_path / 'test.db'}") as fresh:
        schema.create(fresh.engine)
        yield fresh
