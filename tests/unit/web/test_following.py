"""One more instance of a known series: the same rows as by the ordinary way, which is taken where it is not so."""

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from agenda.cases import add_study
from conference.record import audit
from conference.record.appending import Appender
from imaging.arrivals import Arrival, settle
from imaging.dimse.listener import Peer, Received
from imaging.intake import Intake, Outcome
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, WorkerSettings
from imaging.studies import Instance
from imaging.vault import LocalVault
from tests.unit.imaging.samples import MR, slice_of
from tests.unit.web import application
from web.database import Database
from web.images.dimse import Reception
from web.images.following import Following

STUDY = "1.2.826.0.1.3680043.9.2.1"


@pytest.fixture
def reception(database: Database, people: dict[str, str], tmp_path: Path) -> Iterator[Reception]:
    audit.install(database.engine)
    sandbox = Sandbox(WorkerSettings(processes=1))
    yield Reception(database, Intake(FileSettings(), LocalVault(tmp_path / "vault"), sandbox), lambda *_: None)
    sandbox.close()


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The instances that were added the short way."""
    seen: list[str] = []
    add = Following.add

    def noted(self: Following, *given: Any) -> Outcome | None:
        outcome = add(self, *given)
        if outcome is not None:
            seen.append(outcome.sop_instance_uid)
        return outcome

    monkeypatch.setattr(Following, "add", noted)
    return seen


def sent(reception: Reception, folder: Path, number: int, **said: object) -> Outcome:
    data = slice_of(number, **said)
    place = folder / f"sent-{number}"
    place.write_bytes(data)
    uid = f"1.2.826.0.1.3680043.9.1.{number}"
    peer = Peer("PACS", destination="spine")
    try:
        return reception.admit(Received(peer, "one", MR, uid, place, hashlib.sha256(data).hexdigest()))
    finally:
        place.unlink()


def written(session: Session, table: str, key: str) -> list[dict[str, Any]]:
    found = session.connection().execute(text(f"SELECT * FROM {table} ORDER BY {key}"))
    return [dict(row._mapping) for row in found]


def test_its_rows_differ_from_those_of_the_ordinary_way_in_identity_alone(
    reception: Reception, database: Database, followed: list[str], tmp_path: Path
) -> None:
    for number in (1, 2, 3):
        assert sent(reception, tmp_path, number).result == "taken"
    assert len(followed) == 2
    first, second, third = database.read_now(written, "instance", "number")
    own = {"sop_instance_uid", "digest", "received_at", "number", "position", "pixel_offset", "size"}
    assert {name for name in first if first[name] != second[name]} <= own
    assert [type(first[name]) for name in first] == [type(third[name]) for name in first]
    assert database.read_now(lambda session: session.get_one(Arrival, STUDY)).instances == 3
    entries = [one for one in database.read_now(written, "auditentry", "number") if one["kind"] == "instance"]
    assert [one["record"] for one in entries] == [first["sop_instance_uid"], *followed]
    assert len({(one["activity"], one["actor_name"], one["deed"], len(one["at"])) for one in entries}) == 1
    assert database.read_now(audit.verify) == []
    last = database.read_now(lambda session: session.get_one(Instance, third["sop_instance_uid"]))
    windows = [{"name": "Window 1", "centre": 200, "width": 400}]
    assert (last.position, last.windows, last.signed) == ([0, 0, 3], windows, False)


def test_a_new_study_its_series_and_its_first_instance_are_audited_each(
    reception: Reception, database: Database, tmp_path: Path
) -> None:
    assert sent(reception, tmp_path, 1).result == "taken"
    said = [(one["deed"], one["kind"], one["record"]) for one in database.read_now(written, "auditentry", "number")]
    (study,), (series,), (instance,) = (
        database.read_now(written, table, f"{table if table != 'instance' else 'sop'}_instance_uid")
        for table in ("study", "series", "instance")
    )
    assert [one for one in said if one[1] in ("study", "series", "instance")] == [
        ("add", "study", study["study_instance_uid"]), ("add", "series", series["series_instance_uid"]),
        ("add", "instance", instance["sop_instance_uid"]),
    ]


def test_another_patient_in_a_known_series_is_a_conflict(reception: Reception, tmp_path: Path) -> None:
    for number in (1, 2):
        sent(reception, tmp_path, number)
    assert sent(reception, tmp_path, 3, PatientName="Other^Person", PatientID="X").code == "conflict"


def test_the_same_instance_again_is_here_already(
    reception: Reception, database: Database, followed: list[str], tmp_path: Path
) -> None:
    for number in (1, 2, 3):
        sent(reception, tmp_path, number)
    assert sent(reception, tmp_path, 3).result == "already here"
    assert sent(reception, tmp_path, 3, InstanceNumber=9).code == "conflict"
    assert len(followed) == 2
    assert database.read_now(lambda session: session.get_one(Arrival, STUDY)).instances == 3


def test_a_study_that_joins_a_case_or_is_declined_meanwhile_takes_the_ordinary_way_once(
    reception: Reception, database: Database, followed: list[str], tmp_path: Path
) -> None:
    for number in (1, 2):
        sent(reception, tmp_path, number)
    database.write_now(application.deed(), settle, STUDY, "declined", application.AT)
    assert sent(reception, tmp_path, 3).result == "taken"
    assert database.read_now(lambda session: session.get_one(Arrival, STUDY)).state == "waiting"
    assert len(followed) == 1
    heard: list[tuple[str, str]] = []
    reception.announce = lambda case_id, study_uid: heard.append((case_id, study_uid))
    database.write_now(application.deed(), add_study, "case1", STUDY, application.AT)
    assert sent(reception, tmp_path, 4).result == "taken"
    reception.ended("one")
    assert heard == [("case1", STUDY)]
    assert database.read_now(lambda session: session.get_one(Arrival, STUDY)).state == "taken"


def test_a_row_is_not_written_without_its_audit_row(
    reception: Reception, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in (1, 2):
        sent(reception, tmp_path, number)

    def failing(self: Appender, *_: object) -> None:
        add(self, *_)  # type: ignore[arg-type]
        raise sqlite3.OperationalError("disk I/O error")

    add = Appender.add
    before = database.read_now(written, "auditentry", "number")
    with monkeypatch.context() as patch:
        patch.setattr(Appender, "add", failing)
        with pytest.raises(sqlite3.OperationalError):
            sent(reception, tmp_path, 3)
    assert len(database.read_now(written, "instance", "number")) == 2
    assert database.read_now(written, "auditentry", "number") == before
    assert sent(reception, tmp_path, 3).result == "taken"
