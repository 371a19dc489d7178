"""Real files through the real door into a vault and index of a test's own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, create_engine, select

from imaging.intake import Arrived, Intake, Outcome, index
from imaging.pixels.pictures import Pictures
from imaging.pixels.stack import Stack, stack_of
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, WorkerSettings
from imaging.studies import Instance, Refusal, Series, Study
from imaging.vault import LocalVault

WORKER = WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60)
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a test has to work with."""

    engine: Engine
    vault: LocalVault
    outcomes: list[Outcome]
    derived: Path

    def stacks(self) -> list[Stack]:
        """Every series, also those without pictures."""
        with Session(self.engine) as session:
            return [stack_of(session, uid) for uid in session.exec(select(Series.series_instance_uid))]

    def instances(self) -> list[Instance]:
        """Every row."""
        with Session(self.engine) as session:
            return list(session.exec(select(Instance)))

    @contextmanager
    def pictures(self) -> Iterator[Pictures]:
        """Pictures of the vault for the length of a `with` block."""
        made = Pictures(self.vault, self.derived, WORKER)
        try:
            yield made
        finally:
            made.close()


def take(folder: Path, files: Sequence[Path], root: Path | None = None) -> Taken:
    """Check, keep and index files; names are relative to `root`."""
    vault = LocalVault(folder / "vault")
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    tables = [model.__table__ for model in (Study, Series, Instance, Refusal)]  # type: ignore[attr-defined]
    SQLModel.metadata.create_all(engine, tables=tables)
    sandbox = Sandbox(WORKER)
    try:
        intake = Intake(FileSettings(), vault, sandbox)
        found = intake.inspect([Arrived(str(one.relative_to(root) if root else one.name), one) for one in files])
        kept = intake.keep(found.candidates)
    finally:
        sandbox.close()
    with Session(engine) as session:
        outcomes = index(session, kept, found.refused, delivery="test", at=AT)
        session.commit()
    return Taken(engine, vault, outcomes, folder / "derived")
