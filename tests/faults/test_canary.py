"""A patient's name planted everywhere it may be typed, then searched for where it must never be.

The name is in the case, its thread, an upload's file name and header, a room's mark, a query, a path and a password
field. It must be in no log line, no address (of a page, a redirect, a link, a file on disk), no response header, no
error page and no row of the audit.
"""

import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from httpx2 import Response
from pydicom import dcmread
from pydicom.data import get_testdata_file
from starlette.routing import Route

from conference.record import audit
from tests.unit.web.application import SAME
from tests.world import CANARY, World, a_world, address, names
from web.logs import JsonLines
from web.services import Services

ROLES = ("referrer", "coordinator", "chair", "core", "guest", "stranger", "administrator", "anonymous")
ENDING = ("/disable", "/withdraw", "/cancel", "/sign-out")
REFUSALS = {400, 401, 403, 404, 405, 409, 410, 413, 429, 500, 503}
LINKS = re.compile(r"""(?:href|src|action|hx-[a-z]+|formaction)="([^"]*)\"""")


@dataclass(slots=True)
class Seen:
    """Everything that left the application besides the bodies of pages somebody may read."""

    logs: io.StringIO = field(default_factory=io.StringIO)
    headers: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    def keep(self, answer: Response) -> Response:
        """Note an answer."""
        self.statuses.add(answer.status_code)
        self.headers += [f"{name}: {value}" for name, value in answer.headers.items()]
        if "text" in answer.headers.get("content-type", ""):
            self.links += LINKS.findall(answer.text)
        if answer.status_code in REFUSALS and not shown_again(answer):
            self.refusals.append(answer.text)
        return answer


def shown_again(answer: Response) -> bool:
    """A page somebody may read, shown again with what could not be done; who may not read it gets an error page."""
    page = answer.headers.get("content-type", "").startswith("text/html")
    return page and answer.status_code in (404, 409) and 'class="error-page' not in answer.text


def dicom() -> bytes:
    dataset = dcmread(str(get_testdata_file("MR_small.dcm", download=False)))
    dataset.PatientName, dataset.PatientID, dataset.StudyDescription = f"{CANARY}^Ada", CANARY, CANARY
    written = io.BytesIO()
    dataset.save_as(written)
    return written.getvalue()


async def boom(_request: object) -> None:
    raise ValueError(CANARY)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Seen, World, Path]]:
    """One walk through the whole application, listened to."""
    folder, found = tmp_path_factory.mktemp("canary"), Seen()
    handler = logging.StreamHandler(found.logs)
    handler.setFormatter(JsonLines())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with a_world(folder) as world:
            world.app.router.routes.append(Route("/boom", boom))
            plant(world, found)
            walk(world, found)
            yield found, world, folder
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def plant(world: World, found: Seen) -> None:
    referrer = world.enter("referrer")
    found.keep(referrer.post("/cases/case1/thread", data={"text": CANARY, "message": CANARY}, headers=SAME))
    content = dicom()
    files = [{"name": f"{CANARY}/{CANARY}.dcm", "size": len(content)}, {"name": f"{CANARY}.txt", "size": 4}]
    opened = found.keep(referrer.post("/cases/case1/uploads", json={"files": files}, headers=SAME))
    assert opened.status_code == 201, opened.text
    at = f"/cases/case1/uploads/{opened.json()['id']}"
    for index, part in enumerate((content, b"text")):
        sent = referrer.patch(f"{at}/files/{index}", content=part, headers=SAME | {"Upload-Offset": "0"})
        assert found.keep(sent).status_code == 204
    assert found.keep(referrer.post(f"{at}/finish", headers=SAME)).status_code == 202
    found.keep(referrer.get(at))
    chair = world.enter("chair")
    ticket = found.keep(chair.post("/tickets", json={"for": "room", "conference": "conference1"}, headers=SAME)).json()
    origin = {"Origin": "http://127.0.0.1:8000"}
    with chair.websocket_connect(f"ws://127.0.0.1:8000{ticket['url']}", headers=origin) as room:
        room.send_json({"type": "hello", "versions": [1], "since": None})
        room.receive_json()
        room.send_json({"type": "command", "id": "canary-1", "command": {"type": "call-case", "case": CANARY}})
        room.send_text(f'{{"type": "{CANARY}"')


def walk(world: World, found: Seen) -> None:
    rules = [rule for rule in names(world.app) if not rule.endswith(ENDING)]
    for role in ROLES:
        for rule in rules:
            method, path = rule.split(" ")
            visitor = world.enter(role)
            found.keep(visitor.request(method, address(path, "1"), headers=SAME))
            if method == "POST":
                program = SAME | {"Accept": "application/json"}
                found.keep(visitor.post(address(path, "1"), json={"x": CANARY}, headers=program))
        found.keep(world.enter(role).get(f"/{CANARY}"))
        if role != "anonymous":
            found.keep(world.enter(role).get(f"/cases/{CANARY}"))
        found.keep(world.enter(role).get(f"/cases?patient={CANARY}"))
        found.keep(world.enter(role).get("/boom"))
        found.keep(world.enter(role).put("/cases", headers=SAME))
        found.keep(world.enter(role).post("/cases/new", headers={"Origin": "https://evil.example"}))
    stranger = world.enter("anonymous")
    typed = {"email": f"{CANARY}@example.org", "password": CANARY, "next": f"/{CANARY}"}
    stranger.post("/sign-in", data=typed, headers=SAME)  # the form shows what was typed; the logs must not
    stranger.get(f"/cases/{CANARY}")  # and the way to the sign-in page names the page asked for
    found.keep(stranger.get("/sign-in", headers={"Host": f"{CANARY}.example"}))


Walk = tuple[Seen, World, Path]


def test_the_walk_went_everywhere(seen: Walk) -> None:
    assert {200, 303, 400, 401, 403, 404, 405, 422, 500} <= seen[0].statuses
    assert len(seen[0].logs.getvalue().splitlines()) > 500


def test_the_name_is_shown_to_those_who_may_read_it(seen: Walk) -> None:
    assert CANARY in seen[1].enter("referrer").get("/cases/case1").text


def test_no_log_line_names_the_patient(seen: Walk) -> None:
    lines = seen[0].logs.getvalue().splitlines()
    assert all(json.loads(line)["message"] for line in lines)
    assert [line for line in lines if CANARY.lower() in line.lower()] == []


def test_no_header_and_no_link_names_the_patient(seen: Walk) -> None:
    assert [one for one in seen[0].headers if CANARY.lower() in one.lower()] == []
    assert [one for one in seen[0].links if CANARY.lower() in one.lower()] == []


def test_no_error_page_names_the_patient(seen: Walk) -> None:
    assert len(seen[0].refusals) > 100
    assert [text[:2000] for text in seen[0].refusals if CANARY.lower() in text.lower()] == []


def test_no_row_of_the_audit_names_the_patient_and_its_chain_holds(seen: Walk) -> None:
    made: Services = seen[1].app.state.services
    rows = made.database.read_now(audit.entries, audit.Filter(), limit=100_000)
    assert len(rows) > 100
    assert [row for row in rows if CANARY.lower() in row.model_dump_json().lower()] == []
    assert made.database.read_now(audit.verify) == []


def test_no_file_on_disk_is_named_after_the_patient(seen: Walk) -> None:
    assert [str(path) for path in seen[2].rglob("*") if CANARY.lower() in path.name.lower()] == []
