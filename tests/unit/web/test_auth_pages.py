"""The pages of account, people, audit and guests, as a browser without scripts uses them."""

import csv
import io
import re
from collections.abc import Iterator

import pyotp
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from conference.record import audit as chain
from conference.record.audit import AuditEntry
from tests.unit.web.application import PASSWORD, SAME, application, client, deed, sign_in
from web.access import actor
from web.auth.passwords import SHORTEST
from web.clock import now
from web.routes import account, audit, guests
from web.routes import people as people_pages
from web.routes import sign_in as sign_in_pages
from web.services import Services

SECRET = re.compile(r'id="totp-secret">([A-Z2-7]+)<')
LINK = re.compile(r'id="link">http://127\.0\.0\.1:8000(/\w+/[\w-]+)<')


async def me(request: Request) -> Response:
    return PlainTextResponse(f"{actor(request).name} {actor(request).guest_of}")


@pytest.fixture
def visitor(held: Services) -> Iterator[TestClient]:
    routes = [*sign_in_pages.routes, *account.routes, *people_pages.routes, *audit.routes, *guests.routes]
    with client(application(held, [*routes, Route("/me", me)])) as made:
        made.headers.update(SAME)
        yield made


def test_changing_the_password_needs_the_present_one_and_ends_the_other_sessions(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    elsewhere = visitor.cookies["consilium"]
    visitor.cookies.clear()
    sign_in(visitor, "ada")
    fresh = {"password": "willow harbour quartz", "repeated": "willow harbour quartz"}
    assert visitor.post("/account/password", data={"current": "wrong", **fresh}).status_code == 401
    assert visitor.post("/account/password", data={"current": PASSWORD, **fresh}).status_code == 303
    assert visitor.get("/me").status_code == 200
    visitor.cookies.clear()
    visitor.cookies.set("consilium", elsewhere)
    assert visitor.get("/me").status_code == 303


@pytest.mark.parametrize(("password", "why"), [
    ("x" * (SHORTEST - 1), "at least 8"), ("P@ssw0rd2024!", "lists"), ("ada@example.org", "easy to guess"),
    ("aaaaaaaaaaaa", "easy to guess"),
])
def test_a_poor_password_is_refused_beside_its_field(visitor: TestClient, password: str, why: str) -> None:
    sign_in(visitor, "ada")
    given = {"current": PASSWORD, "password": password, "repeated": password}
    answer = visitor.post("/account/password", data=given)
    assert answer.status_code == 422
    assert why in answer.text


def test_the_second_factor_is_set_up_with_a_picture_and_leaves_recovery_codes(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    assert visitor.post("/account/totp/begin", data={"current": PASSWORD}).status_code == 303
    found = SECRET.search(visitor.get("/account/totp").text)
    assert found
    picture = visitor.get("/account/totp/qr.svg")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert visitor.post("/account/totp/confirm", data={"code": "000000"}).status_code == 422
    answer = visitor.post("/account/totp/confirm", data={"code": pyotp.TOTP(found[1]).at(now())})
    codes = re.findall(r"<li>([A-Z2-9-]{27})</li>", answer.text)
    assert len(codes) == 10
    visitor.cookies.clear()
    sign_in(visitor, "ada")
    assert visitor.get("/me").status_code == 303
    assert visitor.post("/sign-in/totp", data={"code": codes[0]}).status_code == 303
    assert visitor.get("/me").status_code == 200
    visitor.cookies.clear()
    sign_in(visitor, "ada")
    assert visitor.post("/sign-in/totp", data={"code": codes[0]}).status_code == 401


def test_a_session_ended_from_the_list_is_over(visitor: TestClient, held: Services) -> None:
    sign_in(visitor, "ada")
    elsewhere = visitor.cookies["consilium"]
    visitor.cookies.clear()
    sign_in(visitor, "ada")
    found = re.findall(r"/account/sessions/(\w{32})/end", visitor.get("/account").text)
    assert len(found) == 1
    visitor.post(f"/account/sessions/{found[0]}/end")
    visitor.cookies.clear()
    visitor.cookies.set("consilium", elsewhere)
    assert visitor.get("/me").status_code == 303


def test_nobody_ends_another_persons_session_by_its_address(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    theirs = visitor.cookies["consilium"]
    assert "A program" in visitor.get("/account").text
    visitor.cookies.clear()
    sign_in(visitor, "ada")
    other = re.findall(r"/account/sessions/(\w{32})/end", visitor.get("/account").text)[0]
    visitor.cookies.clear()
    sign_in(visitor, "ben")
    visitor.post(f"/account/sessions/{other}/end")
    visitor.cookies.clear()
    visitor.cookies.set("consilium", theirs)
    assert visitor.get("/me").status_code == 200


def test_a_token_acts_as_its_maker_until_it_is_withdrawn(visitor: TestClient) -> None:
    sign_in(visitor, "cem")
    answer = visitor.post("/account/tokens", data={"name": "DICOMweb", "days": "30"})
    found = re.search(r'id="token-text">([\w-]+)<', answer.text)
    assert found
    token = re.findall(r"/account/tokens/(\w+)/revoke", answer.text)[0]
    program = {"Authorization": f"Bearer {found[1]}"}
    visitor.post(f"/account/tokens/{token}/revoke", headers=program | {"Cookie": ""})
    visitor.cookies.clear()
    assert visitor.get("/me", headers=program).status_code == 303


def test_the_administrator_adds_a_person_whose_link_lets_them_choose_a_password(visitor: TestClient) -> None:
    sign_in(visitor, "dee")
    given = {"name": "Gil New", "email": "gil@example.org", "standing": "member", "site": "rural",
             "discipline": "spine-surgery"}
    answer = visitor.post("/people", data=given)
    found = LINK.search(answer.text)
    assert found
    assert visitor.post("/people", data=given).status_code == 422
    visitor.cookies.clear()
    fresh = {"password": "willow harbour quartz", "repeated": "willow harbour quartz"}
    assert visitor.post(found[1], data=fresh).status_code == 303
    assert visitor.get("/me").text.startswith("Gil New")
    assert visitor.get(found[1]).status_code == 410


def test_disabling_an_account_ends_its_session_at_once(visitor: TestClient, people: dict[str, str]) -> None:
    sign_in(visitor, "ada")
    hers = visitor.cookies["consilium"]
    visitor.cookies.clear()
    sign_in(visitor, "dee")
    assert visitor.post(f"/people/{people['Ada']}/disable").status_code == 303
    assert visitor.post(f"/people/{people['Dee']}/disable").status_code == 422
    visitor.cookies.clear()
    visitor.cookies.set("consilium", hers)
    assert visitor.get("/me").status_code == 303


@pytest.mark.parametrize("path", ["/people", "/people/new", "/admin/audit", "/admin/audit.csv"])
def test_people_and_audit_are_the_administrators(visitor: TestClient, path: str) -> None:
    sign_in(visitor, "ada")
    assert visitor.get(path).status_code == 403


def test_the_audit_shows_who_did_what_and_verifies(visitor: TestClient, held: Services, people: dict[str, str]) -> None:
    sign_in(visitor, "dee")
    visitor.post("/people", data={"name": "Gil New", "email": "gil@example.org", "standing": "member", "site": "rural"})
    text = visitor.get("/admin/audit", params={"activity": "person.", "actor": people["Dee"]}).text
    assert "person.add" in text
    assert "session.start" not in text
    assert "Everything is as it was written" in visitor.post("/admin/audit/verify").text


def test_an_export_of_the_audit_holds_no_formula_and_is_itself_audited(visitor: TestClient, held: Services) -> None:
    heading = deed("=HYPERLINK(1)")
    held.database.write_now(heading, chain.note_read, heading, "=cmd|calc", "@case1")
    sign_in(visitor, "dee")
    rows = list(csv.DictReader(io.StringIO(visitor.get("/admin/audit.csv").text)))
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert rows[0]["activity"] == "audit.read"


def test_pages_of_the_audit_go_on_where_the_last_one_ended(visitor: TestClient, held: Services) -> None:
    for number in range(60):
        held.database.write_now(deed(), chain.note_read, deed(), "case.read", f"case{number}")
    sign_in(visitor, "dee")
    first = visitor.get("/admin/audit", params={"kind": "case", "deed": "read"}).text
    older = re.search(r'href="(/admin/audit\?[^"]*before=\d+)"', first)
    assert older
    second = visitor.get(older[1].replace("&amp;", "&")).text
    numbers = [re.findall(r'<td class="number">(\d+)</td>', page) for page in (first, second)]
    assert [len(found) for found in numbers] == [50, 10]
    assert not set(numbers[0]) & set(numbers[1])


def invited(visitor: TestClient) -> str:
    answer = visitor.post("/cases/case1/guests", data={"name": "Dr Guest", "email": "", "days": "2"})
    found = LINK.search(answer.text)
    assert found, answer.text
    return found[1]


def test_a_guest_sees_what_the_link_is_before_pressing_and_then_one_case(visitor: TestClient) -> None:
    sign_in(visitor, "ben")
    link = invited(visitor)
    visitor.cookies.clear()
    text = visitor.get(link).text
    assert "Case 1001" in text
    assert "Featherstonehaugh" not in text
    assert visitor.get("/me").status_code == 303
    assert visitor.post(link).headers["location"] == "/cases/case1"
    assert visitor.get("/me").text == "Dr Guest case1"
    assert visitor.get("/account").status_code == 403
    assert visitor.get("/cases/case1/guests").status_code == 403
    used = visitor.post(link)
    assert used.status_code == 410
    assert "already used" in used.text


def test_withdrawing_an_invitation_ends_the_guests_session(visitor: TestClient) -> None:
    sign_in(visitor, "ben")
    coordinator = visitor.cookies["consilium"]
    link = invited(visitor)
    visitor.cookies.clear()
    visitor.post(link)
    guest = visitor.cookies["consilium"]
    visitor.cookies.clear()
    visitor.cookies.set("consilium", coordinator)
    found = re.findall(r"/cases/case1/guests/(\w+)/withdraw", visitor.get("/cases/case1/guests").text)
    visitor.post(f"/cases/case1/guests/{found[0]}/withdraw")
    assert "withdrawn" in visitor.get(link).text
    visitor.cookies.clear()
    visitor.cookies.set("consilium", guest)
    assert visitor.get("/me").status_code == 303


def test_members_who_do_not_chair_cannot_invite(visitor: TestClient) -> None:
    sign_in(visitor, "eve")
    assert visitor.get("/cases/case1/guests").status_code == 403


def test_no_patient_name_reaches_the_audit(visitor: TestClient, held: Services) -> None:
    sign_in(visitor, "ben")
    invited(visitor)
    rows = held.database.read_now(chain.entries, chain.Filter(), limit=1000)
    assert rows
    assert not [row for row in rows if "Featherstonehaugh" in AuditEntry.model_dump_json(row)]
