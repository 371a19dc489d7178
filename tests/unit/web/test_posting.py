"""Mails through a mail server: taken, put off with growing pauses, given up, and tried again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from sqlmodel import Session

from agenda.notices.queue import MOST_ATTEMPTS, due, notices, post, retry
from tests.unit.web.application import AT, deed
from web.database import Database
from web.post.mail import Carrier, Letterhead, MailServer, NotTaken, Spool, carrier
from web.post.posting import deliver
from web.post.reply_links import ReplyLinks
from web.settings import MailSettings


class Box:
    """What a mail server was given; refuses addresses that begin with *nobody*, and everything while it is full."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.full = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.full:
            return "452 full"
        self.taken.append(envelope)
        return "250 OK"


@pytest.fixture
def head(tmp_path: Path) -> Letterhead:
    return Letterhead(MailSettings(sender="board@board.example"), "https://board.example", ReplyLinks(tmp_path))


def write(session: Session, address: str, kind: str = "letter") -> None:
    post(session, kind, AT, address=address, name="Jo Whitfield", time_zone="UTC", data={"case": "1012"})  # type: ignore[arg-type]


def through(box: Box, work: Callable[[Carrier], Awaitable[None]]) -> None:
    async def run() -> None:
        answer = partial(SMTP, box, hostname="localhost")
        async with await asyncio.get_running_loop().create_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await work(MailServer(MailSettings(smtp_host="127.0.0.1", smtp_port=port, security="none")))

    asyncio.run(run())


def test_a_mail_server_takes_what_is_due_once(database: Database, head: Letterhead) -> None:
    box = Box()
    database.write_now(deed(), write, "jo@example.org")

    async def work(server: Carrier) -> None:
        assert await deliver(database, server, head, AT) == 1
        assert await deliver(database, server, head, AT + timedelta(days=1)) == 0

    through(box, work)
    assert [one.rcpt_tos for one in box.taken] == [["jo@example.org"]]
    assert b"Case 1012" in box.taken[0].content or b"case 1012" in box.taken[0].content


def test_what_a_server_puts_off_waits_and_what_it_refuses_for_good_is_given_up(
    database: Database, head: Letterhead
) -> None:
    box = Box()
    box.full = True
    database.write_now(deed(), write, "jo@example.org")
    database.write_now(deed(), write, "nobody@example.org")

    async def work(server: Carrier) -> None:
        await deliver(database, server, head, AT)
        states = {row.address: (row.state, row.attempts) for row in database.read_now(notices)}
        assert states == {"jo@example.org": ("waiting", 1), "nobody@example.org": ("failed", 1)}
        assert await deliver(database, server, head, AT + timedelta(seconds=29)) == 0
        box.full = False
        assert await deliver(database, server, head, AT + timedelta(seconds=30)) == 1

    through(box, work)
    assert {row.state for row in database.read_now(notices)} == {"sent", "failed"}


def test_a_dead_server_is_tried_with_doubling_pauses_then_given_up_until_somebody_tries_again(
    database: Database, head: Letterhead
) -> None:
    class Dead:
        async def send(self, message: EmailMessage, key: str) -> None:
            raise NotTaken("The mail server cannot be reached.")

    database.write_now(deed(), write, "jo@example.org")
    at, pauses = AT, []
    for _ in range(MOST_ATTEMPTS):
        assert asyncio.run(deliver(database, Dead(), head, at)) == 1
        [row] = database.read_now(notices)
        pauses.append((row.next_at - at).total_seconds())
        at = row.next_at
    assert pauses == [30 * 2**number for number in range(MOST_ATTEMPTS)]
    assert (row.state, row.last_error) == ("failed", "The mail server cannot be reached.")
    assert database.read_now(due, at + timedelta(days=99)) == []
    database.write_now(deed(), retry, row.id, at)
    assert [one.id for one in database.read_now(due, at)] == [row.id]


def test_a_notice_that_cannot_be_laid_out_does_not_hold_up_the_others(
    database: Database, head: Letterhead, tmp_path: Path
) -> None:
    database.write_now(deed(), write, "a@example.org", "invitation")
    database.write_now(deed(), write, "b@example.org")
    asyncio.run(deliver(database, Spool(tmp_path / "spool"), head, AT))
    assert {row.address: row.state for row in database.read_now(notices)} == {
        "a@example.org": "failed", "b@example.org": "sent"
    }


def test_a_spool_that_cannot_be_written_is_a_mail_not_taken(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    with pytest.raises(NotTaken, match="spool cannot be written"):
        asyncio.run(Spool(tmp_path / "spool").send(EmailMessage(), "one"))


def test_without_a_mail_server_mails_are_files(tmp_path: Path) -> None:
    assert isinstance(carrier(MailSettings(), tmp_path), Spool)
    assert isinstance(carrier(MailSettings(smtp_host="mail.example.org"), tmp_path), MailServer)
