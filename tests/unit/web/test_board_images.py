"""A board's images page: its room, its rules and what goes next; and uploads that find no room."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select
from starlette.testclient import TestClient

from agenda.cases import Case, CaseHistory, add_study
from agenda.keeping import hold, is_held, keeping
from conference.record.audit import AuditEntry
from imaging.settings import ImagingSettings, QuotaSettings
from imaging.studies import Instance, Series, Study
from tests.unit.web.application import SAME, application, client, deed, sign_in
from web.routes import keeping as pages
from web.routes import sign_in as sign_in_pages
from web.services import Services

PATH = "/boards/spine/images"
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture
def visitor(held: Services) -> Iterator[TestClient]:
    quota = ImagingSettings(quota=QuotaSettings(total_bytes=4_000_000_000, board_bytes=3_000_000_000))
    settings = held.settings.model_copy(update={"imaging": quota})
    with client(application(replace(held, settings=settings), [*sign_in_pages.routes, *pages.routes])) as made:
        made.headers.update(SAME)
        yield made


def _over(session: Session) -> None:
    session.add(Study(study_instance_uid="1.2", received_at=LONG_AGO))
    session.flush()
    session.add(Series(series_instance_uid="1.2.3", study_instance_uid="1.2"))
    session.flush()
    session.add(Instance(
        sop_instance_uid="1.2.3.4", series_instance_uid="1.2.3", sop_class_uid="1", transfer_syntax_uid="1",
        digest="0" * 64, size=2_800_000_000, received_at=LONG_AGO,
    ))
    add_study(session, "case1", "1.2", LONG_AGO)
    found = session.get_one(Case, "case1")
    found.state = "closed"
    session.add(found)
    session.add(CaseHistory(case_id="case1", step=1, at=LONG_AGO, state="closed"))


def test_the_page_shows_the_room_and_what_would_go_before_it_goes(visitor: TestClient, held: Services) -> None:
    sign_in(visitor, "ben")
    before = visitor.get(PATH).text
    assert "0.0 MB of 3.0 GB" in before
    assert "Nothing goes" in before
    held.database.write_now(deed(), _over)
    assert visitor.post(PATH, data={"quota": "", "retention_months": "24"}).status_code == 303
    text = visitor.get(PATH).text
    assert "2.8 GB of 3.0 GB" in text
    assert "nearly full" in text
    assert "Case 1001" in text
    assert "2001-01-01" in text
    held.database.write_now(deed(), lambda session: hold(session, "case1", "court 7/2026", "Dee", LONG_AGO))
    text = visitor.get(PATH).text
    assert "court 7/2026" in text
    assert "Nothing goes" in text


def test_a_boards_own_rules_are_kept_and_shown_again(visitor: TestClient, held: Services) -> None:
    sign_in(visitor, "ben")
    assert visitor.post(PATH, data={"quota": "1.5", "retention_months": "120"}).status_code == 303
    rules = held.database.read_now(keeping, "spine")
    assert (rules.quota_bytes, rules.retention_months) == (1_500_000_000, 120)
    text = visitor.get(PATH).text
    assert 'value="1.5"' in text
    assert 'value="120"' in text
    visitor.post(PATH, data={"quota": "0", "retention_months": ""})
    rules = held.database.read_now(keeping, "spine")
    assert (rules.quota_bytes, rules.retention_months) == (0, None)


@pytest.mark.parametrize(("given", "why"), [
    ({"quota": "much"}, "Give the room in gigabytes"), ({"quota": "1e400"}, "gigabytes"),
    ({"quota": "-1"}, "positive number"), ({"quota": "1e20"}, "more room than there is"),
    ({"quota": "nan"}, "gigabytes"),
    ({"retention_months": "2.5"}, "Give whole months"), ({"retention_months": "0"}, "from 1 to"),
    ({"retention_months": "9" * 30}, "from 1 to"),
])
def test_what_makes_no_sense_is_said_beside_its_field(visitor: TestClient, given: dict[str, str], why: str) -> None:
    sign_in(visitor, "ben")
    answer = visitor.post(PATH, data=given)
    assert answer.status_code == 422
    assert why in answer.text


def test_only_those_who_manage_the_board_see_it(visitor: TestClient) -> None:
    sign_in(visitor, "cem")
    assert visitor.get(PATH).status_code == 403
    assert visitor.post(PATH, data={"quota": "1"}).status_code == 403


def test_a_case_is_held_and_let_go_with_a_reason_and_a_row_in_the_audit(visitor: TestClient, held: Services) -> None:
    sign_in(visitor, "ben")
    for said, sentence in (({"number": "7"}, "No case of this board"), ({"number": "1001", "reason": " "}, "Say why")):
        answer = visitor.post("/boards/spine/holds", data=said)
        assert (answer.status_code, sentence in answer.text) == (422, True)
    assert visitor.post("/boards/spine/holds", data={"number": "1001", "reason": "court 7/2026"}).status_code == 303
    assert held.database.read_now(is_held, "case1")
    assert "court 7/2026" in visitor.get(PATH).text
    assert visitor.post("/boards/spine/holds/lift", data={"case": "case1", "lift-case1": ""}).status_code == 422
    assert visitor.post("/boards/spine/holds/lift", data={"case": "case1", "lift-case1": "ok"}).status_code == 303
    assert not held.database.read_now(is_held, "case1")
    rows = held.database.read_now(lambda session: [
        (row.activity, row.actor_name) for row in session.exec(select(AuditEntry)) if row.activity.startswith("case.")
    ])
    assert {activity for activity, _name in rows} >= {"case.hold", "case.release"}
    sign_in(visitor, "cem")
    assert visitor.post("/boards/spine/holds", data={"number": "1001", "reason": "x"}).status_code == 403
    assert visitor.post("/boards/spine/holds/lift", data={"case": "case1", "lift-case1": "x"}).status_code == 403
