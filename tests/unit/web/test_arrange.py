import re
from collections.abc import Iterator

import pytest
from sqlmodel import Session

from agenda.cases import case
from agenda.conferences import add_break, items, record_opened
from tests.unit.web.desk import Desk, a_desk, a_sitting


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("arrange")) as made:
        yield made


def hurry(session: Session, case_id: str) -> None:
    found = case(session, case_id)
    found.urgency = "urgent"
    session.add(found)


def order(desk: Desk, sitting: str) -> list[str | None]:
    return [item.case_id for item in desk.read(items, sitting)]


def offered(text: str) -> dict[str, list[str] | str]:
    revision = re.search(r'name="revision" value="(\d+)"', text)
    assert revision is not None
    return {"revision": revision[1], "item": re.findall(r'name="item" value="([^"]+)"', text)}


def test_the_urgent_case_is_proposed_first_with_its_reason_and_one_click_applies_it(desk: Desk) -> None:
    sitting, (one, two, three) = desk.do(a_sitting, 3)
    desk.do(hurry, three)
    browser = desk.as_("coordinator")
    assert f'href="/conferences/{sitting}/arrange"' in browser.get(f"/conferences/{sitting}").text
    page = browser.get(f"/conferences/{sitting}/arrange")
    assert page.status_code == 200
    assert "Urgent: heard as early as" in page.text
    assert "Proven best" in page.text
    assert order(desk, sitting) == [one, two, three]
    applied = browser.post(f"/conferences/{sitting}/arrange", data=offered(page.text))
    assert applied.headers["location"] == f"/conferences/{sitting}"
    assert order(desk, sitting)[0] == three
    assert sorted(map(str, order(desk, sitting))) == sorted([one, two, three])
    assert "stands in this order already" in browser.get(f"/conferences/{sitting}/arrange").text


def test_a_break_keeps_its_minute(desk: Desk) -> None:
    sitting, (one, two) = desk.do(a_sitting, 2)
    desk.do(add_break, sitting, 10, 5)
    desk.do(hurry, two)
    browser = desk.as_("coordinator")
    browser.post(f"/conferences/{sitting}/arrange", data=offered(browser.get(f"/conferences/{sitting}/arrange").text))
    rows = desk.read(items, sitting)
    assert [row.case_id for row in rows if row.case_id] == [two, one]
    assert [row.at_min for row in rows if row.case_id is None] == [10]


def test_when_a_discipline_declines_the_page_says_what_would_have_to_give(desk: Desk) -> None:
    sitting, _ = desk.do(a_sitting, 2)
    desk.as_("radiologist").post(f"/conferences/{sitting}/attendance", data={"answer": "declined"})
    text = desk.as_("coordinator").get(f"/conferences/{sitting}/arrange").text
    assert "The smallest change that would do" in text
    assert text.count("Radiology declined. Hear") == 2


def test_an_order_for_an_older_agenda_is_not_applied(desk: Desk) -> None:
    sitting, (one, two) = desk.do(a_sitting, 2)
    desk.do(hurry, two)
    browser = desk.as_("coordinator")
    seen = offered(browser.get(f"/conferences/{sitting}/arrange").text)
    desk.do(add_break, sitting, 30, 5)
    stale = browser.post(f"/conferences/{sitting}/arrange", data=seen)
    assert stale.status_code == 422
    assert "Somebody else changed the agenda" in stale.text
    assert [key for key in order(desk, sitting) if key] == [one, two]


def test_an_order_that_leaves_a_case_out_is_refused(desk: Desk) -> None:
    sitting, (one, two) = desk.do(a_sitting, 2)
    desk.do(hurry, two)
    browser = desk.as_("coordinator")
    seen = offered(browser.get(f"/conferences/{sitting}/arrange").text)
    refused = browser.post(f"/conferences/{sitting}/arrange", data=seen | {"item": seen["item"][:1]})
    assert refused.status_code == 422
    assert "names every case of the agenda once" in refused.text
    assert order(desk, sitting) == [one, two]


def test_cases_beyond_the_hour_stand_last_and_are_named(desk: Desk) -> None:
    sitting, _ = desk.do(a_sitting, 7)
    text = desk.as_("coordinator").get(f"/conferences/{sitting}/arrange").text
    assert text.count("in another sitting.") == 1
    assert text.count("it stands last.") == 1


def test_the_order_of_a_sitting_in_session_is_left_alone(desk: Desk) -> None:
    sitting, _ = desk.do(a_sitting, 2)
    desk.do(record_opened, sitting)
    assert desk.as_("coordinator").get(f"/conferences/{sitting}/arrange").status_code == 409
    answer = desk.as_("coordinator").post(f"/conferences/{sitting}/arrange", data={"revision": "2", "item": ["a"]})
    assert answer.status_code == 409


def test_members_who_do_not_plan_get_no_proposal(desk: Desk) -> None:
    sitting, _ = desk.do(a_sitting, 2)
    assert desk.as_("radiologist").get(f"/conferences/{sitting}/arrange").status_code == 403
    assert "Arrange for me" not in desk.as_("radiologist").get(f"/conferences/{sitting}").text
