"""The calendars of people and boards: hours, days away, feeds, patterns, stand-ins, and a time for all."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import vobject
from sqlmodel import Session, select
from starlette.testclient import TestClient

from agenda.boards import seat
from agenda.calendar.invitations import announce
from agenda.calendar.series import lay_out_all
from agenda.conferences import Conference, place, publish
from agenda.notices.queue import notices
from tests.unit.web.application import SAME, application, client, deed, sign_in
from web.clock import now
from web.routes import availability, board_calendar
from web.routes import calendar as calendar_pages
from web.routes import conferences as conference_pages
from web.routes import sign_in as sign_in_pages
from web.services import Services

PATTERN = {
    "act": "keep", "mode": "month", "weekday": "3", "every": "1", "ordinal": ["1", "3"], "first_day": "2026-01-01",
    "last_day": "", "begins": "08:00", "duration_min": "60", "title": "Spine conference", "place": "",
}


@pytest.fixture
def visitor(held: Services) -> Iterator[TestClient]:
    pages = [*sign_in_pages.routes, *availability.routes, *board_calendar.routes, *calendar_pages.routes,
             *conference_pages.routes]
    with client(application(held, pages)) as made:
        made.headers.update(SAME)
        yield made


def sittings(held: Services) -> list[Conference]:
    wanted = select(Conference).order_by(Conference.starts_at)  # type: ignore[arg-type]
    return held.database.read_now(lambda session: list(session.exec(wanted)))


def keep(visitor: TestClient, people: dict[str, str], **change: Any) -> Any:
    return visitor.post("/boards/spine/pattern", data=PATTERN | {"chair": people["Ada"]} | change)


def test_hours_are_kept_window_by_window_and_a_mistake_is_named(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    shown = visitor.get("/calendar").text
    assert 'id="d0a_from" name="d0a_from" value="08:00"' in shown
    given = {"time_zone": "Europe/Oslo", "d1a_from": "07:30", "d1a_until": "12:00", "d1b_from": "20:00",
             "d1b_until": "00:00"}
    assert visitor.post("/calendar/hours", data=given).status_code == 303
    shown = visitor.get("/calendar").text
    assert 'name="d1b_until" value="00:00"' in shown
    assert 'name="d0a_from" value=""' in shown
    assert "Your clock: Europe/Oslo" in shown
    for wrong, field in (({"d2a_from": "10:00"}, "day2"), ({"d2a_from": "12:00", "d2a_until": "11:00"}, "day2"),
                         ({"time_zone": "Oslo"}, "time_zone")):
        answer = visitor.post("/calendar/hours", data=given | wrong)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert 'value="07:30"' in answer.text, "what was typed is kept"
    assert visitor.post("/calendar/hours", data={"act": "office"}).status_code == 303
    assert "office hours" in visitor.get("/calendar").text


def test_mails_are_switched_off_one_by_one_and_days_away_are_taken_back(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    visitor.post("/calendar/notices", data={"kind": ["invitation", "letter"]})
    text = visitor.get("/calendar").text
    chosen = re.findall(r'name="kind" value="([\w-]+)" checked', text)
    assert set(chosen) == {"invitation", "letter", "alarm", "rolled-over-again"}, "what is urgent stays on"
    day = (now() + timedelta(days=5)).date()
    assert visitor.post("/calendar/absences", data={"first_day": "soon"}).status_code == 422
    assert "not before the first" in visitor.post(
        "/calendar/absences", data={"first_day": str(day), "last_day": str(day - timedelta(days=1))}
    ).text
    visitor.post("/calendar/absences", data={"first_day": str(day), "last_day": "", "note": "Course"})
    found = re.search(r'action="(/calendar/absences/[0-9a-f]{32}/remove)"', visitor.get("/calendar").text)
    assert found is not None
    sign_in(visitor, "ben")
    assert visitor.post(found[1]).status_code == 404, "only one's own"
    sign_in(visitor, "ada")
    visitor.post(found[1])
    assert "Course" not in visitor.get("/calendar").text


def test_a_feed_is_shown_once_read_with_an_etag_and_ends_with_its_address(
    visitor: TestClient, held: Services, people: dict[str, str]
) -> None:
    sign_in(visitor, "ada")
    first = visitor.post("/calendar/feed").text
    found = re.search(r"/feeds/([\w-]{40,})", first)
    assert found is not None
    assert found[1] not in visitor.get("/calendar").text
    held.database.write_now(deed(), _invited, people)
    visitor.cookies.clear()
    answer = visitor.get(f"/feeds/{found[1]}")
    calendar = vobject.readOne(answer.text)
    assert answer.headers["content-type"].startswith("text/calendar")
    assert [one.summary.value for one in calendar.vevent_list] == ["Spine board"]
    assert "Featherstonehaugh" not in answer.text
    again = visitor.get(f"/feeds/{found[1]}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.text) == (304, "")
    sign_in(visitor, "ada")
    visitor.post("/calendar/feed")
    assert visitor.get(f"/feeds/{found[1]}").status_code == 404


def _invited(session: Session, people: dict[str, str]) -> None:
    soon = now() + timedelta(days=3)
    session.add(Conference(id="soon", board_id="spine", title="x", starts_at=soon, chair_id=people["Ada"]))
    session.flush()
    place(session, "soon", "case1", people["Ben"], now())
    publish(session, "soon")
    announce(session, "soon", now())


def test_a_pattern_is_previewed_kept_and_lays_its_sittings_out(
    visitor: TestClient, held: Services, people: dict[str, str]
) -> None:
    sign_in(visitor, "ben")
    shown = keep(visitor, people, act="preview")
    assert "It would meet on" in shown.text
    assert keep(visitor, people, act="preview", first_day="9999-12-30").status_code == 422
    assert sittings(held) == []
    assert keep(visitor, people).status_code == 303
    text = visitor.get("/boards/spine/calendar").text
    assert "Every first and third Thursday of the month at 08:00, America/Denver." in text
    laid = sittings(held)
    assert 11 <= len(laid) <= 13
    assert {one.occurrence.weekday() for one in laid if one.occurrence} == {3}
    assert held.database.write_now(deed(), lay_out_all, now(), 26) == 0, "laid out once"


def test_a_new_pattern_leaves_what_was_published_moved_or_filled(
    visitor: TestClient, held: Services, people: dict[str, str]
) -> None:
    sign_in(visitor, "ben")
    keep(visitor, people)
    first, second, third, *_ = sittings(held)
    held.database.write_now(deed(), lambda session: place(session, first.id, "case1", people["Ben"], now()))
    later = (second.starts_at + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    visitor.post(f"/conferences/{second.id}/time", data={"starts_at": later, "duration_min": "60", "place": ""})
    keep(visitor, people, mode="weeks", weekday="1", every="2", begins="12:00")
    kept = {one.id: one for one in sittings(held)}
    assert kept[first.id].starts_at == first.starts_at
    assert kept[second.id].moved
    assert third.id not in kept
    fresh = [one for one in kept.values() if one.id not in (first.id, second.id)]
    assert {one.occurrence.weekday() for one in fresh if one.occurrence} == {1}


def test_a_date_is_left_out_and_taken_up_again_but_not_under_a_case(
    visitor: TestClient, held: Services, people: dict[str, str]
) -> None:
    sign_in(visitor, "ben")
    keep(visitor, people)
    first, second, *_ = sittings(held)
    assert first.occurrence is not None
    visitor.post("/boards/spine/pattern/dates", data={"act": "skip", "day": first.occurrence.isoformat()})
    held.database.write_now(deed(), lay_out_all, now(), 26)
    assert sittings(held)[0].id == second.id, "a date left out is not laid out again"
    assert "left out" in visitor.get("/boards/spine/calendar").text
    visitor.post("/boards/spine/pattern/dates", data={"act": "take-up", "day": first.occurrence.isoformat()})
    assert sittings(held)[0].starts_at == first.starts_at
    held.database.write_now(deed(), lambda session: place(session, second.id, "case1", people["Ben"], now()))
    assert second.occurrence is not None
    answer = visitor.post("/boards/spine/pattern/dates", data={"act": "skip", "day": second.occurrence.isoformat()})
    assert (answer.status_code, "is in use" in answer.text) == (409, True)


@pytest.mark.parametrize(("change", "said"), [
    ({"ordinal": []}, "Choose at least one week"), ({"begins": "noon"}, "Write the time of day"),
    ({"first_day": ""}, "Write the day"), ({"mode": "weeks", "every": "99"}, "Every 1 to 12 weeks"),
    ({"first_day": "0001-01-01"}, "within 10 years"),
    ({"title": " "}, "Give the sittings a title"), ({"duration_min": "5"}, "10 to 480 minutes"),
    ({"last_day": "2025-01-01"}, "not before the first"), ({"chair": "nobody"}, "a member of the board"),
])
def test_a_wrong_pattern_is_refused_beside_its_field_and_keeps_what_was_typed(
    visitor: TestClient, held: Services, people: dict[str, str], change: dict[str, Any], said: str
) -> None:
    sign_in(visitor, "ben")
    answer = keep(visitor, people, **({"place": "Room 4"} | change))
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Room 4"' in answer.text
    assert sittings(held) == []


def test_whoever_stands_in_is_invited_instead_and_both_are_told(
    visitor: TestClient, held: Services, people: dict[str, str]
) -> None:
    held.database.write_now(deed(), lambda session: seat(session, "spine", people["Fay"], "deputy"))
    sign_in(visitor, "ben")
    day = (now() + timedelta(days=3)).date()
    given = {"member": people["Ada"], "deputy": people["Fay"], "first_day": str(day - timedelta(days=1)),
             "last_day": str(day + timedelta(days=1))}
    assert visitor.post("/boards/spine/stand-ins", data=given).status_code == 303
    assert "stands in for this member on some" in visitor.post("/boards/spine/stand-ins", data=given).text
    held.database.write_now(deed(), _invited, people)
    told = held.database.read_now(notices)
    assert {row.address for row in told if row.kind == "stand-in"} == {"ada@example.org", "fay@example.org"}
    invited = {row.address for row in told if row.kind == "invitation"}
    assert "fay@example.org" in invited
    assert "ada@example.org" not in invited
    assert "Fay Example for Ada Example" in visitor.get("/boards/spine/calendar").text


def test_a_time_for_all_lies_inside_everybodys_hours_or_says_who_cannot_and_why(
    visitor: TestClient, held: Services
) -> None:
    monday = date(2031, 3, 10)
    assert monday.weekday() == 0
    sign_in(visitor, "ada")
    visitor.post("/calendar/hours", data={"time_zone": "Europe/Oslo", "d0a_from": "16:00", "d0a_until": "18:00"})
    sign_in(visitor, "ben")
    path = f"/boards/spine/slots?first_day={monday}&last_day={monday}&duration_min=60"
    text = visitor.get(path).text
    offered = re.findall(r'name="starts_at" value="([^"]+)"', text)
    assert "Everybody can" in text
    assert offered == ["2031-03-10T09:00", "2031-03-10T09:30", "2031-03-10T10:00"], "in March Oslo is 7 h ahead"
    visitor.post("/calendar/absences", data={"first_day": str(monday), "last_day": ""})
    text = visitor.get(path).text
    assert "No slot suits everybody" in text
    assert "away on Mon 10 Mar" in text
    assert visitor.get("/boards/spine/slots?first_day=x").status_code == 422


def test_planning_a_found_slot_makes_the_sitting_at_that_instant(
    visitor: TestClient, held: Services, people: dict[str, str]
) -> None:
    sign_in(visitor, "ben")
    text = visitor.get("/boards/spine/slots?first_day=2031-07-07&last_day=2031-07-07&duration_min=60").text
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text)[:5])
    assert visitor.post("/conferences", data=form).status_code == 303
    [made] = sittings(held)
    assert made.starts_at == datetime(2031, 7, 7, 14, 0, tzinfo=UTC)
