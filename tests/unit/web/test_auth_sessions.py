"""Sessions end by idleness, by time, by decision; what is open on them closes."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session
from starlette.requests import HTTPConnection

from agenda.boards import Board, seat, unseat
from agenda.people import disable, person
from conference.policy import Action, Actor, CaseResource, may
from tests.patience import patience
from tests.unit.web.application import AT, deed
from web.auth import revocation
from web.auth.invitations import Invitation, invite, revoke
from web.auth.sessions import actor_from, device, end_sessions_of, guest_actor
from web.resources import case_resource
from web.services import Services

MINUTE = timedelta(minutes=1)


def connection(cookie: str = "", kind: str = "http") -> HTTPConnection:
    headers = [(b"cookie", f"consilium={cookie}".encode())] if cookie else []
    return HTTPConnection({"type": kind, "headers": headers, "path": "/", "method": "GET"})


async def signed_in(held: Services, who: Actor, at: datetime = AT, invitation: Invitation | None = None) -> str:
    return await held.sessions.start(connection(), who, at=at, invitation=invitation)


def ada(held: Services, people: dict[str, str]) -> Actor:
    return held.database.read_now(lambda session: actor_from(session, person(session, people["Ada"])))


def test_an_actor_carries_standing_discipline_and_boards(held: Services, people: dict[str, str]) -> None:
    who = ada(held, people)
    assert (who.standing, who.discipline, dict(who.boards)) == ("member", "spine-surgery", {"spine": "chair"})


def test_a_session_ends_after_idle_minutes_and_stays_ended(held: Services, people: dict[str, str]) -> None:
    async def go() -> None:
        token = await signed_in(held, ada(held, people))
        idle = held.settings.auth.idle_minutes
        assert await held.sessions.actor_of(connection(token), AT + (idle - 1) * MINUTE)
        assert await held.sessions.actor_of(connection(token), AT + (2 * idle - 2) * MINUTE)
        assert await held.sessions.actor_of(connection(token), AT + (3 * idle - 2) * MINUTE) is None
        assert await held.sessions.actor_of(connection(token), AT + MINUTE) is None

    asyncio.run(go())


def test_activity_over_a_socket_counts_and_its_handshake_does_not(held: Services, people: dict[str, str]) -> None:
    async def go() -> None:
        idle = held.settings.auth.idle_minutes
        token = await signed_in(held, ada(held, people))
        known = await held.sessions.known(connection(token), AT)
        assert known is not None
        assert known.session_id is not None
        assert await held.sessions.known(connection(token, "websocket"), AT + (idle - 1) * MINUTE)
        held.sessions.touch(known.session_id, AT + (idle - 1) * MINUTE)
        assert await held.sessions.known(connection(token, "websocket"), AT + (idle + 5) * MINUTE)
        assert await held.sessions.known(connection(token, "websocket"), AT + (2 * idle) * MINUTE) is None

    asyncio.run(go())


def test_a_session_ends_after_its_hours_whatever_the_person_did(held: Services, people: dict[str, str]) -> None:
    async def go() -> None:
        token = await signed_in(held, ada(held, people))
        end = AT + timedelta(hours=held.settings.auth.absolute_hours)
        at = AT
        while at < end:
            assert await held.sessions.actor_of(connection(token), at)
            at += 10 * MINUTE
        assert await held.sessions.actor_of(connection(token), end) is None

    asyncio.run(go())


def test_a_guests_session_ends_with_the_invitation(held: Services, people: dict[str, str]) -> None:
    async def go() -> None:
        invitation, _ = held.database.write_now(
            deed(), invite, case_id="case1", name="Guest", email="", invited_by=people["Ben"],
            lifetime=timedelta(minutes=10), at=AT,
        )
        token = await signed_in(held, guest_actor(invitation), invitation=invitation)
        found = await held.sessions.known(connection(token), AT + 9 * MINUTE)
        assert found is not None
        assert (found.actor.standing, found.actor.guest_of, found.time_zone) == ("guest", "case1", "America/Denver")
        assert await held.sessions.actor_of(connection(token), AT + 10 * MINUTE) is None

    asyncio.run(go())


@pytest.mark.parametrize("token", ["", "nonsense", "a" * 10_000])
def test_a_token_that_is_none_is_nobody(held: Services, token: str) -> None:
    assert asyncio.run(held.sessions.actor_of(connection(token), AT)) is None


class Socket:
    """A socket's close, as the registry sees it."""

    def __init__(self) -> None:
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def close(self, code: int, _reason: str) -> None:
        self.closed.set_result(code)


def case(held: Services) -> CaseResource:
    return held.database.read_now(case_resource, "case1")


async def opened(held: Services, who: Actor, at: datetime, invitation: Invitation | None = None) -> Socket:
    known = await held.sessions.known(connection(await signed_in(held, who, at, invitation)), at)
    assert known is not None
    socket, resource = Socket(), case(held)

    async def allowed(actor: Actor) -> bool:
        return bool(may(actor, Action.IMAGE_READ, resource))

    held.sessions.sockets.register(
        session_id=known.session_id, person_id=who.person_id, resource="case1", allowed=allowed, close=socket.close
    )
    return socket


def _end(session: Session, person_id: str) -> None:
    end_sessions_of(session, person_id, "test", AT)


def _unseat(session: Session, person_id: str) -> None:
    unseat(session, "spine", person_id)


def _disable(session: Session, person_id: str) -> None:
    disable(session, person_id, AT)


@pytest.mark.parametrize(("deprive", "code"), [(_end, 4011), (_unseat, 4003), (_disable, 4011)])
def test_what_takes_access_away_closes_the_open_socket_within_two_seconds(
    held: Services, people: dict[str, str], deprive: object, code: int
) -> None:
    from web.clock import now

    async def go() -> None:
        stop = revocation.watch(held.database, held.sessions)
        try:
            hers = await opened(held, ada(held, people), now())
            ben = held.database.read_now(lambda session: actor_from(session, person(session, people["Ben"])))
            his = await opened(held, ben, now())
            await held.database.write(deed(), deprive, people["Ada"])  # type: ignore[arg-type]
            async with asyncio.timeout(patience(2)):
                assert await hers.closed == code
            assert not his.closed.done()
            assert len(held.sessions.sockets) == 1
        finally:
            stop()

    asyncio.run(go())


def test_a_withdrawn_invitation_closes_the_guests_socket(held: Services, people: dict[str, str]) -> None:
    from web.clock import now

    async def go() -> None:
        stop = revocation.watch(held.database, held.sessions)
        try:
            invitation, _ = held.database.write_now(
                deed(), invite, case_id="case1", name="Guest", email="", invited_by=people["Ben"],
                lifetime=timedelta(days=1), at=now(),
            )
            socket = await opened(held, guest_actor(invitation), now(), invitation)
            await held.database.write(deed(), revoke, invitation.id, now())
            async with asyncio.timeout(patience(2)):
                assert await socket.closed == 4011
        finally:
            stop()

    asyncio.run(go())


def test_a_right_that_was_given_back_before_the_commit_closes_nothing(held: Services, people: dict[str, str]) -> None:
    from web.clock import now

    def fail(session: Session) -> None:
        unseat(session, "spine", people["Ada"])
        session.flush()
        raise RuntimeError("undone")

    async def go() -> None:
        stop = revocation.watch(held.database, held.sessions)
        try:
            hers = await opened(held, ada(held, people), now())
            with pytest.raises(RuntimeError):
                await held.database.write(deed(), fail)
            await held.database.write(deed(), _another_board, people["Ada"])
            await held.sessions.sockets.check_all()
            assert not hers.closed.done()
        finally:
            stop()

    asyncio.run(go())


def _another_board(session: Session, person_id: str) -> None:
    session.add(Board(id="hip", name="Hip board", time_zone="UTC"))
    session.flush()
    seat(session, "hip", person_id, "core")


def test_a_socket_that_does_not_close_holds_nobody_up(held: Services, people: dict[str, str]) -> None:
    async def stuck(_code: int, _reason: str) -> None:
        await asyncio.Event().wait()

    async def anybody(_actor: Actor) -> bool:
        return True

    async def go() -> None:
        sockets = held.sessions.sockets
        good = Socket()
        for close in (stuck, good.close):
            sockets.register(session_id="s", person_id="p", resource="r", allowed=anybody, close=close)
        async with asyncio.timeout(patience(2)):
            await sockets.session_ended("s")
        assert good.closed.result() == 4011

    asyncio.run(go())


def test_devices_are_named_for_people() -> None:
    assert device("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0") == "Firefox on Linux"
    assert device("curl/8") == "A program"
