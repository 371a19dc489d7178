"""The audit's chain: written by the listener, broken by every tampering, held by its anchors."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from agenda.boards import Board
from agenda.people import Site
from conference.record import audit
from conference.record.anchors import Anchors, AnchorsBroken
from conference.record.audit import AuditEntry, AuditRefused, Fault, Head
from web import schema
from web.database import Database, Deed, opened

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
ADA = Deed("ada", "Ada Example", "site.add", AT, "request1")


@pytest.fixture
def audited(tmp_path: Path) -> Iterator[Database]:
    with opened(f"sqlite:///{tmp_path / 'audited.db'}") as database:
        schema.create(database.engine)
        audit.install(database.engine)
        yield database


def add_site(session: Session, name: str) -> str:
    site = Site(name=name, time_zone="America/Denver")
    session.add(site)
    session.flush()
    return site.id


@given(st.dictionaries(st.text("abcdefgz_", min_size=1), st.text() | st.integers(-(2**53) + 1, 2**53 - 1)))
def test_what_is_digested_is_canonical_json(content: dict[str, object]) -> None:
    assert audit.canonical(content) == rfc8785.dumps(content)


def rows(database: Database) -> list[AuditEntry]:
    return database.read_now(lambda session: list(session.exec(select(AuditEntry).order_by(col(AuditEntry.number)))))


def faults(database: Database, *anchors: Head) -> list[Fault]:
    return database.read_now(audit.verify, anchors)


def tamper(database: Database, *statements: str) -> None:
    """What somebody with the database's file can do: past the session, without the triggers."""
    with database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER auditentry_no_update"))
        connection.execute(text("DROP TRIGGER auditentry_no_delete"))
        for statement in statements:
            connection.execute(text(statement))


def filled(database: Database, count: int = 5) -> None:
    for number in range(count):
        database.write_now(ADA, add_site, f"Site {number}")


def test_a_change_names_its_actor_and_its_fields_and_quotes_nothing(audited: Database) -> None:
    site = audited.write_now(ADA, add_site, "Canary Clinic")

    def rename(session: Session) -> None:
        found = session.get(Site, site)
        assert found is not None
        found.name = "Canary Hospital"

    audited.write_now(Deed("ben", "Ben Example", "site.rename", AT), rename)
    added, changed = rows(audited)
    assert (added.number, added.deed, added.kind, added.record) == (1, "add", "site", site)
    assert (added.actor_id, added.actor_name) == ("ada", "Ada Example")
    assert (added.activity, added.request_id) == ("site.add", "request1")
    assert (changed.number, changed.deed, changed.summary) == (2, "change", "name")
    assert changed.previous == added.digest
    assert "Canary" not in added.model_dump_json() + changed.model_dump_json()


def test_a_removal_and_a_read_leave_a_row_each(audited: Database) -> None:
    site = audited.write_now(ADA, add_site, "Here")
    audited.write_now(ADA, lambda session: session.delete(session.get(Site, site)))
    audited.write_now(ADA, audit.note_read, ADA, "image.read", "case1")
    assert [row.deed for row in rows(audited)] == ["add", "remove", "read"]
    assert (rows(audited)[-1].kind, rows(audited)[-1].record) == ("image", "case1")
    assert faults(audited) == []


def test_setting_a_field_to_what_it_was_leaves_no_row(audited: Database) -> None:
    site = audited.write_now(ADA, add_site, "Here")

    def touch(session: Session) -> None:
        found = session.get(Site, site)
        assert found is not None
        found.name = "Here"

    audited.write_now(ADA, touch)
    assert len(rows(audited)) == 1


def test_a_write_that_names_nobody_fails_whole(audited: Database) -> None:
    with pytest.raises(AuditRefused), Session(audited.engine) as session, session.begin():
        session.add(Site(name="Nobody's", time_zone="UTC"))
    assert audited.read_now(lambda session: session.exec(select(Site)).all()) == []


def test_a_change_whose_audit_row_cannot_be_written_is_undone(audited: Database) -> None:
    with audited.engine.begin() as connection:
        refusal = "CREATE TRIGGER full BEFORE INSERT ON auditentry BEGIN SELECT RAISE(ABORT, 'full'); END"
        connection.execute(text(refusal))
    with pytest.raises(Exception, match="full"):
        audited.write_now(ADA, add_site, "Here")
    assert audited.read_now(lambda session: session.exec(select(Site)).all()) == []


def test_a_change_that_is_undone_leaves_no_row(audited: Database) -> None:
    def fail(session: Session) -> None:
        add_site(session, "Here")
        raise RuntimeError("after the flush")

    with pytest.raises(RuntimeError):
        audited.write_now(ADA, fail)
    assert rows(audited) == []


def a_site(number: int) -> dict[str, object]:
    return {"id": f"many-{number}", "name": f"Site {number}", "time_zone": "UTC"}


def test_rows_inserted_many_at_a_time_are_audited_one_by_one(audited: Database) -> None:
    before = len(rows(audited))
    audited.write_now(ADA, lambda session: session.execute(insert(Site), [a_site(1), a_site(2)]) and None)
    told = rows(audited)[before:]
    assert [(one.deed, one.kind, one.record) for one in told] == [("add", "site", "many-1"), ("add", "site", "many-2")]
    assert faults(audited) == []


def test_an_insert_that_fails_leaves_no_audit_row(audited: Database) -> None:
    before = len(rows(audited))
    with pytest.raises(IntegrityError):
        audited.write_now(ADA, lambda session: session.execute(insert(Site), [a_site(1), a_site(1)]) and None)
    assert len(rows(audited)) == before


@pytest.mark.parametrize("statement", [
    update(Site).values(name="All"), delete(Site), delete(AuditEntry), insert(Site).values(**a_site(1)),
    insert(Site).from_select(["id", "name", "time_zone"], select(Site.name, Site.name, Site.time_zone)),
    sqlite.insert(Site).on_conflict_do_nothing(), insert(AuditEntry),
])
def test_bulk_statements_are_refused(audited: Database, statement: object) -> None:
    filled(audited, 1)
    with pytest.raises(AuditRefused):
        audited.write_now(ADA, lambda session: session.execute(statement))  # type: ignore[call-overload]


@pytest.mark.parametrize("statement", ["UPDATE auditentry SET actor_name = 'X'", "DELETE FROM auditentry"])
def test_the_database_itself_refuses_to_change_the_audit(audited: Database, statement: str) -> None:
    filled(audited, 1)
    with pytest.raises(Exception, match="append-only"), audited.engine.begin() as connection:
        connection.execute(text(statement))


def test_an_untouched_chain_verifies(audited: Database) -> None:
    filled(audited)
    assert faults(audited) == []


FIELDS = [name for name in AuditEntry.model_fields if name not in ("number", "at")]


@pytest.mark.parametrize("field", FIELDS)
def test_a_change_to_any_field_of_any_row_is_found(audited: Database, field: str) -> None:
    filled(audited)
    tamper(audited, f"UPDATE auditentry SET {field} = 'x' || substr({field}, 2) || 'y' WHERE number = 3")
    assert {fault.number for fault in faults(audited)} & {3, 4}


def test_a_changed_instant_is_found(audited: Database) -> None:
    filled(audited)
    tamper(audited, "UPDATE auditentry SET at = '2026-11-20 08:00:00.000001' WHERE number = 3")
    assert [fault.number for fault in faults(audited)] == [3]


@pytest.mark.parametrize("number", [1, 3])
def test_a_removed_row_is_found(audited: Database, number: int) -> None:
    filled(audited)
    tamper(audited, f"DELETE FROM auditentry WHERE number = {number}")
    assert "missing" in faults(audited)[0].what


def test_a_removed_row_is_found_though_the_others_were_numbered_anew(audited: Database) -> None:
    filled(audited)
    tamper(
        audited, "DELETE FROM auditentry WHERE number = 3", "UPDATE auditentry SET number = number - 1 WHERE number > 3"
    )
    assert faults(audited)


def test_an_inserted_row_is_found(audited: Database) -> None:
    filled(audited)
    tamper(
        audited,
        "UPDATE auditentry SET number = number + 100 WHERE number > 2",
        "UPDATE auditentry SET number = number - 99 WHERE number > 100",
        "INSERT INTO auditentry SELECT 3, at, actor_id, actor_name, activity, deed, kind, record, summary, request_id, "
        "previous, digest FROM auditentry WHERE number = 2",
    )
    assert 3 in {fault.number for fault in faults(audited)}


def test_a_tail_that_was_cut_off_is_found_by_its_anchor_alone(audited: Database) -> None:
    filled(audited)
    anchor = audited.read_now(audit.head)
    tamper(audited, "DELETE FROM auditentry WHERE number > 3")
    assert faults(audited) == []
    assert [fault.number for fault in faults(audited, anchor)] == [5]


def test_a_chain_that_was_rewritten_from_the_start_differs_from_its_anchor(audited: Database) -> None:
    filled(audited, 2)
    anchor = audited.read_now(audit.head)
    tamper(audited, "DELETE FROM auditentry")
    filled(audited, 3)
    assert faults(audited) == []
    assert faults(audited, anchor)


def test_engines_that_are_not_audited_are_left_alone(database: Database, audited: Database) -> None:
    with Session(database.engine) as session, session.begin():
        session.add(Board(name="Scratch", time_zone="UTC"))
    assert rows(database) == []


def test_anchors_are_appended_and_read_back(tmp_path: Path) -> None:
    anchors = Anchors(tmp_path / "kept" / "anchors.jsonl")
    anchors.drop(Head(0, audit.GENESIS), AT)
    anchors.drop(Head(3, "a"), AT)
    anchors.drop(Head(3, "a"), AT)
    anchors.drop(Head(7, "b"), AT)
    assert Anchors(anchors.path).all() == [Head(3, "a"), Head(7, "b")]


def test_a_spoilt_file_of_anchors_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "anchors.jsonl"
    path.write_text('{"number": 1, "digest": "a"}\nnonsense\n')
    with pytest.raises(AnchorsBroken, match="line 2"):
        Anchors(path).all()


def test_every_exemption_names_a_reason() -> None:
    reasons = [*audit.EXEMPT.values(), *(reason for _, reason in audit.EXEMPT_FIELDS.values())]
    assert all(len(reason) > 20 for reason in reasons)


def test_the_listener_is_installed_once(audited: Database) -> None:
    engine: Engine = audited.engine
    audit.install(engine)
    filled(audited, 1)
    assert len(rows(audited)) == 1
