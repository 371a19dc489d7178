"""Which event makes which notice to whom: the one table. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "invitation", "reminder", "answer", "stand-in", "received", "needs-info", "triaged", "declined", "rolled-over",
    "rolled-over-again", "letter", "addendum", "alarm", "opinion-asked", "opinions-open", "words-ready",
    "quick-question", "quick-answer",
    "handoff", "handoff-answer", "action-due",
]


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of notice."""

    when: str
    """The event, as a person would say it."""
    to: str
    """Whom it is sent to."""
    optional: bool = True
    """The person may switch it off on their account page."""


EVENTS: Mapping[Kind, Event] = {
    "invitation": Event(
        "A sitting is published, gets another time or place, or is cancelled",
        "whoever is invited: core members, those whose voice a case needs, presenters, referrers and guests of a case",
    ),
    "reminder": Event("A sitting comes near", "whoever is invited and has not declined"),
    "answer": Event("Somebody declines a sitting or may not come", "the board's coordinators"),
    "stand-in": Event("Somebody is named to stand in", "the deputy and the member"),
    "received": Event("A case arrives, or comes back with what was asked", "the board's coordinators"),
    "needs-info": Event("The board asks for something about a case", "the case's referrer"),
    "triaged": Event("The board takes a case on", "the case's referrer"),
    "declined": Event("A case is declined", "the case's referrer"),
    "rolled-over": Event("A case was not reached and waits for another sitting", "the case's referrer"),
    "rolled-over-again": Event(
        "A case that was rolled over before is rolled over again", "the board's chair and coordinators", optional=False
    ),
    "letter": Event("A recommendation is signed and its letter is ready", "the case's referrer"),
    "addendum": Event("Something is added to a signed recommendation", "the case's referrer"),
    "handoff": Event("A step of a care path is offered to you, and again after two days", "whom it is offered to"),
    "handoff-answer": Event("A step you have offered is accepted or declined", "whoever offered it"),
    "action-due": Event("A step you have taken on is due within three days, or late", "its owner"),
    "opinion-asked": Event(
        "A case is answered without a meeting and your discipline's opinion is needed",
        "members who speak for a required discipline",
    ),
    "opinions-open": Event("Every opinion on a case without a meeting is in", "the board's chair"),
    "words-ready": Event(
        "The recommendation on a case without a meeting waits for your discipline to close on it",
        "members who speak for a required discipline",
    ),
    "quick-question": Event("A colleague asks something about a shared case", "the person or discipline asked"),
    "quick-answer": Event("A quick question has an answer", "whoever asked"),
    "alarm": Event(
        "A referrer answers a red flag with yes, and again until somebody acknowledges it",
        "the board's members on call; its chair and coordinators where nobody is marked", optional=False
    ),
}

OF_CASE_STATES: Mapping[str, Kind] = {
    "submitted": "received",
    "needs_info": "needs-info",
    "triaged": "triaged",
    "declined": "declined",
    "rolled_over": "rolled-over",
    "signed": "letter",
}
"""The state a case takes on → what is told."""

KINDS: tuple[Kind, ...] = get_args(Kind)
