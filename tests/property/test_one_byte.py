"""One byte changed anywhere in what was decided is found, and its place is named: row, log, mark, file, PDF.

Promise 22. Planted faults it is known to catch: a proof that skips the columns beside a record, an addendum that is
verified without its place, a letter compared by its length, base64 read with its spare bits, a room's log whose last
records were cut off, a row that was deleted together with everything that names it but the audit.
"""

import json
import sqlite3
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, create_engine

from agenda.cases import add_study
from conference.outcome.bundle import opened, sealed_letter, verify
from conference.outcome.proof import Proof, prove
from conference.outcome.signing import canonical
from conference.record.anchors import Anchored, Anchors
from conference.room import commands as c
from conference.room.text_fields import minutes_digest
from conference.room.values import MarkId, Recommendation
from imaging.studies import Instance, Series, Study
from tests.hands import Hand, typing
from tests.unit.web.application import PASSWORD, hashed
from tests.unit.web.desk import Desk, a_desk
from tests.unit.web.test_recommendation import CHAIR, RADIOLOGIST, Meeting, _question_ids
from web.auth.passwords import keep_password
from web.clock import now

IMAGE, MARK = "1.2.3.1.1", MarkId("0b5e1f7c-0000-4000-8000-000000000001")
MINUTES, NEEDS = "The films of May were missing.", "Movement on films in flexion."
TABLES = ("signedrecord", "addendum", "kept_letter", "room_event", "auditentry")
UNSIGNED = {("addendum", "opened_at")}
"""A receipt is written after the signature; the audit says who and when."""
BUSY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Written:
    """A finished meeting: its database, the anchors beside it, and what the referrer has downloaded.

    No dataclass: hypothesis would print its megabytes for every example that fails.
    """

    def __init__(self, database: bytes, anchored: Anchored, file: bytes, letter: bytes) -> None:
        self.database, self.anchored, self.file, self.letter = database, anchored, file, letter


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder, password_hash = tmp_path_factory.mktemp("written"), hashed()
    with a_desk(folder) as desk:
        desk.do(lambda session: [keep_password(session, who, password_hash, now()) for who in ("chair", "radiologist")])
        meeting = Meeting(desk)
        desk.do(_image, meeting.case)
        _decide(desk, meeting)
        assert meeting.sign("chair").status_code == 200
        referrer, home = desk.as_("referrer"), f"/cases/{meeting.case}"
        digest = opened(referrer.get(f"{home}/signed.json").content).digest
        words = {"reason": "correction", "text": "Left, not right.", "password": PASSWORD, "amends": digest}
        answer = desk.as_("radiologist").post(f"{home}/addendum", json=words, headers={"Accept": "application/json"})
        assert answer.status_code == 201, answer.text
        letter = desk.as_("referrer").get(f"{home}/letter.pdf").content
        file = desk.as_("referrer").get(f"{home}/signed.json").content
    with sqlite3.connect(folder / "consilium.db") as source:
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database = bytearray(source.serialize())
    database[18:20] = b"\x01\x01"  # a copy in memory has no write-ahead log (file format 1.3.3)
    return Written(bytes(database), Anchors(folder / "audit-anchors.jsonl").read(), file, letter)


def _image(session: Session, case_id: str) -> None:
    session.add(Study(study_instance_uid="1.2.3", received_at=now()))
    session.flush()
    session.add(Series(series_instance_uid="1.2.3.1", study_instance_uid="1.2.3", modality="MR"))
    session.flush()
    session.add(Instance(
        sop_instance_uid=IMAGE, series_instance_uid="1.2.3.1", sop_class_uid="1", size=1, transfer_syntax_uid="1",
        digest="0" * 64, received_at=now(), rows=100, columns=100, frames=1, row_spacing_mm=2.0, column_spacing_mm=2.0,
        spacing_source="pixel",
    ))
    add_study(session, case_id, "1.2.3", now())


def _decide(desk: Desk, meeting: Meeting) -> None:
    for who in (CHAIR, RADIOLOGIST):
        meeting.say(None, c.Join(who))
    meeting.say(CHAIR, c.OpenConference())
    meeting.say(CHAIR, c.CallCase(meeting.case))
    meeting.say(RADIOLOGIST, c.Draw(MARK, meeting.case, "length", IMAGE, 1, ((10.0, 10.0), (60.0, 10.0)), "Canal"))
    answers = dict.fromkeys(desk.read(_question_ids, meeting.case), "Yes.")
    words = Recommendation("majority", "surgical", "Concordant.", answers, (), "", "", (MARK,))
    meeting.say(CHAIR, c.DraftRecommendation(meeting.case, 0, words))
    meeting.say(CHAIR, c.StateNonOperative(meeting.case, "declined", "Wants it done.", ()))
    meeting.say(CHAIR, typing(Hand().type(MINUTES), meeting.case))
    meeting.say(CHAIR, c.ReadBack(meeting.case, 1))
    meeting.close(NEEDS)


def proven(database: bytes, anchored: Anchored, change: str = "", arguments: tuple[Any, ...] = ()) -> Proof:
    """The proof of a copy of the database in which one statement was run behind the product's back."""
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    copy.deserialize(database)
    for (trigger,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        copy.execute(f"DROP TRIGGER {trigger}")
    if change:
        assert copy.execute(change, arguments).rowcount > 0
    copy.commit()
    engine = create_engine("sqlite://", creator=lambda: copy, poolclass=StaticPool)
    with Session(engine) as session:
        found = prove(session, anchored)
    engine.dispose()
    return found


def rows(database: bytes, table: str) -> list[dict[str, Any]]:
    copy = sqlite3.connect(":memory:")
    copy.deserialize(database)
    copy.row_factory = sqlite3.Row
    return [dict(row) for row in copy.execute(f"SELECT * FROM {table}")]


def changed(value: Any, place: int) -> Any:
    """The value with one character, digit or byte of it changed."""
    if isinstance(value, bytes):
        at = place % len(value)
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    if isinstance(value, int):
        return value + 100_003
    text = str(value)
    at = place % len(text)
    if text[at].isdigit():
        return text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]
    return text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]


def test_untouched_it_holds(written: Written) -> None:
    found = proven(written.database, written.anchored)
    assert found.flaws == ()
    assert (found.signed, found.letters) == (1, 4)
    assert found.anchors >= 2


@BUSY
@example(table="auditentry", which=0, of=1, place=10)  # what stands between day and hour: it reads as the same time
@example(table="signedrecord", which=0, of=88, place=0)
@example(table="signedrecord", which=0, of=10, place=10)
@given(table=st.sampled_from(TABLES), which=st.integers(0, 999), of=st.integers(0, 99), place=st.integers(0, 4000))
def test_no_byte_of_a_row_can_be_changed_unseen(written: Written, table: str, which: int, of: int, place: int) -> None:
    every = rows(written.database, table)
    row = every[which % len(every)]
    columns = [name for name, value in row.items() if value not in (None, "", b"") and (table, name) not in UNSIGNED]
    column = columns[of % len(columns)]
    new = changed(row[column], place)
    # The second is signed; its fraction only says what came first within it, such as a numbering that was accepted.
    assume((table, column) != ("signedrecord", "signed_at") or str(new)[:19] != str(row[column])[:19])
    keys = {"room_event": ("room_id", "seq"), "auditentry": ("number",)}.get(table, ("id",))
    where = " AND ".join(f"{key} = ?" for key in keys)
    statement = f'UPDATE {table} SET "{column}" = ? WHERE {where}'
    found = proven(written.database, written.anchored, statement, (new, *(row[key] for key in keys)))
    assert found.flaws, f"{table}.{column}"
    known = {"signedrecord": "signed record", "kept_letter": "letter", "room_event": "room", "auditentry": "audit row"}
    named = (known.get(table, table), "audit row") if column == "id" else (known.get(table, table), "signed record")
    assert any(flaw.where.startswith(named) for flaw in found.flaws), found.flaws


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_was_taken_away_is_missed(written: Written, table: str) -> None:
    for row in rows(written.database, table):
        keys = {"room_event": ("room_id", "seq"), "auditentry": ("number",)}.get(table, ("id",))
        where = " AND ".join(f"{key} = ?" for key in keys)
        statement = f"DELETE FROM {table} WHERE {where}"
        last = table == "auditentry" and row["number"] > max(head.number for head in written.anchored.audit)
        after = table == "room_event" and row["seq"] > written.anchored.rooms[row["room_id"]].seq
        if last or after:
            continue  # written after the last anchor; the next one is dropped within ten minutes
        assert proven(written.database, written.anchored, statement, tuple(row[key] for key in keys)).flaws


def test_a_tail_that_was_cut_off_is_found_against_the_last_anchor(written: Written) -> None:
    room = next(iter(written.anchored.rooms))
    cut = proven(written.database, written.anchored, "DELETE FROM room_event WHERE room_id = ? AND seq > 5", (room,))
    assert any(flaw.where.startswith(f"room {room}") for flaw in cut.flaws)
    last = written.anchored.audit[-1].number
    cut = proven(written.database, written.anchored, "DELETE FROM auditentry WHERE number >= ?", (last,))
    assert any("tail was cut off" in flaw.what for flaw in cut.flaws)


def test_a_changed_mark_names_its_record_in_the_log(written: Written) -> None:
    [drawn] = [row for row in rows(written.database, "room_event") if row["kind"] == "drawn"]
    payload = drawn["payload"].replace('"points":[[10,10],[60,10]]', '"points":[[10,10],[61,10]]')
    assert payload != drawn["payload"]
    statement = "UPDATE room_event SET payload = ? WHERE room_id = ? AND seq = ?"
    found = proven(written.database, written.anchored, statement, (payload, drawn["room_id"], drawn["seq"]))
    assert f"room {drawn['room_id']}, record {drawn['seq']}" in [flaw.where for flaw in found.flaws]


@BUSY
@given(place=st.integers(0, 1 << 20), new=st.integers(0, 255))
@example(place=0, new=0)
def test_no_byte_of_the_signed_file_can_be_changed_unseen(written: Written, place: int, new: int) -> None:
    content = bytearray(written.file)
    content[place % len(content)] = new
    try:
        same = json.loads(bytes(content)) == json.loads(written.file)
    except ValueError:
        same = False
    assert verify(bytes(content)).genuine == same


@BUSY
@given(place=st.integers(0, 1 << 22), bit=st.integers(0, 7))
def test_no_bit_of_the_letter_can_be_changed_unseen(written: Written, place: int, bit: int) -> None:
    content = bytearray(written.letter)
    content[place % len(content)] ^= 1 << bit
    assert sealed_letter(opened(written.file), bytes(content)) is None


def test_the_letter_itself_is_sealed_in_the_file_that_was_downloaded(written: Written) -> None:
    seal = sealed_letter(opened(written.file), written.letter)
    assert seal is not None
    assert (seal["kind"], seal["edition"]) == ("letter", 1)


def test_the_signed_record_holds_the_mark_and_its_picture(written: Written) -> None:
    record = msgspec.json.decode(opened(written.file).record)
    assert [mark["mark"] for mark in record["marks"]] == [MARK]
    assert [(one["sop_instance_uid"], one["aspect"]) for one in record["pictures"]] == [(IMAGE, 1.0)]


@pytest.mark.parametrize(("path", "part"), [
    (("minutes", "text"), "minutes"), (("minutes", "digest"), "minutes"), (("stances", 0, "needs"), "stances"),
    (("stances", 1, "stance"), "stances"), (("non_operative", "reason"), "non_operative"),
])
def test_changed_minutes_and_stances_are_named(written: Written, path: tuple[str | int, ...], part: str) -> None:
    file = msgspec.json.decode(written.file)
    record = msgspec.json.decode(file["record"])
    inner: Any = record
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = changed(inner[path[-1]], 0)
    file["record"] = canonical(record).decode()
    found = verify(msgspec.json.encode(file))
    assert (found.genuine, found.where) == (False, (part,))


def test_the_signed_record_holds_minutes_stances_and_non_operative_care(written: Written) -> None:
    record = msgspec.json.decode(opened(written.file).record)
    assert record["minutes"]["text"] == MINUTES
    assert record["minutes"]["digest"] == minutes_digest(record["case"]["id"], MINUTES)
    assert [(one["option"], one["stance"], one["needs"]) for one in record["stances"]] == [
        ("surgical", "against", NEEDS), ("surgical", "for", ""),
    ]
    assert (record["non_operative"]["standing"], record["non_operative"]["reason"]) == ("declined", "Wants it done.")
    assert minutes_digest(record["case"]["id"], MINUTES) in str(rows(written.database, "room_event"))
