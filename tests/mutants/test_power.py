"""Promise 2: what was acknowledged survives a power cut, and the harness shows that NORMAL would lose it.

`CONSILIUM_CUTS` makes it longer: the release gate is 1 000 cuts.
"""

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.mutants.power import lost_after_a_cut
from web.database import Database

CUTS = int(os.environ.get("CONSILIUM_CUTS", "40"))


@pytest.fixture
def pragmas(database: Database) -> dict[str, object]:
    """How the product's writer really syncs."""
    names = ("journal_mode", "synchronous")
    with database.engine.connect() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in names}
    return found | {"wal_autocheckpoint": 20}  # many checkpoints within a short run


def _cuts(pragmas: dict[str, object], folder: Path) -> list[int]:
    found = []
    for seed in range(CUTS):
        place = folder / str(seed)
        place.mkdir()
        found.append(lost_after_a_cut(pragmas, seed, place))
    return found


def test_acknowledged_records_survive_a_power_cut(pragmas: dict[str, object], tmp_path: Path) -> None:
    assert _cuts(pragmas, tmp_path) == [0] * CUTS


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_mutant_that_does_not_sync_is_killed(
    pragmas: dict[str, object], tmp_path: Path, synchronous: str
) -> None:
    found = _cuts(pragmas | {"synchronous": synchronous}, tmp_path)
    assert sum(lost != 0 for lost in found) > CUTS // 4, "this harness would not notice a lost record"
