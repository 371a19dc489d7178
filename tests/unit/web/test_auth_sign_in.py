"""Signing in through the pages: proof, pace, rotation, end."""

from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from agenda.people import disable
from tests.unit.web.application import (
    PASSWORD,
    SAME,
    application,
    client,
    deed,
    sign_in,
)
from web.access import actor
from web.auth import totp
from web.auth.enter import issue_link
from web.auth.sessions import SignInSession
from web.clock import now
from web.routes import sign_in as pages
from web.services import Services


async def me(request: Request) -> Response:
    return PlainTextResponse(actor(request).name)


@pytest.fixture
def visitor(held: Services) -> Iterator[TestClient]:
    with client(application(held, [*pages.routes, Route("/me", me)])) as made:
        yield made


def test_a_right_password_signs_in_and_the_session_says_who_acts(visitor: TestClient) -> None:
    assert visitor.get("/me").headers["location"] == "/sign-in?next=/me"
    sign_in(visitor, "ada")
    assert visitor.get("/me").text == "Ada Example"


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org"])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(visitor: TestClient, email: str) -> None:
    answer = visitor.post("/sign-in", data={"email": email, "password": "wrong horse"}, headers=SAME)
    assert answer.status_code == 401
    assert "The address or the password is wrong." in answer.text
    assert "set-cookie" not in answer.headers


def test_a_disabled_account_cannot_sign_in(visitor: TestClient, held: Services, people: dict[str, str]) -> None:
    held.database.write_now(deed(), disable, people["Ada"], now())
    answer = visitor.post("/sign-in", data={"email": "ada@example.org", "password": PASSWORD}, headers=SAME)
    assert answer.status_code == 401


def test_guessing_gets_slower_but_never_locks_another_address_out(visitor: TestClient, held: Services) -> None:
    for _ in range(held.settings.auth.attempts_per_minute):
        visitor.post("/sign-in", data={"email": "ada@example.org", "password": "wrong"}, headers=SAME)
    answer = visitor.post("/sign-in", data={"email": "ada@example.org", "password": PASSWORD}, headers=SAME)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    held.sessions.attempts.demand("ada@example.org", "198.51.100.7")
    sign_in(visitor, "ben")


def test_the_token_rotates_at_sign_in_and_the_earlier_one_is_dead(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    first = visitor.cookies["consilium"]
    sign_in(visitor, "ben")
    assert visitor.cookies["consilium"] != first
    visitor.cookies.clear()
    visitor.cookies.set("consilium", first)
    assert visitor.get("/me").status_code == 303


def test_the_cookie_is_for_http_only_and_never_sent_along_by_other_sites(visitor: TestClient) -> None:
    answer = visitor.post("/sign-in", data={"email": "ada@example.org", "password": PASSWORD}, headers=SAME)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "domain" not in cookie


def test_the_database_never_holds_the_token(visitor: TestClient, held: Services) -> None:
    sign_in(visitor, "ada")
    row = held.database.read_now(lambda session: session.exec(select(SignInSession)).one())
    assert visitor.cookies["consilium"] not in (row.digest, row.id)


@pytest.mark.parametrize("there", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(visitor: TestClient, there: str) -> None:
    given = {"email": "ada@example.org", "password": PASSWORD, "next": there}
    assert visitor.post("/sign-in", data=given, headers=SAME).headers["location"] == "/"


def test_signing_out_ends_the_session_on_the_server(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    token = visitor.cookies["consilium"]
    visitor.post("/sign-out", headers=SAME)
    visitor.cookies.clear()
    visitor.cookies.set("consilium", token)
    assert visitor.get("/me").status_code == 303


def enrol(held: Services, person_id: str) -> pyotp.TOTP:
    seal, database = held.sessions.seal, held.database
    database.write_now(deed(), totp.begin, seal, person_id, now())
    uri = database.read_now(totp.provisioning_uri, seal, person_id, "ada@example.org")
    assert uri is not None
    generator = pyotp.parse_uri(uri)
    assert isinstance(generator, pyotp.TOTP)
    past = now() - timedelta(seconds=90)
    assert database.write_now(deed(), totp.confirm, seal, person_id, generator.at(past), past)
    return generator


def test_an_enrolled_person_is_nobody_until_the_second_factor(
    visitor: TestClient, held: Services, people: dict[str, str]
) -> None:
    generator = enrol(held, people["Ada"])
    answer = visitor.post("/sign-in", data={"email": "ada@example.org", "password": PASSWORD}, headers=SAME)
    assert answer.headers["location"].startswith("/sign-in/totp")
    assert visitor.get("/me").status_code == 303
    assert visitor.post("/sign-in/totp", data={"code": "000000"}, headers=SAME).status_code == 401
    assert visitor.post("/sign-in/totp", data={"code": generator.at(now())}, headers=SAME).status_code == 303
    assert visitor.get("/me").text == "Ada Example"


def test_a_link_signs_in_once_and_only_when_the_button_is_pressed(
    visitor: TestClient, held: Services, people: dict[str, str]
) -> None:
    text = held.database.write_now(
        deed(), issue_link, people["Ben"], purpose="enter", lifetime=timedelta(hours=1), at=now()
    )
    assert "Sign in as Ben Example" in visitor.get(f"/enter/{text}").text
    assert visitor.get("/me").status_code == 303
    assert visitor.post(f"/enter/{text}", headers=SAME).status_code == 303
    assert visitor.get("/me").text == "Ben Example"
    again = visitor.post(f"/enter/{text}", headers=SAME)
    assert again.status_code == 410
    assert "already used" in again.text


def test_a_reset_link_asks_for_a_new_password_and_ends_every_session(
    visitor: TestClient, held: Services, people: dict[str, str]
) -> None:
    sign_in(visitor, "ada")
    before = visitor.cookies["consilium"]
    text = held.database.write_now(
        deed(), issue_link, people["Ada"], purpose="password", lifetime=timedelta(hours=1), at=now()
    )
    visitor.cookies.clear()
    short = visitor.post(f"/enter/{text}", data={"password": "short", "repeated": "short"}, headers=SAME)
    assert short.status_code == 422
    fresh = {"password": "a quite new passphrase", "repeated": "a quite new passphrase"}
    assert visitor.post(f"/enter/{text}", data=fresh, headers=SAME).status_code == 303
    visitor.cookies.clear()
    visitor.cookies.set("consilium", before)
    assert visitor.get("/me").status_code == 303
    visitor.cookies.clear()
    sign_in(visitor, "ada", "a quite new passphrase")
