"""The quick question: one discipline asks another about a shared case, early and small, in a thread of its own.

Whoever was asked answers, an image or a mark may be shown, and one click takes it to the board: then it becomes one of
the case's questions, with the thread quoted beside it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlmodel import JSON, Field, Session, SQLModel, col, or_, select

from agenda.boards import members
from agenda.cases import Case, Question, case
from agenda.clinical import spine
from agenda.columns import instant
from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.ids import new_id
from agenda.lifecycle import label
from agenda.notices.events import Kind
from agenda.notices.queue import tell
from agenda.people import Person, person
from agenda.questions import add_question
from agenda.referrals import say

State = Literal["open", "answered", "taken"]
LONGEST = 500
"""Characters of a question; a longer one is a case for the board."""
LONGEST_ANSWER = 4000
_BEFORE_THE_BOARD = frozenset({"submitted", "needs_info", "triaged", "ready", "rolled_over", "scheduled"})


class QuickQuestion(SQLModel, table=True):
    """A question about a case to a discipline, or to one person."""

    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    asked_by: str = Field(foreign_key="person.id", index=True)
    to_discipline: str | None = Field(default=None, foreign_key="discipline.code", index=True)
    to_person: str | None = Field(default=None, foreign_key="person.id", index=True)
    """Exactly one of the two is set."""
    state: str = "open"
    """open, answered or taken (to the board)."""
    asked_at: datetime = instant()
    question_id: str | None = Field(default=None, foreign_key="question.id")
    """The question of the case that it became."""


class QuickMessage(SQLModel, table=True):
    """One thing said in the thread; the first is the question itself."""

    id: str = Field(default_factory=new_id, primary_key=True)
    quick_question_id: str = Field(foreign_key="quickquestion.id", index=True)
    position: int
    by_id: str = Field(foreign_key="person.id")
    at: datetime = instant()
    text: str
    shows: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    """Images and marks: kind (image or mark), sop, frame, mark, label; checked by whoever knows images."""


Shown = dict[str, str]


def ask(
    session: Session, case_id: str, to: str, text: str, shows: Sequence[Shown], actor_id: str, at: datetime
) -> QuickQuestion:
    """Ask ``discipline:<code>`` or ``person:<id>`` of the case's board; they are told. Raises Invalid."""
    found = case(session, case_id)
    kind, _, key = to.partition(":")
    asked = [one for one in _asked(session, found, kind, key) if one.id != actor_id]
    if not asked:
        raise Invalid("to", "Choose whom you ask: a discipline or a member of the board.")
    made = QuickQuestion(
        case_id=case_id, asked_by=actor_id, asked_at=at, to_discipline=key if kind == "discipline" else None,
        to_person=key if kind == "person" else None,
    )
    words = _words(text, LONGEST)
    session.add(made)
    session.flush()
    session.add(QuickMessage(
        quick_question_id=made.id, position=0, by_id=actor_id, at=at, text=words, shows=list(shows),
    ))
    for one in asked:
        _tell(session, "quick-question", one, made, found, actor_id, at)
    session.flush()
    return made


def reply(
    session: Session, question_id: str, text: str, shows: Sequence[Shown], actor_id: str, at: datetime
) -> QuickMessage:
    """Say something in the thread: an answer when somebody else speaks, a question again when the asker does."""
    asked, thread = quick_question(session, question_id), messages(session, question_id)
    if asked.state == "taken":
        raise NotNow("taken", "This question was taken to the board; it is answered there.")
    added = QuickMessage(
        quick_question_id=question_id, position=len(thread), by_id=actor_id, at=at, text=_words(text, LONGEST_ANSWER),
        shows=list(shows),
    )
    session.add(added)
    asked.state = "open" if actor_id == asked.asked_by else "answered"
    session.add(asked)
    answered = [one.by_id for one in thread if one.by_id != asked.asked_by]
    other = asked.asked_by if actor_id != asked.asked_by else (answered[-1] if answered else asked.to_person)
    if other is not None and other != actor_id:
        kind: Kind = "quick-answer" if other == asked.asked_by else "quick-question"
        _tell(session, kind, person(session, other), asked, case(session, asked.case_id), actor_id, at)
    session.flush()
    return added


def take_to_board(session: Session, question_id: str, actor_id: str, at: datetime) -> Question:
    """Make it one of the case's questions, its thread quoted with the case. Twice is the same as once.

    Raises NotNow where the case is not before the board, Invalid where it has all the questions it may have.
    """
    asked = quick_question(session, question_id)
    found = case(session, asked.case_id)
    if asked.question_id is not None:
        there = session.get(Question, asked.question_id)
        if there is not None:
            return there
    if found.state not in _BEFORE_THE_BOARD:
        raise NotNow("case-state", f"Case {found.number} is {label(found.state).lower()}; its board is not asked now.")
    thread = messages(session, question_id)
    code = asked.to_discipline or (person(session, asked.to_person).discipline if asked.to_person else None)
    made = add_question(
        session, found, kind="second-opinion", discipline=code or "", text=thread[0].text,
    )
    said = "\n".join(f"{person(session, one.by_id).name}: {one.text}" for one in thread)
    say(session, found.id, actor_id, f"Taken to the board from a quick question.\n{said}"[:LONGEST_ANSWER], at)
    asked.state, asked.question_id = "taken", made.id
    session.add(asked)
    session.flush()
    return made


def quick_question(session: Session, question_id: str) -> QuickQuestion:
    """One question; raises ItemNotFound."""
    found = session.get(QuickQuestion, question_id)
    if found is None:
        raise ItemNotFound(question_id)
    return found


def messages(session: Session, question_id: str) -> list[QuickMessage]:
    """The thread, the question first."""
    return list(session.exec(
        select(QuickMessage).where(QuickMessage.quick_question_id == question_id).order_by(col(QuickMessage.position))
    ))


def of_case(session: Session, case_id: str) -> list[QuickQuestion]:
    """The quick questions about a case, latest first."""
    return list(session.exec(
        select(QuickQuestion).where(QuickQuestion.case_id == case_id).order_by(col(QuickQuestion.asked_at).desc())
    ))


def waiting_for(session: Session, who: Person, board_ids: Sequence[str]) -> list[QuickQuestion]:
    """Open questions to this person, or to their discipline on one of their boards, oldest first."""
    to_me = [col(QuickQuestion.to_person) == who.id]
    if who.discipline:
        to_me.append(col(QuickQuestion.to_discipline) == who.discipline)
    return list(session.exec(
        select(QuickQuestion).join(Case, col(QuickQuestion.case_id) == Case.id).where(
            QuickQuestion.state == "open", QuickQuestion.asked_by != who.id, or_(*to_me),
            col(Case.board_id).in_(list(board_ids)),
        ).order_by(col(QuickQuestion.asked_at))
    ))


def asked_by(session: Session, person_id: str, limit: int = 10) -> list[QuickQuestion]:
    """What a person asked, latest first; what was taken to the board is left out."""
    return list(session.exec(
        select(QuickQuestion).where(QuickQuestion.asked_by == person_id, QuickQuestion.state != "taken")
        .order_by(col(QuickQuestion.asked_at).desc()).limit(limit)
    ))


def whom(session: Session, asked: QuickQuestion) -> str:
    """Whom it asks, in words."""
    return person(session, asked.to_person).name if asked.to_person else spine().short(asked.to_discipline or "")


def _asked(session: Session, found: Case, kind: str, key: str) -> list[Person]:
    seats = members(session, found.board_id)
    speaking = [one for seat, one in seats if seat.role != "observer" and one.disabled_at is None]
    if kind == "discipline":
        return [one for one in speaking if one.discipline == key]
    return [one for one in speaking if kind == "person" and one.id == key]


def _words(text: str, longest: int) -> str:
    words = text.strip()
    if not words:
        raise Invalid("text", "Write it in a sentence or two.")
    if len(words) > longest:
        raise Invalid("text", f"At most {longest} characters; this has {len(words)}.")
    return words


def _tell(
    session: Session, kind: Kind, to: Person, asked: QuickQuestion, found: Case, actor_id: str, at: datetime
) -> None:
    tell(
        session, kind, to, at, case_id=found.id,
        data={"case": str(found.number), "who": person(session, actor_id).name, "question": asked.id},
    )
