"""The pages of boards: an empty installation gets its first one, members are seated, rights stay with their holders."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session, select
from starlette.testclient import TestClient

from agenda.boards import Board, Membership, boards, roles_of
from agenda.cases import Case
from agenda.people import disable
from conference.record.audit import AuditEntry
from tests.unit.web.application import AT, SAME, application, client, deed, sign_in
from web.routes import boards as board_pages
from web.routes import sign_in as sign_in_pages
from web.services import Services

HIP = {"name": "Hip board", "charter": "Hips.", "time_zone": "Europe/Oslo", "required": ["physiatry", "spine-surgery"]}
FULL = {"name": "Spine board", "charter": "Spines.", "time_zone": "UTC"}


@pytest.fixture
def visitor(held: Services) -> Iterator[TestClient]:
    with client(application(held, [*sign_in_pages.routes, *board_pages.routes])) as made:
        made.headers.update(SAME)
        yield made


def _clear(session: Session) -> None:
    for table in (Membership, Case, Board):
        for row in session.exec(select(table)).all():
            session.delete(row)
        session.flush()


def test_without_a_board_the_page_says_what_to_do(visitor: TestClient, held: Services) -> None:
    held.database.write_now(deed(), _clear)
    sign_in(visitor, "dee")
    text = visitor.get("/boards").text
    assert "No board yet" in text
    assert 'href="/boards/new"' in text
    assert 'href="/boards" aria-current="page">Boards' in text


def test_the_administrator_adds_a_board_and_finds_it_listed(visitor: TestClient, held: Services) -> None:
    sign_in(visitor, "dee")
    assert 'value="America/Denver"' in visitor.get("/boards/new").text
    answer = visitor.post("/boards", data=HIP)
    assert answer.status_code == 303
    text = visitor.get(answer.headers["location"]).text
    assert "Nobody sits here yet" in text
    assert 'value="physiatry" checked' in text
    assert 'value="pain-medicine">' in text
    assert "physiatry, spine surgery" in visitor.get("/boards").text
    activities = held.database.read_now(lambda session: set(session.exec(select(AuditEntry.activity)).all()))
    assert "board.add" in activities


@pytest.mark.parametrize(("change", "field", "why"), [
    ({"name": "spine BOARD"}, "name", "Another board has this name."),
    ({"time_zone": "Mars/Olympus"}, "time_zone", "There is no time zone"),
])
def test_a_refused_board_keeps_what_was_typed_and_tells_why_beside_the_field(
    visitor: TestClient, held: Services, change: dict[str, str], field: str, why: str
) -> None:
    sign_in(visitor, "dee")
    answer = visitor.post("/boards", data=HIP | change)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert why in answer.text
    assert ">Hips.</textarea>" in answer.text
    assert 'value="physiatry" checked' in answer.text
    assert len(held.database.read_now(boards)) == 1


def test_an_unknown_discipline_is_refused(visitor: TestClient) -> None:
    sign_in(visitor, "dee")
    answer = visitor.post("/boards", data=HIP | {"required": ["astrology"]})
    assert answer.status_code == 422
    assert "There is no discipline" in answer.text


@pytest.mark.parametrize("who", ["dee", "ada", "ben"])
def test_whoever_manages_a_board_changes_it_and_seats_its_members(
    visitor: TestClient, held: Services, people: dict[str, str], who: str
) -> None:
    sign_in(visitor, who)
    assert visitor.post("/boards/spine", data=FULL | {"required": ["physiatry"]}).status_code == 303
    found = held.database.read_now(lambda session: session.get_one(Board, "spine"))
    assert (found.charter, found.time_zone, found.required_disciplines) == ("Spines.", "UTC", ["physiatry"])
    given = {"person": people["Fay"], "role": "deputy"}
    assert visitor.post("/boards/spine/seat", data=given).status_code == 303
    assert held.database.read_now(roles_of, people["Fay"]) == {"spine": "deputy"}
    assert "Take from board<span class=\"sr-only\">: Fay Example" in visitor.get("/boards/spine").text
    assert visitor.post("/boards/spine/seat", data=given | {"role": ""}).status_code == 303
    assert held.database.read_now(roles_of, people["Fay"]) == {}


def test_a_change_that_is_refused_changes_nothing(visitor: TestClient, held: Services) -> None:
    sign_in(visitor, "dee")
    answer = visitor.post("/boards/spine", data=FULL | {"name": " "})
    assert answer.status_code == 422
    assert "A board needs a name." in answer.text
    assert held.database.read_now(lambda session: session.get_one(Board, "spine")).charter == ""


def test_nobody_without_access_is_seated_or_offered(
    visitor: TestClient, held: Services, people: dict[str, str]
) -> None:
    held.database.write_now(deed(), disable, people["Fay"], AT)
    sign_in(visitor, "dee")
    assert people["Fay"] not in visitor.get("/boards/spine").text
    for given in ({"person": people["Fay"], "role": "core"}, {"person": "nobody", "role": "core"}, {"role": "core"}):
        answer = visitor.post("/boards/spine/seat", data=given)
        assert answer.status_code == 422
        assert "Choose somebody who has access." in answer.text


def test_a_role_that_does_not_exist_is_refused(visitor: TestClient, people: dict[str, str]) -> None:
    sign_in(visitor, "dee")
    answer = visitor.post("/boards/spine/seat", data={"person": people["Fay"], "role": "king"})
    assert answer.status_code == 422
    assert 'id="role-error"' in answer.text


def test_a_board_that_is_not_there_is_not_found(visitor: TestClient) -> None:
    sign_in(visitor, "dee")
    assert visitor.get("/boards/nothing").status_code == 404
    assert visitor.post("/boards/nothing", data=HIP).status_code == 404


def test_a_chair_manages_their_own_board_but_adds_none(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    assert visitor.get("/boards").status_code == 403
    assert visitor.post("/boards", data=HIP).status_code == 403
    assert visitor.get("/boards/hip").status_code == 403
    assert 'href="/boards"' not in visitor.get("/boards/spine").text


@pytest.mark.parametrize("who", ["cem", "eve", "fay"])
def test_others_manage_no_board(visitor: TestClient, who: str) -> None:
    sign_in(visitor, who)
    assert visitor.get("/boards/spine").status_code == 403
    assert visitor.post("/boards/spine/seat", data={"person": "x", "role": "chair"}).status_code == 403
