"""Packets as they were read: frozen by digest when the agenda is published, a new version whenever a line changed.

A version is the canonical JSON (RFC 8785) of everything a packet says, and its SHA-256. While a sitting is published or
in session, whoever opens a packet whose record has changed since the last version makes the next one: so every version
that anybody has read is kept, byte for byte, and an opinion can be traced to the one it was given on. No opinion is
ever part of a packet.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from difflib import SequenceMatcher
from typing import Literal

import msgspec
import rfc8785
from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, select

from agenda.clinical import spine
from agenda.columns import instant
from agenda.ids import new_id
from agenda.packet import Asked, Attempt, Line, Packet

SECTIONS = {
    "questions": "Questions", "goal": "Patient's voice", "story": "History", "examination": "Examination",
    "attempts": "What was tried", "surgeries": "Operations", "proposal": "Proposed operation",
    "scores": "Outcome scores", "clinical": "Clinical scores", "concerns": "Read with care", "required": "To be heard",
}
"""Field of `Packet` → heading under which its lines stand; a test holds that no field is missing."""
IDENTITY = frozenset({"case_id", "number", "title", "studies"})
"""Fields of `Packet` that say nothing of their own: the case, its first question, and the UIDs behind *Images*."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Who it is about."""

    name: str
    born_on: date | None
    sex: str
    """F, M, O or empty."""
    record: str


@dataclass(frozen=True, slots=True)
class KeyPicture:
    """A key image as the packet shows it."""

    sop_instance_uid: str
    frame: int
    centre: float | None
    width: float | None
    caption: str
    """What the image is: modality, description, date, which of how many."""
    note: str
    source: str
    """Who chose it, and when."""


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a packet says. Stored in versions: a new field needs a default, so that old ones still read."""

    case_id: str
    form: str
    """Source of what the referral form says."""
    patient: Patient
    packet: Packet
    images: tuple[Line, ...] = ()
    """One line for each study."""
    pictures: tuple[KeyPicture, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a packet, of whatever kind."""

    section: str
    label: str
    text: str
    source: str
    where: str = ""
    """For a picture: its image and frame."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line that differs between two versions."""

    kind: Literal["added", "removed", "changed"]
    section: str
    label: str
    before: str
    after: str
    source: str


class PacketVersion(SQLModel, table=True):
    """A packet as it was at some instant, byte for byte."""

    __tablename__ = "packet_version"
    __table_args__ = (UniqueConstraint("conference_id", "case_id", "number"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    conference_id: str = Field(foreign_key="conference.id", index=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    number: int
    """From 1; version 1 is what was published."""
    body: str
    """Canonical JSON of a `Content`; what the digest is over, in UTF-8."""
    digest: str = Field(index=True)
    """SHA-256 of `body`, hex."""
    frozen_at: datetime = instant()


class PacketReading(SQLModel, table=True):
    """That somebody opened a version of a packet."""

    __tablename__ = "packet_reading"
    conference_id: str = Field(foreign_key="conference.id", primary_key=True)
    case_id: str = Field(foreign_key="case.id", primary_key=True)
    person_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    """The version; 0: before it was published."""
    first_at: datetime = instant()
    last_at: datetime = instant()


@dataclass(frozen=True, slots=True)
class Receipt:
    """When somebody opened a packet first and last, and the newest version they have seen."""

    number: int
    first_at: datetime
    last_at: datetime


class OpinionBasis(SQLModel, table=True):
    """Which version of the packet a sealed opinion was given on; never what it says."""

    __tablename__ = "opinion_basis"
    conference_id: str = Field(foreign_key="conference.id", primary_key=True)
    case_id: str = Field(foreign_key="case.id", primary_key=True)
    person_id: str = Field(primary_key=True)
    round: int = Field(primary_key=True)
    number: int
    """0: the packet was not published yet, or never opened."""
    given_at: datetime = instant()


def frozen_form(content: Content) -> Content:
    """The content without what no line says: row identities and study UIDs."""
    asked = tuple(replace(one, id=str(place)) for place, one in enumerate(content.packet.questions, 1))
    return replace(content, packet=replace(content.packet, questions=asked, studies=()))


def canonical(content: Content) -> bytes:
    """The one byte string of a packet (RFC 8785)."""
    body: bytes = rfc8785.dumps(msgspec.to_builtins(frozen_form(content)))
    return body


def digest_of(content: Content) -> str:
    """SHA-256 of the canonical bytes, hex."""
    return hashlib.sha256(canonical(content)).hexdigest()


def content_of(version: PacketVersion) -> Content:
    """What a version says."""
    return msgspec.json.decode(version.body, type=Content)


def versions(session: Session, conference_id: str, case_id: str) -> list[PacketVersion]:
    """Every version of a packet, oldest first."""
    return list(session.exec(
        select(PacketVersion)
        .where(PacketVersion.conference_id == conference_id, PacketVersion.case_id == case_id)
        .order_by(col(PacketVersion.number))
    ))


def freeze(session: Session, conference_id: str, content: Content, at: datetime) -> PacketVersion:
    """The version that says this: the last one if no line has changed since, else the next."""
    kept = versions(session, conference_id, content.case_id)
    body = canonical(content)
    digest = hashlib.sha256(body).hexdigest()
    if kept and kept[-1].digest == digest:
        return kept[-1]
    made = PacketVersion(
        conference_id=conference_id, case_id=content.case_id, number=len(kept) + 1, body=body.decode(), digest=digest,
        frozen_at=at,
    )
    session.add(made)
    session.flush()
    return made


def note_opened(
    session: Session, conference_id: str, case_id: str, person_id: str, number: int, at: datetime
) -> PacketReading:
    """Keep that somebody opened this version; the first instant stays, the last one moves."""
    found = session.get(PacketReading, (conference_id, case_id, person_id, number))
    if found is None:
        found = PacketReading(
            conference_id=conference_id, case_id=case_id, person_id=person_id, number=number, first_at=at, last_at=at
        )
    found.last_at = at
    session.add(found)
    session.flush()
    return found


def receipts(session: Session, conference_id: str) -> dict[str, dict[str, Receipt]]:
    """Case → person → when they opened its packet, for a whole sitting."""
    found: dict[str, dict[str, Receipt]] = {}
    rows = session.exec(
        select(PacketReading).where(PacketReading.conference_id == conference_id).order_by(col(PacketReading.number))
    )
    for row in rows:
        people = found.setdefault(row.case_id, {})
        seen = people.get(row.person_id, Receipt(row.number, row.first_at, row.last_at))
        people[row.person_id] = Receipt(
            row.number, min(seen.first_at, row.first_at), max(seen.last_at, row.last_at)
        )
    return found


def note_opinion(
    session: Session, conference_id: str, case_id: str, person_id: str, round_: int, at: datetime
) -> OpinionBasis:
    """Keep which version lay before somebody who gave an opinion: the newest they had opened by then."""
    seen = session.exec(
        select(PacketReading.number).where(
            PacketReading.conference_id == conference_id, PacketReading.case_id == case_id,
            PacketReading.person_id == person_id, col(PacketReading.first_at) <= at,
        )
    ).all()
    found = session.get(OpinionBasis, (conference_id, case_id, person_id, round_))
    if found is None:
        found = OpinionBasis(
            conference_id=conference_id, case_id=case_id, person_id=person_id, round=round_, number=0, given_at=at
        )
    found.number, found.given_at = max(seen, default=0), at
    session.add(found)
    session.flush()
    return found


def bases(session: Session, conference_id: str, case_id: str) -> list[OpinionBasis]:
    """What each opinion on a case was given on, earliest round first."""
    return list(session.exec(
        select(OpinionBasis)
        .where(OpinionBasis.conference_id == conference_id, OpinionBasis.case_id == case_id)
        .order_by(col(OpinionBasis.round), col(OpinionBasis.given_at))
    ))


def entries(content: Content) -> tuple[Entry, ...]:
    """Every line of a packet in the order it is printed, the patient first and the key images last."""
    return tuple(_entries(content))


def _entries(content: Content) -> Iterator[Entry]:
    patient, form = content.patient, content.form
    yield Entry("Patient", "Name", patient.name, form)
    yield Entry("Patient", "Born", patient.born_on.isoformat() if patient.born_on else "", form)
    yield Entry("Patient", "Sex", patient.sex, form)
    yield Entry("Patient", "Record", patient.record, form)
    for field in fields(Packet):
        if field.name not in IDENTITY:
            for one in getattr(content.packet, field.name):
                yield _entry(SECTIONS[field.name], one, form)
    for line in content.images:
        yield Entry("Images", line.label, line.text, line.source)
    for place, one in enumerate(content.pictures, 1):
        window = f"window {one.centre:g}/{one.width:g}" if one.centre is not None and one.width is not None else ""
        text = "; ".join(part for part in (one.caption, window, one.note) if part)
        yield Entry("Key images", f"Key image {place}", text, one.source, f"{one.sop_instance_uid}/{one.frame}")


def _entry(section: str, one: Line | Attempt | Asked | str, form: str) -> Entry:
    match one:
        case Line(label, text, source):
            return Entry(section, label, text, source)
        case Attempt():
            return Entry(section, one.label, attempt_text(one), form)
        case Asked():
            return Entry(section, one.kind, f"{one.text} (to {one.addressed_to})", form)
        case str():
            return Entry(section, "Discipline", spine().short(one), "Board's required disciplines and the questions")


def attempt_text(one: Attempt) -> str:
    """A treatment on one line: what, how much, when, and what came of it."""
    since = one.started_on.isoformat() if one.started_on else "date not given"
    when = f"{since} to {one.ended_on.isoformat()}" if one.ended_on else since
    return "; ".join(part for part in (one.text, one.amount, when, one.outcome) if part)


def changes(before: Content, after: Content) -> tuple[Change, ...]:
    """What differs between two versions, line by line, in the order of the later one."""
    old, new = entries(before), entries(after)
    found: list[Change] = []
    for tag, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            found += _paired(list(old[first:last]), list(new[start:end]))
    return tuple(found)


def _paired(old: list[Entry], new: list[Entry]) -> Iterator[Change]:
    for entry in new:
        twin = next((one for one in old if (one.section, one.label) == (entry.section, entry.label)), None)
        if twin is None:
            yield Change("added", entry.section, entry.label, "", entry.text, entry.source)
            continue
        old.remove(twin)
        yield Change("changed", entry.section, entry.label, _told(twin, entry), entry.text, entry.source)
    for entry in old:
        yield Change("removed", entry.section, entry.label, entry.text, "", entry.source)


def _told(before: Entry, after: Entry) -> str:
    """What a line said; with its source where only that, or the image, differs."""
    if before.text != after.text:
        return before.text
    return f"{before.text} ({before.source})" if before.source != after.source else f"{before.text} (another image)"
