"""The life of a case: which state may follow which, and what a referrer sees of it. Pure.

    draft → submitted ⇄ needs_info
              ↓    ↓
        declined  triaged → ready → scheduled → presented → recommended → signed → delivered → followed_up → closed
                                       ⇅ rolled_over
    withdrawn: from anywhere before the case is presented.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

CaseState = Literal[
    "draft", "submitted", "needs_info", "triaged", "ready", "scheduled", "presented", "recommended", "signed",
    "delivered", "followed_up", "closed", "withdrawn", "declined", "rolled_over",
]
STATES: tuple[CaseState, ...] = get_args(CaseState)

TRANSITIONS: Mapping[CaseState, frozenset[CaseState]] = {
    "draft": frozenset({"submitted", "withdrawn"}),
    "submitted": frozenset({"needs_info", "triaged", "ready", "declined", "withdrawn"}),
    "needs_info": frozenset({"submitted", "triaged", "ready", "declined", "withdrawn"}),
    "triaged": frozenset({"needs_info", "ready", "scheduled", "declined", "withdrawn"}),
    "ready": frozenset({"needs_info", "triaged", "scheduled", "declined", "withdrawn"}),
    "scheduled": frozenset({"triaged", "ready", "presented", "rolled_over", "withdrawn"}),
    "rolled_over": frozenset({"needs_info", "triaged", "ready", "scheduled", "declined", "withdrawn"}),
    "presented": frozenset({"recommended", "rolled_over"}),
    "recommended": frozenset({"presented", "signed", "rolled_over"}),
    "signed": frozenset({"delivered"}),
    "delivered": frozenset({"followed_up", "closed"}),
    "followed_up": frozenset({"closed"}),
    "declined": frozenset({"triaged"}),
    "withdrawn": frozenset(),
    "closed": frozenset(),
}
"""The one table: every change of a case's state is an edge of it."""

ROOM_PATH: tuple[CaseState, ...] = ("triaged", "ready", "scheduled", "presented", "recommended", "signed", "delivered")
"""The way a case takes through the room; the room's news moves it forward along this, never back."""

EDITABLE: frozenset[CaseState] = frozenset({"draft", "needs_info"})
"""States in which the referrer may change the form."""

WITH_THE_BOARD: frozenset[CaseState] = frozenset({"submitted", "needs_info", "triaged", "ready", "rolled_over"})
"""States in which the case stands on the triage list."""

LABELS: Mapping[CaseState, str] = {
    "draft": "Draft",
    "submitted": "Received",
    "needs_info": "Needs information",
    "triaged": "Triaged",
    "ready": "Ready",
    "scheduled": "Scheduled",
    "presented": "Presented",
    "recommended": "Recommended",
    "signed": "Signed",
    "delivered": "Delivered",
    "followed_up": "Followed up",
    "closed": "Closed",
    "withdrawn": "Withdrawn",
    "declined": "Declined",
    "rolled_over": "Rolled over",
}
"""What a state is called on a page."""


def label(state: str) -> str:
    """What a state is called on a page."""
    return LABELS[cast(CaseState, state)]


def may_become(state: str, following: CaseState) -> bool:
    """Whether the table has this edge."""
    return following in TRANSITIONS[cast(CaseState, state)]


def steps_to(state: str, target: CaseState) -> tuple[CaseState, ...] | None:
    """The states to pass through along `ROOM_PATH` to reach `target`; empty when beyond it, None when off the path.

    Beyond delivery counts as there. A triaged case goes straight to scheduled: readiness is not the room's affair.
    """
    if state in ("followed_up", "closed"):
        return ()
    if state == "rolled_over":
        state = "ready"
    if state not in ROOM_PATH:
        return None
    here, there = ROOM_PATH.index(state), ROOM_PATH.index(target)
    first = max(here + 1, ROOM_PATH.index("scheduled"))
    return ROOM_PATH[first : there + 1] if there > here else ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the referrer's tracker."""

    key: Literal["received", "in-review", "scheduled", "answered", "delivered"]
    label: str
    state: Literal["done", "now", "ahead"]


_STEPS = (
    ("received", "Received"), ("in-review", "In review"), ("scheduled", "Scheduled"), ("answered", "Answered"),
    ("delivered", "Delivered"),
)
_REACHED: Mapping[CaseState, int] = {
    "draft": 0, "submitted": 1, "needs_info": 2, "triaged": 2, "ready": 2, "rolled_over": 2, "scheduled": 3,
    "presented": 3, "recommended": 3, "signed": 4, "delivered": 5, "followed_up": 5, "closed": 5, "withdrawn": 0,
    "declined": 2,
}
"""How many steps are reached; the last of them is the present one, until delivery."""


def tracker(state: str) -> tuple[Step, ...]:
    """The five steps a referrer understands at a glance."""
    reached = _REACHED[cast(CaseState, state)]
    over = state in ("delivered", "followed_up", "closed")

    def standing(position: int) -> Literal["done", "now", "ahead"]:
        if position > reached:
            return "ahead"
        return "done" if position < reached or over else "now"

    return tuple(
        Step(cast(Literal["received"], key), text, standing(number)) for number, (key, text) in enumerate(_STEPS, 1)
    )
