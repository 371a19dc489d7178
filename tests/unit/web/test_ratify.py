"""Split first: classes are made once, by one click, and say nothing more than agreed or not."""

from collections.abc import Iterator

import pytest

from agenda.boards import seat
from agenda.clinical import spine
from agenda.conferences import items
from agenda.people import Person
from tests.unit.web.desk import Desk, a_desk, a_sitting

SECRET = "Xylocopa"
OPTIONS = [option.key for option in spine().options]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("ratify")) as made:
        made.do(_third)
        yield made


def _third(session) -> None:  # type: ignore[no-untyped-def]
    session.add(Person(
        id="therapist", name="Dr Therapist", email="therapist@example.org", standing="member", site_id="valley",
        discipline="physical-therapy",
    ))
    session.flush()
    seat(session, "spine", "therapist", "core")


def opinion(preferred: str = "watchful", **other: str) -> dict[str, str]:
    rated = {f"rating-{key}": "8" if key == preferred else "2" for key in OPTIONS}
    return rated | {"preferred": preferred, "confidence": "80", "comment": SECRET} | other


def give(desk: Desk, sitting: str, case_id: str, **who: str) -> None:
    for person, preferred in who.items():
        at = f"/conferences/{sitting}/cases/{case_id}"
        answer = desk.as_(person).post(f"{at}/opinion", data=opinion(preferred))
        assert answer.status_code == 303, answer.text


ALIKE = {"chair": "watchful", "radiologist": "watchful", "therapist": "watchful"}
TORN = {"chair": "surgical", "radiologist": "watchful", "therapist": "watchful"}


@pytest.fixture
def listed(desk: Desk) -> tuple[str, list[str]]:
    """A sitting of three cases: torn, incomplete, agreed."""
    sitting, cases = desk.do(a_sitting, 3)
    give(desk, sitting, cases[0], **TORN)
    give(desk, sitting, cases[1], chair="watchful")
    give(desk, sitting, cases[2], **ALIKE)
    return sitting, cases


def order(desk: Desk, sitting: str) -> list[str | None]:
    return [one.case_id for one in desk.read(items, sitting)]


def minutes(desk: Desk, sitting: str) -> dict[str | None, int]:
    return {one.case_id: one.minutes for one in desk.read(items, sitting)}


def test_no_class_is_shown_before_the_one_click(desk: Desk, listed: tuple[str, list[str]]) -> None:
    sitting, _ = listed
    assert f"/conferences/{sitting}/ratify" in desk.as_("coordinator").get(f"/conferences/{sitting}").text
    page = desk.as_("coordinator").get(f"/conferences/{sitting}/ratify").text
    assert page.count("Opinions complete") == 2
    assert page.count("Opinions missing") == 1
    assert "Agreed with all" not in page
    assert SECRET not in page


def test_one_click_puts_the_agenda_in_order_and_undo_takes_it_back(desk: Desk, listed: tuple[str, list[str]]) -> None:
    sitting, (torn, incomplete, agreed) = listed
    assert desk.as_("coordinator").post(f"/conferences/{sitting}/ratify").status_code == 303
    assert order(desk, sitting) == [agreed, torn, incomplete]
    assert minutes(desk, sitting) == {agreed: 2, torn: 10, incomplete: 10}
    page = desk.as_("coordinator").get(f"/conferences/{sitting}/ratify").text
    assert page.count("Agreed with all 2 disciplines") == 1
    step = page_step(desk, sitting)
    assert desk.as_("coordinator").post(f"/conferences/{sitting}/undo", data={"step": step}).status_code == 303
    assert order(desk, sitting) == [torn, incomplete, agreed]
    assert set(minutes(desk, sitting).values()) == {10}


def page_step(desk: Desk, sitting: str) -> str:
    from agenda.undo import to_undo

    found = desk.read(to_undo, sitting)
    assert found is not None
    assert found.what == "the split-first order"
    return found.id


def test_any_member_pulls_a_case_with_one_tap_and_it_has_its_minutes_again(
    desk: Desk, listed: tuple[str, list[str]]
) -> None:
    sitting, (_, _, agreed) = listed
    desk.as_("coordinator").post(f"/conferences/{sitting}/ratify")
    pull = f"/conferences/{sitting}/ratify/{agreed}/pull"
    assert desk.as_("trainee").post(pull).status_code == 403
    assert desk.as_("therapist").post(pull).status_code == 303
    assert desk.as_("therapist").post(pull).status_code == 303, "twice is the same as once"
    assert minutes(desk, sitting)[agreed] == 10
    page = desk.as_("coordinator").get(f"/conferences/{sitting}/ratify").text
    assert "Called in by Dr Therapist" in page
    assert "Agreed with all" not in page


@pytest.mark.parametrize("changed", ["watchful", "surgical"])
def test_an_opinion_after_the_class_was_made_sends_the_case_to_discussion_whatever_it_says(
    desk: Desk, listed: tuple[str, list[str]], changed: str
) -> None:
    sitting, (torn, _, agreed) = listed
    desk.as_("coordinator").post(f"/conferences/{sitting}/ratify")
    at = f"/conferences/{sitting}/cases/"
    desk.as_("therapist").post(f"{at}{agreed}/opinion", data=opinion(changed, confidence="81"))
    desk.as_("chair").post(f"{at}{torn}/opinion", data=opinion("watchful"))
    assert desk.as_("coordinator").post(f"/conferences/{sitting}/ratify").status_code == 303
    page = desk.as_("coordinator").get(f"/conferences/{sitting}/ratify").text
    assert "Agreed with all" not in page


def test_a_member_who_has_not_spoken_does_not_see_the_class(desk: Desk) -> None:
    sitting, (case_id,) = desk.do(a_sitting, 1)
    desk.do(_fourth)
    give(desk, sitting, case_id, **ALIKE)
    desk.as_("coordinator").post(f"/conferences/{sitting}/ratify")
    unheard = desk.as_("physiatrist").get(f"/conferences/{sitting}/ratify").text
    assert "Give your opinion first" in unheard
    assert "Agreed with all" not in unheard
    assert "Agreed with all" in desk.as_("chair").get(f"/conferences/{sitting}/ratify").text


def _fourth(session) -> None:  # type: ignore[no-untyped-def]
    if session.get(Person, "physiatrist") is None:
        session.add(Person(
            id="physiatrist", name="Dr Physiatrist", email="physiatrist@example.org", standing="member",
            site_id="valley", discipline="physiatry",
        ))
        session.flush()
        seat(session, "spine", "physiatrist", "core")


def test_nothing_is_sorted_while_opinions_are_missing(desk: Desk) -> None:
    sitting, _ = desk.do(a_sitting, 1)
    answer = desk.as_("coordinator").post(f"/conferences/{sitting}/ratify")
    assert answer.status_code == 409
    assert "No case has an opinion of every required discipline yet." in answer.text


def test_who_may_look_and_order(desk: Desk, listed: tuple[str, list[str]]) -> None:
    sitting, _ = listed
    for person, expected in (("referrer", 403), ("stranger", 403), ("trainee", 200), ("radiologist", 200)):
        assert desk.as_(person).get(f"/conferences/{sitting}/ratify").status_code == expected, person
    for person in ("radiologist", "trainee", "referrer"):
        assert desk.as_(person).post(f"/conferences/{sitting}/ratify").status_code == 403, person


def test_the_chair_reads_the_list_out_in_one_go(desk: Desk, listed: tuple[str, list[str]]) -> None:
    sitting, (torn, _, agreed) = listed
    desk.as_("coordinator").post(f"/conferences/{sitting}/ratify")
    read_out = f"/conferences/{sitting}/ratify/read-out"
    absent = desk.as_("chair").post(read_out)
    assert absent.status_code == 409
    assert "Enter the room first" in absent.text
    browser = desk.as_("chair")
    ticket = browser.post("/tickets", json={"for": "room", "conference": sitting}).json()
    origin = {"Origin": "http://127.0.0.1:8000"}
    with browser.websocket_connect(f"ws://127.0.0.1:8000{ticket['url']}", headers=origin) as room:
        room.send_json({"type": "hello", "versions": [1], "since": None})
        room.receive_json()
        assert "has not been opened" in browser.post(read_out).text
        room.send_json({"type": "command", "id": f"open-{sitting}", "command": {"type": "open-conference"}})
        while room.receive_json()["type"] != "ack":
            pass
        assert browser.post(read_out).status_code == 303
        page = browser.get(f"/conferences/{sitting}/ratify").text
        state = browser.get(f"/conferences/{sitting}/room/state.json").json()["projection"]["cases"]
    assert "All prefer" in page
    assert state[agreed]["revealed"] == [1]
    assert state[agreed]["recommendation"]["recommendation"]["option"] == "watchful"
    assert state[torn]["revealed"] == []
