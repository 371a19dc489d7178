"""The asynchronous second opinion: one case answered by its board without a meeting, by a due date.

It is a conference of one case with a room of its own that stays open (decision 0012): opinions, reveal, words, closings
and signature are the room's. Here is what the room does not know: when it may be asked for, until when, who is told.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from agenda.boards import members
from agenda.cases import Case, case
from agenda.conferences import Conference, conference, conferences_of_case, items, place
from agenda.errors import Invalid, NotNow
from agenda.lifecycle import label
from agenda.notices.events import Kind
from agenda.notices.queue import tell
from agenda.packet import required_disciplines
from agenda.people import Person
from agenda.triggers import mandatory

LONGEST_DAYS = 60
"""A round that stays open longer is a conference nobody planned."""
_SPEAKING = frozenset({"chair", "core", "extended", "deputy"})


def ask(session: Session, case_id: str, days: int, actor_id: str, at: datetime) -> Conference:
    """Answer a triaged case without a meeting, opinions due in so many days; those whose voice it needs are told.

    Raises Invalid naming the field; NotNow where the case is elsewhere, or a full discussion is mandatory.
    """
    found = case(session, case_id)
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid("days", f"Opinions are due in 1 to {LONGEST_DAYS} days.")
    if found.state not in ("triaged", "ready", "rolled_over"):
        raise NotNow("case-state", f"Case {found.number} is {label(found.state).lower()}; triage it first.")
    if reasons := mandatory(session, case_id):
        why = " ".join(one.because for one in reasons)
        raise NotNow("mandatory-review", f"The board must discuss case {found.number} in full. {why}")
    made = Conference(
        board_id=found.board_id, title=f"Second opinion on case {found.number}", starts_at=at, duration_min=10,
        state="published", chair_id=_chair(session, found).id, due_at=at + timedelta(days=days),
    )
    session.add(made)
    session.flush()
    place(session, made.id, case_id, actor_id, at)
    tell_voices(session, "opinion-asked", made, found, at)
    return made


def running(session: Session, board_ids: Iterable[str]) -> list[Conference]:
    """The second opinions of these boards that are not answered yet, soonest due first."""
    rows = session.exec(
        select(Conference).where(
            col(Conference.board_id).in_(list(board_ids)), col(Conference.due_at).is_not(None),
            col(Conference.state).in_(("published", "open")),
        ).order_by(col(Conference.due_at))
    ).all()
    return [one for one in rows if case_of(session, one).state in ("scheduled", "presented", "recommended")]


def case_of(session: Session, asked: Conference) -> Case:
    """The one case of a second opinion."""
    return case(session, next(str(one.case_id) for one in items(session, asked.id) if one.case_id))


def second_opinion_of(session: Session, case_id: str) -> Conference | None:
    """The latest second opinion on a case; None where it was never answered without a meeting."""
    found = [conference(session, key) for key in conferences_of_case(session, case_id)]
    return next((one for one in found if one.due_at is not None), None)


def voices(session: Session, found: Case) -> list[Person]:
    """The members who speak for a discipline that this case needs."""
    needed = required_disciplines(session, found)
    return [
        person for seat, person in members(session, found.board_id)
        if seat.role in _SPEAKING and person.discipline in needed and person.disabled_at is None
    ]


def tell_voices(
    session: Session, kind: Kind, asked: Conference, found: Case, at: datetime, revision: int = 0
) -> None:
    """One notice to everybody whose voice the case needs, once for a kind and a revision of the words."""
    for person in voices(session, found):
        _tell(session, kind, person, asked, found, at, f"{kind}:{asked.id}:{revision}:{person.id}")


def tell_chair(session: Session, kind: Kind, asked: Conference, found: Case, at: datetime) -> None:
    """The same to the chair alone."""
    chair = session.get(Person, asked.chair_id)
    if chair is not None:
        _tell(session, kind, chair, asked, found, at, f"{kind}:{asked.id}:{chair.id}")


def _tell(
    session: Session, kind: Kind, person: Person, asked: Conference, found: Case, at: datetime, once: str
) -> None:
    assert asked.due_at is not None, "a second opinion has a due date"
    tell(
        session, kind, person, at, conference_id=asked.id, case_id=found.id, once=once,
        data={"case": str(found.number), "due": asked.due_at.isoformat()},
    )


def _chair(session: Session, found: Case) -> Person:
    for seat, person in members(session, found.board_id):
        if seat.role == "chair" and person.disabled_at is None:
            return person
    raise NotNow("no-chair", "This board has no chair, who signs the answer; seat one first.")
