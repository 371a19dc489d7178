"""The fields of a case's joint text, and how their words come into the recommendation and the minutes. Pure.

A joint text has one field for the minutes and one for each typed part of the recommendation. Choices (outcome, option,
actions, cited marks) are no text: two hands at once would make a third choice that nobody made.
"""

from dataclasses import replace

from agenda.ids import CaseId, QuestionId
from conference.room import events as e
from conference.room.canonical import digest
from conference.room.state import CaseState
from conference.room.values import Recommendation, Typed

MINUTES = "minutes"
_WHOLE = ("rationale", "follow_up", "goal_answered")
"""Fields named as the part of the recommendation they hold."""


def fields_of(case: CaseState) -> frozenset[str]:
    """Every field that may be typed into."""
    return frozenset({MINUTES, *_WHOLE, *(_answer(asked.question) for asked in case.brief.questions)})


def with_words(words: Recommendation, case: CaseState, typed: Typed | None) -> Recommendation:
    """The recommendation with its words as they are typed; None: nobody has typed, its words stay."""
    if typed is None:
        return words
    answers = {asked.question: typed.get(_answer(asked.question), "") for asked in case.brief.questions}
    return replace(
        words, answers={question: text for question, text in answers.items() if text.strip()},
        rationale=typed.get("rationale", ""), follow_up=typed.get("follow_up", ""),
        goal_answered=typed.get("goal_answered", ""),
    )


def words_of(words: Recommendation) -> Typed:
    """The typed fields of a recommendation; empty ones are left out."""
    found = {name: getattr(words, name) for name in _WHOLE}
    found |= {_answer(question): text for question, text in words.answers.items()}
    return {name: text for name, text in found.items() if text.strip()}


def same_words(one: Recommendation, other: Recommendation) -> bool:
    """Do both say the same? A field of white space says as much as one that is not there."""
    return words_of(one) == words_of(other)


def minutes_digest(case: CaseId, text: str) -> str:
    """SHA-256 over the canonical JSON (RFC 8785) of case and minutes, hex."""
    return digest({"case": case, "minutes": text})


def frozen_minutes(case_id: CaseId, case: CaseState, typed: Typed | None) -> tuple[e.MinutesFrozen, ...]:
    """The event that freezes the minutes as they are typed; none where there are none, or they are frozen already."""
    text = "" if typed is None else typed.get(MINUTES, "")
    if case.minutes is not None or not text.strip():
        return ()
    return (e.MinutesFrozen(case_id, text, minutes_digest(case_id, text)),)


def _answer(question: QuestionId) -> str:
    return f"answer:{question}"
