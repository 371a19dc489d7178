"""The signed file: a recommendation with its addenda and the seals of its letters, checked with nothing but itself.

Every part is one statement: canonical JSON with its digest and an Ed25519 signature. An addendum names the digest of
what it amends, so that none can be put in between; a letter's seal names the digest of its PDF.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import rfc8785

from conference.outcome.signing import ALGORITHM, SignedRecord, Statement, key_identity, problem_of

FORMAT = "consilium.signed-recommendation/2"
FIRST = "consilium.signed-recommendation/1"
"""Files of before addenda, seals and a history of keys; they are read for ever."""
_NOT_WHOLE = (msgspec.DecodeError, AttributeError, UnicodeError, rfc8785.CanonicalizationError)
"""What reading and writing anew of a record that was changed may raise."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What checking a signed file found; `reason` is a sentence."""

    genuine: bool
    reason: str
    where: tuple[str, ...] = ()
    """Parts that are not as they were signed, e.g. ``recommendation`` or ``addendum 2``; empty: not known."""


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signed file: the record as a string, and all that proves it."""

    format: str
    algorithm: str
    record: str
    digest: str
    signature: str
    key_id: str
    public_key: str
    parts: dict[str, str] = {}
    """Part of the record → SHA-256 of its canonical JSON; says where a changed file was changed."""
    addenda: list[Statement] = []
    """Oldest first."""
    letters: list[Statement] = []
    """Seals: which PDF files were made of this record."""
    keys: dict[str, str] = {}
    """Every key the organisation ever signed with: identity → public key."""

    @property
    def statement(self) -> Statement:
        """The recommendation by itself."""
        return Statement(self.record, self.digest, self.signature, self.key_id, self.public_key)


def statement_of(row: SignedRecord) -> Statement:
    """A signed row as a statement."""
    return Statement(row.record, row.digest, row.signature, row.key_id, row.public_key)


def bundle(
    record: SignedRecord, addenda: Sequence[Statement] = (), letters: Sequence[Statement] = (),
    keys: Mapping[str, str] = {},
) -> bytes:
    """Everything needed to verify offline, as a JSON file."""
    return msgspec.json.format(msgspec.json.encode(Bundle(
        format=FORMAT, algorithm=ALGORITHM, record=record.record, digest=record.digest,
        signature=record.signature, key_id=record.key_id, public_key=record.public_key,
        parts=_parts_if_whole(record.record),
        addenda=list(addenda), letters=list(letters), keys={record.key_id: record.public_key, **keys},
    )))


def opened(content: bytes) -> Bundle:
    """A signed file as it was read, nothing verified yet; raises ValueError with a sentence."""
    try:
        found = msgspec.json.decode(content, type=Bundle)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"This is not a signed recommendation: {error}.") from None
    if found.format not in (FORMAT, FIRST):
        raise ValueError("This is not a signed recommendation of a kind known here: its format is another.")
    if found.algorithm != ALGORITHM:
        raise ValueError("This is not a signed recommendation of a kind known here: its algorithm is another.")
    return found


def verify(content: bytes) -> Verification:
    """Check a file with nothing but itself; the caller compares the key with one it trusts."""
    try:
        found = opened(content)
    except ValueError as error:
        return Verification(False, str(error))
    for check in (_record, _addenda, _seals, _keys):
        fault = check(found)
        if fault is not None:
            return fault
    signer = msgspec.json.decode(found.record)["signer"]
    amended = f", amended {len(found.addenda)} time{'s' if len(found.addenda) != 1 else ''}" if found.addenda else ""
    return Verification(
        True, f"Signed by {signer['name']} with key {found.key_id}{amended}; not one byte has changed."
    )


def sealed_letter(found: Bundle, content: bytes) -> dict[str, Any] | None:
    """The seal that names this PDF; None where none does. The file was verified before."""
    digest = hashlib.sha256(content).hexdigest()
    seals: list[dict[str, Any]] = [msgspec.json.decode(one.record) for one in found.letters]
    return next((one for one in seals if one["sha256"] == digest), None)


def _record(found: Bundle) -> Verification | None:
    match problem_of(found.statement):
        case "record":
            return _changed(found)
        case "key_id":
            return Verification(False, "The public key is not the one the signature names.", ("key_id",))
        case "signature":
            return Verification(False, "The signature does not belong to this record.", ("signature",))
        case _:
            pass
    where = _differing(found)
    if where:
        return Verification(False, f"The digests of the parts were changed: {', '.join(where)}.", where)
    return None


def _addenda(found: Bundle) -> Verification | None:
    before = found.digest
    for number, one in enumerate(found.addenda, 1):
        name = f"addendum {number}"
        if wrong := problem_of(one):
            return Verification(False, f"{name.capitalize()} was changed: its {wrong} does not fit.", (name,))
        told = _told(one)
        if (told.get("amends"), told.get("record"), told.get("number")) != (before, found.digest, number):
            return Verification(False, f"{name.capitalize()} does not amend what stands before it.", (name,))
        before = one.digest
    return None


def _seals(found: Bundle) -> Verification | None:
    for number, one in enumerate(found.letters, 1):
        name = f"letter {number}"
        if wrong := problem_of(one):
            return Verification(False, f"The seal of {name} was changed: its {wrong} does not fit.", (name,))
        if _told(one).get("record") != found.digest:
            return Verification(False, f"The seal of {name} is that of another record.", (name,))
    return None


def _keys(found: Bundle) -> Verification | None:
    """The history lists every key that was used here, each under its own identity."""
    if found.format == FIRST:
        more = found.keys or found.addenda or found.letters
        return Verification(False, "A file of this format has no such parts.", ("format",)) if more else None
    wrong = next((key for key, public in found.keys.items() if key_identity(public) != key), None)
    used = {one.key_id for one in (found.statement, *found.addenda, *found.letters)}
    missing = sorted(used - set(found.keys))
    if wrong is None and not missing:
        return None
    return Verification(False, f"The history of keys was changed at {wrong or missing[0]}.", ("keys",))


def _told(one: Statement) -> dict[str, Any]:
    value = msgspec.json.decode(one.record)
    return value if isinstance(value, dict) else {}


def _changed(found: Bundle) -> Verification:
    where = _differing(found)
    named = f" It differs in: {', '.join(where)}." if where else ""
    return Verification(False, f"The record was changed: its digest is another.{named}", where)


def _differing(found: Bundle) -> tuple[str, ...]:
    """The parts whose digests do not fit; a file of before parts were written names none."""
    if not found.parts:
        return ()
    try:
        parts = _parts(found.record)
    except _NOT_WHOLE:
        return ("record",)
    return tuple(name for name in sorted({*parts, *found.parts}) if parts.get(name) != found.parts.get(name))


def _parts_if_whole(record: str) -> dict[str, str]:
    """`_parts`; none of a row that is no record any more, whose digest tells."""
    try:
        return _parts(record)
    except _NOT_WHOLE:
        return {}


def _parts(record: str) -> dict[str, str]:
    """Part of the record → SHA-256 of its canonical JSON, hex."""
    return {
        name: hashlib.sha256(rfc8785.dumps(value)).hexdigest() for name, value in msgspec.json.decode(record).items()
    }
