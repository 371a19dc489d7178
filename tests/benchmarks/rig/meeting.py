"""Rooms full of people: our server with as many conferences and members as asked for, and peers that only fan out."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

from sqlmodel import Session

from agenda.boards import seat
from agenda.cases import add_study
from agenda.conferences import AgendaItem, Conference
from agenda.ids import CaseId
from agenda.people import add_person
from conference.record import log as record
from conference.room import commands as c
from conference.room.room import Decided, RoomMachine
from conference.room.values import CommandId, Context, Participant
from imaging.studies import Instance, Series, Study
from tests.benchmarks.rig.consilium import CASE, Consilium, consilium
from tests.benchmarks.rig.crowd import Crowd
from tests.benchmarks.rig.http import Http
from tests.benchmarks.rig.npm import fetched
from tests.benchmarks.rig.processes import Missing, Running, answers
from tests.ports import free_port
from tests.rooms import CHAIR, IMAGE, OPTIONS, brief, draw, frame
from web.auth.tokens import issue_token
from web.clock import now

HELLO = json.dumps({"type": "hello", "versions": [1], "since": None})
WS, BUN = "8.23.0", "1.4.5"
PEER = Path(__file__).with_name("peer.mjs")

Gather = Callable[[int, int], Crowd]
"""(rooms, people in each) → that many clients; client `i` is in room `i // people`."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A server, and how a crowd comes into its rooms."""

    process: Running
    gather: Gather


@dataclass(frozen=True, slots=True)
class Ours:
    """Our server with rooms `room0` … and members with a token each; the case of every room shows one image."""

    server: Consilium
    tokens: list[str]

    def ticket(self, room: int, person: int) -> str:
        """A single-use ticket to a room's socket."""
        http = Http(self.server.port, {"Authorization": f"Bearer {self.tokens[person]}"})
        return str(json.loads(http.send("POST", f"/conferences/room{room}/ticket"))["ticket"])

    def gather(self, rooms: int, people: int) -> Crowd:
        """Everybody through sign-in, policy and ticket into their room."""
        def opened(index: int) -> tuple[str, str]:
            room, person = divmod(index, people)
            token = self.tokens[person]
            return (f"/sockets/room?ticket={self.ticket(room, person)}",
                    f"Authorization: Bearer {token}\r\nOrigin: http://127.0.0.1:{self.server.port}\r\n")

        return Crowd(self.server.port, rooms * people, opened, HELLO)


@contextmanager
def rooms_of_ours(rooms: int, people: int, logs: Sequence[int] = ()) -> Iterator[Ours]:
    """`consilium serve` as configured by default, filled; its folder is gone afterwards.

    logs: how many marks are in the log of the first rooms.
    """
    tokens: list[str] = []

    def fill(session: Session) -> None:
        tokens.extend(_filled(session, rooms, people))
        for room, marks in enumerate(logs):
            _drawn(session, f"room{room}", marks)

    folder = Path(mkdtemp(prefix="meeting-"))
    try:
        with consilium(folder, fill) as server:
            yield Ours(server, tokens)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def ours(rooms: int, people: int) -> Iterator[Meeting]:
    """Our rooms as a meeting."""
    with rooms_of_ours(rooms, people) as made:
        yield Meeting(made.server.process, made.gather)


@contextmanager
def node() -> Iterator[Meeting]:
    """Node with ws, the most used WebSocket server there is."""
    if shutil.which("node") is None:
        raise Missing("the peer ws runs in node, which is not installed.")
    modules = fetched("ws", WS).parent
    with ExitStack() as stack:
        home = Path(mkdtemp(prefix="peer-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        shutil.copy(PEER, home)
        (home / "node_modules").symlink_to(modules)
        yield stack.enter_context(_peer(["node", str(home / PEER.name)]))


@contextmanager
def bun() -> Iterator[Meeting]:
    """Bun, whose WebSockets are those of uWebSockets in C++."""
    machine = subprocess.run(["uname", "-m"], capture_output=True, text=True, check=True).stdout.strip()
    package = {"x86_64": "@oven/bun-linux-x64", "aarch64": "@oven/bun-linux-aarch64"}.get(machine)
    if sys.platform != "linux" or package is None:
        raise Missing("Bun has no package for this machine.")
    binary = fetched(package, BUN) / "bin" / "bun"
    binary.chmod(0o755)
    with _peer([str(binary), str(PEER)]) as meeting:
        yield meeting


@contextmanager
def _peer(command: list[str]) -> Iterator[Meeting]:
    port = free_port()
    process = Running([*command, str(port)], dict(os.environ), ready=lambda: answers(port))

    def gather(rooms: int, people: int) -> Crowd:
        return Crowd(port, rooms * people, lambda index: (f"/?room={index // people}", ""), None)

    try:
        yield Meeting(process, gather)
    finally:
        process.end()


def _filled(session: Session, rooms: int, people: int) -> list[str]:
    at = now()
    session.add(Study(study_instance_uid="1.2.840.99", received_at=at))
    session.flush()
    session.add(Series(series_instance_uid="1.2.840.99.0", study_instance_uid="1.2.840.99"))
    session.flush()
    session.add(Instance(
        sop_instance_uid=IMAGE, series_instance_uid="1.2.840.99.0", sop_class_uid="1.2.840.10008.5.1.4.1.1.4",
        transfer_syntax_uid="1.2.840.10008.1.2.1", digest="0" * 64, size=1, received_at=at, rows=512, columns=512,
        frames=1, row_spacing_mm=0.7, column_spacing_mm=0.5, spacing_source="pixel",
    ))
    tokens, members = [], []
    for number in range(people):
        person = add_person(session, name=f"Member {number}", email=f"member{number}@example.org", standing="member",
                            site_id="rural", discipline="spine-surgery")
        seat(session, "spine", person.id, "chair" if number == 0 else "core")
        members.append(person.id)
        tokens.append(issue_token(session, person_id=person.id, name="crowd", lifetime=timedelta(days=1), at=at)[1])
    for number in range(rooms):
        session.add(Conference(id=f"room{number}", board_id="spine", title=f"Room {number}", starts_at=at,
                               chair_id=members[0]))
    session.flush()
    session.add(AgendaItem(id="item0", conference_id="room0", case_id=CASE, position=1))
    add_study(session, CASE, "1.2.840.99", at)
    return tokens


def _drawn(session: Session, room: str, marks: int) -> None:
    """A log in which the chair opened the conference, called its case and drew."""
    epoch = record.take_lease(session, room, "fill")
    machine, head = RoomMachine(), record.Head()
    facts = frame(CaseId(CASE))
    commands: list[tuple[Participant | None, c.Command]] = [
        (None, c.ListCase(brief(CaseId(CASE)), OPTIONS)), (None, c.Join(CHAIR)), (CHAIR, c.OpenConference()),
        (CHAIR, c.CallCase(CaseId(CASE))), *[(CHAIR, draw(f"m{number:06}", CaseId(CASE))) for number in range(marks)],
    ]
    for number, (who, command) in enumerate(commands):
        context = Context("2026-11-26T08:00:00.000Z", facts)
        decided = machine.receive(who, CommandId(f"fill-{number:08}"), command, context)
        assert isinstance(decided, Decided), decided
        entries = [record.Entry(decided.command, index, one) for index, one in enumerate(decided.recorded)]
        head = record.append(session, room, epoch, head, entries)
        machine.commit(decided.recorded)
