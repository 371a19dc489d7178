"""The command line: what it prints, what it changes, and the exit codes that scripts can use."""

import json
from datetime import date, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlmodel import select

from agenda.cases import studies_of
from agenda.people import Person
from imaging.deidentify.records import Deidentification
from imaging.phantoms.dicom import Patient
from imaging.phantoms.studies import study
from imaging.studies import Instance, Study
from tests.unit.web.commands import Run
from web.auth.tokens import token_of
from web.clock import now
from web.database import opened

TAKEN = datetime(2026, 3, 1, 9, 30)  # noqa: DTZ001 - DICOM writes local time at the scanner


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


def test_films_enter_without_identity_where_that_is_asked_and_the_report_says_so(
    run: Run, place: Path, tmp_path: Path
) -> None:
    films = _films(tmp_path / "films")
    (films / "Fictional-Ada.txt").write_text("no image")
    said = run("import", films, "--case", "1042", "--dir", place, "--deidentify", "--json")
    assert said.json["counts"] == {"taken": 2, "refused": 1}
    assert [one["name"] for one in said.json["refused"]] == ["file 3 of 3"]
    came = {bytes(path.read_bytes()) for path in films.glob("*.dcm")}
    with opened(f"sqlite:///{place / 'consilium.db'}") as database:
        (uid,) = database.read_now(studies_of, "c" * 32)
        found = database.read_now(lambda session: session.get_one(Study, uid))
        rows = database.read_now(lambda session: list(session.exec(select(Instance))))
        (report,) = database.read_now(lambda session: list(session.exec(select(Deidentification))))
    assert "Fictional" not in found.patient_name
    assert (report.delivery.partition("/import:")[0], report.patient) == ("case:" + "c" * 32, "matched")
    kept = {(place / "vault" / row.digest[:2] / row.digest).read_bytes() for row in rows}
    assert len(kept) == 2
    assert not kept & came
    assert not any(b"Fictional" in one or b"D-Fictional" in one for one in kept)


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


def test_export_says_when_there_is_nothing_and_when_there_is_no_such_case(run: Run, place: Path) -> None:
    said = run("export", "1042", place / "out", "--dir", place)
    assert said.code == 1
    assert "nothing to export yet" in said.err
    assert not (place / "out").exists()
    assert "no case '7'" in run("export", "7", place / "out", "--dir", place).err


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


