"""`consilium vault …`: what it finds, what it removes, and the exit codes; and backups of both kinds of vault."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session, select

from imaging.retention import named
from imaging.settings import ImagingSettings, S3Settings
from imaging.studies import Instance, Series, Study
from imaging.vault import LocalVault
from imaging.vault.place import vault_of
from tests.buckets import empty_bucket, s3_service
from tests.unit.web.commands import Run
from web.database import Deed, opened
from web.images.keeping import clear_orphans
from web.migrate import upgrade
from web.settings import Settings, StorageSettings
from web.upkeep.backup import BackupRefused, backup, restore

AT = datetime(2026, 11, 22, tzinfo=UTC)
DEED = Deed("system", "system", "test", AT)


def dicom(text: str) -> bytes:
    return bytes(128) + b"DICM" + text.encode()


def _enter(session: Session, digest: str) -> None:
    session.add(Study(study_instance_uid="1.2", received_at=AT))
    session.flush()
    session.add(Series(series_instance_uid="1.2.3", study_instance_uid="1.2"))
    session.flush()
    session.add(Instance(
        sop_instance_uid="1.2.3.4", series_instance_uid="1.2.3", sop_class_uid="1", transfer_syntax_uid="1",
        digest=digest, size=len(dicom("one")), received_at=AT,
    ))


@pytest.fixture
def image(place: Path) -> Path:
    """Where the only image of the installation lies."""
    digest = LocalVault(place / "vault").keep([dicom("one")]).digest
    with opened(f"sqlite:///{place / 'consilium.db'}") as database:
        database.write_now(DEED, _enter, digest)
    return place / "vault" / digest[:2] / digest


def test_verify_agrees_then_names_what_is_damaged_and_what_is_missing(run: Run, place: Path, image: Path) -> None:
    well = run("vault", "verify", "--dir", place)
    assert (well.code, well.out.splitlines()[-1]) == (0, "Vault and index agree.")
    image.chmod(0o600)
    image.write_bytes(b"spoilt")
    bad = run("vault", "verify", "--dir", place)
    assert bad.code == 1
    assert f"{image.name} is damaged (image 1.2.3.4)" in bad.out
    assert "backup" in bad.err
    image.unlink()
    said = run("vault", "verify", "--dir", place, "--json")
    assert said.code == 1
    assert said.json["found"] == [
        {"kind": "missing", "digest": image.name, "record": "1.2.3.4", "size": len(dicom("one"))}
    ]


def test_gc_tells_before_it_removes_and_spares_what_a_record_names(run: Run, place: Path, image: Path) -> None:
    orphan = LocalVault(place / "vault").keep([dicom("nobody")]).digest
    there = place / "vault" / orphan[:2] / orphan
    assert run("vault", "gc", "--dir", place, "--json").json["objects"] == 0  # young
    for path in (there, image):
        os.utime(path, (0, 0))
    assert "would be removed" in run("vault", "gc", "--dry-run", "--dir", place).out
    assert there.exists()
    done = run("vault", "gc", "--dir", place)
    assert (done.code, done.out.splitlines()[-1].startswith("1 object(s)")) == (0, True)
    assert not there.exists()
    assert image.exists()
    assert run("audit", "verify", "--dir", place).code == 0


def test_holds_and_retention_are_told_in_sentences(run: Run, place: Path) -> None:
    assert "No case is held." in run("vault", "holds", "--dir", place).out
    assert run("vault", "hold", "1042", "--reason", " ", "--dir", place).code == 2
    assert run("vault", "hold", "7", "--reason", "x", "--dir", place).code == 1
    assert run("vault", "hold", "1042", "--reason", "court, 7/2026", "--dir", place).code == 0
    assert "Case 1042" in run("vault", "holds", "--dir", place).out
    assert run("vault", "release", "1042", "--dir", place).code == 0
    assert run("vault", "holds", "--dir", place, "--json").json == []
    assert "0 case(s)" in run("vault", "retention", "--dry-run", "--dir", place).out
    assert run("vault", "retention", "--dir", place, "--json").json["cases"] == []


@pytest.fixture(scope="module")
def service() -> Iterator[S3Settings]:
    with s3_service() as made:
        yield made


@pytest.fixture(params=["folder", "elsewhere", "bucket"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    images = ImagingSettings()
    if request.param == "elsewhere":
        images = ImagingSettings(vault_url=str(tmp_path / "another disk"))
    elif request.param == "bucket":
        settings = request.getfixturevalue("service")
        empty_bucket(settings.endpoint)
        images = ImagingSettings(vault_url="s3://images/board", s3=settings)
    return Settings(storage=StorageSettings(directory=tmp_path / "data"), imaging=images)


def silent(_what: str, _share: float) -> None:
    """Nobody watches."""


def test_a_backup_holds_every_image_and_brings_it_back_wherever_it_was_kept(
    installation: Settings, tmp_path: Path
) -> None:
    vault = vault_of(installation.imaging, installation.storage.directory)
    digest = vault.keep([dicom("one")]).digest
    with opened(installation.database_url) as database:
        upgrade(database.engine)
        database.write_now(DEED, _enter, digest)
    backup(installation, None, tmp_path / "copy", AT, silent)
    assert (tmp_path / "copy" / "vault" / digest[:2] / digest).read_bytes() == dicom("one")
    vault.remove(digest)
    again = installation.model_copy(update={"storage": StorageSettings(directory=tmp_path / "again")})
    restore(tmp_path / "copy", again, silent)
    back = vault_of(again.imaging, again.storage.directory)
    with opened(again.database_url) as database:
        assert set(database.read_now(named)) == set(back.digests()) == {digest}
        assert clear_orphans(database, back, again.imaging, DEED, silent, dry_run=True) == []
        assert database.read_now(lambda session: len(session.exec(select(Instance)).all())) == 1
    assert back.verify(digest)


def test_a_backup_that_lacks_an_image_is_none(installation: Settings, tmp_path: Path) -> None:
    vault = vault_of(installation.imaging, installation.storage.directory)
    with opened(installation.database_url) as database:
        upgrade(database.engine)
        database.write_now(DEED, _enter, vault.keep([dicom("one")]).digest)
    for digest in vault.digests():
        vault.remove(digest)
    with pytest.raises(BackupRefused, match=r"1 image\(s\) are not in the vault"):
        backup(installation, None, tmp_path / "copy", AT, silent)
    assert not (tmp_path / "copy" / "manifest.json").exists()
