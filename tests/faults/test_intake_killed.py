"""kill -9 while images are taken in: what was acknowledged is there, what was not is gone, nothing lies in between."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import Session, select

from imaging.intake import sweep
from imaging.studies import Instance
from imaging.vault import LocalVault
from tests.unit.imaging.test_intake import AT
from web.database import Database, Deed, opened

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from imaging.intake import Arrived, Intake, index
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, WorkerSettings
from imaging.vault import LocalVault
from tests.unit.imaging.samples import slice_of
from imaging.studies import Instance, Refusal, Series, Study
from sqlmodel import SQLModel
from web.database import Database, Deed

folder = Path(sys.argv[1])
database = Database(f"sqlite:///{folder / 'test.db'}")
SQLModel.metadata.create_all(database.engine, tables=[one.__table__ for one in (Study, Series, Instance, Refusal)])
intake = Intake(FileSettings(), LocalVault(folder / "vault"), Sandbox(WorkerSettings(processes=1)))
at = datetime(2026, 11, 21, tzinfo=UTC)
for number in range(1, 6):
    (folder / "part").write_bytes(slice_of(number))
    found = intake.inspect([Arrived("part", folder / "part")])
    kept = intake.keep(found.candidates)
    print("kept", number, kept[0].digest, flush=True)
    if sys.argv[2] == f"kept {number}":
        sys.stdin.read()
    database.write_now(Deed("system", "system", "test", at), index, kept, (), delivery="test", at=at)
    print("acknowledged", number, kept[0].digest, flush=True)
    if sys.argv[2] == f"acknowledged {number}":
        sys.stdin.read()
"""


def killed_at(point: str, folder: Path) -> tuple[set[str], set[str]]:
    """Run the writer to a point and kill it there; gives the digests kept and those acknowledged."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), point], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    told: dict[str, set[str]] = {"kept": set(), "acknowledged": set()}
    for line in process.stdout:
        what, number, digest = line.split()
        told[what].add(digest)
        if f"{what} {number}" == point:
            process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    return told["kept"], told["acknowledged"]


def restarted(database: Database, vault: LocalVault) -> set[str]:
    database.write_now(Deed("system", "system", "vault.sweep", AT), sweep, vault)
    return database.read_now(_indexed)


def _indexed(session: Session) -> set[str]:
    return set(session.exec(select(Instance.digest)))


@pytest.mark.parametrize("point", ["kept 1", "kept 3", "acknowledged 3", "acknowledged 5"])
def test_vault_and_index_agree_after_a_kill(point: str, tmp_path: Path) -> None:
    kept, acknowledged = killed_at(point, tmp_path)
    vault = LocalVault(tmp_path / "vault")
    assert set(vault.digests()) == kept
    with opened(f"sqlite:///{tmp_path / 'test.db'}") as database:
        indexed = restarted(database, vault)
    assert indexed == acknowledged
    assert set(vault.digests()) == acknowledged
    assert all(vault.verify(digest) for digest in acknowledged)
