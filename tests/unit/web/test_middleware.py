"""The gate before every route: origin, host, size, headers, and what the log keeps."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlmodel import Session, col, select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.unit.web.application import SAME, application, client, services_for, sign_in
from web.auth.sessions import SignInSession
from web.auth.tickets import LIFETIME
from web.clock import now
from web.logs import JsonLines
from web.middleware import BODY_BYTES, content_security_policy, security_headers
from web.routes import guests, tickets
from web.routes import sign_in as pages
from web.services import Services
from web.settings import ServerSettings, Settings
from web.sockets.admission import admit


async def write(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def boom(_request: Request) -> Response:
    raise ValueError("Canary-Featherstonehaugh")


async def socket(websocket: WebSocket) -> None:
    admission = await admit(websocket, "room")
    await websocket.accept()
    await websocket.send_text(admission.resource)
    await websocket.close()


ROUTES = [
    *pages.routes, *guests.routes, *tickets.routes, Route("/write", write, methods=["POST", "GET"]),
    Route("/cases/{case_id}/uploads/{part}", write, methods=["PUT"]), Route("/boom", boom),
    WebSocketRoute("/sockets/room", socket),
]


@pytest.fixture
def visitor(held: Services) -> Iterator[TestClient]:
    with client(application(held, ROUTES)) as made:
        yield made


@contextmanager
def logged() -> Iterator[list[dict[str, object]]]:
    """Every line written while the block runs, as the product writes them."""
    stream, lines = io.StringIO(), list[dict[str, object]]()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel("INFO")
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        lines += [json.loads(line) for line in stream.getvalue().splitlines()]


CROSS = [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
    {"Origin": "null"}, {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, {},
]


@pytest.mark.parametrize("headers", CROSS)
def test_a_write_that_another_site_sent_is_refused_and_logged(visitor: TestClient, headers: dict[str, str]) -> None:
    sign_in(visitor, "ada")
    with logged() as lines:
        answer = visitor.post("/write", headers=headers)
    assert answer.status_code == 403
    assert "came from another site" in answer.text
    assert [line for line in lines if line["message"] == "cross-site request refused"]


@pytest.mark.parametrize("headers", [
    SAME, {"Sec-Fetch-Site": "none"}, {"Origin": "http://127.0.0.1:8000"}, {"Authorization": "Bearer x"},
])
def test_a_write_of_our_own_pages_or_of_a_program_goes_through(visitor: TestClient, headers: dict[str, str]) -> None:
    sign_in(visitor, "ada")
    assert visitor.post("/write", headers=headers).status_code == 200


def test_reading_is_open_to_links_from_other_sites(visitor: TestClient) -> None:
    assert visitor.get("/write", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1:8000@evil.example", ""])
def test_a_foreign_host_name_is_refused(visitor: TestClient, host: str) -> None:
    assert visitor.get("/sign-in", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_the_loopback_has_several_names(visitor: TestClient, host: str) -> None:
    assert visitor.get("/sign-in", headers={"Host": host}).status_code == 200


def test_a_body_ends_at_its_limit_announced_or_not(visitor: TestClient) -> None:
    assert visitor.post("/write", content=b"x" * BODY_BYTES, headers=SAME).status_code == 200
    assert visitor.post("/write", content=b"x" * (BODY_BYTES + 1), headers=SAME).status_code == 413
    parts = (b"x" * 65_536 for _ in range(17))
    assert visitor.post("/write", content=parts, headers=SAME).status_code == 413
    assert visitor.put("/cases/c/uploads/1", content=b"x" * (BODY_BYTES + 1), headers=SAME).status_code == 200


@pytest.mark.parametrize(("path", "status"), [("/sign-in", 200), ("/nowhere", 404), ("/boom", 500), ("/write", 413)])
def test_every_answer_carries_the_security_headers_errors_too(visitor: TestClient, path: str, status: int) -> None:
    headers = SAME | ({"Content-Length": "99999999"} if status == 413 else {})
    answer = visitor.request("POST" if status == 413 else "GET", path, headers=headers)
    assert answer.status_code == status
    for name, value in security_headers("127.0.0.1:8000", secure=False).items():
        assert answer.headers[name] == value
    assert answer.headers["x-request-id"]


def test_the_policy_allows_nothing_inline_and_names_our_own_sockets() -> None:
    policy = content_security_policy("board.example.org", secure=True)
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert "connect-src 'self' wss://board.example.org;" in policy
    assert content_security_policy("a; script-src *", secure=True).count("script-src") == 1


def test_browsers_are_told_to_name_the_origin_of_our_own_forms() -> None:
    # With no-referrer Chromium sends "Origin: null" with every form, and every form would be refused.
    assert security_headers("127.0.0.1", secure=False)["Referrer-Policy"] == "same-origin"


def test_a_foreign_host_is_not_echoed(visitor: TestClient) -> None:
    answer = visitor.get("/sign-in", headers={"Host": "canary.example"})
    assert "canary" not in answer.text + str(answer.headers)


def test_over_tls_the_cookie_is_bound_to_the_host_and_browsers_stay_on_tls(
    held: Services, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = Settings(server=ServerSettings(public_url="https://board.example.org"))
    made = services_for(held.database, tmp_path_factory.mktemp("tls"), settings)
    with TestClient(
        application(made, ROUTES), base_url="https://board.example.org", follow_redirects=False
    ) as visitor:
        answer = visitor.post(
            "/sign-in", data={"email": "ada@example.org", "password": "cobalt lantern ferry"}, headers=SAME
        )
    made.sessions.close()
    assert answer.headers["set-cookie"].startswith("__Host-consilium=")
    assert "; Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")


def test_an_unexpected_error_shows_a_reference_and_logs_where_but_not_what(visitor: TestClient) -> None:
    with logged() as lines:
        answer = visitor.get("/boom")
    assert answer.headers["x-request-id"] in answer.text
    written = json.dumps(lines) + answer.text
    assert "ValueError" in written
    assert "Featherstonehaugh" not in written


def test_the_access_log_names_routes_and_people_but_no_secret_query_or_stray_path(
    visitor: TestClient, people: dict[str, str]
) -> None:
    sign_in(visitor, "ada")
    with logged() as lines:
        visitor.get("/write?patient=Canary-Featherstonehaugh")
        visitor.get("/Canary-Featherstonehaugh")
        visitor.get("/guest/a-secret-of-somebody")
    served = [line for line in lines if line["logger"] == "web.access_log"]
    assert [line["path"] for line in served] == ["/write", "(no route)", "/guest/…"]
    assert served[0]["person_id"] == people["Ada"]
    assert "Featherstonehaugh" not in json.dumps(lines)


def test_log_lines_cannot_be_forged_and_content_is_withheld() -> None:
    record = logging.makeLogRecord({
        "name": "web.x", "msg": "kept\n{\"level\":\"forged\"}", "levelname": "INFO", "patient_name": "Canary",
        "password": "secret", "case_id": "c\r1",
    })
    line = JsonLines().format(record)
    assert "\n" not in line
    kept = json.loads(line)
    assert (kept["patient_name"], kept["password"], kept["case_id"]) == ("[withheld]", "[withheld]", "c 1")


def ticket(visitor: TestClient, held: Services, purpose: str = "room") -> str:
    sign_in(visitor, "ada")
    who = held.database.read_now(_running)
    return held.tickets.issue(
        session_id=who[0], person_id=who[1], purpose=purpose, resource="conference1", at=now()
    )


def _running(session: Session) -> tuple[str, str]:
    row = session.exec(select(SignInSession).where(col(SignInSession.ended_at).is_(None))).one()
    return row.id, row.person_id


OURS = {"Origin": "http://127.0.0.1:8000"}


def test_a_ticket_opens_one_socket_once(visitor: TestClient, held: Services) -> None:
    address = f"ws://127.0.0.1:8000/sockets/room?ticket={ticket(visitor, held)}"
    with visitor.websocket_connect(address, headers=dict(OURS)) as opened:
        assert opened.receive_text() == "conference1"
    with pytest.raises(Exception, match="ticket"), visitor.websocket_connect(address, headers=dict(OURS)):
        pass


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {}])
def test_a_socket_from_another_site_is_refused_before_its_ticket_is_used(
    visitor: TestClient, held: Services, headers: dict[str, str]
) -> None:
    address = f"ws://127.0.0.1:8000/sockets/room?ticket={ticket(visitor, held)}"
    connecting = visitor.websocket_connect(address, headers=dict(headers))
    with logged() as lines, pytest.raises(WebSocketDisconnect), connecting:
        pass
    assert [line for line in lines if line["message"] == "cross-site request refused"]
    with visitor.websocket_connect(address, headers=dict(OURS)) as opened:
        assert opened.receive_text() == "conference1"


def test_an_overheard_ticket_is_worth_nothing_in_another_session(visitor: TestClient, held: Services) -> None:
    address = f"ws://127.0.0.1:8000/sockets/room?ticket={ticket(visitor, held)}"
    visitor.cookies.clear()
    sign_in(visitor, "ben")
    with pytest.raises(Exception, match="ticket"), visitor.websocket_connect(address, headers=dict(OURS)):
        pass


def test_a_ticket_is_for_one_purpose_and_thirty_seconds(visitor: TestClient, held: Services) -> None:
    address = f"ws://127.0.0.1:8000/sockets/room?ticket={ticket(visitor, held, 'images')}"
    with pytest.raises(Exception, match="something else"), visitor.websocket_connect(address, headers=dict(OURS)):
        pass
    assert LIFETIME.total_seconds() == 30


def test_tickets_are_given_by_the_policy(visitor: TestClient) -> None:
    sign_in(visitor, "fay")
    wanted = {"for": "images", "case": "case1"}
    assert visitor.post("/tickets", json=wanted, headers=SAME).status_code == 403
    sign_in(visitor, "cem")
    given = visitor.post("/tickets", json=wanted, headers=SAME)
    assert given.json()["url"].startswith("/sockets/images?ticket=")
    assert visitor.post("/tickets", json={"for": "room", "case": "case1"}, headers=SAME).status_code == 422
