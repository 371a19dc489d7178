"""A sealed opinion and a sealed grade searched for in everything that leaves early, for everybody but its author.

One member's opinion holds a word that stands nowhere else. Then every page, feed, export, record and file of every
other role is asked for, sockets are opened fresh and from the first event, a second opinion and a split-first order are
made; the word must be in no answer, header, socket message, log line or mail. Archives, PDFs (those inside DICOM
objects as well) and mails are opened and read as a person would. Four others sit in the
room while it is sealed. After the reveal it is there: the search can find. A grade of an image, sealed until another
discipline's is in, is given beside the opinion, and its row then made to hold a second such word.
"""

import io
import json
import logging
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from httpx2 import Response
from sqlmodel import Session, select
from starlette.testclient import TestClient

from agenda.boards import board
from agenda.cases import Case
from agenda.clinical import spine
from agenda.grades import ImagingGrade, give_grade
from tests.unit.web.application import SAME, deed
from tests.world import World, a_world, address, names
from web.clock import now
from web.logs import JsonLines
from web.services import Services

SECRET = "Xylocopa"
GRADE = "Melipona"
GRADED = {"instrument": "lee-foraminal", "level": "L4-L5", "side": "left", "grade": "3"}
AUTHOR = "core"
WATCHING = ("chair", "coordinator", "referrer", "observer")
OTHERS = ("chair", "coordinator", "referrer", "administrator", "observer", "guest", "stranger", "anonymous")
ORIGIN = {"Origin": "http://127.0.0.1:8000"}
OPINION = {f"rating-{option.key}": "7" for option in spine().options} | {
    "preferred": "watchful", "confidence": "83", "comment": SECRET,
}
OPEN_ROUND = "/conferences/conference1/cases/case1"


@dataclass(slots=True)
class Traffic:
    """What left for everybody but the author."""

    logs: io.StringIO = field(default_factory=io.StringIO)
    answers: list[tuple[str, str]] = field(default_factory=list)
    """Who asked what, and everything that came back."""
    messages: list[str] = field(default_factory=list)
    seen_by_author: str = ""
    after_reveal: str = ""
    second: str = ""
    own_grade: str = ""
    opened_grade: str = ""

    def keep(self, role: str, answer: Response) -> Response:
        """Note an answer; archives are opened."""
        headers = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
        self.answers.append((f"{role} {answer.request.url}", headers + words_of(answer.content)))
        return answer


def words_of(body: bytes) -> str:
    """Everything a body says: archives and PDFs are opened, wherever they lie in it."""
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            return "\n".join(f"{one}\n{words_of(packed.read(one))}" for one in packed.namelist())
    text = body.decode("utf-8", "replace")
    at = body.find(b"%PDF-")
    return text if at < 0 else f"{text}\n{printed(body[at:])}"


def printed(content: bytes) -> str:
    """The words of a PDF, and what it says of itself."""
    document = pypdfium2.PdfDocument(content)
    try:
        pages = [page.get_textpage().get_text_range() for page in document]
        return "\n".join([*pages, *document.get_metadata_dict().values()])
    finally:
        document.close()


def mailed(path: Path) -> str:
    """The words of a mail, whatever its parts are encoded in."""
    parts = [part for part in message_from_bytes(path.read_bytes(), policy=SMTP).walk() if not part.is_multipart()]
    return "\n".join(str(part.get_content()) for part in parts)


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Traffic, Path]]:
    """One walk of everybody through everything, while the opinion is sealed."""
    folder, found = tmp_path_factory.mktemp("sealed"), Traffic()
    handler = logging.StreamHandler(found.logs)
    handler.setFormatter(JsonLines())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with a_world(folder) as world:
            seal(world, found)
            for role in OTHERS:
                walk(world, role, found)
                listen(world, role, found)
            reveal(world, found)
            yield found, folder
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def seal(world: World, found: Traffic) -> None:
    """The author gives one opinion for the sitting and one for a second opinion; the coordinator orders split first."""
    made: Services = world.app.state.services
    made.database.write_now(deed(), _another_case, world)
    coordinator = world.enter("coordinator")
    asked = coordinator.post("/second-opinions", data={"case": "case3", "days": "7"}, headers=SAME)
    assert asked.status_code == 303, asked.text
    found.second = asked.headers["location"]
    with watched(world, found):
        author = world.enter(AUTHOR)
        assert author.post("/cases/case1/grades", data=GRADED, headers=SAME).status_code == 303
        made.database.write_now(deed(), _named, GRADE)
        for at in (OPEN_ROUND, f"/conferences/{found.second.rpartition('/')[2]}/cases/case3"):
            assert author.post(f"{at}/opinion", data=OPINION, headers=SAME).status_code == 303
    found.seen_by_author = world.enter(AUTHOR).get(OPEN_ROUND).text
    found.own_grade = world.enter(AUTHOR).get("/cases/case1/levels-summary.json", headers=SAME).text
    found.keep("coordinator", world.enter("coordinator").post("/conferences/conference1/ratify", headers=SAME))
    found.keep("coordinator", world.enter("coordinator").post("/conferences/conference1/publish", headers=SAME))


def _named(session: Session, grade: str) -> None:
    """Let the one grade there is say this."""
    row = session.exec(select(ImagingGrade)).one()
    row.grade = grade
    session.add(row)


def _second_grade(session: Session, grader_id: str) -> None:
    other = GRADED | {"grade": "1"}
    give_grade(session, "case1", **other, grader_id=grader_id, discipline="neuroradiology", at=now())


def _another_case(session: Session, world: World) -> None:


    found = board(session, "spine")
    found.required_disciplines = ["spine-surgery", "neuroradiology"]
    session.add(found)
    at = now() - timedelta(days=2)
    session.add(Case(
        id="case3", number=1003, board_id="spine", referrer_id=world.actors["referrer"].person_id, state="triaged",
        created_at=at, submitted_at=at,
    ))


def walk(world: World, role: str, found: Traffic) -> None:
    """Everything that can be read, on the case of the sitting and on that of the second opinion."""
    visitor = world.enter(role)
    key = found.second.rpartition("/")[2]
    for rule in names(world.app):
        method, path = rule.split(" ")
        if method == "GET" and "{study}" not in path:  # no study has this word, and there are many such paths
            found.keep(role, visitor.get(address(path, "1"), headers=SAME))
    for path in (
        found.second, f"/conferences/{key}/cases/case3", f"/conferences/{key}/room/state.json",
        f"/conferences/{key}/ratify", "/cases/case3", "/cases/case3/exports.zip",
    ):
        found.keep(role, visitor.get(path, headers=SAME))
    feed = found.keep(role, visitor.post("/calendar/feed", headers=SAME, follow_redirects=True))
    for link in {part for part in feed.text.replace('"', " ").split() if "/feeds/" in part}:
        found.keep(role, visitor.get(link[link.index("/feeds/"):]))


@contextmanager
def watched(world: World, found: Traffic) -> Iterator[None]:
    """Four others sit in the room meanwhile; everything they are sent is kept, up to the answer to a last word."""
    with ExitStack() as rooms:
        sitting = []
        for role in WATCHING:
            answer = world.enter(role).post("/tickets", json={"for": "room", "conference": "conference1"}, headers=SAME)
            at = f"ws://127.0.0.1:8000{answer.json()['url']}"
            room = rooms.enter_context(world.visitor.websocket_connect(at, headers=ORIGIN))
            room.send_json({"type": "hello", "versions": [1], "since": None})
            sitting.append(room)
        yield
        for number, room in enumerate(sitting):
            room.send_json({"type": "command", "id": f"last-word-{number}", "command": {"type": "raise-hand"}})
            while True:
                found.messages.append(room.receive_text())
                if json.loads(found.messages[-1])["type"] in ("ack", "refused"):
                    break


def listen(world: World, role: str, found: Traffic) -> None:
    """The room as somebody who comes in, and as somebody who comes back to its first event."""
    visitor = world.enter(role)
    for since in (None, 0):
        ticket = visitor.post("/tickets", json={"for": "room", "conference": "conference1"}, headers=SAME)
        if ticket.status_code != 200:
            return
        with visitor.websocket_connect(f"ws://127.0.0.1:8000{ticket.json()['url']}", headers=ORIGIN) as room:
            room.send_json({"type": "hello", "versions": [1], "since": since})
            found.messages.append(room.receive_text())


def reveal(world: World, found: Traffic) -> None:
    """The chair opens the round of the sitting."""
    chair = world.enter("chair")
    ticket = chair.post("/tickets", json={"for": "room", "conference": "conference1"}, headers=SAME).json()
    with chair.websocket_connect(f"ws://127.0.0.1:8000{ticket['url']}", headers=ORIGIN) as room:
        room.send_json({"type": "hello", "versions": [1], "since": None})
        for number, command in enumerate((
            {"type": "open-conference"}, {"type": "call-case", "case": "case1"}, {"type": "reveal", "case": "case1"},
        )):
            room.send_json({"type": "command", "id": f"reveal-{number}", "command": command})
            _await_ack(room)
        found.after_reveal = _state(chair)
    world.app.state.services.database.write_now(deed(), _named, GRADED["grade"])
    world.app.state.services.database.write_now(deed(), _second_grade, world.actors["chair"].person_id)
    found.opened_grade = world.enter("referrer").get("/cases/case1/grades", headers=SAME).text


def _await_ack(room: Any) -> None:
    while True:
        message = room.receive_json()
        assert message["type"] != "refused", message
        if message["type"] == "ack":
            return


def _state(visitor: TestClient) -> str:
    return visitor.get("/conferences/conference1/room/state.json").text


Walk = tuple[Traffic, Path]


def test_the_walk_went_everywhere_and_the_author_reads_their_own(traffic: Walk) -> None:
    assert SECRET in traffic[0].seen_by_author
    assert GRADE in traffic[0].own_grade
    assert len(traffic[0].answers) > 500
    assert len(traffic[0].messages) >= 8
    assert any("/feeds/" in asked for asked, _ in traffic[0].answers)
    live = [message for message in traffic[0].messages if message.startswith('{"type":"events"')]
    assert sum('"opinion-sealed"' in message for message in live) >= len(WATCHING) - 1
    papers = [text for asked, text in traffic[0].answers if asked.endswith("/packets.pdf") and "%PDF-" in text]
    assert papers
    assert all("spine-summary" in text for text in papers if "application/pdf" in text)


def test_no_answer_to_anybody_else_holds_a_trace_of_the_opinion(traffic: Walk) -> None:
    assert [asked for asked, text in traffic[0].answers if SECRET.lower() in text.lower()] == []
    assert [asked for asked, text in traffic[0].answers if "83 % sure" in text or '"confidence":83' in text] == []


def test_nothing_that_leaves_for_anybody_else_holds_a_grade_before_the_other_is_in(traffic: Walk) -> None:
    found, folder = traffic
    assert any("/levels-summary.json" in asked for asked, _ in found.answers)
    assert any('"levels-changed"' in message for message in found.messages)
    spooled = [mailed(path) for path in (folder / "spool").glob("*.eml")]
    told = [text for _, text in found.answers] + found.messages + spooled + found.logs.getvalue().splitlines()
    assert [text for text in told if GRADE.lower() in text.lower()] == []


def test_no_socket_message_holds_a_trace_of_the_opinion(traffic: Walk) -> None:
    assert [message for message in traffic[0].messages if SECRET in message or '"confidence":83' in message] == []


def test_no_log_line_holds_a_trace_of_the_opinion(traffic: Walk) -> None:
    lines = traffic[0].logs.getvalue().splitlines()
    assert len(lines) > 200
    assert all(json.loads(line)["message"] for line in lines)
    assert [line for line in lines if SECRET.lower() in line.lower()] == []


def test_no_mail_holds_a_trace_of_the_opinion(traffic: Walk) -> None:
    mails = [text for asked, text in traffic[0].answers if "/outbox" in asked]
    spooled = [mailed(path) for path in (traffic[1] / "spool").glob("*.eml")]
    assert mails
    assert any("You are invited to" in text for text in spooled)
    assert [text for text in mails + spooled if SECRET in text] == []


def test_after_the_reveal_the_search_finds_it(traffic: Walk) -> None:
    assert SECRET in traffic[0].after_reveal
    assert all(f"<strong>{grade}</strong>" in traffic[0].opened_grade for grade in ("1", "3"))
