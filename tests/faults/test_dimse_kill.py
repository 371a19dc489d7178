"""The server is killed while a PACS sends: what was answered with success is there, and nothing else is left."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import MRImageStorage
from sqlmodel import Session, select

from imaging.arrivals import waiting
from imaging.dimse.quiet import prepare
from imaging.intake import sweep
from imaging.studies import Instance
from imaging.vault import LocalVault
from tests.conftest import ROOT
from tests.unit.imaging.samples import slice_of
from web.clock import now
from web.database import Database, Deed, opened

FILES, DIES_AT = 6, 4
CHILD = """
import os, signal, sys
from pathlib import Path
import web.images.dimse
from conference.record.appending import Appender
from imaging.dimse.listener import Listener
from imaging.intake import Intake
from imaging.sandbox import Sandbox
from imaging.settings import DimseSettings, FileSettings, WorkerSettings
from imaging.vault import LocalVault
from web.database import Database
from web.schema import create

folder, phase, at = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

calls = 0

def dying(function, *, before):
    '''The first instance of a series and those that follow it go different ways; together they are counted.'''
    def run(*given, **named):
        global calls
        calls += 1
        if before and calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*given, **named)
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return run

database = Database(f"sqlite:///{folder / 'test.db'}")
create(database.engine)
sandbox = Sandbox(WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60))
intake = Intake(FileSettings(), LocalVault(folder / "vault"), sandbox)
if phase in ("checked", "kept"):
    intake.keep = dying(intake.keep, before=phase == "checked")
if phase == "indexed":
    web.images.dimse.index = dying(web.images.dimse.index, before=False)
    Appender.add = dying(Appender.add, before=False)
if phase == "committed":
    database.write_now = dying(database.write_now, before=False)
    database.append_now = dying(database.append_now, before=False)
reception = web.images.dimse.Reception(database, intake, lambda *_: None)
settings = DimseSettings(enabled=True, port=0, peers=("PACS",))
listener = Listener(settings, folder / "spool", reception.admit, reception.ended)
print(listener.port, flush=True)
sys.stdin.read()
listener.stop()
sandbox.close()
database.close()
"""


def send_all(folder: Path, phase: str) -> set[str]:
    """Start a server that dies at that phase, send to it, and give what it said it has."""
    command = [sys.executable, "-c", CHILD, str(folder), phase, str(DIES_AT)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        prepare()
        peer = AE("PACS")
        peer.dimse_timeout = peer.network_timeout = peer.acse_timeout = 60
        peer.add_requested_context(MRImageStorage, "1.2.840.10008.1.2.1")
        association = peer.associate("127.0.0.1", port, ae_title="CONSILIUM")
        threading.Thread(target=wake, args=(server, association), daemon=True).start()
        confirmed = set()
        for number in range(FILES):
            place = folder / f"{number}.dcm"
            place.write_bytes(slice_of(number))
            if association.is_established and association.send_c_store(place).get("Status") == 0:
                confirmed.add(f"1.2.826.0.1.3680043.9.1.{number}")
        if association.is_established:
            association.release()
    return confirmed


def wake(server: "subprocess.Popen[str]", association: Association) -> None:
    """pynetdicom waits its whole timeout for the answer of a peer that is gone; tell it that none will come."""
    server.wait()
    association.dimse.msg_queue.put((None, None))


def indexed(session: Session) -> dict[str, str]:
    return {row.sop_instance_uid: row.digest for row in session.exec(select(Instance))}


def clean(database: Database, vault: LocalVault) -> None:
    database.write_now(Deed("system", "system", "vault.sweep", now()), sweep, vault)


@pytest.mark.slow
@pytest.mark.parametrize(("phase", "there"), [("checked", 3), ("kept", 3), ("indexed", 3), ("committed", 4)])
def test_success_is_never_said_of_what_is_not_there(tmp_path: Path, phase: str, there: int) -> None:
    confirmed = send_all(tmp_path, phase)
    assert len(confirmed) == DIES_AT - 1
    vault = LocalVault(tmp_path / "vault")
    with opened(f"sqlite:///{tmp_path / 'test.db'}") as database:
        clean(database, vault)
        kept = database.read_now(indexed)
        assert confirmed <= set(kept)
        assert len(kept) == there
        assert set(vault.digests()) == set(kept.values())
        assert all(vault.verify(digest) for digest in kept.values())
    assert len(send_all(tmp_path, "never")) == FILES
    with opened(f"sqlite:///{tmp_path / 'test.db'}") as database:
        assert len(database.read_now(indexed)) == FILES
        assert [one.instances for one in database.read_now(waiting, [])] == [FILES]
    assert list((tmp_path / "spool").iterdir()) == []
