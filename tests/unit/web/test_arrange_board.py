import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import Session

from agenda.calendar.availability import Window
from agenda.calendar.personal import keep_hours
from agenda.cases import case
from agenda.conferences import items, place, plan_conference
from agenda.policies import save_policy
from agenda.triage import put_in_lane
from tests.unit.web.desk import Desk, a_desk, a_sitting, a_submitted_case
from web.clock import now


@pytest.fixture
def desk(tmp_path: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("arranging")) as made:
        yield made


def open_hours(session: Session) -> None:
    for key in ("chair", "coordinator", "radiologist", "referrer"):
        keep_hours(session, key, "America/Denver", [Window(day, 0, 24 * 60) for day in range(7)])
    save_policy(session, "spine", [{"key": "goal", "label": "Goal"}], "", "chair", now(), shown=0)


def ready(session: Session) -> str:
    return put_in_lane(
        session, a_submitted_case(session), "full-discussion", "", "coordinator", now(), ready=True
    ).id


def a_full_sitting(session: Session, cases: int, minutes: int) -> str:
    sitting = plan_conference(
        session, board_id="spine", title="Spine board", starts_at=now() + timedelta(hours=1), duration_min=30,
        chair_id="chair", at=now(),
    )
    for _ in range(cases):
        place(session, sitting.id, ready(session), "coordinator", now(), minutes=minutes)
    return sitting.id


def found(desk: Desk, sittings: list[str]) -> tuple[str, str]:
    """The search's address and its page once the search is over."""
    browser = desk.as_("coordinator")
    url = browser.post("/boards/spine/arrange", data={"sitting": sittings}).headers["location"]
    for _ in range(2000):
        text = browser.get(url).text
        if "hx-trigger" not in text.split('id="order"')[1].split(">")[0]:
            return url, text
    raise AssertionError("the search never ended")


def on(desk: Desk, sitting: str) -> list[str | None]:
    return [one.case_id for one in desk.read(items, sitting)]


def test_what_does_not_fit_goes_to_the_next_sitting_and_what_is_ready_comes_on(desk: Desk) -> None:
    desk.do(open_hours)
    full, (later, _) = desk.do(a_full_sitting, 3, 15), desk.do(a_sitting)
    waiting = desk.do(ready)
    url, text = found(desk, [full, later])
    assert "Proven best" in text
    assert "From another sitting" in text
    assert "New" in text
    assert len(on(desk, full)) == 3, "nothing changes before it is taken"
    assert desk.browser.post(url).status_code == 303
    assert len(on(desk, full)) == 2
    assert len(on(desk, later)) == 2
    assert waiting in on(desk, full) + on(desk, later)
    page = desk.browser.get(f"/conferences/{full}").text
    step = re.search(r'/undo".*?name="step" value="(\w+)"', page)
    assert step


def test_an_order_for_agendas_that_changed_is_not_taken(desk: Desk) -> None:
    desk.do(open_hours)
    full = desk.do(a_full_sitting, 2, 10)
    url, _ = found(desk, [full])
    before = on(desk, full)
    first = desk.read(items, full)[0]
    desk.browser.post(f"/conferences/{full}/items/{first.id}", data={"act": "minutes", "minutes": "5"})
    late = desk.browser.post(url)
    assert late.status_code == 409
    assert "Somebody else changed an agenda meanwhile" in late.text
    assert on(desk, full) == before


def test_what_cannot_be_held_is_said_and_loses_nothing(desk: Desk) -> None:
    desk.do(open_hours)
    full = desk.do(a_full_sitting, 3, 15)
    url, text = found(desk, [full])
    assert "The smallest change that would do" in text
    assert "in another sitting" in text
    assert "It stays on its agenda, last." in text
    before = set(on(desk, full))
    assert desk.browser.post(url).status_code == 303
    assert set(on(desk, full)) == before
    assert all(desk.read(case, key).state == "scheduled" for key in before if key)


def test_nobody_else_sees_a_search_and_a_forgotten_one_is_said(desk: Desk) -> None:
    desk.do(open_hours)
    url, _ = found(desk, [desk.do(a_full_sitting, 1, 10)])
    assert desk.as_("chair").get(url).status_code == 404
    assert desk.as_("radiologist").get(url).status_code == 403
    assert desk.as_("coordinator").post("/boards/spine/arrange/none").status_code == 404
    assert desk.browser.post("/boards/spine/arrange", data={}).status_code == 422
