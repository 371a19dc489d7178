"""Every route × every kind of person × own and foreign objects, generated from the route table.

A route without a rule here fails: whoever adds one says who may use it. *Denied* means 403, 404, or the way to the
sign-in page; *allowed* means that the policy let the request in, whatever the form then said of its empty body.
"""

import re
from collections.abc import Iterator

import pytest
from starlette.routing import Mount, Route, WebSocketRoute

from tests.unit.web.application import SAME
from tests.world import CANARY, OTHER_CANARY, World, a_world, address, names

BOARD = frozenset({"chair", "coordinator", "core", "observer"})
CHAIRING = frozenset({"chair", "coordinator"})
VOICED = frozenset({"chair", "core"})
OWN = frozenset({"referrer"})
GUEST = frozenset({"guest"})
FOREIGN = frozenset({"stranger", "other-referrer", "other-guest"})
ADMINISTRATOR = frozenset({"administrator"})
ROLES = BOARD | OWN | GUEST | FOREIGN | ADMINISTRATOR
PEOPLE = ROLES - {"guest", "other-guest"}
CLINICAL = PEOPLE - ADMINISTRATOR
READS_CASE = BOARD | OWN | GUEST
OPEN = ROLES | {"anonymous"}
LIVE = READS_CASE
SEATED = BOARD
"""Who is of the board; a guest waits in the lobby until somebody lets them in (R100, `tests/browser/test_lobby.py`)."""

RULES: dict[str, frozenset[str]] = {
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /sign-in": OPEN,
    "POST /sign-in": OPEN,
    "GET /sign-in/totp": OPEN,
    "POST /sign-in/totp": OPEN,
    "GET /enter/{token}": OPEN,
    "POST /enter/{token}": OPEN,
    "GET /guest/{token}": OPEN,
    "POST /guest/{token}": OPEN,
    "GET /account": PEOPLE,
    "POST /account/password": PEOPLE,
    "POST /account/sessions/others/end": PEOPLE,
    "POST /account/sessions/{session_id}/end": PEOPLE,
    "GET /account/totp": PEOPLE,
    "GET /account/totp/qr.svg": PEOPLE,
    "POST /account/totp/begin": PEOPLE,
    "POST /account/totp/confirm": PEOPLE,
    "POST /account/totp/remove": PEOPLE,
    "POST /account/recovery-codes": PEOPLE,
    "POST /account/tokens": PEOPLE,
    "POST /account/tokens/{token_id}/revoke": PEOPLE,
    "GET /people": ADMINISTRATOR,
    "POST /people": ADMINISTRATOR,
    "GET /people/new": ADMINISTRATOR,
    "GET /people/{person_id}": ADMINISTRATOR,
    "POST /people/{person_id}/enable": ADMINISTRATOR,
    "POST /people/{person_id}/reset": ADMINISTRATOR,
    "POST /people/{person_id}/sessions/end": ADMINISTRATOR,
    "POST /people/{person_id}/seat": ADMINISTRATOR,
    "POST /people/{person_id}/disable": ADMINISTRATOR,
    "GET /boards": ADMINISTRATOR,
    "POST /boards": ADMINISTRATOR,
    "GET /boards/new": ADMINISTRATOR,
    "GET /boards/{board_id}": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}/seat": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}/on-call": CHAIRING | ADMINISTRATOR,
    "GET /directory": PEOPLE,
    "GET /boards/{board_id}/images": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}/images": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}/deidentify": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}/holds": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}/holds/lift": CHAIRING | ADMINISTRATOR,
    "GET /boards/{board_id}/arrange": CHAIRING,
    "POST /boards/{board_id}/arrange": CHAIRING,
    "GET /boards/{board_id}/arrange/{search}": CHAIRING,
    "POST /boards/{board_id}/arrange/{search}": CHAIRING,
    "GET /boards/{board_id}/policy": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}/policy": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}/policy/restore": CHAIRING | ADMINISTRATOR,
    "GET /boards/{board_id}/calendar": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}/pattern": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}/pattern/dates": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}/stand-ins": CHAIRING | ADMINISTRATOR,
    "POST /boards/{board_id}/stand-ins/{stand_in_id}/remove": CHAIRING | ADMINISTRATOR,
    "GET /boards/{board_id}/slots": CHAIRING,
    "GET /calendar": PEOPLE,
    "POST /calendar/hours": PEOPLE,
    "POST /calendar/absences": PEOPLE,
    "POST /calendar/absences/{absence_id}/remove": PEOPLE,
    "POST /calendar/notices": PEOPLE,
    "POST /calendar/feed": PEOPLE,
    "POST /calendar/feed/withdraw": PEOPLE,
    "GET /outbox": ADMINISTRATOR,
    "GET /outbox/{notice_id}": ADMINISTRATOR,
    "GET /outbox/{notice_id}/message.eml": ADMINISTRATOR,
    "POST /outbox/{notice_id}/retry": ADMINISTRATOR,
    "GET /replies/{token}": OPEN,
    "POST /replies/{token}": OPEN,
    "GET /feeds/{token}": OPEN,
    "POST /conferences/{conference_id}/time": CHAIRING,
    "POST /conferences/{conference_id}/invitations": CHAIRING,
    "POST /conferences/{conference_id}/replies": CHAIRING,
    "GET /admin/audit": ADMINISTRATOR,
    "POST /admin/audit/verify": ADMINISTRATOR,
    "GET /admin/audit.csv": ADMINISTRATOR,
    "GET /cases/{case_id}/guests": CHAIRING | OWN,
    "POST /cases/{case_id}/guests": CHAIRING | OWN,
    "POST /cases/{case_id}/guests/{invitation_id}/withdraw": CHAIRING | OWN,
    "POST /tickets": ROLES,
    "GET /": ROLES,
    "GET /cases": PEOPLE,
    "GET /cases/new": CLINICAL,
    "POST /cases/new": CLINICAL,
    "GET /cases/{case_id}/deidentification": READS_CASE,
    "GET /cases/{case_id}/deidentification/{report_id}.csv": READS_CASE,
    "GET /cases/{case_id}/held/{sop}": CHAIRING | OWN,
    "POST /cases/{case_id}/held/{sop}": CHAIRING | OWN,
    "GET /cases/{case_id}/held/{sop}/{frame:int}.webp": CHAIRING | OWN,
    "GET /cases/{case_id}/edit": CHAIRING,
    "POST /cases/{case_id}/edit": CHAIRING,
    "POST /cases/{case_id}/fields": CHAIRING,
    "GET /cases/{case_id}": READS_CASE,
    "GET /cases/{case_id}/numbering": READS_CASE,
    "POST /cases/{case_id}/numbering": CHAIRING | VOICED,
    "POST /cases/{case_id}/numbering/{version}/accept": frozenset({"chair"}),
    "GET /cases/{case_id}/levels.json": READS_CASE,
    "GET /cases/{case_id}/levels-summary.json": READS_CASE,
    "GET /cases/{case_id}/grades": READS_CASE,
    "POST /cases/{case_id}/grades": VOICED,
    "GET /cases/{case_id}/clinical-scores": READS_CASE,
    "POST /cases/{case_id}/clinical-scores": CHAIRING | VOICED,
    "GET /cases/{case_id}/clinical-scores/{sheet}": CHAIRING | VOICED,
    "POST /cases/{case_id}/clinical-scores/{sheet}": CHAIRING | VOICED,
    "POST /cases/{case_id}/clinical-scores/{sheet}/reading": CHAIRING | VOICED,
    "GET /cases/{case_id}/plans/{stage}": READS_CASE,
    "POST /cases/{case_id}/plans/{stage}": CHAIRING | VOICED,
    "POST /cases/{case_id}/plans/{stage}/copy": CHAIRING | VOICED,
    "POST /cases/{case_id}/thread": BOARD | OWN,
    "POST /cases/{case_id}/send-back": CHAIRING,
    "GET /cases/{case_id}/alarms": BOARD,
    "POST /cases/{case_id}/alarms/{alarm_id}": BOARD,
    "GET /triage": CHAIRING | {"stranger"},
    "POST /triage": CHAIRING | {"stranger"},
    "POST /triage/{case_id}": CHAIRING,
    "GET /arrivals": CHAIRING | {"stranger"},
    "POST /arrivals": CHAIRING | {"stranger"},
    "GET /conferences": PEOPLE,
    "POST /conferences": CHAIRING,
    "GET /conferences/{conference_id}": BOARD | OWN,
    "POST /conferences/{conference_id}/items": CHAIRING,
    "POST /conferences/{conference_id}/items/{item_id}": CHAIRING,
    "GET /conferences/{conference_id}/arrange": CHAIRING,
    "POST /conferences/{conference_id}/arrange": CHAIRING,
    "GET /conferences/{conference_id}/ratify": BOARD,
    "POST /conferences/{conference_id}/ratify": CHAIRING,
    "POST /conferences/{conference_id}/ratify/read-out": CHAIRING,
    "POST /conferences/{conference_id}/ratify/{case_id}/pull": CHAIRING | VOICED,
    "GET /cases/{case_id}/quick-questions": READS_CASE,
    "POST /cases/{case_id}/quick-questions": CHAIRING | VOICED | OWN,
    "GET /quick-questions/{question_id}": ROLES,
    "POST /quick-questions/{question_id}/answers": ROLES,
    "POST /quick-questions/{question_id}/board": ROLES,
    "POST /second-opinions": CHAIRING,
    "GET /second-opinions/{conference_id}": BOARD,
    "POST /second-opinions/{conference_id}": BOARD,
    "POST /second-opinions/{conference_id}/sign": BOARD,
    "POST /conferences/{conference_id}/undo": CHAIRING,
    "POST /conferences/{conference_id}/redo": CHAIRING,
    "POST /conferences/{conference_id}/publish": CHAIRING,
    "POST /conferences/{conference_id}/attendance": BOARD | OWN,
    "GET /conferences/{conference_id}/cases/{case_id}": READS_CASE,
    "GET /conferences/{conference_id}/cases/{case_id}/versions": READS_CASE,
    "GET /conferences/{conference_id}/cases/{case_id}/versions/{index:int}.json": BOARD | OWN,
    "GET /conferences/{conference_id}/agenda.pdf": BOARD | OWN,
    "GET /conferences/{conference_id}/disciplines": BOARD | OWN,
    "GET /conferences/{conference_id}/packets.pdf": BOARD | OWN,
    "GET /conferences/{conference_id}/packets.html": BOARD | OWN,
    "GET /conferences/{conference_id}/cases/{case_id}/packet.pdf": BOARD | OWN,
    "POST /cases/{case_id}/key-images": CHAIRING | VOICED | OWN,
    "POST /conferences/{conference_id}/cases/{case_id}/opinion": VOICED,
    "GET /cases/{case_id}/exports": BOARD | OWN,
    "GET /cases/{case_id}/exports.zip": BOARD | OWN,
    "POST /cases/{case_id}/exports": CHAIRING,
    "POST /cases/{case_id}/exports/marks": VOICED,
    "POST /cases/{case_id}/exports/sendings/{sending_id}": CHAIRING,
    "GET /cases/{case_id}/pacs": CHAIRING,
    "POST /cases/{case_id}/pacs": CHAIRING,
    "POST /cases/{case_id}/pacs/fetches": CHAIRING,
    "POST /cases/{case_id}/pacs/fetches/{fetch_id}": CHAIRING,
    "GET /cases/{case_id}/studies.json": READS_CASE,
    "POST /cases/{case_id}/uploads": CHAIRING | OWN,
    "GET /cases/{case_id}/refusals.json": CHAIRING | OWN,
    "GET /cases/{case_id}/uploads": CHAIRING | OWN,
    "GET /cases/{case_id}/uploads/{upload_id}": CHAIRING | OWN,
    "DELETE /cases/{case_id}/uploads/{upload_id}": CHAIRING | OWN,
    "HEAD /cases/{case_id}/uploads/{upload_id}/files/{index:int}": CHAIRING | OWN,
    "PATCH /cases/{case_id}/uploads/{upload_id}/files/{index:int}": CHAIRING | OWN,
    "POST /cases/{case_id}/uploads/{upload_id}/finish": CHAIRING | OWN,
    "POST /cases/{case_id}/uploads/{upload_id}/confirm": CHAIRING | OWN,
    "GET /cases/{case_id}/images/{sop}/{frame:int}/preview.webp": READS_CASE,
    "GET /cases/{case_id}/objects.json": READS_CASE,
    "GET /cases/{case_id}/objects/{sop}": READS_CASE,
    "GET /cases/{case_id}/objects/{sop}/overlay.json": READS_CASE,
    "GET /cases/{case_id}/objects/{sop}/parts/{frame:int}": READS_CASE,
    "GET /cases/{case_id}/objects/{sop}/document.pdf": READS_CASE,
    "GET /cases/{case_id}/images/{sop}/{frame:int}/overlay.png": READS_CASE,
    "GET /cases/{case_id}/images/{sop}/{frame:int}/rendered": READS_CASE,
    "GET /dicom-web/studies": ROLES,
    "GET /dicom-web/series": ROLES,
    "GET /dicom-web/instances": ROLES,
    "GET /dicom-web/studies/{study}": ROLES,
    "GET /dicom-web/studies/{study}/series": ROLES,
    "GET /dicom-web/studies/{study}/instances": ROLES,
    "GET /dicom-web/studies/{study}/metadata": ROLES,
    "GET /dicom-web/studies/{study}/thumbnail": ROLES,
    "GET /dicom-web/studies/{study}/series/{series}": ROLES,
    "GET /dicom-web/studies/{study}/series/{series}/instances": ROLES,
    "GET /dicom-web/studies/{study}/series/{series}/metadata": ROLES,
    "GET /dicom-web/studies/{study}/series/{series}/thumbnail": ROLES,
    "GET /dicom-web/studies/{study}/series/{series}/instances/{sop}": ROLES,
    "GET /dicom-web/studies/{study}/series/{series}/instances/{sop}/metadata": ROLES,
    "GET /dicom-web/studies/{study}/series/{series}/instances/{sop}/rendered": ROLES,
    "GET /dicom-web/studies/{study}/series/{series}/instances/{sop}/thumbnail": ROLES,
    "GET /dicom-web/studies/{study}/series/{series}/instances/{sop}/bulkdata/{where}": ROLES,
    "GET /dicom-web/studies/{study}/series/{series}/instances/{sop}/frames/{frames}": ROLES,
    "GET /dicom-web/studies/{study}/series/{series}/instances/{sop}/frames/{frames}/rendered": ROLES,
    "GET /dicom-web/studies/{study}/series/{series}/instances/{sop}/frames/{frames}/thumbnail": ROLES,
    "POST /dicom-web/studies": CHAIRING | OWN | {"stranger", "other-referrer"},
    "POST /dicom-web/studies/{study}": ROLES,
    "GET /conferences/{conference_id}/room": LIVE,
    "POST /conferences/{conference_id}/ticket": LIVE,
    "POST /conferences/{conference_id}/media/ticket": SEATED - {"observer"},
    "GET /conferences/{conference_id}/room/state.json": SEATED,
    "GET /conferences/{conference_id}/room/hearing.json": SEATED,
    "POST /conferences/{conference_id}/cases/{case_id}/sign": VOICED,
    "GET /cases/{case_id}/signed.json": READS_CASE,
    "GET /cases/{case_id}/letter": READS_CASE,
    "GET /cases/{case_id}/letter.pdf": READS_CASE,
    "GET /cases/{case_id}/letter/plain": READS_CASE,
    "GET /cases/{case_id}/letter/plain.pdf": READS_CASE,
    "GET /cases/{case_id}/addendum": VOICED,
    "POST /cases/{case_id}/addendum": VOICED,
    "GET /cases/{case_id}/replay": READS_CASE,
    "GET /cases/{case_id}/replay/{conference_id}/entries.json": READS_CASE,
    "GET /cases/{case_id}/replay/{conference_id}/signed.json": BOARD | OWN,
    "GET /cases/{case_id}/replay/{conference_id}/replay.pdf": BOARD | OWN,
    "GET /cases/{case_id}/care": READS_CASE,
    "POST /cases/{case_id}/care": CHAIRING | VOICED | OWN,
    "POST /cases/{case_id}/care/{step_id}": READS_CASE,
    "POST /cases/{case_id}/withdraw": CHAIRING | OWN,
    "POST /conferences/{conference_id}/cancel": CHAIRING,
    "POST /sign-out": OPEN,
}
"""The roles let in on an object of their own board or their own case. What ends things comes last. ``POST /tickets``
is asked for each resource in a test of its own. Quick questions are not there for any of them:
tests/unit/web/test_quick_questions.py. Searches of DICOMweb give everybody the studies of their own cases, and
any other study is not found: tests/unit/web/test_dicomweb.py."""

BODIES: dict[str, dict[str, str]] = {
    "POST /conferences": {"board": "spine"},
    "POST /second-opinions": {"case": "case1"},
    "POST /conferences/{conference_id}/attendance": {"answer": "accepted"},
}
"""Bodies without which a route cannot tell what it is asked about."""

COUNTERPARTS = {"chair": "stranger", "referrer": "other-referrer", "guest": "other-guest"}
"""Who plays the same part on the other board."""
OWNED = re.compile("{(board|case|conference)_id}")
"""What a path names that belongs to one board."""
SOCKETS = {"/sockets/room", "/sockets/images", "/sockets/media"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("world")) as made:
        yield made


def ask(world: World, role: str, rule: str, suffix: str = "1") -> bool:
    """Is the role let in?"""
    method, path = rule.split(" ")
    answer = world.enter(role).request(method, address(path, suffix), headers=SAME, data=BODIES.get(rule))
    assert answer.status_code < 500, answer.text
    if role == "anonymous" and RULES.get(rule) != OPEN:
        return answer.status_code not in (401, 403) and not answer.headers.get("location", "").startswith("/sign-in")
    return answer.status_code != 403


def admitted(world: World, rule: str, suffix: str = "1") -> set[str]:
    return {role for role in sorted(OPEN) if ask(world, role, rule, suffix)}


def test_every_route_has_a_rule_and_every_rule_a_route(world: World) -> None:
    assert set(names(world.app)) == set(RULES)


def test_sockets_and_files_are_the_only_other_ways_in(world: World) -> None:
    others = [route for route in world.app.routes if not isinstance(route, Route)]
    assert {route.path for route in others if isinstance(route, WebSocketRoute)} == SOCKETS
    assert [route.path for route in others if not isinstance(route, WebSocketRoute)] == ["/static"]
    assert all(isinstance(route, WebSocketRoute | Mount) for route in others)


@pytest.mark.parametrize("rule", RULES)
def test_a_route_lets_in_whom_its_rule_names(world: World, rule: str) -> None:
    assert admitted(world, rule) == RULES[rule]


@pytest.mark.parametrize("rule", [rule for rule in RULES if OWNED.search(rule)])
def test_nobody_but_the_administrator_reaches_an_object_of_another_board(world: World, rule: str) -> None:
    expected = {COUNTERPARTS[role] for role in RULES[rule] if role in COUNTERPARTS} | (RULES[rule] & ADMINISTRATOR)
    assert admitted(world, rule, "2") == expected


@pytest.mark.parametrize(("purpose", "key", "own"), [("room", "conference", LIVE), ("images", "case", READS_CASE)])
def test_a_socket_opens_for_whom_its_ticket_is_given(
    world: World, purpose: str, key: str, own: frozenset[str]
) -> None:
    for suffix, expected in (("1", own), ("2", {COUNTERPARTS[role] for role in own if role in COUNTERPARTS})):
        wanted = {"for": purpose, key: f"{key}{suffix}"}
        answers = {role: world.enter(role).post("/tickets", json=wanted, headers=SAME) for role in sorted(ROLES)}
        assert {role for role, answer in answers.items() if answer.status_code == 200} == expected


@pytest.mark.parametrize(
    "path", ["/", "/cases", "/triage", "/arrivals", "/conferences", "/people", "/boards", "/admin/audit"]
)
def test_lists_name_the_patients_of_a_persons_own_cases_alone(world: World, path: str) -> None:
    for role in sorted(ROLES):
        text = world.enter(role).get(path).text
        assert CANARY not in text or role in READS_CASE, role
        assert OTHER_CANARY not in text or role in FOREIGN, role
