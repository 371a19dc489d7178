"""The command line: what it prints, what it changes, and the exit codes that scripts can use."""

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any
from zipfile import ZipFile

import pytest
from sqlmodel import Session

from agenda.boards import Board
from agenda.cases import Case, studies_of
from agenda.people import Person, Site, add_person
from imaging.dimse.listener import Listener
from imaging.intake import Outcome
from imaging.phantoms.dicom import Patient
from imaging.phantoms.studies import study
from imaging.settings import DimseSettings
from web.auth.tokens import token_of
from web.cli import main
from web.clock import now
from web.database import Deed, opened

TAKEN = datetime(2026, 3, 1, 9, 30)  # noqa: DTZ001 - DICOM writes local time at the scanner


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.out)
        return found


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs ``consilium …`` in this process, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def ran(*arguments: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["consilium", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return ran


@pytest.fixture
def place(tmp_path: Path, run: Run) -> Path:
    """The folder of a migrated installation with a site, a board and two people and a case."""
    folder = tmp_path / "data"
    assert run("migrate", "--dir", folder).code == 0
    with opened(f"sqlite:///{folder / 'consilium.db'}") as database:
        database.write_now(Deed("system", "system", "test", now()), _settle)
    return folder


def _settle(session: Session) -> None:
    session.add(Site(id="s", name="Prairie Creek", time_zone="America/Denver"))
    session.add(Board(id="b", name="Spine", time_zone="America/Denver"))
    session.flush()
    add_person(session, name="Root Example", email="root@x.example", standing="administrator", site_id="s")
    ada = add_person(session, name="Ada Example", email="ada@x.example", standing="referrer", site_id="s")
    session.add(Case(
        id="c" * 32, number=1042, board_id="b", referrer_id=ada.id, created_at=now(),
        patient_family_name="Fictional", patient_given_name="Ada", patient_born_on=date(1961, 4, 2), patient_sex="F",
    ))


def _films(folder: Path, family: str = "Fictional") -> Path:
    folder.mkdir()
    who = Patient(family, "Ada", f"D-{family}", date(1961, 4, 2), "F")
    made = study("flexion-extension", who, TAKEN, 3, small=True)
    for number, file in enumerate(made.files):
        (folder / f"{number}.dcm").write_bytes(file)
    return folder


def test_help_teaches_with_examples_and_exit_codes(run: Run) -> None:
    top = run("--help")
    assert top.code == 0
    for command in (
        "demo", "serve", "migrate", "check", "user", "board", "import", "audit", "token", "backup", "restore",
    ):
        assert command in top.out
        said = run(command, "--help")
        assert said.code == 0
    assert "Exit codes" in top.out
    assert "Example: consilium import" in run("import", "--help").out


def test_wrong_use_ends_with_2_and_a_hint(run: Run) -> None:
    assert run("fly").code == 2
    assert run("user", "add").code == 2
    both = run("check", "--config", "a.toml", "--dir", "b")
    assert both.code == 2
    assert "not both" in both.err


def test_a_bad_configuration_names_setting_and_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("[server]\nport = 'many'\n", "utf-8")
    said = run("check", "--config", file)
    assert said.code == 2
    assert "server.port" in said.err
    assert "other.toml" in said.err
    assert "Traceback" not in said.err


def test_migrate_twice_is_the_same_as_once(run: Run, tmp_path: Path) -> None:
    first = run("migrate", "--dir", tmp_path / "d", "--json")
    second = run("migrate", "--dir", tmp_path / "d", "--json")
    assert first.json["migrations"]
    assert second.json["migrations"] == []


def test_a_database_held_by_another_process_gives_3(run: Run, place: Path) -> None:
    with opened(f"sqlite:///{place / 'consilium.db'}"):
        said = run("migrate", "--dir", place)
    assert said.code == 3
    assert "in use" in said.err


def test_a_person_is_added_listed_reset_and_disabled(run: Run, place: Path) -> None:
    added = run("user", "add", "Eve@x.example", "--name", "Eve Moreau", "--standing", "member", "--discipline",
                "physiatry", "--role", "core", "--dir", place)
    assert added.code == 0
    assert added.out.strip().splitlines()[-1].startswith("http://127.0.0.1:8000/enter/")
    rows = json.loads(run("user", "list", "--dir", place, "--json").out)
    eve = next(row for row in rows if row["email"] == "eve@x.example")
    assert eve["seats"] == "core of Spine"
    assert "/enter/" in run("user", "reset", "eve@x.example", "--dir", place).out
    assert run("user", "disable", "eve@x.example", "--dir", place).code == 0
    assert "Eve Moreau (disabled)" in run("user", "list", "--dir", place).out
    assert run("user", "reset", "eve@x.example", "--dir", place).code == 1


def test_adding_somebody_twice_is_refused_with_a_sentence(run: Run, place: Path) -> None:
    said = run("user", "add", "ada@x.example", "--name", "Other", "--standing", "member", "--dir", place)
    assert said.code == 1
    assert "already signs in" in said.err


def test_a_board_is_added_to_an_empty_installation_and_its_coordinator_seated(run: Run, tmp_path: Path) -> None:
    here = ("--dir", tmp_path / "new")
    added = run("board", "add", "Hip board", "--time-zone", "Europe/Oslo", "--required", "physiatry", "--required",
                "spine-surgery", "--charter", "Hips.", *here)
    assert added.code == 0, added.err
    assert "--board 'Hip board'" in added.out
    eve = run("user", "add", "eve@x.example", "--name", "Eve", "--standing", "coordinator", "--site", "Fjord",
              "--time-zone", "Europe/Oslo", "--board", "Hip board", "--role", "coordinator", *here)
    assert eve.code == 0, eve.err
    (row,) = json.loads(run("board", "list", *here, "--json").out)
    assert (row["name"], row["time_zone"], row["charter"]) == ("Hip board", "Europe/Oslo", "Hips.")
    assert row["required"] == ["physiatry", "spine-surgery"]
    assert row["members"] == [{"name": "Eve", "role": "coordinator"}]
    assert "coordinator Eve" in run("board", "list", *here).out


@pytest.mark.parametrize(("name", "zone", "required", "why"), [
    ("spine", "UTC", "physiatry", "Another board has this name."),
    ("Hip", "Mars/Olympus", "physiatry", "There is no time zone 'Mars/Olympus'"),
    ("Hip", "UTC", "astrology", "There is no discipline 'astrology'."),
])
def test_a_board_that_cannot_be_taken_is_refused_with_a_sentence(
    run: Run, place: Path, name: str, zone: str, required: str, why: str
) -> None:
    said = run("board", "add", name, "--time-zone", zone, "--required", required, "--dir", place)
    assert said.code == 1
    assert why in " ".join(said.err.split())
    assert [row["name"] for row in json.loads(run("board", "list", "--dir", place, "--json").out)] == ["Spine"]


def test_a_site_is_not_made_in_a_time_zone_that_does_not_exist(run: Run, place: Path) -> None:
    said = run("user", "add", "eve@x.example", "--name", "Eve", "--standing", "member", "--site", "Fjord",
               "--time-zone", "Oslo", "--dir", place)
    assert said.code == 1
    assert "There is no time zone 'Oslo'" in " ".join(said.err.split())


def test_the_token_stands_on_the_last_line_and_works(run: Run, place: Path) -> None:
    said = run("token", "--dir", place, "--days", "7")
    text = said.out.strip().splitlines()[-1]
    with opened(f"sqlite:///{place / 'consilium.db'}") as database:
        found = database.read_now(token_of, text, now())
        assert found is not None
        assert database.read_now(lambda s: s.get_one(Person, found.person_id).email) == "root@x.example"


def test_a_folder_of_films_enters_its_case(run: Run, place: Path, tmp_path: Path) -> None:
    said = run("import", _films(tmp_path / "films"), "--case", "1042", "--dir", place, "--json")
    assert said.code == 0, said.err
    assert said.json["counts"] == {"taken": 2}
    with opened(f"sqlite:///{place / 'consilium.db'}") as database:
        assert len(database.read_now(studies_of, "c" * 32)) == 1
    again = run("import", tmp_path / "films", "--case", "1042", "--dir", place)
    assert "2 already here" in again.out


def test_a_zip_is_unpacked_and_what_is_no_image_is_named(run: Run, place: Path, tmp_path: Path) -> None:
    films = _films(tmp_path / "films")
    with ZipFile(tmp_path / "disc.zip", "w") as disc:
        disc.write(films / "0.dcm", "IMG/0")
        disc.writestr("readme.dcm", "hello")
    said = run("import", tmp_path / "disc.zip", "--case", "1042", "--dir", place)
    assert said.code == 1
    assert "readme.dcm" in said.out
    assert "1 taken" in said.out


def test_another_patients_films_are_refused_until_accepted(run: Run, place: Path, tmp_path: Path) -> None:
    films = _films(tmp_path / "films", family="Stranger")
    refused = run("import", films, "--case", "1042", "--dir", place)
    assert refused.code == 1
    assert "another patient" in refused.err
    assert run("import", films, "--case", "1042", "--dir", place, "--accept").code == 0


def test_films_of_two_patients_are_refused_together(run: Run, place: Path, tmp_path: Path) -> None:
    said = run("import", _films(tmp_path / "a"), _films(tmp_path / "b", family="Stranger"), "--case", "1042",
               "--dir", place, "--accept")
    assert said.code == 1
    assert "more than one patient" in said.err


@pytest.mark.parametrize(("case", "path"), [("7", "films"), ("1042", "nowhere")])
def test_a_case_or_path_that_is_not_there_is_named(run: Run, place: Path, tmp_path: Path, case: str, path: str) -> None:
    _films(tmp_path / "films")
    said = run("import", tmp_path / path, "--case", case, "--dir", place)
    assert said.code == 1
    assert "there is no" in said.err.lower()


def test_check_tests_everything_and_says_where_settings_come_from(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSILIUM_SERVER__PORT", "8123")
    said = run("check", "--dir", place, "--json")
    assert {check["what"] for check in said.json["checks"]} == {  # type: ignore[attr-defined]
        "database", "vault", "codecs", "client", "clock", "mail", "dicom network", "server",
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


def test_export_says_when_there_is_nothing_and_when_there_is_no_such_case(run: Run, place: Path) -> None:
    said = run("export", "1042", place / "out", "--dir", place)
    assert said.code == 1
    assert "nothing to export yet" in said.err
    assert not (place / "out").exists()
    assert "no case '7'" in run("export", "7", place / "out", "--dir", place).err


def test_check_without_a_database_fails_with_the_remedy(run: Run, tmp_path: Path) -> None:
    said = run("check", "--dir", tmp_path / "nothing")
    assert said.code == 1
    assert "consilium migrate" in said.out


def test_check_hides_the_password_of_a_database(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "pg.toml"
    file.write_text(f'[storage]\ndatabase_url = "sqlite:///{tmp_path}/x.db?password=hunter2"\n', "utf-8")
    said = run("check", "--config", file)
    assert "storage.database_url" in said.out


def test_verify_is_content_with_an_untouched_record_and_names_a_changed_row(run: Run, place: Path) -> None:
    run("user", "disable", "ada@x.example", "--dir", place)
    good = run("audit", "verify", "--dir", place)
    assert good.code == 0
    assert "Unbroken" in good.out
    _tamper(place / "consilium.db")
    bad = run("audit", "verify", "--dir", place, "--json")
    assert bad.code == 1
    assert bad.json["unbroken"] is False


def _tamper(path: Path) -> None:
    import sqlite3

    with sqlite3.connect(path) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("UPDATE auditentry SET actor_name='Mallory' WHERE number=1")
    raw.close()


def test_a_backup_comes_back_as_it_was(run: Run, place: Path, tmp_path: Path) -> None:
    run("import", _films(tmp_path / "films"), "--case", "1042", "--dir", place)
    made = run("backup", tmp_path / "copy", "--dir", place, "--json")
    assert made.code == 0, made.err
    assert run("restore", tmp_path / "copy", "--dir", tmp_path / "again").code == 0
    assert run("audit", "verify", "--dir", tmp_path / "again").code == 0
    vault = sorted(one.name for one in (place / "vault").rglob("*") if one.is_file())
    assert sorted(one.name for one in (tmp_path / "again" / "vault").rglob("*") if one.is_file()) == vault
    assert len(vault) == 2


def test_nothing_is_backed_up_or_restored_over_anything(run: Run, place: Path, tmp_path: Path) -> None:
    assert run("backup", place, "--dir", place).code == 1
    run("backup", tmp_path / "copy", "--dir", place)
    said = run("restore", tmp_path / "copy", "--dir", place)
    assert said.code == 1
    assert "not empty" in said.err


@pytest.mark.parametrize("harm", ["change", "remove", "add", "escape", "unfinished"])
def test_a_damaged_backup_is_refused_before_anything_is_written(
    run: Run, place: Path, tmp_path: Path, harm: str
) -> None:
    copy = tmp_path / "copy"
    run("backup", copy, "--dir", place)
    _harm(copy, harm)
    said = run("restore", copy, "--dir", tmp_path / "again")
    assert said.code == 1
    assert "Traceback" not in said.err
    assert not (tmp_path / "again").exists()


def _harm(copy: Path, harm: str) -> None:
    manifest = copy / "manifest.json"
    match harm:
        case "change":
            with (copy / "consilium.db").open("r+b") as file:
                file.seek(100)
                file.write(b"\0\0\0\0")
        case "remove":
            (copy / "consilium.db").unlink()
        case "add":
            (copy / "extra").write_text("x", "utf-8")
        case "escape":
            body = json.loads(manifest.read_text("utf-8"))
            body["files"]["../escaped"] = {"sha256": "0" * 64, "bytes": 0}
            manifest.write_text(json.dumps(body), "utf-8")
        case _:
            manifest.unlink()


def test_a_folder_that_holds_something_else_is_no_place_for_a_demo(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", "utf-8")
    said = run("demo", "--dir", tmp_path / "mine", "--port", "0")
    assert said.code == 2
    assert (tmp_path / "mine" / "letter.txt").read_text("utf-8") == "dear"


def test_a_taken_port_is_said_before_anything_is_built(run: Run, tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = run("demo", "--dir", tmp_path / "d", "--port", str(taken.getsockname()[1]))
    assert said.code == 3
    assert "another port" in said.err
    assert not (tmp_path / "d").exists()


