"""`consilium check`: what it asks, and what it says of what does not answer."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

from imaging.dimse.listener import Listener
from imaging.intake import Outcome
from imaging.settings import DimseSettings
from tests.unit.web.commands import Ran, Run


def test_check_tests_everything_and_says_where_settings_come_from(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSILIUM_SERVER__PORT", "8123")
    said = run("check", "--dir", place, "--json")
    assert {check["what"] for check in said.json["checks"]} == {  # type: ignore[attr-defined]
        "database", "vault", "codecs", "client", "clock", "mail", "dicom network", "media",
        "server",
    }
    settings = said.json["settings"]
    assert settings["server.port"] == {"value": "8123", "from": "CONSILIUM_SERVER__PORT"}  # type: ignore[index]
    assert settings["storage.directory"]["from"] == "command line"  # type: ignore[index]


def test_check_asks_every_pacs_whether_it_answers(run: Run, place: Path) -> None:
    here = DimseSettings(enabled=True, port=0, ae_title="PACS", peers=("CONSILIUM",))
    listener = Listener(here, place / "pacs", lambda _received: Outcome("x", "taken"))
    file = place / "pacs.toml"
    pacs = f"PACS@127.0.0.1:{listener.port}"
    node = f'[[imaging.nodes]]\nname = "Hospital"\nhost = "127.0.0.1"\nport = {listener.port}\nae_title = "PACS"\n'
    file.write_text(f'[storage]\ndirectory = "{place}"\n{node}', "utf-8")
    try:
        answered = run("check", "--config", file, "--json")
    finally:
        listener.stop()
    silent = run("check", "--config", file, "--json")
    found = [
        next(one for one in said.json["checks"] if one["what"] == "dicom network")  # type: ignore[attr-defined]
        for said in (answered, silent)
    ]
    assert [one["good"] for one in found] == [True, False]
    assert f"Hospital ({pacs}) answers C-ECHO" in found[0]["says"]
    assert "does not answer" in found[1]["says"]
    assert silent.code == 1


class Answers(BaseHTTPRequestHandler):
    """A web archive without studies."""

    def do_GET(self) -> None:
        assert self.path == "/dicom-web/studies?limit=1"
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Post(StreamRequestHandler):
    """A mail server that greets and takes nothing."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")
            if line.upper().startswith(b"QUIT"):
                return


def test_check_asks_the_mail_server_and_web_archives(run: Run, place: Path) -> None:
    web = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    mail = ThreadingTCPServer(("127.0.0.1", 0), Post)
    threading.Thread(target=mail.serve_forever, daemon=True).start()
    port = mail.server_address[1]
    file = place / "outside.toml"
    file.write_text(
        f'[storage]\ndirectory = "{place}"\n'
        f'[mail]\nsmtp_host = "127.0.0.1"\nsmtp_port = {port}\nsecurity = "none"\n'
        f'[[imaging.nodes]]\nname = "Web"\nkind = "dicomweb"\n'
        f'url = "http://127.0.0.1:{web.server_port}/dicom-web"\n', "utf-8"
    )
    try:
        good = said_of(run("check", "--config", file, "--json"))
        text = file.read_text("utf-8")
        file.write_text(text.replace('"none"', '"starttls"'), "utf-8")
        plain = said_of(run("check", "--config", file, "--json"))
    finally:
        web.shutdown()
        web.server_close()
        mail.shutdown()
        mail.server_close()
    silent = said_of(run("check", "--config", file, "--json"))
    assert good["mail"] == (True, f"127.0.0.1:{port} answers without encryption")
    assert good["dicom network"][0]
    assert good["dicom network"][1].endswith("answers QIDO-RS")
    assert not plain["mail"][0]  # it does not offer STARTTLS
    assert not silent["mail"][0]
    assert "cannot be reached" in silent["mail"][1] + silent["dicom network"][1]
    assert not silent["dicom network"][0]


def said_of(ran: Ran) -> dict[str, tuple[bool, str]]:
    checks: list[dict[str, Any]] = ran.json["checks"]  # type: ignore[assignment]
    return {one["what"]: (one["good"], one["says"]) for one in checks}


def test_check_without_a_database_fails_with_the_remedy(run: Run, tmp_path: Path) -> None:
    said = run("check", "--dir", tmp_path / "nothing")
    assert said.code == 1
    assert "consilium migrate" in said.out


def test_check_hides_the_password_of_a_database(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "pg.toml"
    file.write_text(f'[storage]\ndatabase_url = "sqlite:///{tmp_path}/x.db?password=hunter2"\n', "utf-8")
    said = run("check", "--config", file)
    assert "storage.database_url" in said.out
