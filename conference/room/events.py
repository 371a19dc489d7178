"""What has happened in a room. Facts: never rejected, never edited, only superseded. Past tense; a closed union.

Time, sequence and actor are not here: they belong to the record around an event (`conference.room.recorded`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agenda.ids import CaseId, PersonId
from conference.policy import Role
from conference.room.values import (
    CaseBrief,
    Closing,
    EvidenceRow,
    LevelsPart,
    Mark,
    MarkId,
    Measured,
    NonOperative,
    Opinion,
    Option,
    Participant,
    PlannedTime,
    Point,
    Recommendation,
    Signature,
    Stance,
    Viewport,
)


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody came in; begins a presence interval."""

    participant: Participant
    """With the role that counts from here on."""
    entry: Role
    """The role the policy gave at the door; it differs where the chair has assigned another."""


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody went; ends a presence interval, and the floor and hand they held."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class CaseListed:
    """A case stands on the agenda, or its brief has changed."""

    brief: CaseBrief
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class CaseUnlisted:
    """A case left the agenda."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class CasesArranged:
    """The running order changed."""

    order: tuple[CaseId, ...]


@dataclass(frozen=True, slots=True)
class ImagesArrived:
    """A study of a listed case can be seen."""

    case: CaseId
    study_instance_uid: str


@dataclass(frozen=True, slots=True)
class LevelsChanged:
    """The numbering, the grades or the plan of a listed case stands otherwise now; what it is, its pages say."""

    case: CaseId
    part: LevelsPart


@dataclass(frozen=True, slots=True)
class CasesTimed:
    """When each listed case is planned."""

    planned: Mapping[CaseId, PlannedTime]


@dataclass(frozen=True, slots=True)
class EvidenceListed:
    """What was tried in a case."""

    case: CaseId
    rows: tuple[EvidenceRow, ...]


@dataclass(frozen=True, slots=True)
class ConferenceOpened:
    """The sitting began."""


@dataclass(frozen=True, slots=True)
class CaseCalled:
    """A case is on the table."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class ConferenceEnded:
    """The sitting is over."""


@dataclass(frozen=True, slots=True)
class RoleAssigned:
    """Somebody's role changed."""

    person: PersonId
    role: Role


@dataclass(frozen=True, slots=True)
class GuestAdmitted:
    """A guest came in from the lobby; they go out again when their case leaves the table."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class GuestPutOut:
    """A guest went back to the lobby, and laid down the floor and the hand they held."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class FloorPassed:
    """Somebody presents; None: nobody but the chair."""

    person: PersonId | None


@dataclass(frozen=True, slots=True)
class HandRaised:
    """Somebody asks for the floor."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class HandLowered:
    """A hand went down."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class Shown:
    """The presenter rested on an image."""

    case: CaseId
    viewport: Viewport


@dataclass(frozen=True, slots=True)
class Drawn:
    """A mark was placed."""

    mark: Mark


@dataclass(frozen=True, slots=True)
class Reshaped:
    """A mark changed its points or text."""

    mark: MarkId
    revision: int
    points: tuple[Point, ...]
    text: str
    measured: Measured | None


@dataclass(frozen=True, slots=True)
class Erased:
    """A mark was taken away."""

    mark: MarkId


@dataclass(frozen=True, slots=True)
class OpinionGiven:
    """A sealed opinion; shown to nobody but its author before the reveal (`conference.room.visibility`)."""

    case: CaseId
    round: int
    person: PersonId
    name: str
    discipline: str
    opinion: Opinion


@dataclass(frozen=True, slots=True)
class OpinionsRevealed:
    """The opinions of a round are open to everybody."""

    case: CaseId
    round: int


@dataclass(frozen=True, slots=True)
class RoundOpened:
    """Opinions are asked for again."""

    case: CaseId
    round: int


@dataclass(frozen=True, slots=True)
class OptionAdded:
    """Another way to treat is on the grid."""

    case: CaseId
    option: Option


@dataclass(frozen=True, slots=True)
class StancesTaken:
    """A discipline said how it stands to options of the grid."""

    case: CaseId
    person: PersonId
    name: str
    discipline: str
    stances: Mapping[str, Stance]


@dataclass(frozen=True, slots=True)
class NonOperativeStated:
    """Why non-operative care is not enough here."""

    case: CaseId
    person: PersonId
    name: str
    standing: NonOperative
    reason: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecommendationDrafted:
    """The recommendation has new words; closings given to earlier words are void."""

    case: CaseId
    revision: int
    person: PersonId
    recommendation: Recommendation


@dataclass(frozen=True, slots=True)
class RecommendationReadBack:
    """The words are frozen; `digest` is SHA-256 over their canonical JSON, hex."""

    case: CaseId
    revision: int
    digest: str


@dataclass(frozen=True, slots=True)
class RecommendationReopened:
    """The words may change again."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class MinutesFrozen:
    """The minutes of a case as they were read back, or as the sitting ended."""

    case: CaseId
    text: str
    digest: str
    """SHA-256 over the canonical JSON (RFC 8785) of case and text, hex."""


@dataclass(frozen=True, slots=True)
class Attested:
    """A discipline closed."""

    case: CaseId
    revision: int
    person: PersonId
    name: str
    discipline: str
    closing: Closing
    reason: str


@dataclass(frozen=True, slots=True)
class DisciplineMarkedAbsent:
    """A required discipline was not there."""

    case: CaseId
    discipline: str
    reason: str


@dataclass(frozen=True, slots=True)
class Signed:
    """The recommendation stands."""

    case: CaseId
    revision: int
    person: PersonId
    name: str
    signature: Signature
    provisional: bool
    """A required discipline was absent."""


Event = (
    Joined | Left | CaseListed | CaseUnlisted | CasesArranged | ImagesArrived | LevelsChanged | ConferenceOpened
    | CaseCalled | ConferenceEnded | RoleAssigned | FloorPassed | HandRaised | HandLowered | Shown | Drawn | Reshaped
    | Erased
    | CasesTimed | EvidenceListed | GuestAdmitted | GuestPutOut | OpinionGiven | OpinionsRevealed | RoundOpened
    | OptionAdded | StancesTaken | NonOperativeStated | RecommendationDrafted | RecommendationReadBack
    | RecommendationReopened | MinutesFrozen | Attested | DisciplineMarkedAbsent | Signed
)
