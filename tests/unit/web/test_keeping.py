"""Images whose time is over go, and nothing that a record refers to goes with them; quotas refuse in a sentence."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from agenda.cases import Case, CaseHistory, add_study
from agenda.conferences import AgendaItem, Conference
from agenda.errors import Invalid
from agenda.keeping import hold, months_before, release, set_keeping
from conference.outcome.signing import SignedRecord
from conference.record import audit
from conference.record.audit import AuditEntry
from conference.record.log import RoomEvent
from imaging.errors import QuotaReached
from imaging.retention import Clearing, named
from imaging.settings import ImagingSettings, QuotaSettings, VaultSettings
from imaging.studies import Instance, Series, Study
from imaging.vault import LocalVault
from tests.unit.web.application import settle
from web.database import Database, Deed, opened
from web.images.keeping import (
    OnHold,
    clear_orphans,
    demand_room,
    endings,
    retire,
    room_in_all,
    room_of,
)
from web.schema import create

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLOSED = datetime(2025, 11, 1, tzinfo=UTC)
IMAGES = ImagingSettings()
DEED = Deed("system", "Consilium", "vault.retention", AT)


def silent(_what: str, _share: float) -> None:
    """Nobody watches."""


@dataclass
class World:
    database: Database
    vault: LocalVault
    derived: Path

    def write(self, work: object, *args: object) -> None:
        self.database.write_now(DEED, work, *args)  # type: ignore[arg-type]

    def retired(self) -> list[int]:
        return [one.number for one in retire(self.database, self.vault, IMAGES, self.derived, DEED, silent)]

    def images(self) -> set[str]:
        return set(self.database.read_now(lambda session: list(session.exec(select(Instance.sop_instance_uid)))))

    def objects(self) -> set[str]:
        return set(self.vault.digests())


def content(uid: str) -> bytes:
    return bytes(128) + b"DICM" + uid.encode()


def digest(uid: str) -> str:
    return hashlib.sha256(content(uid)).hexdigest()


def aged(vault: LocalVault, data: bytes) -> str:
    """Keep bytes as if it had been when the case was closed."""
    kept = vault.keep([data]).digest
    os.utime(vault.root / kept[:2] / kept, (CLOSED.timestamp(), CLOSED.timestamp()))
    return kept


def enter(session: Session, study: str, series: int, images: int) -> None:
    session.add(Study(study_instance_uid=study, received_at=CLOSED))
    session.flush()
    for number in range(1, series + 1):
        session.add(Series(series_instance_uid=f"{study}.{number}", study_instance_uid=study))
        session.flush()
        for image in range(1, images + 1):
            uid = f"{study}.{number}.{image}"
            session.add(Instance(
                sop_instance_uid=uid, series_instance_uid=f"{study}.{number}", sop_class_uid="1", number=image,
                transfer_syntax_uid="1", digest=digest(uid), size=len(content(uid)), received_at=CLOSED,
            ))


def close(session: Session, case_id: str, at: datetime = CLOSED, state: str = "closed") -> None:
    found = session.get_one(Case, case_id)
    found.state = state
    session.add(found)
    session.add(CaseHistory(case_id=case_id, step=1, at=at, state=state))


def meet(session: Session, case_id: str) -> None:
    chair = session.exec(select(Case.referrer_id)).first()
    assert chair is not None
    session.add(Conference(id="conf1", board_id="spine", title="Tuesday", starts_at=CLOSED, chair_id=chair))
    session.flush()
    session.add(AgendaItem(conference_id="conf1", case_id=case_id, position=1, minutes=10))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(f"sqlite:///{tmp_path / 'test.db'}") as database:
        create(database.engine)
        audit.install(database.engine)

        def begin(session: Session) -> None:
            settle(session, "hash")
            enter(session, "1.2", series=2, images=3)
            add_study(session, "case1", "1.2", CLOSED)
            set_keeping(session, "spine", retention_months=12, quota_bytes=None)
            close(session, "case1")

        database.write_now(DEED, begin)
        vault = LocalVault(tmp_path / "vault")
        for uid in database.read_now(lambda session: list(session.exec(select(Instance.sop_instance_uid)))):
            aged(vault, content(uid))
            place = tmp_path / "derived" / digest(uid)[:2] / digest(uid)
            place.mkdir(parents=True)
            (place / "1.webp").write_bytes(b"preview")
        yield World(database, vault, tmp_path / "derived")


def test_images_go_when_their_boards_time_is_over_and_each_leaves_its_row(world: World) -> None:
    [preview] = world.database.read_now(endings, AT)
    assert (preview.number, preview.plan.going.images, preview.plan.staying.images) == (1001, 6, 0)
    assert len(world.images()) == 6  # a look changes nothing
    assert world.retired() == [1001]
    assert world.images() == set()
    assert world.objects() == set()
    assert list(world.derived.glob("*/*")) == []

    def rows(session: Session) -> tuple[int, list[Clearing], int]:
        removed = session.exec(select(AuditEntry).where(AuditEntry.deed == "remove", AuditEntry.kind == "instance"))
        return len(removed.all()), list(session.exec(select(Clearing))), len(session.exec(select(Study)).all())

    removed, [clearing], studies = world.database.read_now(rows)
    assert removed == 6
    assert (clearing.reason, clearing.subject, clearing.objects) == ("retention", "case1", 6)
    assert studies == 1  # so that a packet can still say what was there
    assert world.retired() == []


@pytest.mark.parametrize("state", ["signed", "delivered", "scheduled", "draft"])
def test_an_open_case_keeps_its_images(world: World, state: str) -> None:
    world.write(lambda session: close(session, "case1", state=state))
    assert world.retired() == []


def test_the_day_counts_and_a_board_without_a_rule_keeps_everything(world: World) -> None:
    before = datetime(2026, 10, 31, tzinfo=UTC)
    assert world.database.read_now(endings, before) == []
    assert world.database.read_now(endings, datetime(2026, 11, 1, tzinfo=UTC)) != []
    world.write(lambda session: set_keeping(session, "spine", retention_months=None, quota_bytes=None))
    assert world.retired() == []


def test_a_held_case_keeps_its_images_until_it_is_released(world: World) -> None:
    world.write(lambda session: hold(session, "case1", "request 7/2026", "Dee", AT))
    assert world.retired() == []
    world.write(lambda session: release(session, "case1"))
    assert world.retired() == [1001]


def test_a_hold_on_everything_stops_every_removal(world: World) -> None:
    held = IMAGES.model_copy(update={"vault": VaultSettings(hold=True)})
    with pytest.raises(OnHold):
        retire(world.database, world.vault, held, world.derived, DEED, silent)
    with pytest.raises(OnHold):
        clear_orphans(world.database, world.vault, held, DEED, silent, dry_run=False)


def event(kind: str, body: object, seq: int = 1) -> RoomEvent:
    return RoomEvent(
        room_id="conf1", seq=seq, command_id=f"c{seq}", index=0, actor=None, kind=kind, at="", schema_version=1,
        payload=json.dumps(body), previous="", digest="", epoch=1,
    )


def test_what_a_mark_or_a_picture_shown_refers_to_stays(world: World) -> None:
    def record(session: Session) -> None:
        meet(session, "case1")
        mark = {"type": "mark-drawn", "mark": {"sop_instance_uid": "1.2.1.1", "points": [[1, 2]]}}
        session.add(event("mark-drawn", mark))
        shown = {"type": "view-shown", "view": [{"series_instance_uid": "1.2.2", "sop_instance_uid": "1.2.2.3"}]}
        session.add(event("view-shown", shown, 2))

    world.write(record)
    assert world.retired() == [1001]
    # 1.2.1.1 is marked, 1.2.1.2 is the picture by which the packet shows its series, 1.2.2 was on the screen
    assert world.images() == {"1.2.1.1", "1.2.1.2", "1.2.2.1", "1.2.2.2", "1.2.2.3"}
    assert world.retired() == []


def test_what_a_signed_record_refers_to_stays(world: World) -> None:
    def record(session: Session) -> None:
        meet(session, "case1")
        person = session.exec(select(Case.referrer_id)).one()
        text = json.dumps({"images": [{"sop_instance_uid": "1.2.2.1"}], "attached": [digest("1.2.1.3")]})
        session.add(SignedRecord(
            case_id="case1", conference_id="conf1", revision=1, record=text, digest="d", signature="s", public_key="k",
            key_id="k", signer_id=person, signed_at=CLOSED, seq=1,
        ))

    world.write(record)
    world.retired()
    assert world.images() == {"1.2.1.2", "1.2.2.2", "1.2.2.1", "1.2.1.3"}
    assert world.objects() == {digest(uid) for uid in world.images()}


def test_a_study_of_two_cases_goes_when_both_are_over(world: World) -> None:
    def share(session: Session) -> None:
        referrer = session.exec(select(Case.referrer_id)).one()
        session.add(Case(
            id="case2", number=1002, board_id="spine", referrer_id=referrer, state="triaged", created_at=AT,
        ))
        session.flush()
        add_study(session, "case2", "1.2", AT)

    world.write(share)
    assert world.retired() == []
    world.write(lambda session: close(session, "case2", state="withdrawn"))
    assert world.retired() == [1001]
    assert world.images() == set()


def test_bytes_that_another_record_names_stay_in_the_vault(world: World) -> None:
    def twin(session: Session) -> None:
        enter(session, "9.9", series=1, images=1)
        row = session.get_one(Instance, "9.9.1.1")
        row.digest = digest("1.2.1.1")
        session.add(row)

    world.write(twin)
    world.retired()
    assert digest("1.2.1.1") in world.database.read_now(named)
    assert digest("1.2.1.1") in world.objects()


def test_bytes_that_somebody_is_just_taking_in_again_stay_in_the_vault(world: World) -> None:
    os.utime(world.vault.root / digest("1.2.1.1")[:2] / digest("1.2.1.1"), (AT.timestamp() - 60,) * 2)
    assert world.retired() == [1001]
    assert world.objects() == {digest("1.2.1.1")}


def test_orphans_go_after_their_grace_and_what_is_not_ours_never(world: World) -> None:
    orphan, letter = aged(world.vault, content("nobody")), aged(world.vault, b"%PDF-1.7 a letter of somebody else")

    def cleared(after: timedelta, *, dry_run: bool) -> list[str]:
        deed = Deed("system", "Consilium", "vault.gc", CLOSED + after)
        found = clear_orphans(world.database, world.vault, IMAGES, deed, silent, dry_run=dry_run)
        return [one.digest for one in found]

    grace = timedelta(hours=IMAGES.vault.grace_hours)
    assert cleared(grace, dry_run=False) == []
    assert cleared(grace * 2, dry_run=True) == [orphan]
    assert world.vault.has(orphan)
    world.vault.keep([content("nobody")])  # the same bytes arrive again and are about to be indexed
    assert cleared(grace * 2, dry_run=False) == []
    aged(world.vault, content("nobody"))
    assert cleared(grace * 2, dry_run=False) == [orphan]
    assert not world.vault.has(orphan)
    assert world.vault.has(letter)
    assert {digest(uid) for uid in world.images()} <= world.objects()


def test_no_room_is_said_in_a_sentence_that_names_whose_limit_it_is(world: World) -> None:
    size = 6 * len(content("1.2.1.1"))
    assert world.database.read_now(room_of, QuotaSettings(), "spine").used == size
    assert world.database.read_now(room_of, QuotaSettings(board_bytes=size + 10), "spine").left == 10
    assert world.database.read_now(room_in_all, QuotaSettings(total_bytes=1)).left == 0
    world.database.read_now(demand_room, QuotaSettings(board_bytes=size + 10, total_bytes=size + 10), "case1", 10)
    with pytest.raises(QuotaReached, match="The images of Spine board take") as full:
        world.database.read_now(demand_room, QuotaSettings(board_bytes=size + 10), "case1", 11)
    assert full.value.code == "quota"
    with pytest.raises(QuotaReached, match="All images together"):
        world.database.read_now(demand_room, QuotaSettings(total_bytes=size), "case1", 1)


def test_a_boards_own_quota_wins_over_the_configurations(world: World) -> None:
    world.write(lambda session: set_keeping(session, "spine", retention_months=None, quota_bytes=10))
    with pytest.raises(QuotaReached):
        world.database.read_now(demand_room, QuotaSettings(), "case1", 1)
    world.write(lambda session: set_keeping(session, "spine", retention_months=None, quota_bytes=0))
    world.database.read_now(demand_room, QuotaSettings(board_bytes=1), "case1", 1)


def test_rules_that_make_no_sense_are_refused_by_field(world: World) -> None:
    for months, quota, field in ((0, None, "retention_months"), (9999, None, "retention_months"), (None, -1, "quota")):
        with pytest.raises(Invalid) as refused:
            world.write(lambda session, m=months, q=quota: set_keeping(
                session, "spine", retention_months=m, quota_bytes=q))
        assert refused.value.field == field


@pytest.mark.parametrize(
    ("at", "months", "before"),
    [("2026-03-31", 1, "2026-02-28"), ("2024-03-31", 1, "2024-02-29"), ("2026-01-15", 1, "2025-12-15"),
     ("2026-11-22", 120, "2016-11-22")],
)
def test_months_end_where_the_calendar_does(at: str, months: int, before: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert months_before(moment, months).date().isoformat() == before
