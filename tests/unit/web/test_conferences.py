import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from agenda.cases import case
from agenda.conferences import conference, items
from agenda.errors import Invalid
from tests.unit.web.desk import Desk, a_desk, a_sitting, a_triaged_case
from web.routes.conferences import wall_clock

HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("conferences")) as made:
        yield made


def order(desk: Desk, sitting: str) -> list[str | None]:
    return [item.case_id for item in desk.read(items, sitting)]


def test_a_wall_clock_is_an_instant_of_its_zone() -> None:
    assert wall_clock("2026-11-26T08:00", "America/Denver") == datetime(2026, 11, 26, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-03-08T02:30", "soon", ""])
def test_a_time_the_clock_never_shows_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        wall_clock(text, "America/Denver")
    assert refused.value.field == "starts_at"


def test_planning_keeps_what_was_typed_when_it_is_refused(desk: Desk) -> None:
    typed = {"board": "spine", "title": "Autumn board", "starts_at": "2001-01-01T08:00", "duration_min": "60",
             "chair": "chair"}
    browser = desk.as_("coordinator")
    answer = browser.post("/conferences", data=typed)
    assert answer.status_code == 422
    assert "A sitting begins in the future." in answer.text
    assert 'value="Autumn board"' in answer.text
    made = browser.post("/conferences", data=typed | {"starts_at": "2099-01-01T08:00"})
    assert made.status_code == 303
    assert "Autumn board" in browser.get(made.headers["location"]).text


def test_the_agenda_shows_times_needs_and_what_is_missing(desk: Desk) -> None:
    sitting, _ = desk.do(a_sitting, 2)
    desk.as_("chair").post(f"/conferences/{sitting}/attendance", data={"answer": "accepted"})
    desk.as_("radiologist").post(f"/conferences/{sitting}/attendance", data={"answer": "declined"})
    page = desk.as_("coordinator").get(f"/conferences/{sitting}").text
    assert "2 cases, 20 of 60 min" in page
    assert "Radiology does not come" in page
    assert "No images yet" in page
    assert "Featherstonehaugh" in page


def test_buttons_move_an_item_and_the_second_mover_is_told(desk: Desk) -> None:
    sitting, (one, two, three) = desk.do(a_sitting, 3)
    last = desk.read(items, sitting)[2].id
    seen = desk.read(conference, sitting).revision
    move = {"act": "move", "index": "0", "revision": str(seen)}
    browser = desk.as_("coordinator")
    moved = browser.post(f"/conferences/{sitting}/items/{last}", data=move, headers=HTMX)
    assert moved.status_code == 200
    assert 'id="agenda"' in moved.text
    assert order(desk, sitting) == [three, one, two]
    stale = desk.as_("chair").post(f"/conferences/{sitting}/items/{last}", data=move | {"index": "2"})
    assert stale.status_code == 409
    assert "Somebody else changed the running order" in stale.text
    assert order(desk, sitting) == [three, one, two]


def test_minutes_breaks_and_removal(desk: Desk) -> None:
    sitting, (one, two) = desk.do(a_sitting, 2)
    first, second = (item.id for item in desk.read(items, sitting))
    browser = desk.as_("coordinator")
    browser.post(f"/conferences/{sitting}/items/{first}", data={"act": "minutes", "minutes": "25"})
    browser.post(f"/conferences/{sitting}/items", data={"act": "break", "at_min": "30", "minutes": "5"})
    assert "2 cases, 40 of 60 min" in browser.get(f"/conferences/{sitting}").text
    wrong = browser.post(f"/conferences/{sitting}/items/{first}", data={"act": "minutes", "minutes": "lots"})
    assert wrong.status_code == 422
    browser.post(f"/conferences/{sitting}/items/{second}", data={"act": "remove"})
    assert order(desk, sitting) == [one, None]
    assert desk.read(case, two).state == "triaged"


def test_a_case_that_is_not_ready_is_not_added(desk: Desk) -> None:
    (sitting, _), case_id = desk.do(a_sitting), desk.do(a_triaged_case)
    answer = desk.as_("coordinator").post(
        f"/conferences/{sitting}/items", data={"act": "case", "case": case_id, "minutes": "10"}
    )
    assert answer.status_code == 409
    assert "still needs" in answer.text


def test_publishing_and_cancelling(desk: Desk) -> None:
    (empty, _), (sitting, (one,)) = desk.do(a_sitting), desk.do(a_sitting, 1)
    browser = desk.as_("coordinator")
    assert browser.post(f"/conferences/{empty}/publish").status_code == 409
    browser.post(f"/conferences/{sitting}/publish")
    assert desk.read(conference, sitting).state == "published"
    browser.post(f"/conferences/{sitting}/cancel")
    assert (desk.read(conference, sitting).state, desk.read(case, one).state) == ("cancelled", "rolled_over")


def test_a_referrer_sees_their_own_case_and_no_other(desk: Desk) -> None:
    def lend(session: object) -> None:
        found = case(session, one)  # type: ignore[arg-type]
        found.referrer_id, found.patient_family_name = "stranger", "Canaryworth"
        session.add(found)  # type: ignore[attr-defined]

    sitting, (one, _) = desk.do(a_sitting, 2)
    desk.do(lend)
    page = desk.as_("stranger").get(f"/conferences/{sitting}").text
    assert "Canaryworth" in page
    assert "Featherstonehaugh" not in page
    assert "Another case" in page
    assert sitting in desk.as_("stranger").get("/conferences").text


@pytest.mark.parametrize("person", ["radiologist", "trainee", "referrer", "administrator"])
def test_only_those_who_plan_change_the_agenda(desk: Desk, person: str) -> None:
    sitting, _ = desk.do(a_sitting, 1)
    item = desk.read(items, sitting)[0].id
    browser = desk.as_(person)
    for path in (f"items/{item}", "items", "publish", "cancel"):
        answer = browser.post(f"/conferences/{sitting}/{path}", data={"act": "remove", "minutes": "10"})
        assert answer.status_code == 403
    assert len(order(desk, sitting)) == 1


def test_every_change_of_the_running_order_is_undone_and_done_again(desk: Desk) -> None:
    sitting, cases = desk.do(a_sitting, 2)
    browser, url = desk.as_("coordinator"), f"/conferences/{sitting}"
    first = desk.read(items, sitting)[0]
    browser.post(f"{url}/items/{first.id}", data={"act": "remove"})
    assert desk.read(case, cases[0]).state == "triaged"
    step = re.search(r'/undo".*?name="step" value="(\w+)"', browser.get(url).text)
    assert step
    assert browser.post(f"{url}/undo", data={"step": step[1]}).status_code == 303
    assert desk.read(items, sitting)[0].id == first.id
    assert desk.read(case, cases[0]).state == "scheduled"
    late = browser.post(f"{url}/undo", data={"step": step[1]})
    assert late.status_code == 409
    assert "Somebody else changed the running order" in late.text
    assert browser.post(f"{url}/redo", data={"step": step[1]}).status_code == 303
    assert [one.case_id for one in desk.read(items, sitting)] == [cases[1]]
    assert desk.as_("radiologist").post(f"{url}/undo", data={"step": step[1]}).status_code == 403
