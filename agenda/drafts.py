"""What was typed into a row of the referral form that cannot stand in the record yet: a row not added, a wrong date.

It waits beside the record and is shown again wherever the form is opened next, so that a closed tab loses nothing. The
board never sees it.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Field, Session, SQLModel, select

from agenda.columns import instant

LONGEST = 8000
"""Characters kept of one field: as much as the longest field of the form takes."""


class DraftText(SQLModel, table=True):
    """The text of one field of a row."""

    __tablename__ = "draft_text"
    case_id: str = Field(foreign_key="case.id", primary_key=True)
    name: str = Field(primary_key=True)
    """As the form names it, e.g. ``new-treatment.amount``; ``added-<kind>`` holds the key of the row added last."""
    text: str
    at: datetime = instant()


def drafts(session: Session, case_id: str) -> dict[str, str]:
    """Name of a field → what was typed into it."""
    return {one.name: one.text for one in session.exec(select(DraftText).where(DraftText.case_id == case_id))}


def keep_draft(session: Session, case_id: str, prefix: str, typed: Mapping[str, str], at: datetime) -> None:
    """Keep what was typed into the row whose fields begin with `prefix`, instead of what was kept of it before."""
    forget_draft(session, case_id, prefix)
    for name, text in typed.items():
        session.add(DraftText(case_id=case_id, name=prefix + name, text=text[:LONGEST], at=at))
    session.flush()


def forget_draft(session: Session, case_id: str, prefix: str) -> None:
    """The row stands in the record, or is gone."""
    for one in session.exec(select(DraftText).where(DraftText.case_id == case_id)):
        if one.name.startswith(prefix):
            session.delete(one)
    session.flush()


def added_last(session: Session, case_id: str, kind: str) -> str:
    """The key with which the last row of this kind was added; empty where none was."""
    found = session.get(DraftText, (case_id, f"added-{kind}"))
    return found.text if found else ""


def note_added(session: Session, case_id: str, kind: str, key: str, at: datetime) -> None:
    """Remember the key of a row that was added: the same row pressed twice is one, and its late draft is none."""
    keep_draft(session, case_id, f"added-{kind}", {"": key}, at)
