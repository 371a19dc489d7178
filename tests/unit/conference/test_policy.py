"""The policy table, read as a table: who may do what to what."""

import pytest

from agenda.ids import BoardId, CaseId, ConferenceId, PersonId
from conference.policy import (
    Action,
    Actor,
    BoardResource,
    BoardRole,
    CaseResource,
    ConferenceResource,
    Role,
    RoomAction,
    Standing,
    may,
    may_in_room,
    room_role,
)

SPINE = BoardId("spine")
CASE = CaseResource(CaseId("case"), SPINE, PersonId("referrer"), "triaged")
CONFERENCE = ConferenceResource(
    ConferenceId("conference"), SPINE, frozenset({PersonId("referrer")}), frozenset({CaseId("case")})
)


def seated(role: BoardRole, discipline: str | None = "spine-surgery", standing: Standing = "member") -> Actor:
    return Actor(PersonId(role), role, standing, discipline, {SPINE: role})


REFERRER = Actor(PersonId("referrer"), "Referrer", "referrer")
STRANGER = Actor(PersonId("stranger"), "Stranger", "member", "spine-surgery", {BoardId("other"): "chair"})
ADMINISTRATOR = Actor(PersonId("administrator"), "Administrator", "administrator")
GUEST = Actor(PersonId("guest-1"), "Guest", "guest", guest_of=CaseId("case"))
WHO = {
    "chair": seated("chair"), "coordinator": seated("coordinator", None, "coordinator"), "core": seated("core"),
    "observer": seated("observer", None), "referrer": REFERRER, "stranger": STRANGER, "admin": ADMINISTRATOR,
    "guest": GUEST,
}

TABLE: list[tuple[Action, object, set[str]]] = [
    (Action.CASE_READ, CASE, {"chair", "coordinator", "core", "observer", "referrer", "guest"}),
    (Action.IMAGE_READ, CASE, {"chair", "coordinator", "core", "observer", "referrer", "guest"}),
    (Action.PACKET_READ, CASE, {"chair", "coordinator", "core", "observer", "referrer", "guest"}),
    (Action.LEVELS_PROPOSE, CASE, {"chair", "coordinator", "core"}),
    (Action.LEVELS_ACCEPT, CASE, {"chair"}),
    (Action.GRADE_GIVE, CASE, {"chair", "core"}),
    (Action.SCORE_GIVE, CASE, {"chair", "coordinator", "core"}),
    (Action.PLAN_DECIDE, CASE, {"chair", "coordinator", "core"}),
    (Action.KEY_IMAGE, CASE, {"chair", "coordinator", "core", "referrer"}),
    (Action.LETTER_READ, CASE, {"chair", "coordinator", "core", "observer", "referrer", "guest"}),
    (Action.CASE_EXPORT, CASE, {"chair", "coordinator", "core", "observer", "referrer"}),
    (Action.CASE_SEND, CASE, {"chair", "coordinator"}),
    (Action.CASE_TRIAGE, CASE, {"chair", "coordinator"}),
    (Action.CASE_EDIT, CASE, {"chair", "coordinator"}),
    (Action.CASE_SUBMIT, CASE, set()),
    (Action.IMAGE_ADD, CASE, {"chair", "coordinator", "referrer"}),
    (Action.CASE_INVITE_GUEST, CASE, {"chair", "coordinator", "referrer"}),
    (Action.OPINION_GIVE, CASE, {"chair", "core"}),
    (Action.RECOMMENDATION_SIGN, CASE, {"chair", "core"}),
    (Action.RECOMMENDATION_AMEND, CASE, {"chair", "core"}),
    (Action.CARE_KEEP, CASE, {"chair", "coordinator", "core", "referrer"}),
    (Action.CONFERENCE_READ, CONFERENCE, {"chair", "coordinator", "core", "observer", "referrer"}),
    (Action.CONFERENCE_JOIN, CONFERENCE, {"chair", "coordinator", "core", "observer", "referrer", "guest"}),
    (Action.CONFERENCE_PLAN, CONFERENCE, {"chair", "coordinator"}),
    (Action.AGENDA_PULL, CONFERENCE, {"chair", "coordinator", "core"}),
    (Action.QUESTION_ASK, CASE, {"chair", "coordinator", "core", "referrer"}),
    (Action.BOARD_READ, BoardResource(SPINE), {"chair", "coordinator", "core", "observer"}),
    (Action.BOARD_MANAGE, BoardResource(SPINE), {"chair", "coordinator", "admin"}),
    (Action.PEOPLE_MANAGE, None, {"admin"}),
    (Action.AUDIT_READ, None, {"admin"}),
    (Action.OUTBOX_READ, None, {"admin"}),
    (Action.CASE_CREATE, None, {"chair", "coordinator", "core", "observer", "referrer", "stranger"}),
    (Action.CASE_LIST, None, set(WHO) - {"guest"}),
    (Action.CONFERENCE_LIST, None, set(WHO) - {"guest"}),
    (Action.ACCOUNT_MANAGE, None, set(WHO) - {"guest"}),
    (Action.DIRECTORY_READ, None, set(WHO) - {"guest"}),
]


@pytest.mark.parametrize(("action", "resource", "allowed"), TABLE, ids=[row[0].value for row in TABLE])
def test_each_action_is_for_those_the_table_names_and_nobody_else(
    action: Action, resource: CaseResource | ConferenceResource | BoardResource | None, allowed: set[str]
) -> None:
    assert {name for name, who in WHO.items() if may(who, action, resource)} == allowed


def test_the_table_names_every_action() -> None:
    assert {row[0] for row in TABLE} == set(Action)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("name", list(WHO))
def test_a_refusal_says_why(action: Action, name: str) -> None:
    for resource in (CASE, CONFERENCE, BoardResource(SPINE), None):
        verdict = may(WHO[name], action, resource)
        assert verdict or verdict.reason.endswith((".", "—"))


def test_a_draft_is_seen_by_its_referrer_alone() -> None:
    draft = CaseResource(CaseId("case"), SPINE, PersonId("referrer"), "draft")
    assert {name for name, who in WHO.items() if may(who, Action.CASE_READ, draft)} <= {"referrer", "guest"}
    assert may(REFERRER, Action.CASE_EDIT, draft)
    assert may(REFERRER, Action.CASE_SUBMIT, draft)
    assert may(REFERRER, Action.SCORE_GIVE, draft)


def test_a_guest_of_another_case_sees_nothing_of_this_one() -> None:
    other = Actor(PersonId("guest-2"), "Other", "guest", guest_of=CaseId("elsewhere"))
    for action in Action:
        for resource in (CASE, CONFERENCE, BoardResource(SPINE), None):
            assert not may(other, action, resource), action


def test_an_administrator_reads_no_case() -> None:
    case_actions = [action for action in Action if action.value.split(".")[0] in ("case", "image", "packet", "letter")]
    allowed = [action for action in case_actions if may(ADMINISTRATOR, action, CASE)]
    assert allowed == [Action.CASE_LIST]


def test_a_member_without_a_discipline_has_no_opinion_to_give() -> None:
    assert not may(seated("core", None), Action.OPINION_GIVE, CASE)


@pytest.mark.parametrize(("name", "role"), [
    ("chair", "chair"), ("coordinator", "coordinator"), ("core", "member"), ("observer", "observer"),
    ("referrer", "guest"), ("guest", "guest"), ("stranger", None), ("admin", None),
])
def test_the_role_on_entering_a_room(name: str, role: Role | None) -> None:
    assert room_role(WHO[name], CONFERENCE) == role


IN_ROOM: dict[RoomAction, set[Role]] = {
    RoomAction.RUN: {"chair", "coordinator"},
    RoomAction.SEAT: {"chair", "coordinator"},
    RoomAction.SHOW: {"chair", "coordinator", "presenter"},
    RoomAction.DRAW: {"chair", "presenter", "member"},
    RoomAction.POINT: {"chair", "coordinator", "presenter", "member", "guest"},
    RoomAction.OPINE: {"chair", "presenter", "member"},
    RoomAction.DRAFT: {"chair", "coordinator", "presenter", "member"},
    RoomAction.ATTEST: {"chair", "presenter", "member"},
    RoomAction.SIGN: {"chair"},
    RoomAction.RAISE_HAND: {"chair", "coordinator", "presenter", "member", "guest"},
    RoomAction.FOLLOW: {"chair", "coordinator", "presenter", "member", "guest", "observer"},
    RoomAction.SPEAK: {"chair", "coordinator", "presenter", "member", "guest"},
}


@pytest.mark.parametrize("action", list(RoomAction))
def test_each_room_action_is_for_the_roles_the_table_names(action: RoomAction) -> None:
    roles: tuple[Role | None, ...] = ("chair", "coordinator", "presenter", "member", "guest", "observer", None)
    assert {role for role in roles if may_in_room(role, action)} == IN_ROOM[action]


def test_a_radiologist_of_the_board_accepts_how_vertebrae_are_counted() -> None:
    assert may(seated("core", "neuroradiology"), Action.LEVELS_ACCEPT, CASE)
    assert not may(seated("observer", "neuroradiology"), Action.LEVELS_ACCEPT, CASE)
    assert not may(seated("coordinator", None), Action.LEVELS_ACCEPT, CASE)
