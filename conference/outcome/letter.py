"""The letter to the referrer: made from the signed record alone, delivered once, with a receipt when it is opened."""

import base64
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import typst
from sqlmodel import Field, Session, SQLModel, col, select

from agenda.clinical import spine
from agenda.columns import instant
from agenda.ids import new_id
from conference.outcome.addenda import REASONS, Addendum
from conference.outcome.drawing import Look, alternative, drawing, value_lines
from conference.outcome.signing import SignedRecord
from conference.room.references import spoken

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
STANCES: Mapping[str, str] = {"for": "for it", "against": "against it", "neutral": "neutral"}
NON_OPERATIVE: Mapping[str, str] = {
    "exhausted": "Non-operative care is exhausted",
    "contraindicated": "Non-operative care is contraindicated",
    "declined": "The patient declined non-operative care",
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


def facts(signed: SignedRecord, added: Sequence[Addendum] = ()) -> dict[str, Any]:
    """What page and PDF show: the record, its dates and headline in words, and what was added to it later."""
    record: dict[str, Any] = with_mark_names(msgspec.json.decode(signed.record))
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
        "signed_time": _moment(at),
        "conference_day": _day(sitting),
        "born": _day(date.fromisoformat(born)) if born else "not given",
        "closings": dict(CLOSINGS),
        "addenda": [_addendum(one, zone) for one in added],
        "pictures": pictures_of(record),
        "non_operative": non_operative(record),
        "stances": stances(record),
        "minutes": (record.get("minutes") or {}).get("text", ""),
    }


def with_mark_names(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as it is read: where its prose refers to a mark, the mark's kind and value stand."""
    names = {one["mark"]: _name(one) for one in record.get("marks", ())}
    advice = dict(record["recommendation"])
    for part in ("rationale", "follow_up", "goal_answered"):
        advice[part] = spoken(advice[part], names)
    advice["answers"] = {key: spoken(text, names) for key, text in advice["answers"].items()}
    minutes = record.get("minutes")
    kept = minutes and {**minutes, "text": spoken(minutes["text"], names)}
    return {**record, "recommendation": advice, **({"minutes": kept} if "minutes" in record else {})}


def _name(mark: Mapping[str, Any]) -> str:
    kind, value = mark["kind"].capitalize(), " ".join(value_lines(mark)[:1])
    return value if value.startswith(kind) else f"{kind} {value or mark['text']}".strip()


def non_operative(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Why non-operative care is not enough, in words; None where nobody said, or nobody asked yet."""
    stated = record.get("non_operative")
    if stated is None:
        return None
    tried = [row["text"] for row in record["tried"] if row["key"] in stated["evidence"]]
    return {**stated, "words": NON_OPERATIVE[stated["standing"]], "tried": tried}


def stances(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The options on which somebody took a stance, with how each discipline stands to it and what it would take."""
    found = []
    for option in record["options"]:
        taken = [
            {**one, "words": STANCES[one["stance"]]}
            for one in record.get("stances", ()) if one["option"] == option["key"]
        ]
        if taken:
            found.append({"label": option["label"], "taken": taken})
    return found


def _addendum(one: Addendum, zone: ZoneInfo) -> dict[str, Any]:
    told = one.told
    at = datetime.fromisoformat(told["signed_at"]).astimezone(zone)
    return {
        **told, "reason": REASONS.get(told["reason"], told["reason"]), "signed_time": _moment(at), "digest": one.digest,
        "signature": one.signature, "key_id": one.key_id,
    }


def pictures_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The key images of a record, each with its place, the marks on it and what it shows in words."""
    found = []
    for place, one in enumerate(record.get("pictures", ()), 1):
        marks = [
            mark for mark in record["marks"]
            if (mark["sop_instance_uid"], mark["frame"]) == (one["sop_instance_uid"], one["frame"])
        ]
        found.append({**one, "place": place, "marks": marks, "alt": alternative(one, marks, looks())})
    return found


@cache
def looks() -> Mapping[str, Look]:
    """Discipline code → how its marks look."""
    return {one.code: Look(one.short, one.colour, one.shape) for one in spine().disciplines}


def headline(record: Mapping[str, Any]) -> str:
    """The recommendation in one line: how the board decided, and on what."""
    recommendation = record["recommendation"]
    chosen = {option["key"]: option["label"] for option in record["options"]}.get(recommendation["option"])
    how = OUTCOMES[recommendation["outcome"]]
    against = sum(one["closing"] == "dissent" for one in record["attestations"])
    if recommendation["outcome"] == "consensus" and against:  # the chair may say so; whoever reads is told at once
        how += ", over a dissent" if against == 1 else f", over {against} dissents"
    return f"{how}: {chosen}" if chosen else how


def pdf(signed: SignedRecord, added: Sequence[Addendum] = (), images: Mapping[str, bytes] = {}) -> bytes:
    """The letter as PDF/UA-1; takes a few tenths of a second, so call it off the event loop.

    images: ``<SOP Instance UID>/<frame>`` → JPEG of that frame in its window; one that is missing is said to be.
    """
    return typeset(TEMPLATE, facts(signed, added), images)


def typeset(template: Path, told: dict[str, Any], images: Mapping[str, bytes]) -> bytes:
    """A template with its facts and key images as PDF/UA-1 (ISO 14289-1)."""
    with tempfile.TemporaryDirectory(prefix="consilium-letter-") as folder:
        place = Path(folder)
        (place / template.name).write_bytes(template.read_bytes())
        for one in told["pictures"]:
            image = images.get(f"{one['sop_instance_uid']}/{one['frame']}")
            one["file"] = "" if image is None else f"key-{one['place']}.svg"
            if image is not None:
                href = f"data:image/jpeg;base64,{base64.b64encode(image).decode()}"
                (place / one["file"]).write_text(drawing(one, one["marks"], looks(), href), "utf-8")
        compiled: bytes = typst.compile(
            str(place / template.name), root=str(place), format="pdf", pdf_standards="ua-1",
            sys_inputs={"data": msgspec.json.encode(told).decode()},
        )
    return compiled


def _moment(at: datetime) -> str:
    return f"{_day(at)}, {at:%H:%M:%S %Z}"


def _day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"
