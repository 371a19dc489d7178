"""An answer is sent again without asking only while nothing that decided it can have changed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select
from starlette.responses import Response
from starlette.testclient import TestClient

from agenda.boards import unseat
from agenda.people import Person
from conference.record.audit import AuditEntry
from tests.unit.web.application import application, client, deed, sign_in
from tests.unit.web.images.test_http import path
from web.auth.sessions import SignInSession
from web.clock import now
from web.routes import images
from web.routes import sign_in as pages
from web.services import Services
from web.standing import Standing

ASKED: list[str] = []


@pytest.fixture
def visitor(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A browser in which Ada was sent a picture that stands; what is asked from now on is in `ASKED`."""
    ask = services.sessions.known

    async def known(connection: object, at: datetime | None = None) -> object:
        ASKED.append("who")
        return await ask(connection, at)  # type: ignore[arg-type]

    with client(application(services, [*pages.routes, *images.routes])) as made:
        sign_in(made, "ada")
        for _ in range(2):  # the row of audit that the first writes ends what stood before it
            assert made.get(path()).status_code == 200
        monkeypatch.setattr(services.sessions, "known", known)
        ASKED.clear()
        yield made


def test_a_standing_answer_is_sent_whole_and_nobody_is_asked(visitor: TestClient) -> None:
    again = visitor.get(path())
    assert ASKED == []
    visitor.get(path(place=1))  # its row of audit is that of the series, but the answer is another
    assert ASKED == ["who"]
    assert (again.status_code, again.headers["content-type"]) == (200, "image/webp")
    assert again.headers["cache-control"] == "private, no-cache"
    assert "default-src 'none'" in again.headers["content-security-policy"]
    assert again.headers["x-request-id"] != visitor.get(path()).headers["x-request-id"]


def test_any_write_ends_it_so_that_who_left_the_board_sees_nothing(visitor: TestClient, held: Services) -> None:
    def leave(session: Session) -> None:
        unseat(session, "spine", session.exec(select(Person.id).where(Person.email == "ada@example.org")).one())

    held.database.write_now(deed(), leave)
    assert visitor.get(path(), headers={"Accept": "application/json"}).status_code == 403


def test_who_signed_out_sees_nothing(visitor: TestClient, held: Services) -> None:
    def end(session: Session) -> None:
        for row in session.exec(select(SignInSession)):
            row.ended_at = now()
            session.add(row)

    held.database.write_now(deed(), end)
    assert visitor.get(path(), headers={"Accept": "application/json"}).status_code == 401


@pytest.mark.parametrize("cookie", [None, "consilium=another"])
def test_another_browser_is_not_sent_it(visitor: TestClient, cookie: str | None) -> None:
    visitor.cookies.clear()
    headers = {"Accept": "*/*"} | ({} if cookie is None else {"Cookie": cookie})
    assert visitor.get(path(), headers=headers | {"Sec-Fetch-Mode": "no-cors"}).status_code != 200
    assert ASKED == ["who"]


def test_after_a_minute_another_row_of_audit_is_written_first(
    visitor: TestClient, held: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = now() + timedelta(seconds=61)
    monkeypatch.setattr("web.middleware.now", lambda: later)
    monkeypatch.setattr("web.access.now", lambda: later)
    before = held.database.read_now(_reads)
    assert visitor.get(path()).status_code == 200
    assert held.database.read_now(_reads) == before + 1


def test_it_stands_no_longer_than_the_session_and_counts_as_activity(
    visitor: TestClient, held: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    [answer] = held.standing._answers.values()
    assert answer.session_id is not None
    held.sessions._seen.clear()
    visitor.get(path())
    assert list(held.sessions._seen) == [answer.session_id]
    ends = held.database.read_now(lambda session: session.exec(select(SignInSession.ends_at)).one())
    assert answer.until <= ends
    monkeypatch.setattr("web.middleware.now", lambda: answer.until)
    visitor.get(path())
    assert ASKED == ["who"]


def test_nothing_stands_where_others_write_the_database_too() -> None:
    scope = {"path": "/", "query_string": b"", "headers": []}
    assert Standing().find(scope, None, now()) is None


def test_no_more_than_so_many_bytes_stand_and_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.standing._ALL_BYTES", 250)
    kept, at = Standing(), now()
    until = at + timedelta(minutes=1)
    scopes = [_asked(path) for path in ("/1", "/1", "/2", "/3")]
    for scope in scopes:
        kept.keep(scope, Response(bytes(100)), 1, at, until)
    assert [kept.find(scope, 1, at) is not None for scope in scopes] == [False, False, True, True]
    assert kept.find(scopes[3], 2, at) is None
    kept.keep(scopes[0], Response(bytes(100)), 2, at, until)
    kept.keep(scopes[2], Response(bytes(100)), 2, at, until)
    assert kept.find(scopes[0], 2, at) is not None  # what was let go of counts no more


def _asked(path: str) -> dict[str, Any]:
    return {
        "path": path, "query_string": b"", "headers": [], "method": "GET", "endpoint": None, "path_params": {},
        "consilium.until": now() + timedelta(hours=1), "consilium.actor": None, "consilium.session_id": None,
    }


def _reads(session: Session) -> int:
    return len([one for one in session.exec(select(AuditEntry.record)) if "/series/" in one])
