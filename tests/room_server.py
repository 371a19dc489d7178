"""A real server as a process of its own, with one conference, one image and a token per person.

`python -m tests.room_server DIR` prints one JSON line {"port", "tokens"} when it listens. It is the product's own
application; only its rows are seeded.
"""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import uvicorn
from sqlmodel import Session

from agenda.boards import Membership
from agenda.cases import add_study
from agenda.conferences import Conference
from agenda.people import Person
from imaging.studies import Instance, Series, Study
from tests.live_rooms import AT, DEED, ROOM, seed
from tests.rooms import HIP, IMAGE, KNEE
from web.app import create_app
from web.auth.tokens import issue_token
from web.clock import now
from web.settings import ServerSettings, Settings, StorageSettings
from web.sockets.protocol import RoomProtocol

MEMBERS = {"bo": "core", "cy": "core", "ed": "observer"}
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Running:
    process: subprocess.Popen[bytes]
    port: int
    tokens: dict[str, str]


@contextmanager
def server(directory: Path) -> Iterator[Running]:
    """Start the process; it is killed at the end whatever happened."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.room_server", str(directory)], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield Running(process, ready["port"], ready["tokens"])
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _seed_all(session: Session) -> dict[str, str]:
    if session.get(Conference, ROOM) is None:
        seed(session)
        session.add(Study(study_instance_uid="1.2.840.99", received_at=AT))
        session.flush()
        session.add(Series(series_instance_uid="1.2.840.99.0", study_instance_uid="1.2.840.99"))
        session.flush()
        session.add(
            Instance(
                sop_instance_uid=IMAGE,
                series_instance_uid="1.2.840.99.0",
                sop_class_uid="1.2.840.10008.5.1.4.1.1.4",
                transfer_syntax_uid="1.2.840.10008.1.2.1",
                digest="0" * 64,
                size=1,
                received_at=AT,
                rows=512,
                columns=512,
                frames=1,
                row_spacing_mm=0.7,
                column_spacing_mm=0.5,
                spacing_source="pixel",
            )
        )
        session.add(Membership(board_id="board", person_id="ada", role="chair"))
        for person, role in MEMBERS.items():
            session.add(
                Person(
                    id=person,
                    name=f"Dr {person}",
                    email=f"{person}@x.org",
                    standing="member",
                    site_id="site",
                    discipline="physical-therapy" if person == "cy" else "spine-surgery",
                )
            )
            session.flush()
            session.add(Membership(board_id="board", person_id=person, role=role))
        session.add(Person(id="gil", name="Gil", email="gil@x.org", standing="administrator", site_id="site"))
        session.flush()
        for case in (HIP, KNEE):
            add_study(session, case, "1.2.840.99", AT)
    return {
        person: issue_token(session, person_id=person, name="test", lifetime=timedelta(days=1), at=now())[1]
        for person in ("ada", "fay", "gil", *MEMBERS)
    }


async def _main(directory: Path) -> None:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    settings = Settings(
        server=ServerSettings(port=port),
        storage=StorageSettings(directory=directory),
    )
    settings = settings.model_copy(
        update={"conference": settings.conference.model_copy(update={"messages_per_s": 1e6, "messages_burst": 10**6})}
    )
    app = create_app(settings)
    tokens = await app.state.services.database.write(DEED, _seed_all)
    config = uvicorn.Config(
        app, ws=RoomProtocol, ws_per_message_deflate=False, log_config=None, access_log=False, lifespan="on"
    )
    running = uvicorn.Server(config)
    serving = asyncio.create_task(running.serve([listening]))
    while not running.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    print(json.dumps({"port": port, "tokens": tokens}), flush=True)
    await serving


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
