"""The letter to the referrer: made from the signed record alone, delivered once, with a receipt when it is opened."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import typst
from sqlmodel import Field, Session, SQLModel, col, select

from agenda.columns import instant
from agenda.ids import new_id
from conference.outcome.signing import SignedRecord

TEMPLATE = Path(__file__).parent / "letter.typ"

CLOSINGS: Mapping[str, str] = {"concur": "concurs", "reservation": "concurs with reservation", "dissent": "dissents"}
OUTCOMES: Mapping[str, str] = {
    "consensus": "By consensus",
    "majority": "By majority",
    "split": "The board is split",
    "none": "No recommendation",
    "deferred": "Deferred",
    "provisional": "Provisional",
}


class Letter(SQLModel, table=True):
    """A letter that waits for its referrer, or was opened."""

    id: str = Field(default_factory=new_id, primary_key=True)
    record_id: str = Field(foreign_key="signedrecord.id", unique=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    referrer_id: str = Field(foreign_key="person.id", index=True)
    issued_at: datetime = instant()
    opened_at: datetime | None = instant(default=None, nullable=True)
    """The receipt: when the referrer first opened it."""


def issue(session: Session, record: SignedRecord, referrer_id: str, at: datetime) -> Letter:
    """Lay the letter out for its referrer; issuing it twice is the same as once."""
    found = session.exec(select(Letter).where(Letter.record_id == record.id)).one_or_none()
    if found is None:
        found = Letter(record_id=record.id, case_id=record.case_id, referrer_id=referrer_id, issued_at=at)
        session.add(found)
        session.flush()
    return found


def letter_of(session: Session, case_id: str) -> Letter | None:
    """The latest letter of a case."""
    return session.exec(
        select(Letter).where(Letter.case_id == case_id).order_by(col(Letter.issued_at).desc())
    ).first()


def open_letter(session: Session, case_id: str, reader_id: str, at: datetime) -> bool:
    """Note that the referrer opened the letter; True the first time, False for anybody else and ever after."""
    found = letter_of(session, case_id)
    if found is None or found.referrer_id != reader_id or found.opened_at is not None:
        return False
    found.opened_at = at
    session.add(found)
    return True


def facts(signed: SignedRecord) -> dict[str, Any]:
    """What page and PDF show: the record, and its dates and headline in words."""
    record: dict[str, Any] = msgspec.json.decode(signed.record)
    zone = ZoneInfo(record["conference"]["time_zone"])
    at = datetime.fromisoformat(record["signed_at"]).astimezone(zone)
    sitting = datetime.fromisoformat(record["conference"]["starts_at"]).astimezone(zone)
    born = record["case"]["patient"]["born_on"]
    return {
        "record": record,
        "digest": signed.digest,
        "signature": signed.signature,
        "key_id": signed.key_id,
        "headline": headline(record),
        "provisional": bool(record["absent"]),
        "signed_day": _day(at),
        "signed_time": f"{_day(at)}, {at:%H:%M:%S %Z}",
        "conference_day": _day(sitting),
        "born": _day(date.fromisoformat(born)) if born else "not given",
        "closings": dict(CLOSINGS),
    }


def headline(record: Mapping[str, Any]) -> str:
    """The recommendation in one line: how the board decided, and on what."""
    recommendation = record["recommendation"]
    chosen = {option["key"]: option["label"] for option in record["options"]}.get(recommendation["option"])
    how = OUTCOMES[recommendation["outcome"]]
    return f"{how}: {chosen}" if chosen else how


def pdf(signed: SignedRecord) -> bytes:
    """The letter as a tagged PDF; takes a few tenths of a second, so call it off the event loop."""
    compiled: bytes = typst.compile(
        str(TEMPLATE), format="pdf", sys_inputs={"record": msgspec.json.encode(facts(signed)).decode()}
    )
    return compiled


def _day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"
