"""Addenda: what is added to a signed recommendation later, each with its author, reason and a signature of its own.

The recommendation itself never changes, and its dissents stay. An addendum names the digest of what it amends: the
recommendation, or the addendum before it. So the order is in the signatures, and none can be put in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, select

from agenda.columns import instant
from agenda.errors import Invalid, NotNow
from agenda.ids import new_id
from conference.outcome.signing import SignedRecord, Signer, Statement

SCHEMA = "consilium.addendum/1"
MEANING = "authorship of this addendum to the joint recommendation"
"""The meaning of an addendum's signature (21 CFR 11.50(a)(3))."""
REASONS: Mapping[str, str] = {
    "new-findings": "New findings",
    "correction": "Correction of an error",
    "clarification": "Clarification",
    "change-of-course": "The patient's course has changed",
    "patients-decision": "The patient has decided otherwise",
}
"""Why something is added: a stable name and what people call it."""
LONGEST = 4000
"""Characters of an addendum; more belongs before the board again."""


class Addendum(SQLModel, table=True):
    """One addendum as it was signed, byte for byte."""

    __table_args__ = (UniqueConstraint("record_id", "number"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    record_id: str = Field(foreign_key="signedrecord.id", index=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    number: int
    """From 1, in the order of signing."""
    record: str
    """Canonical JSON; what the signature is over, in UTF-8."""
    digest: str
    signature: str
    public_key: str
    key_id: str
    author_id: str = Field(foreign_key="person.id")
    signed_at: datetime = instant()
    opened_at: datetime | None = instant(default=None, nullable=True)
    """The receipt: when the referrer first opened it."""

    @property
    def statement(self) -> Statement:
        """What goes into the signed file."""
        return Statement(self.record, self.digest, self.signature, self.key_id, self.public_key)

    @property
    def told(self) -> dict[str, Any]:
        """The record as a value: author, reason, text, meaning."""
        value: dict[str, Any] = msgspec.json.decode(self.record)
        return value


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wants to add, and the digest of what they have read."""

    reason: str
    """A key of REASONS."""
    text: str
    amends: str
    """SHA-256 of the recommendation or addendum that stood last on their screen, hex."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who signs, as printed."""

    person: str
    name: str
    discipline: str


def addenda(session: Session, record: SignedRecord) -> list[Addendum]:
    """The addenda of a recommendation, oldest first."""
    return list(session.exec(select(Addendum).where(Addendum.record_id == record.id).order_by(col(Addendum.number))))


def last_digest(record: SignedRecord, added: list[Addendum]) -> str:
    """The digest that the next addendum amends."""
    return added[-1].digest if added else record.digest


def demand_words(words: Words) -> None:
    """Raise Invalid naming the field where an addendum says nothing, too much, or not why."""
    if words.reason not in REASONS:
        raise Invalid("reason", "Choose why this is added.")
    if not words.text.strip():
        raise Invalid("text", "Write what is added.")
    if len(words.text) > LONGEST:
        raise Invalid("text", f"At most {LONGEST} characters; this has {len(words.text)}.")


def amend(
    session: Session, record: SignedRecord, words: Words, author: Author, signer: Signer, at: datetime
) -> Addendum:
    """Sign an addendum; the caller has re-authenticated its author a moment ago.

    Raises Invalid naming the field, NotNow where something was added that the author has not read.
    """
    demand_words(words)
    before = addenda(session, record)
    if words.amends != last_digest(record, before):
        raise NotNow("stale", "Something was added since you read the recommendation; read it, then sign again.")
    case = msgspec.json.decode(record.record)["case"]
    made = signer.state({
        "schema": SCHEMA,
        "case": {"id": case["id"], "number": case["number"]},
        "record": record.digest,
        "amends": words.amends,
        "number": len(before) + 1,
        "author": {"person": author.person, "name": author.name, "discipline": author.discipline},
        "reason": words.reason,
        "text": words.text.strip(),
        "meaning": MEANING,
        "signed_at": at.isoformat(timespec="seconds"),
    })
    added = Addendum(
        record_id=record.id, case_id=record.case_id, number=len(before) + 1, author_id=author.person,
        signed_at=at.replace(microsecond=0),
        **msgspec.structs.asdict(made),
    )
    session.add(added)
    session.flush()
    return added


def open_addenda(session: Session, record: SignedRecord, at: datetime) -> None:
    """The referrer has the addenda before them: note it, once for each."""
    for one in addenda(session, record):
        if one.opened_at is None:
            one.opened_at = at
            session.add(one)
