"""The form of a case in the demo: what a referrer wrote, what was tried, which images came, what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Rows = tuple[tuple[str, str, str, str, str, str, str, str], ...]
"""kind, description, months ago begun, months ago ended, amount, response, per cent, why it stopped."""


@dataclass(frozen=True, slots=True)
class Who:
    """An invented patient."""

    family: str
    given: str
    born: str
    sex: str
    number: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """One study to be generated."""

    kind: str
    """A kind of `imaging.phantoms.studies.KINDS`."""
    days_ago: int
    small: bool = True
    options: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the board decided on a case."""

    outcome: str
    option: str
    rationale: str
    answers: tuple[str, ...]
    actions: tuple[tuple[str, str, int], ...]
    """What, who, days until due."""
    follow_up: str
    goal: str
    closings: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Discipline → reservation or dissent with its reason; everybody else concurs."""


@dataclass(frozen=True, slots=True)
class Story:
    """One case."""

    key: str
    who: Who
    referrer: str
    days_ago: int
    """When it was begun."""
    end: str
    """The state it is told up to."""
    questions: tuple[tuple[str, str, str], ...]
    """kind, discipline, text."""
    summary: str
    goal: str
    activities: str = ""
    unacceptable: str = ""
    urgency: str = "routine"
    exam: Mapping[str, str] = field(default_factory=dict)
    tried: Rows = ()
    pictures: tuple[Pictures, ...] = ()
    lean: Mapping[str, int] = field(default_factory=dict)
    """Option → how appropriate it looks, 1 to 9, before anybody's leaning."""
    comments: Mapping[str, str] = field(default_factory=dict)
    """Key of the cast → what they add to their opinion."""
    decision: Decision | None = None
    note: str = ""
    """Why it was sent back, declined or withdrawn."""
    minutes: int = 10
    heard: bool = True
    """False: the sitting ended before it was called."""
