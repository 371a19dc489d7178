"""What a participant may ask of a room. Wire names are the class names in kebab-case.

Imperative; frozen; a closed union. Those in `HOST_ONLY` are given by hosts (the server itself) and are refused from a
wire.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agenda.ids import CaseId, PersonId
from conference.policy import Role
from conference.room.values import (
    ActionItem,
    CaseBrief,
    Closing,
    EvidenceRow,
    LevelsPart,
    MarkId,
    MarkKind,
    NonOperative,
    Opinion,
    Option,
    Outcome,
    Participant,
    PlannedTime,
    Point,
    Recommendation,
    Stance,
    Viewport,
)


@dataclass(frozen=True, slots=True)
class Join:
    """Host: somebody came in (first connection of that person)."""

    participant: Participant


@dataclass(frozen=True, slots=True)
class Leave:
    """Host: somebody's last connection ended."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class ListCase:
    """Host: a case stands on the agenda, or what the room must know of it has changed."""

    brief: CaseBrief
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class UnlistCase:
    """Host: a case was taken off the agenda."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class ArrangeCases:
    """Host: the running order of the agenda, first to last."""

    order: tuple[CaseId, ...]


@dataclass(frozen=True, slots=True)
class AnnounceImages:
    """Host: a study of a listed case can now be seen."""

    case: CaseId
    study_instance_uid: str


@dataclass(frozen=True, slots=True)
class AnnounceLevels:
    """Host: the numbering, the grades or the plan of a listed case stands otherwise now."""

    case: CaseId
    part: LevelsPart


@dataclass(frozen=True, slots=True)
class TimeCases:
    """Host: when each listed case is planned, by the agenda as it stands."""

    planned: Mapping[CaseId, PlannedTime]


@dataclass(frozen=True, slots=True)
class ListEvidence:
    """Host: what was tried in a case, as its referral has it now."""

    case: CaseId
    rows: tuple[EvidenceRow, ...]


@dataclass(frozen=True, slots=True)
class OpenConference:
    """Begin the sitting."""


@dataclass(frozen=True, slots=True)
class CallCase:
    """Bring a case to the table."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class EndConference:
    """Close the sitting; cases not concluded roll over."""


@dataclass(frozen=True, slots=True)
class AssignRole:
    """Change somebody's role; takes effect at their very next command."""

    person: PersonId
    role: Role


@dataclass(frozen=True, slots=True)
class AdmitGuest:
    """Let a guest in from the lobby, to the case on the table, which is theirs."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class PutOut:
    """Send a guest back to the lobby before their case is over."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class PassFloor:
    """Make somebody the presenter; None takes the floor back to the chair."""

    person: PersonId | None


@dataclass(frozen=True, slots=True)
class RaiseHand:
    """Ask for the floor."""


@dataclass(frozen=True, slots=True)
class LowerHand:
    """Take one's hand down; the chair may lower another's."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class Show:
    """The presenter rests on an image: kept for late joiners and the replay. Motion between rests is presence."""

    case: CaseId
    viewport: Viewport


@dataclass(frozen=True, slots=True)
class Draw:
    """Place a finished mark on an image of the case on the table."""

    mark: MarkId
    case: CaseId
    kind: MarkKind
    sop_instance_uid: str
    frame: int
    points: tuple[Point, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Reshape:
    """Move the handles of a mark of one's own, or change its text; `revision` is the one seen."""

    mark: MarkId
    revision: int
    points: tuple[Point, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Erase:
    """Take a mark away: its author, or the chair."""

    mark: MarkId


@dataclass(frozen=True, slots=True)
class GiveOpinion:
    """Give, or replace while still sealed, one's opinion in the running round."""

    case: CaseId
    opinion: Opinion


@dataclass(frozen=True, slots=True)
class Reveal:
    """Open the sealed opinions of the running round to everybody."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class OpenRound:
    """Ask for opinions again, after talk."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class AddOption:
    """Put another way to treat on the grid."""

    case: CaseId
    option: Option


@dataclass(frozen=True, slots=True)
class TakeStances:
    """Say for one's discipline how it stands to options of the grid, and what it would take."""

    case: CaseId
    stances: Mapping[str, Stance]
    """Option key → stance; options left out stay as they are."""


@dataclass(frozen=True, slots=True)
class StateNonOperative:
    """Say why non-operative care is not enough here, on what evidence; a surgical recommendation needs it."""

    case: CaseId
    standing: NonOperative
    reason: str
    evidence: tuple[str, ...]
    """Keys of rows of what was tried."""


@dataclass(frozen=True, slots=True)
class DraftRecommendation:
    """Write the recommendation anew; `revision` is the one seen (0: none yet)."""

    case: CaseId
    revision: int
    recommendation: Recommendation


@dataclass(frozen=True, slots=True)
class Choose:
    """Draft the recommendation's choices; its words are those of the joint text. `revision` is the one seen."""

    case: CaseId
    revision: int
    outcome: Outcome
    option: str
    actions: tuple[ActionItem, ...]
    cited: tuple[MarkId, ...]


@dataclass(frozen=True, slots=True)
class TypeText:
    """Type into the joint text of a case: its minutes and the words of its recommendation."""

    case: CaseId
    update: str
    """Base64 (RFC 4648 section 4) of a Yjs update, version 1."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """The chair reads the recommendation aloud; from here its text is frozen, unless it is reopened."""

    case: CaseId
    revision: int


@dataclass(frozen=True, slots=True)
class Reopen:
    """Take the read-back back: the text can change again, every closing given to it is void."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class Attest:
    """Close for one's discipline: concur, concur with reservation, or dissent; the latter two say why."""

    case: CaseId
    revision: int
    closing: Closing
    reason: str


@dataclass(frozen=True, slots=True)
class MarkAbsent:
    """State that a required discipline was not there; the recommendation becomes provisional."""

    case: CaseId
    discipline: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sign:
    """Sign the read-back recommendation; the signature comes in the context, after re-authentication."""

    case: CaseId
    revision: int


Command = (
    Join | Leave | ListCase | UnlistCase | ArrangeCases | AnnounceImages | AnnounceLevels | TimeCases | ListEvidence
    | OpenConference | CallCase | EndConference | AssignRole | AdmitGuest | PutOut | PassFloor | RaiseHand | LowerHand
    | Show | Draw | Reshape | Erase | GiveOpinion | Reveal | OpenRound | AddOption | TakeStances | StateNonOperative
    | DraftRecommendation | Choose | TypeText | ReadBack | Reopen | Attest | MarkAbsent | Sign
)
HOST_ONLY = (
    Join, Leave, ListCase, UnlistCase, ArrangeCases, AnnounceImages, AnnounceLevels, TimeCases, ListEvidence, Sign,
)
"""Never taken from a wire. `Sign` passes through the signing route, which asks for re-authentication."""
