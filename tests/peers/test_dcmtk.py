"""Debian's dcmtk as the other side: storescu, dcmsend and echoscu send to us, storescp receives from us."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from sqlmodel import Session, select

from imaging.arrivals import waiting
from imaging.dimse.listener import Listener
from imaging.dimse.sender import Remote, echo, send
from imaging.intake import Intake
from imaging.sandbox import Sandbox
from imaging.settings import DimseSettings, FileSettings, WorkerSettings
from imaging.studies import Instance, refusals
from imaging.vault import LocalVault
from tests.peers.dcmtk import program, storescp
from tests.ports import free_port
from tests.unit.imaging.samples import RLE, compressed, dataset, slice_of, written
from web.database import Database
from web.images.dimse import Reception, delivery

pytestmark = pytest.mark.peer
ON = DimseSettings(enabled=True, port=0, peers=("STORESCU", "DCMSEND", "ECHOSCU"))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60))
    yield made
    made.close()


@pytest.fixture
def vault(tmp_path: Path) -> LocalVault:
    return LocalVault(tmp_path / "vault")


@pytest.fixture
def listener(database: Database, vault: LocalVault, sandbox: Sandbox, tmp_path: Path) -> Iterator[Listener]:
    reception = Reception(database, Intake(FileSettings(), vault, sandbox), lambda *_: None)
    made = Listener(ON, tmp_path / "spool", reception.admit, reception.ended)
    yield made
    made.stop()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(1, 6):
        (folder / f"{number}.dcm").write_bytes(slice_of(number))
    return sorted(folder.iterdir())


def run(name: str, listener: Listener, *said: str, called: str = "CONSILIUM") -> subprocess.CompletedProcess[str]:
    command = [program(name), "-v", "-aec", called, "127.0.0.1", str(listener.port), *said]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def instances(session: Session) -> dict[str, Instance]:
    return {row.sop_instance_uid: row for row in session.exec(select(Instance))}


def test_echoscu_is_answered_and_a_stranger_is_not(listener: Listener) -> None:
    assert run("echoscu", listener).returncode == 0
    stranger = run("echoscu", listener, called="SOMEBODY")
    assert stranger.returncode != 0
    assert "Called AE Title Not Recognized" in stranger.stdout + stranger.stderr


@pytest.mark.parametrize("name", ["storescu", "dcmsend"])
def test_every_instance_sent_is_in_the_vault_as_it_was(
    listener: Listener, database: Database, vault: LocalVault, files: list[Path], name: str
) -> None:
    done = run(name, listener, *map(str, files))
    assert done.returncode == 0, done.stdout + done.stderr
    kept = database.read_now(instances)
    assert len(kept) == len(files)
    for path in files:
        sent = dcmread(path)
        with vault.open(kept[sent.SOPInstanceUID].digest) as file:
            got = dcmread(file)
        assert got.PixelData == sent.PixelData
        assert got.PatientName == sent.PatientName
    (arrival,) = database.read_now(waiting, [])
    assert arrival.instances == len(files)


def test_dcmsend_delivers_compressed_images_as_they_are(
    listener: Listener, database: Database, tmp_path: Path
) -> None:
    place = tmp_path / "rle.dcm"
    place.write_bytes(compressed([a_segment()], RLE))
    done = run("dcmsend", listener, str(place))
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = database.read_now(instances).values()
    assert row.transfer_syntax_uid == RLE


def a_segment() -> bytes:
    """One RLE segment (PS3.5 G): 256 pixels of 8 bits in two replicate runs of 128."""
    return (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + bytes(56) + b"\x81\x07\x81\x07"


def test_a_refusal_is_seen_by_storescu_and_recorded(
    listener: Listener, database: Database, files: list[Path], tmp_path: Path
) -> None:
    conflict = tmp_path / "conflict.dcm"
    conflict.write_bytes(written(dataset(1), b"\7\0" * 256))
    assert run("storescu", listener, str(files[0])).returncode == 0
    done = run("storescu", listener, str(conflict))
    assert "0110" in done.stdout + done.stderr or done.returncode != 0
    assert [row.code for row in database.read_now(refusals, delivery(""))] == ["conflict"]


def test_a_sender_killed_in_the_middle_leaves_what_it_was_told_was_kept(
    listener: Listener, database: Database, vault: LocalVault, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:02}.dcm").write_bytes(slice_of(number + 1))
    command = [program("storescu"), "-v", "-aec", "CONSILIUM", "127.0.0.1", str(listener.port)]
    paths = sorted(map(str, folder.iterdir()))
    confirmed = 0
    with subprocess.Popen([*command, *paths], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as sender:
        assert sender.stdout is not None
        for line in sender.stdout:
            confirmed += "Received Store Response" in line
            if confirmed == 10:
                sender.send_signal(signal.SIGKILL)
                break
    listener.stop()
    kept = database.read_now(instances)
    assert 10 <= len(kept) <= 60
    assert {row.digest for row in kept.values()} == set(vault.digests())
    assert list((tmp_path / "spool").iterdir()) == []


def test_storescp_takes_what_we_send_and_answers_our_echo(files: list[Path], tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    port = free_port()
    with storescp(inbox, "PACS", port):
        remote = Remote("PACS", "127.0.0.1", port)
        echo(remote, calling="CONSILIUM")
        sent = send(files, remote, calling="CONSILIUM")
    assert [one.result for one in sent] == ["sent"] * len(files)
    got = {dcmread(path).SOPInstanceUID: dcmread(path).PixelData for path in inbox.iterdir()}
    assert got == {dcmread(path).SOPInstanceUID: dcmread(path).PixelData for path in files}

