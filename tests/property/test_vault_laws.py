"""Vault and index agree, whatever is uploaded, sent twice, removed, cleared away or killed in between.

The machine uploads through the same functions as every door (`keep`, then `index` in a transaction) and is killed at
points in between: what a kill leaves is a vault with more than the index names, never less. Every step ends with the
same question `consilium vault verify` asks.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, create_engine, select

from imaging.claims import pixels
from imaging.facts import Header
from imaging.header import read
from imaging.intake import Arrived, Candidate, KeptFile, index, sweep
from imaging.retention import References, forget, named, plan
from imaging.settings import FileSettings
from imaging.studies import Instance, Refusal, Series, Study
from imaging.vault import Held, LocalVault
from imaging.vault.upkeep import Named, orphans, verify
from imaging.walk import walked
from tests.unit.imaging.samples import slice_of

AT = datetime(2026, 11, 21, tzinfo=UTC)
FUTURE = datetime(2100, 1, 1, tzinfo=UTC)
LIMITS = FileSettings()
STUDY = "1.2.826.0.1.3680043.9.2.1"
_TABLES = [one.__table__ for one in (Study, Series, Instance, Refusal)]  # type: ignore[attr-defined]


def candidate(folder: Path, number: int, other: bool) -> Candidate:
    """A file of one of a few instances; `other`: the same identity with other bytes."""
    path = folder / f"{number}-{other}.dcm"
    path.write_bytes(slice_of(number, SeriesDescription="another" if other else "one"))
    with walked(path, LIMITS) as walk:
        claimed, syntax = pixels(walk, LIMITS), walk.transfer_syntax
    header = Header.model_validate(read(str(path), 1)[0])
    return Candidate(Arrived(path.name, path), header, claimed, syntax, path.stat().st_size)


@cache
def files() -> dict[tuple[int, bool], Candidate]:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return {(number, other): candidate(folder, number, other) for number in range(1, 4) for other in (False, True)}


class World(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.files = files()
        self.engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        SQLModel.metadata.create_all(self.engine, tables=_TABLES)
        self.vault = LocalVault(self.root / "vault")
        self.kept: list[KeptFile] = []
        self.acknowledged: dict[str, str] = {}

    def teardown(self) -> None:
        self.engine.dispose()
        self.folder.cleanup()

    @rule(number=st.integers(1, 3), other=st.booleans())
    def keep(self, number: int, other: bool) -> None:
        """An upload has reached the vault and not yet the index; any number may be there at a time."""
        one = self.files[number, other]
        self.kept.append(KeptFile(one, self.vault.keep([one.arrived.path.read_bytes()]).digest))

    @rule(number=st.integers(1, 3), share=st.floats(0, 1))
    def torn(self, number: int, share: float) -> None:
        """The process is killed while the bytes are written: the temporary file stays."""
        data = self.files[number, False].arrived.path.read_bytes()
        with tempfile.NamedTemporaryFile(dir=self.root / "vault" / "incoming", delete=False) as file:
            file.write(data[: int(len(data) * share)])
        self.restart()

    @precondition(lambda self: self.kept)
    @rule(last=st.booleans())
    def commit(self, last: bool) -> None:
        """The transaction of an upload ends well; only then its sender hears of success."""
        one = self.kept.pop(-1 if last else 0)
        with Session(self.engine) as session:
            outcome = index(session, [one], (), delivery="test", at=AT)[0]
            session.commit()
        if outcome.result in ("taken", "already here"):
            self.acknowledged[outcome.sop_instance_uid] = one.digest

    @precondition(lambda self: self.kept)
    @rule()
    def killed_before_the_commit(self) -> None:
        """The transaction never ends; every upload that was under way is gone with the process."""
        with Session(self.engine) as session:
            index(session, [self.kept[0]], (), delivery="test", at=AT)
        self.restart()

    @rule()
    def restart(self) -> None:
        """A new process opens the same folders, and sweeps as it starts."""
        self.kept.clear()
        self.vault = LocalVault(self.root / "vault")
        with Session(self.engine) as session:
            sweep(session, self.vault)
        assert list((self.root / "vault" / "incoming").iterdir()) == []
        assert set(self.vault.digests()) == set(self.names())

    @rule(old=st.booleans())
    def clear(self, old: bool) -> None:
        """The daily clearing, beside uploads under way: what they keep is young."""
        if old:
            for digest in set(self.vault.digests()) - {one.digest for one in self.kept}:
                os.utime(self.root / "vault" / digest[:2] / digest, (0, 0))
        before = AT - timedelta(days=3650)
        for one in list(self.found(before)):
            assert one.digest not in self.names()
            self.vault.remove_older(one.digest, before)

    def found(self, before: datetime) -> Iterator[Held]:
        return orphans(self.vault, self.names(), before)

    @rule(number=st.integers(1, 3), stays=st.booleans(), killed=st.booleans())
    def retire(self, number: int, stays: bool, killed: bool) -> None:
        """The time of the study is over, and one image may be referred to; a kill leaves objects nobody names."""
        uid = self.files[number, False].header.sop_instance_uid
        with Session(self.engine) as session:
            over = plan(session, [STUDY], References(instances=frozenset({uid} if stays else ())))
            forget(session, over)
            session.commit()
        for gone in over.goes:
            self.acknowledged.pop(gone)
        if stays:
            assert uid not in over.goes
        if killed:
            self.restart()
            return
        wanted, here = self.names(), {one.digest for one in self.kept}
        for digest in over.digests:
            if digest not in wanted and digest not in here:
                self.vault.remove_older(digest, FUTURE)

    @invariant()
    def everything_acknowledged_is_there_and_whole(self) -> None:
        if not hasattr(self, "vault"):
            return
        names = self.names()
        assert {one.record: digest for digest, one in names.items()} == self.acknowledged
        done = verify(self.vault, names, FUTURE, lambda _share: None)
        assert done.sound, done.found

    def names(self) -> dict[str, Named]:
        with Session(self.engine) as session:
            assert len(session.exec(select(Instance)).all()) == len(named(session))
            return dict(named(session))


def test_vault_and_index_agree_after_any_interleaving() -> None:
    run_state_machine_as_test(
        World, settings=settings(
            max_examples=10, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck),
        ),
    )
