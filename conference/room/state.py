"""The state of a room; `conference.room.evolve` makes the next one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agenda.ids import CaseId, PersonId
from conference.policy import Role
from conference.room.values import (
    CaseBrief,
    Closing,
    EvidenceRow,
    Mark,
    MarkId,
    NonOperative,
    Opinion,
    OpinionStance,
    Option,
    Phase,
    PlannedTime,
    Recommendation,
    Signature,
    Viewport,
)


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time; `until` None: it runs on."""

    since: str
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Stay(Interval):
    """A stretch of time somebody was in the room in a role."""

    voiced: bool = True
    """Whether they could close for a discipline: only then does the discipline hear what is said."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who is or was in the room."""

    name: str
    discipline: str | None
    role: Role
    entry: Role
    """The role the policy gave at the last entry."""
    cases: tuple[CaseId, ...] | None
    present: bool
    presence: tuple[Stay, ...]


@dataclass(frozen=True, slots=True)
class GivenOpinion:
    """An opinion with who gave it and in which round."""

    round: int
    person: PersonId
    name: str
    discipline: str
    opinion: Opinion


@dataclass(frozen=True, slots=True)
class TakenStance:
    """How a discipline stands to one option, and who said so last."""

    stance: OpinionStance
    needs: str
    person: PersonId
    name: str


@dataclass(frozen=True, slots=True)
class StatedNonOperative:
    """Why non-operative care is not enough, and who said so."""

    standing: NonOperative
    reason: str
    evidence: tuple[str, ...]
    person: PersonId
    name: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The recommendation as it stands; with a digest it is read back and frozen."""

    revision: int
    person: PersonId
    recommendation: Recommendation
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Minutes:
    """The minutes of a case as they were frozen."""

    text: str
    digest: str
    """SHA-256, hex; see `conference.room.text_fields.minutes_digest`."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One person's closing for their discipline."""

    revision: int
    person: PersonId
    name: str
    discipline: str
    closing: Closing
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class ClosedBy:
    """A discipline's closing: the first voice, and colleagues of the same discipline who spoke too."""

    first: Voice
    others: tuple[Voice, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A signed recommendation."""

    revision: int
    person: PersonId
    name: str
    signature: Signature
    provisional: bool
    at: str


@dataclass(frozen=True, slots=True)
class CaseState:
    """One case of the agenda as the room knows it."""

    brief: CaseBrief
    options: tuple[Option, ...]
    studies: tuple[str, ...] = ()
    shown: Viewport | None = None
    marks: Mapping[MarkId, Mark] = field(default_factory=dict)
    round: int = 1
    opinions: Mapping[str, GivenOpinion] = field(default_factory=dict)
    """``<round>:<person>`` → opinion."""
    revealed: tuple[int, ...] = ()
    stances: Mapping[str, Mapping[str, TakenStance]] = field(default_factory=dict)
    """Discipline → option key → stance."""
    tried: tuple[EvidenceRow, ...] = ()
    non_operative: StatedNonOperative | None = None
    recommendation: Draft | None = None
    closings: Mapping[str, ClosedBy] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    signed: Standing | None = None
    minutes: Minutes | None = None
    called_at: str | None = None
    on_table: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomState:
    """Everything that follows from a room's log up to and including `seq`."""

    seq: int = 0
    at: str = ""
    """Time of the last event."""
    phase: Phase = "preparing"
    table: CaseId | None = None
    people: Mapping[PersonId, Seat] = field(default_factory=dict)
    assigned: Mapping[PersonId, Role] = field(default_factory=dict)
    """Roles the chair gave, which outlive a connection."""
    floor: PersonId | None = None
    hands: tuple[PersonId, ...] = ()
    admitted: tuple[PersonId, ...] = ()
    """Guests who are in from the lobby, to the case on the table."""
    cases: Mapping[CaseId, CaseState] = field(default_factory=dict)
    order: tuple[CaseId, ...] = ()
    planned: Mapping[CaseId, PlannedTime] = field(default_factory=dict)
    mark_cases: Mapping[MarkId, CaseId] = field(default_factory=dict)
    """Every mark there ever was, erased ones too: an identity is used once."""


EMPTY = RoomState()


def opinion_key(round_: int, person: PersonId) -> str:
    """The key of an opinion within a case."""
    return f"{round_}:{person}"
