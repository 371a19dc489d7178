"""The server is killed while its outbox leaves: every mail arrives, and none as two different messages."""

import asyncio
import email
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from agenda.notices.queue import due, notices, post
from tests.conftest import ROOT
from tests.unit.web.application import AT
from web.database import Database, Deed, opened
from web.post.mail import Letterhead, Spool
from web.post.posting import deliver
from web.post.reply_links import ReplyLinks
from web.schema import create
from web.settings import MailSettings

MAILS, DIES_AT = 5, 3
DEED = Deed("system", "system", "test", AT)
CHILD = """
import asyncio, os, signal, sys
from datetime import timedelta
from pathlib import Path
from tests.unit.web.application import AT
from web.database import Database
from web.post.mail import Letterhead, Spool
from web.post.posting import deliver
from web.post.reply_links import ReplyLinks
from web.settings import MailSettings

folder, at = Path(sys.argv[1]), int(sys.argv[2])

class Dying(Spool):
    taken = 0
    async def send(self, message, key):
        self.taken += 1
        await super().send(message, key)
        if self.taken == at:
            os.kill(os.getpid(), signal.SIGKILL)

database = Database(f"sqlite:///{folder / 'test.db'}")
head = Letterhead(MailSettings(), "https://board.example", ReplyLinks(folder / "keys"))
asyncio.run(deliver(database, Dying(folder / "spool"), head, AT + timedelta(minutes=1)))
"""


def _queue(database: Database) -> None:
    def write(session) -> None:  # type: ignore[no-untyped-def]
        for number in range(MAILS):
            post(session, "letter", AT + timedelta(microseconds=number), address=f"{number}@example.org",
                 name=f"Receiver {number}", time_zone="UTC", data={"case": str(number)})

    database.write_now(DEED, write)


def test_what_was_queued_leaves_once_though_the_server_dies_between_taking_and_noting(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    with opened(url) as database:
        create(database.engine)
        _queue(database)
    command = [sys.executable, "-c", CHILD, str(tmp_path), str(DIES_AT)]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=120).returncode == -signal.SIGKILL
    with opened(url) as database:
        sent = [row for row in database.read_now(notices) if row.state == "sent"]
        assert len(sent) == DIES_AT - 1, "a mail is noted as sent only after it was taken"
        head = Letterhead(MailSettings(), "https://board.example", ReplyLinks(tmp_path / "keys"))
        asyncio.run(deliver(database, Spool(tmp_path / "spool"), head, AT + timedelta(minutes=2)))
        assert database.read_now(due, AT + timedelta(days=9)) == []
        ids = {f"<{row.id}@localhost.localdomain>" for row in database.read_now(notices)}
    files = [path for path in (tmp_path / "spool").iterdir() if path.suffix == ".eml"]
    found = [email.message_from_bytes(path.read_bytes()) for path in files]
    assert len(found) == MAILS
    assert {mail["Message-ID"] for mail in found} == ids
    assert {mail["To"] for mail in found} == {f"Receiver {number} <{number}@example.org>" for number in range(MAILS)}
