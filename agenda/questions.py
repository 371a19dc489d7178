"""The questions of a case: typed, addressed to a discipline, in the referrer's order."""

from sqlmodel import Session

from agenda.cases import Case, Question, questions
from agenda.clinical import spine
from agenda.errors import Invalid, ItemNotFound
from agenda.people import Discipline

LIMIT = 5
"""More questions than this are a different case."""


def add_question(session: Session, found: Case, *, kind: str, discipline: str, text: str) -> Question:
    """Ask one more question; raises Invalid naming the field."""
    there = questions(session, found.id)
    if len(there) >= LIMIT:
        raise Invalid("text", f"At most {LIMIT} questions; a board answers few questions well.")
    made = Question(case_id=found.id, position=len(there), **_checked(session, kind, discipline, text))
    if any((one.kind, one.discipline, one.text) == (made.kind, made.discipline, made.text) for one in there):
        raise Invalid("text", "This question stands here already.")
    session.add(made)
    session.flush()
    return made


def edit_question(
    session: Session, found: Case, question_id: str, *, kind: str, discipline: str, text: str
) -> Question:
    """Change a question in place; raises Invalid naming the field, ItemNotFound."""
    question = _of(session, found, question_id)
    for name, value in _checked(session, kind, discipline, text).items():
        setattr(question, name, value)
    session.add(question)
    session.flush()
    return question


def remove_question(session: Session, found: Case, question_id: str) -> None:
    """Take a question back; those after it move up."""
    session.delete(_of(session, found, question_id))
    session.flush()
    for position, question in enumerate(questions(session, found.id)):
        question.position = position
        session.add(question)
    session.flush()


def _of(session: Session, found: Case, question_id: str) -> Question:
    question = session.get(Question, question_id)
    if question is None or question.case_id != found.id:
        raise ItemNotFound(question_id)
    return question


def _checked(session: Session, kind: str, discipline: str, text: str) -> dict[str, str]:
    if spine().question(kind) is None:
        raise Invalid("kind", "Choose what kind of question this is.")
    if session.get(Discipline, discipline) is None:
        raise Invalid("discipline", "Choose the discipline that should answer.")
    asked = text.strip()
    if not asked:
        raise Invalid("text", "Write the question in one sentence.")
    if len(asked) > 500:
        raise Invalid("text", f"At most 500 characters; this has {len(asked)}.")
    return {"kind": kind, "discipline": discipline, "text": asked}
