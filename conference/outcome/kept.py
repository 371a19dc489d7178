"""Letters as files: made once, kept byte for byte, and sealed, so that a changed PDF is found without making it anew.

A letter is laid out from the signed record, its addenda and its key images. Fonts and programs change over the years;
the file that was sent does not. Each addendum makes a new edition; earlier ones stay.
"""

import hashlib
from datetime import datetime
from typing import Literal

import msgspec
from sqlmodel import Field, LargeBinary, Session, SQLModel, UniqueConstraint, col, select

from agenda.columns import instant
from agenda.ids import new_id
from conference.outcome.signing import SignedRecord, Signer, Statement, problem_of

SCHEMA = "consilium.letter/1"
Kind = Literal["letter", "plain"]
"""The letter to the referrer, and its twin in plain words."""


class KeptLetter(SQLModel, table=True):
    """One PDF as it was made, with the seal over its digest."""

    __tablename__ = "kept_letter"
    __table_args__ = (UniqueConstraint("record_id", "kind", "edition"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    record_id: str = Field(foreign_key="signedrecord.id", index=True)
    kind: str
    edition: int
    """How many addenda it holds."""
    content: bytes = Field(sa_type=LargeBinary)
    record: str
    """The seal: canonical JSON that names the digest of `content`."""
    digest: str
    signature: str
    public_key: str
    key_id: str
    made_at: datetime = instant()

    @property
    def statement(self) -> Statement:
        """The seal, for the signed file."""
        return Statement(self.record, self.digest, self.signature, self.key_id, self.public_key)


def kept_letter(session: Session, record_id: str, kind: Kind, edition: int) -> KeptLetter | None:
    """The file of one kind and edition; None: not made yet."""
    return session.exec(
        select(KeptLetter).where(
            KeptLetter.record_id == record_id, KeptLetter.kind == kind, KeptLetter.edition == edition
        )
    ).one_or_none()


def keep_letter(
    session: Session, record: SignedRecord, kind: Kind, edition: int, content: bytes, signer: Signer, at: datetime
) -> KeptLetter:
    """Keep and seal a PDF; if one was kept meanwhile, that one stands."""
    found = kept_letter(session, record.id, kind, edition)
    if found is not None:
        return found
    seal = signer.state({
        "schema": SCHEMA, "record": record.digest, "kind": kind, "edition": edition,
        "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content),
        "made_at": at.isoformat(timespec="seconds"),
    })
    made = KeptLetter(
        record_id=record.id, kind=kind, edition=edition, content=content,
        made_at=at.replace(microsecond=0), **msgspec.structs.asdict(seal)
    )
    session.add(made)
    session.flush()
    return made


def seals(session: Session, record_id: str) -> list[Statement]:
    """The seals of every file made of a record, oldest first."""
    rows = session.exec(
        select(KeptLetter).where(KeptLetter.record_id == record_id)
        .order_by(col(KeptLetter.edition), col(KeptLetter.kind))
    )
    return [one.statement for one in rows]


def fault_of(kept: KeptLetter) -> str:
    """What is wrong with a kept file, as a sentence; empty: nothing."""
    if wrong := problem_of(kept.statement):
        return f"its seal was changed: {wrong}"
    told = msgspec.json.decode(kept.record)
    if told["sha256"] != hashlib.sha256(kept.content).hexdigest():
        return "the PDF was changed after it was made"
    here = (kept.kind, kept.edition, kept.made_at.isoformat(timespec="seconds"))
    if here != (told["kind"], told["edition"], told["made_at"]):
        return "it stands in the place of another"
    return ""
