"""Orders to a running server: through its control socket, not past its database."""

import asyncio
import json
import os
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlmodel import select

from agenda.people import Site, person_by_email
from conference.record import audit
from imaging.intake import Intake
from imaging.sandbox import Sandbox
from imaging.vault import LocalVault
from web.cli import main
from web.clock import now
from web.control import NAME, Control, NotRunning, ask, listening
from web.database import Database, Deed
from web.migrate import upgrade
from web.services import Services
from web.settings import Settings, StorageSettings
from web.upkeep.orders import OrderRefused


class Running:
    """A control socket in an event loop of its own, over a real database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.settings = Settings(storage=StorageSettings(directory=folder))
        self.database = Database(self.settings.database_url)
        upgrade(self.database.engine)
        audit.install(self.database.engine)
        self.database.write_now(Deed("system", "system", "test", now()), lambda s: s.add(
            Site(id="s", name="Prairie Creek", time_zone="America/Denver")))
        self.sandbox = Sandbox(self.settings.imaging.worker)
        intake = Intake(self.settings.imaging.file, LocalVault(self.settings.vault_directory), self.sandbox)
        made = SimpleNamespace(
            settings=self.settings, database=self.database, uploads=SimpleNamespace(intake=intake))
        self.control = Control(folder / NAME, cast(Services, cast(Any, made)))
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self.control.start(), self.loop).result()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.control.stop(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
        self.sandbox.close()
        self.database.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / ("long-" * 30) / "data")
    yield running
    running.stop()


FIELDS = {"email": "eve@x.example", "name": "Eve Moreau", "standing": "referrer"}


def test_an_order_is_carried_out_by_the_server_that_holds_the_database(
    server: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["user", "add", "eve@x.example", "--name", "Eve Moreau", "--standing", "referrer"]
    monkeypatch.setattr(sys, "argv", ["consilium", *arguments, "--dir", str(server.folder), "--json"])
    main()
    assert json.loads(capsys.readouterr().out)["email"] == "eve@x.example"
    assert server.database.read_now(person_by_email, "eve@x.example") is not None


def test_a_refused_order_comes_back_as_its_sentence(server: Running) -> None:
    with pytest.raises(OrderRefused, match="Nobody signs in"):
        ask(server.folder / NAME, "user.reset", {"email": "nobody@x.example"}, lambda _what, _share: None)
    with pytest.raises(OrderRefused, match="no order"):
        ask(server.folder / NAME, "fly", {}, lambda _what, _share: None)


def test_the_socket_is_its_owners_alone_and_works_in_a_deep_folder(server: Running) -> None:
    path = server.folder / NAME
    assert len(str(path)) > 108
    assert stat.S_IMODE(os.lstat(path).st_mode) == 0o600
    assert listening(path)


def test_rubbish_on_the_socket_is_answered_and_harms_nobody(server: Running) -> None:
    folder = os.open(server.folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"/proc/self/fd/{folder}/{NAME}")
        connection.sendall(b"GET / HTTP/1.1\r\n")
        assert b"not an order" in connection.recv(1000)
    os.close(folder)
    assert ask(server.folder / NAME, "user.add", FIELDS, lambda _what, _share: None)["name"] == "Eve Moreau"


def test_every_order_is_in_the_audit(server: Running) -> None:
    ask(server.folder / NAME, "user.add", FIELDS, lambda _what, _share: None)
    assert server.database.read_now(audit.verify) == []
    rows = server.database.read_now(lambda s: [row.activity for row in s.exec(select(audit.AuditEntry))])
    assert "user.add" in rows


def test_without_a_server_the_caller_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        ask(tmp_path / NAME, "user.add", FIELDS, lambda _what, _share: None)
    assert not listening(tmp_path / NAME)


def test_a_socket_left_behind_by_a_crash_is_nobody(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / NAME))
    assert not listening(tmp_path / NAME)
