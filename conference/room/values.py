"""The values that commands and events carry. Frozen, standard library only; every one says its units and frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NewType

from agenda.ids import CaseId, PersonId, QuestionId
from conference.policy import Role
from imaging.measure import Sampled

CommandId = NewType("CommandId", str)
"""A UUID the client makes; unique per room in the log, so that a resent command has the same answer."""
MarkId = NewType("MarkId", str)
"""A UUID the client makes; also the tracking UID seed of the mark in a DICOM report."""

Point = tuple[float, float]
"""(column, row) in SCOORD image coordinates: origin at the top left corner of the top left pixel (PS3.3 C.18.6.1.1)."""

MarkKind = Literal[
    "length", "angle", "cobb", "arrow", "text", "ellipse", "rectangle", "freehand", "path", "point", "level", "probe",
    "spinopelvic",
]
Unit = Literal["mm", "deg", "px", "mm2", "px2", "HU", "stored", "count"]
SpacingSource = Literal["calibrated", "pixel", "imager", "region"]
OpinionStance = Literal["for", "against", "neutral"]
Closing = Literal["concur", "reservation", "dissent"]
Outcome = Literal["consensus", "majority", "split", "none", "deferred", "provisional"]
Phase = Literal["preparing", "open", "ended"]
LevelsPart = Literal["numbering", "grades", "plan"]
NonOperative = Literal["exhausted", "contraindicated", "declined"]
"""Why a surgical recommendation does not stop at non-operative care."""
ScreenLayout = Literal["1x1", "1x2", "2x2", "2x3"]
"""Rows by columns of the panes of a screen."""
PANES: Mapping[ScreenLayout, int] = {"1x1": 1, "1x2": 2, "2x2": 4, "2x3": 6}


@dataclass(frozen=True, slots=True)
class Participant:
    """Who acts in the room: identity proven outside, entry role given by the policy."""

    person_id: PersonId
    name: str
    discipline: str | None
    role: Role
    cases: tuple[CaseId, ...] | None = None
    """What a guest may see of the agenda; None: all of it."""


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distance between pixel centres in millimetres (PS3.3 10.7.1.3) and where it was read."""

    row_mm: float
    column_mm: float
    source: SpacingSource


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What the machine must know of an image to accept a mark on it; supplied by the host, never by a client."""

    sop_instance_uid: str
    frame: int
    """1-based, as in DICOM (PS3.3 10.3)."""
    rows: int
    columns: int
    spacing: Spacing | None
    """None: nothing trusted; then no millimetres."""
    case: CaseId


@dataclass(frozen=True, slots=True)
class MeasuredPart:
    """One of several values of a mark, by name: mean, sd, min, max, pixels, perimeter, pt, ss, ll, sva."""

    name: str
    value: float
    unit: Unit


@dataclass(frozen=True, slots=True)
class Measured:
    """A value computed by the server from points, spacing and pixels."""

    value: float
    unit: Unit
    error: float | None
    """95 % half-width in `unit`, from the literature named by `method`; None: not known."""
    method: str
    """Stable name with version, e.g. ``cobb-atan2/1``."""
    spacing: SpacingSource | None
    """Where its millimetres come from; None: there are none in it. An imager's are those at the detector."""
    parts: tuple[MeasuredPart, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A finished mark on one frame of one image."""

    mark: MarkId
    case: CaseId
    kind: MarkKind
    sop_instance_uid: str
    frame: int
    points: tuple[Point, ...]
    text: str
    author: PersonId
    author_name: str
    discipline: str | None
    role: Role
    """The author's role at that moment."""
    revision: int
    measured: Measured | None


@dataclass(frozen=True, slots=True)
class PaneView:
    """What one pane of a screen shows, independent of its size."""

    series_instance_uid: str
    sop_instance_uid: str
    frame: int
    window_centre: float | None
    window_width: float | None
    """None with centre None: the image's own window."""
    zoom: float
    """1 fits the image into the viewport."""
    pan: Point
    """Shift of the image centre in fractions of the fitted image."""
    rotation: int
    """0, 90, 180 or 270 degrees clockwise."""
    flipped: bool
    inverted: bool


@dataclass(frozen=True, slots=True)
class Viewport(PaneView):
    """What a screen shows: the pane that is worked in, and what lies beside it."""

    layout: ScreenLayout = "1x1"
    place: int = 0
    """Which pane is worked in: from 0, row by row."""
    linked: bool = True
    """Whether stacks scroll together by the place in the patient."""
    beside: tuple[PaneView | None, ...] = ()
    """The other panes in their order; None: nothing that could be shared."""


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """A question of the referrer that the recommendation must answer."""

    question: QuestionId
    kind: str
    text: str
    discipline: str | None


@dataclass(frozen=True, slots=True)
class CaseBrief:
    """What the room must know of a case on its agenda; no patient name, only what deliberation needs."""

    case: CaseId
    title: str
    questions: tuple[QuestionAsked, ...]
    required: tuple[str, ...]
    """Discipline codes that must be heard."""
    goal: str
    minutes: int
    referrer: PersonId


@dataclass(frozen=True, slots=True)
class Option:
    """One way to treat the patient."""

    key: str
    kind: Literal["surgical", "interventional", "rehabilitation", "psychological", "medical", "watchful"]
    label: str


@dataclass(frozen=True, slots=True)
class Stance:
    """How a discipline stands to one option, and what it would take."""

    stance: OpinionStance
    needs: str
    """What must be so for this discipline to be for it; empty: not said."""


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One thing that was tried, as the referral has it."""

    key: str
    text: str
    """Kind, description, dates, amount and response in one line."""


@dataclass(frozen=True, slots=True)
class PlannedTime:
    """When a case should come to the table by the published agenda."""

    starts_at: str
    """RFC 3339 instant in UTC."""
    pause_min: int
    """Minutes of break that the agenda has directly before it."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One discipline's view of one case, given before talk (round 1) or after it (round 2)."""

    preferred: str
    """Key of the preferred option."""
    ratings: Mapping[str, int]
    """Option key → appropriateness, 1 to 9 (RAND/UCLA)."""
    confidence: int
    """0 to 100 per cent."""
    concordance: int | None
    """Symptom–image concordance, 0 to 10."""
    improvement: int | None
    """Expected chance of an important improvement, 0 to 100 per cent."""
    comment: str


@dataclass(frozen=True, slots=True)
class ActionItem:
    """Something to be done after the meeting, by one named owner."""

    text: str
    owner: str
    due: str
    """ISO date; empty: none set."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The joint recommendation while it is drafted."""

    outcome: Outcome
    option: str
    """Key of the chosen option; empty with outcome none or deferred."""
    rationale: str
    answers: Mapping[QuestionId, str]
    actions: tuple[ActionItem, ...]
    follow_up: str
    goal_answered: str
    cited: tuple[MarkId, ...] = field(default=())


Typed = Mapping[str, str]
"""The joint text of a case: field → words. The fields are those of `conference.room.text_fields`."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a shell knows and the machine may not ask: the time, the image, the strength of a sign-in."""

    at: str
    """RFC 3339 instant in UTC with milliseconds, e.g. ``2026-11-26T08:07:41.120Z``."""
    frame: FrameFacts | None = None
    """For marks and `Show`: the image they speak of; None: there is no such image in the case."""
    signature: "Signature | None" = None
    """For `Sign`: made by the signing service after re-authentication."""
    sampled: Sampled | None = None
    """For marks that cover pixels: what these are worth; None: they cannot be read, or the mark covers none."""
    beside: tuple[FrameFacts | None, ...] = ()
    """For `Show`: the images of the other panes, where there are such images in the case."""
    typed: Mapping[CaseId, Typed] = field(default_factory=dict)
    """For what drafts and freezes: the joint texts as the host holds them now; no entry: nobody has typed there."""


@dataclass(frozen=True, slots=True)
class Signature:
    """An Ed25519 signature (RFC 8032) over the canonical bytes (RFC 8785) of a read-back recommendation."""

    digest: str
    """SHA-256 of those bytes, hex."""
    value: str
    """Signature, base64url."""
    key_id: str
    meaning: str
    """21 CFR 11.50: e.g. ``approval of the joint recommendation``."""
