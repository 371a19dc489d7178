"""A form that is sent twice does its thing once: each form carries a key, kept in the transaction that did it.

A double press, a reload after a lost answer and a browser that sends again all find the key and change nothing. A form
that was refused keeps no key, so that it can be corrected and sent again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Field, Session, SQLModel, col, delete

from agenda.columns import instant
from conference.policy import Actor

FIELD = "once"
KEPT = timedelta(days=7)
_LONGEST = 64


class SentForm(SQLModel, table=True):
    """That somebody's form was taken."""

    __tablename__ = "sent_form"
    person_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    at: datetime = instant(index=True)


def texts_of(form: Mapping[str, object]) -> dict[str, str]:
    """What was typed in a form, without its files."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


def first_time(session: Session, who: Actor, texts: Mapping[str, str], at: datetime) -> bool:
    """Whether this form was not taken before; notes that it is now. A program that sends no key is always first."""
    key = texts.get(FIELD, "")[:_LONGEST]
    if not key:
        return True
    if session.get(SentForm, (who.person_id, key)) is not None:
        return False
    session.exec(delete(SentForm).where(col(SentForm.at) < at - KEPT))
    session.add(SentForm(person_id=who.person_id, key=key, at=at))
    return True
