"""The whole record checked: the audit, every room's log, what was signed, what was added, and the letters made of it.

Each part is checked by itself, then against the others: a signature stands in the log of its room, and the log still
holds the event that the signed record knew of. So what was removed from one place is missed in another.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast

import msgspec
from sqlalchemy import String, Table, inspect, type_coerce
from sqlmodel import Session, select

from conference.errors import ProtocolError, RecordBroken
from conference.outcome.addenda import Addendum
from conference.outcome.bundle import bundle, verify
from conference.outcome.kept import KeptLetter, fault_of
from conference.outcome.signing import SignedRecord, problem_of
from conference.record import audit, log, snapshots
from conference.record.anchors import Anchored
from conference.record.audit import AuditEntry, Head
from conference.room.events import Signed

Row = TypeVar("Row", SignedRecord, Addendum, KeptLetter)
_SECONDS = "0000-00-00 00:00:00".replace("0", "[0-9]") + ".000000"
"""How SQLite holds the time that was signed: others read as the same, with another letter after the day for one."""
_MICROSECONDS = "0000-00-00 00:00:00.000000".replace("0", "[0-9]")
_TIMED = (
    (AuditEntry, "audit row", "at", _MICROSECONDS), (SignedRecord, "signed record", "signed_at", _MICROSECONDS),
    (Addendum, "addendum", "signed_at", _SECONDS), (KeptLetter, "letter", "made_at", _SECONDS),
)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is not as it was written."""

    where: str
    """``audit row 12``, ``room 4f…, record 7``, ``signed record 9a…``."""
    what: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was checked, and what was found."""

    head: Head
    """Of the audit."""
    rooms: int
    records: int
    """Events in all rooms."""
    signed: int
    letters: int
    anchors: int
    flaws: tuple[Flaw, ...]


def prove(session: Session, anchored: Anchored) -> Proof:
    """Check everything; takes a while on a long record, so call it off the event loop."""
    flaws = [Flaw(f"audit row {one.number}", one.what) for one in audit.verify(session, anchored.audit)]
    found = log.rooms(session)
    total = 0
    for room in sorted({*found, *anchored.rooms}):
        try:
            total += log.verify(session, room, anchored.rooms.get(room)).seq
        except RecordBroken as broken:
            flaws.append(Flaw(f"room {room}, record {broken.seq}", broken.reason))
    if not flaws:  # folding needs logs that hold
        flaws += [Flaw(f"room {room}", what) for room, what in snapshots.faults(session)]
    flaws += _times_written_otherwise(session)
    records = _read(session, SignedRecord, "signed record", flaws)
    added = sorted(_read(session, Addendum, "addendum", flaws), key=lambda one: one.number)
    letters = _read(session, KeptLetter, "letter", flaws)
    for row in records:
        flaws += _of_signed(session, row, [one for one in added if one.record_id == row.id])
    flaws += _of_added(records, added)
    flaws += _of_letters(records, letters)
    flaws += _unkept(session, found, records)
    flaws += _removed(session, {"signedrecord": records, "addendum": added, "kept_letter": letters})
    anchors = len(anchored.audit) + len(anchored.rooms)
    return Proof(audit.head(session), len(found), total, len(records), len(letters), anchors, tuple(flaws))


def _times_written_otherwise(session: Session) -> Iterator[Flaw]:
    """Rows of which a time reads as it did but is not written as we write it; SQLite keeps times as text."""
    if session.get_bind().dialect.name != "sqlite":
        return
    for kind, name, when, form in _TIMED:
        table = cast(Table, inspect(kind).local_table)
        (key,) = table.primary_key.columns
        otherwise = type_coerce(table.c[when], String).op("NOT GLOB")(form)
        for found in session.connection().execute(select(key).where(otherwise).order_by(key)).scalars():
            yield Flaw(f"{name} {found}", "it was changed: its time is not written as it was")


def _read(session: Session, kind: type[Row], name: str, flaws: list[Flaw]) -> list[Row]:
    """Every row of a table; one that cannot be read, since its bytes are no row any more, is a flaw."""
    found: list[Row] = []
    for key in session.exec(select(kind.id).order_by(kind.id)).all():
        try:
            found.append(session.get_one(kind, key))
        except (ValueError, TypeError):
            flaws.append(Flaw(f"{name} {key}", "it was changed: the row cannot be read"))
    return found


def _of_signed(session: Session, row: SignedRecord, added: list[Addendum]) -> Iterator[Flaw]:
    where = f"signed record {row.id}"
    checked = verify(bundle(row, [one.statement for one in added]))
    if not checked.genuine:
        yield Flaw(where, checked.reason)
        return
    told = msgspec.json.decode(row.record)
    wrong = [name for name, here, there in (
        ("case", row.case_id, told["case"]["id"]), ("conference", row.conference_id, told["conference"]["id"]),
        ("signer", row.signer_id, told["signer"]["person"]), ("revision", row.revision, told["revision"]),
        ("time", _second(row.signed_at), told["signed_at"]),
    ) if here != there]
    if wrong:
        yield Flaw(where, f"it stands under another {', '.join(wrong)} than the one it was signed for")
    known = told["log"]
    if log.digest_at(session, known["room"], known["seq"]) != known["digest"]:
        yield Flaw(where, f"the room's log no longer holds record {known['seq']} as it was when this was signed")


def _of_added(records: list[SignedRecord], added: list[Addendum]) -> Iterator[Flaw]:
    digests = {row.id: row.digest for row in records}
    for one in added:
        if wrong := problem_of(one.statement):
            yield Flaw(f"addendum {one.id}", f"it was changed: its {wrong} does not fit")
            continue
        told = one.told
        here = (one.case_id, one.author_id, one.number, _second(one.signed_at), digests.get(one.record_id))
        there = (told["case"]["id"], told["author"]["person"], told["number"], told["signed_at"], told["record"])
        if here != there:
            yield Flaw(f"addendum {one.id}", "it stands in another place than the one it was signed for")


def _of_letters(records: list[SignedRecord], letters: list[KeptLetter]) -> Iterator[Flaw]:
    digests = {row.id: row.digest for row in records}
    for one in letters:
        wrong = fault_of(one)
        if not wrong and msgspec.json.decode(one.record)["record"] != digests.get(one.record_id):
            wrong = "it is the letter of another record"
        if wrong:
            yield Flaw(f"letter {one.id}", wrong)


def _unkept(session: Session, rooms: list[str], records: list[SignedRecord]) -> Iterator[Flaw]:
    """Signatures in a room's log whose record is gone, and records in force that no log knows of."""
    logged: dict[str, int] = {}
    held = {row.signature for row in records}
    for room in rooms:
        try:
            signatures = log.of_kind(session, room, "signed")
        except (ProtocolError, ValueError, KeyError):
            continue  # the log itself does not hold; that was said before
        for one in signatures:
            if not isinstance(one.event, Signed):
                continue
            logged[one.event.signature.value] = one.seq
            if one.event.signature.value not in held:
                yield Flaw(f"room {room}, record {one.seq}", "what was signed here is gone")
    for row in records:
        if row.seq is not None and logged.get(row.signature) != row.seq:
            yield Flaw(f"signed record {row.id}", "no room's log knows of its signature at this place")


def _removed(session: Session, kept: Mapping[str, Sequence[SignedRecord | Addendum | KeptLetter]]) -> Iterator[Flaw]:
    """Rows that the audit saw written, and that are gone."""
    for kind, rows in kept.items():
        there = {row.id for row in rows}
        written = select(AuditEntry.number, AuditEntry.record).where(AuditEntry.kind == kind, AuditEntry.deed == "add")
        for number, record in session.exec(written):
            if record not in there:
                yield Flaw(f"audit row {number}", f"the {kind.replace('_', ' ')} that was written here is gone")


def _second(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
