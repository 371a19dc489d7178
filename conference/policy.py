"""Who may do what: one table, asked by every route, every socket and every room command.

Pure. `may` answers for the application outside a room; `may_in_room` for a role inside one. Both give a Verdict with
its reason, so that a refusal can be explained and an audit can say why access was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from agenda.ids import BoardId, CaseId, ConferenceId, PersonId

Standing = Literal["member", "referrer", "coordinator", "administrator", "guest", "system"]
BoardRole = Literal["chair", "coordinator", "core", "extended", "deputy", "observer"]
Role = Literal["chair", "coordinator", "presenter", "member", "guest", "observer"]
"""A participant's role inside one conference."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, proven by `web.auth` and passed down explicitly; never ambient."""

    person_id: PersonId
    name: str
    standing: Standing
    discipline: str | None = None
    boards: Mapping[BoardId, BoardRole] = field(default_factory=dict)
    guest_of: CaseId | None = None
    """A guest sees this case and no other."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer with its reason; the reason is a sentence for the person."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


class Action(StrEnum):
    """Everything the application outside a room asks about; the value is the name in the audit."""

    CASE_CREATE = "case.create"
    CASE_LIST = "case.list"
    CASE_READ = "case.read"
    CASE_EDIT = "case.edit"
    CASE_SUBMIT = "case.submit"
    CASE_TRIAGE = "case.triage"
    QUESTION_ASK = "question.ask"
    CASE_INVITE_GUEST = "case.invite-guest"
    IMAGE_READ = "image.read"
    IMAGE_ADD = "image.add"
    PACKET_READ = "packet.read"
    KEY_IMAGE = "packet.key-image"
    LEVELS_PROPOSE = "levels.propose"
    LEVELS_ACCEPT = "levels.accept"
    GRADE_GIVE = "grade.give"
    SCORE_GIVE = "score.give"
    PLAN_DECIDE = "plan.decide"
    OPINION_GIVE = "opinion.give"
    LETTER_READ = "letter.read"
    CARE_KEEP = "care.keep"
    CASE_EXPORT = "case.export"
    CASE_SEND = "case.send"
    CONFERENCE_LIST = "conference.list"
    CONFERENCE_READ = "conference.read"
    CONFERENCE_PLAN = "conference.plan"
    CONFERENCE_JOIN = "conference.join"
    AGENDA_PULL = "agenda.pull"
    RECOMMENDATION_SIGN = "recommendation.sign"
    RECOMMENDATION_AMEND = "recommendation.amend"
    BOARD_READ = "board.read"
    BOARD_MANAGE = "board.manage"
    PEOPLE_MANAGE = "people.manage"
    AUDIT_READ = "audit.read"
    OUTBOX_READ = "outbox.read"
    ACCOUNT_MANAGE = "account.manage"
    DIRECTORY_READ = "directory.read"


@dataclass(frozen=True, slots=True)
class CaseResource:
    """What the policy needs to know of a case."""

    case_id: CaseId
    board_id: BoardId
    referrer_id: PersonId
    state: str
    conferences: frozenset[ConferenceId] = frozenset()


@dataclass(frozen=True, slots=True)
class ConferenceResource:
    """What the policy needs to know of a conference."""

    conference_id: ConferenceId
    board_id: BoardId
    referrers: frozenset[PersonId] = frozenset()
    """Referrers of the cases on its agenda: they join as guests, for their own case."""
    cases: frozenset[CaseId] = frozenset()


@dataclass(frozen=True, slots=True)
class BoardResource:
    """A board as such."""

    board_id: BoardId


Resource = CaseResource | ConferenceResource | BoardResource | None
"""None: the installation as a whole."""

_YES = Verdict(True, "allowed")
_CHAIRING = frozenset({"chair", "coordinator"})
_VOICED = frozenset({"chair", "coordinator", "core", "extended", "deputy"})

_RADIOLOGY = frozenset({"neuroradiology", "radiology"})
_ANYBODY = frozenset({Action.ACCOUNT_MANAGE, Action.CASE_LIST, Action.CONFERENCE_LIST, Action.DIRECTORY_READ})
_CASE_READS = frozenset({Action.CASE_READ, Action.IMAGE_READ, Action.PACKET_READ})
_TAKEN_AWAY = frozenset({Action.LETTER_READ, Action.CASE_EXPORT})
_OWN = frozenset({Action.IMAGE_ADD, Action.CASE_INVITE_GUEST, Action.KEY_IMAGE, Action.QUESTION_ASK, Action.CARE_KEEP})
"""What a referrer does to a case of theirs in any state."""
_COORDINATION = frozenset({Action.CASE_TRIAGE, Action.CONFERENCE_PLAN, Action.BOARD_MANAGE, Action.CASE_INVITE_GUEST})
_ADMINISTRATION = frozenset({Action.PEOPLE_MANAGE, Action.AUDIT_READ, Action.OUTBOX_READ, Action.BOARD_MANAGE})


def may(actor: Actor, action: Action, resource: Resource = None) -> Verdict:
    """May this actor do this to that? Denied unless a rule below says otherwise."""
    if actor.standing == "system":
        return _YES
    if actor.standing == "guest":
        return _guest_may(actor, action, resource)
    if action in _ANYBODY:
        return _YES
    if action in _ADMINISTRATION and actor.standing == "administrator":
        return _YES
    if action == Action.CASE_CREATE:
        return Verdict(actor.standing != "administrator", "An administrator keeps the system, not the cases.")
    match resource:
        case CaseResource():
            return _may_with_case(actor, action, resource)
        case ConferenceResource():
            return _may_with_conference(actor, action, resource)
        case BoardResource(board_id):
            return _may_with_board(action, actor.boards.get(board_id))
        case None:
            return Verdict(False, "Your role does not include this.")


def _guest_may(actor: Actor, action: Action, resource: Resource) -> Verdict:
    match resource:
        case CaseResource(case_id) if case_id == actor.guest_of:
            if action in _CASE_READS or action == Action.LETTER_READ:
                return _YES
        case ConferenceResource() if action == Action.CONFERENCE_JOIN and actor.guest_of in resource.cases:
            return _YES
        case _:
            pass
    return Verdict(False, "This invitation is for one case only.")


def _may_with_case(actor: Actor, action: Action, case: CaseResource) -> Verdict:
    role = actor.boards.get(case.board_id)
    own = actor.person_id == case.referrer_id
    if own and action in _CASE_READS | _TAKEN_AWAY | _OWN:
        return _YES
    editable = case.state in ("draft", "needs_info")
    if own and action == Action.SCORE_GIVE and editable:
        return _YES
    if own and action in (Action.CASE_EDIT, Action.CASE_SUBMIT):
        return Verdict(editable, "A submitted case is changed by its board; ask the coordinator to send it back.")
    if role is None:
        sent = own and action == Action.SCORE_GIVE
        return Verdict(False, "Once a case is sent, its board enters the scores; add yours to the thread." if sent else
                       "This case belongs to another board.")
    if case.state == "draft":
        return Verdict(False, "A draft is seen by its referrer alone.")
    if action in _CASE_READS | _TAKEN_AWAY:
        return _YES
    if action in _COORDINATION | {Action.IMAGE_ADD, Action.CASE_EDIT, Action.CASE_SEND}:
        return Verdict(role in _CHAIRING, "The chair and the coordinator of the board do this.")
    if action in (Action.LEVELS_PROPOSE, Action.PLAN_DECIDE, Action.SCORE_GIVE):
        return Verdict(role in _VOICED, "The members of the board do this.")
    if action == Action.LEVELS_ACCEPT:
        reads = role in _VOICED and actor.discipline in _RADIOLOGY
        return Verdict(role == "chair" or reads, "A radiologist or the chair accepts how vertebrae are counted.")
    if action == Action.QUESTION_ASK:
        return Verdict(role in _VOICED, "Members of the board and the referrer ask and answer.")
    if action == Action.CARE_KEEP:
        return Verdict(role in _VOICED, "Members of the board and the referrer keep the care path.")
    if action == Action.KEY_IMAGE:
        return Verdict(role in _VOICED, "Members of the board and the referrer choose key images.")
    if action in (Action.OPINION_GIVE, Action.GRADE_GIVE, Action.RECOMMENDATION_SIGN, Action.RECOMMENDATION_AMEND):
        return Verdict(role in _VOICED and actor.discipline is not None, "Only members who speak for a discipline.")
    return Verdict(False, "Your role does not include this.")


def _may_with_conference(actor: Actor, action: Action, conference: ConferenceResource) -> Verdict:
    role = actor.boards.get(conference.board_id)
    if role is None:
        if action in (Action.CONFERENCE_JOIN, Action.CONFERENCE_READ) and actor.person_id in conference.referrers:
            return _YES
        return Verdict(False, "This conference belongs to another board.")
    return _may_with_board(action, role)


def _may_with_board(action: Action, role: BoardRole | None) -> Verdict:
    if role is None:
        return Verdict(False, "You do not sit on this board.")
    if action in (Action.BOARD_READ, Action.CONFERENCE_READ, Action.CONFERENCE_JOIN):
        return _YES
    if action == Action.AGENDA_PULL:
        return Verdict(role in _VOICED, "Members of the board do this.")
    if action in _COORDINATION:
        return Verdict(role in _CHAIRING, "The chair and the coordinator of the board do this.")
    return Verdict(False, "Your role does not include this.")


def room_role(actor: Actor, conference: ConferenceResource) -> Role | None:
    """The role an actor has on entering a conference's room; None: not admitted.

    The presenter is not an entry role: it follows the floor.
    """
    match actor.boards.get(conference.board_id):
        case "chair":
            return "chair"
        case "coordinator":
            return "coordinator"
        case "core" | "extended" | "deputy":
            return "member"
        case "observer":
            return "observer"
        case None:
            guest = actor.guest_of in conference.cases or actor.person_id in conference.referrers
            return "guest" if guest else None


class RoomAction(StrEnum):
    """Everything a participant can do inside a room."""

    RUN = "run"
    """Open and end the conference, call cases, reveal, read back."""
    SEAT = "seat"
    """Change roles and pass the floor."""
    SHOW = "show"
    """Set what everybody sees."""
    DRAW = "draw"
    POINT = "point"
    OPINE = "opine"
    DRAFT = "draft"
    ATTEST = "attest"
    SIGN = "sign"
    RAISE_HAND = "raise-hand"
    FOLLOW = "follow"
    SPEAK = "speak"
    """Be heard and seen."""


_ROOM: Mapping[RoomAction, frozenset[Role]] = {
    RoomAction.RUN: frozenset({"chair", "coordinator"}),
    RoomAction.SEAT: frozenset({"chair", "coordinator"}),
    RoomAction.SHOW: frozenset({"chair", "coordinator", "presenter"}),
    RoomAction.DRAW: frozenset({"chair", "presenter", "member"}),
    RoomAction.POINT: frozenset({"chair", "coordinator", "presenter", "member", "guest"}),
    RoomAction.OPINE: frozenset({"chair", "presenter", "member"}),
    RoomAction.DRAFT: frozenset({"chair", "coordinator", "presenter", "member"}),
    RoomAction.ATTEST: frozenset({"chair", "presenter", "member"}),
    RoomAction.SIGN: frozenset({"chair"}),
    RoomAction.RAISE_HAND: frozenset({"chair", "coordinator", "presenter", "member", "guest"}),
    RoomAction.FOLLOW: frozenset({"chair", "coordinator", "presenter", "member", "guest", "observer"}),
    RoomAction.SPEAK: frozenset({"chair", "coordinator", "presenter", "member", "guest"}),
}


def may_in_room(role: Role | None, action: RoomAction) -> Verdict:
    """May somebody in this role do this in the room? Asked at every command with the role *in the room's state*."""
    if role is not None and role in _ROOM[action]:
        return _YES
    who = " or ".join(sorted(_ROOM[action]))
    return Verdict(False, f"This takes the role of {who}.")
