"""Signing: one Ed25519 key of the organisation states that an authenticated person signed exactly these bytes.

A SignedRecord holds the canonical JSON (RFC 8785) of the whole recommendation and the Ed25519 signature (RFC 8032) over
it. It is written before the room is asked to sign, and comes into force only when the room's log says `Signed`: so no
signature is ever shown whose bytes could be lost, and none counts that the room refused.
"""

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlmodel import Field, Session, SQLModel, col, select

from agenda.columns import instant
from agenda.ids import new_id

APPROVAL = "approval of the joint recommendation"
"""The meaning of the chair's signature (21 CFR 11.50(a)(3))."""


FORMAT = "consilium.signed-recommendation/1"
ALGORITHM = "Ed25519 over RFC 8785 canonical JSON"


class SignedRecord(SQLModel, table=True):
    """A recommendation as it was signed, byte for byte."""

    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    conference_id: str = Field(foreign_key="conference.id", index=True)
    revision: int
    record: str
    """Canonical JSON; what the signature is over, in UTF-8."""
    digest: str = Field(index=True)
    """SHA-256 of `record`, hex."""
    signature: str
    """Ed25519, base64url without padding."""
    public_key: str
    """Raw public key, base64url without padding; also in the key history."""
    key_id: str
    signer_id: str = Field(foreign_key="person.id")
    signed_at: datetime = instant()
    seq: int | None = None
    """The number of `Signed` in the room's log; None: prepared, never in force."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What checking a signed bundle found; `reason` is a sentence."""

    genuine: bool
    reason: str
    where: tuple[str, ...] = ()
    """Parts of the record that are not as they were signed, e.g. ``recommendation``; empty where that is not known."""


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


class Signer:
    """The organisation's signing key and the history of its public keys, in a folder only the server reads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._key = self._load_or_make()
        self.public_key = _encode(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        self.key_id = _key_id(self.public_key)
        (directory / f"{self.key_id}.pub").write_text(self.public_key + "\n", "ascii")

    def sign(self, record: bytes) -> str:
        """Ed25519 over the bytes, base64url."""
        return _encode(self._key.sign(record))

    def history(self) -> dict[str, str]:
        """Key identity → public key, for every key this organisation ever signed with."""
        return {path.stem: path.read_text("ascii").strip() for path in sorted(self._directory.glob("*.pub"))}

    def _load_or_make(self) -> Ed25519PrivateKey:
        path = self._directory / "signing.pem"
        if not path.exists():
            fresh = Ed25519PrivateKey.generate()
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
                file.flush()
                os.fsync(handle)
        loaded = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(loaded, Ed25519PrivateKey):
            raise TypeError(f"{path} holds a key of another kind; Ed25519 is needed.")
        return loaded


def canonical(record: Mapping[str, Any]) -> bytes:
    """The one byte string of a record (RFC 8785)."""
    body: bytes = rfc8785.dumps(dict(record))
    return body


def prepare(session: Session, record: Mapping[str, Any], signer: Signer, at: datetime) -> SignedRecord:
    """Write a signed record that is not yet in force; see `enforce`."""
    body = canonical(record)
    prepared = SignedRecord(
        case_id=record["case"]["id"],
        conference_id=record["conference"]["id"],
        revision=record["revision"],
        record=body.decode(),
        digest=hashlib.sha256(body).hexdigest(),
        signature=signer.sign(body),
        public_key=signer.public_key,
        key_id=signer.key_id,
        signer_id=record["signer"]["person"],
        signed_at=at,
    )
    session.add(prepared)
    session.flush()
    return prepared


def enforce(session: Session, case_id: str, signature: str, seq: int) -> SignedRecord | None:
    """The room's log holds `Signed` with this signature: the record stands. Doing it twice changes nothing."""
    found = session.exec(
        select(SignedRecord).where(SignedRecord.case_id == case_id, SignedRecord.signature == signature)
    ).one_or_none()
    if found is not None and found.seq is None:
        found.seq = seq
        session.add(found)
    return found


def record_in_force(session: Session, case_id: str) -> SignedRecord | None:
    """The latest record of a case that stands."""
    return session.exec(
        select(SignedRecord).where(SignedRecord.case_id == case_id, col(SignedRecord.seq).is_not(None))
        .order_by(col(SignedRecord.signed_at).desc())
    ).first()


def bundle(record: SignedRecord) -> bytes:
    """Everything needed to verify offline, as a JSON file."""
    return msgspec.json.format(msgspec.json.encode(Bundle(
        format=FORMAT, algorithm=ALGORITHM, record=record.record, digest=record.digest,
        signature=record.signature, key_id=record.key_id, public_key=record.public_key, parts=_parts(record.record),
    )))


def broken(session: Session) -> list[tuple[str, str]]:
    """Signed rows that do not verify: identity and why."""
    rows = session.exec(select(SignedRecord).order_by(col(SignedRecord.signed_at))).all()
    found = ((row.id, verify(bundle(row))) for row in rows)
    return [(key, one.reason) for key, one in found if not one.genuine]


def opened(content: bytes) -> Bundle:
    """A signed file as it was read, nothing verified yet; raises ValueError with a sentence."""
    try:
        found = msgspec.json.decode(content, type=Bundle)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"This is not a signed recommendation: {error}.") from None
    for name, known in (("format", FORMAT), ("algorithm", ALGORITHM)):
        if getattr(found, name) != known:
            raise ValueError(f"This is not a signed recommendation of a kind known here: its {name} is another.")
    return found


def verify(content: bytes) -> Verification:
    """Check a bundle with nothing but itself; the caller compares the key with one it trusts."""
    try:
        found = opened(content)
        key, signature = _decode(found.public_key), _decode(found.signature)
    except ValueError as error:
        return Verification(False, str(error))
    body = found.record.encode()
    if hashlib.sha256(body).hexdigest() != found.digest:
        return _changed(found)
    if _key_id(found.public_key) != found.key_id:
        return Verification(False, "The public key is not the one the signature names.", ("key_id",))
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, body)
    except (InvalidSignature, ValueError):
        return Verification(False, "The signature does not belong to this record.", ("signature",))
    where = _differing(found)
    if where:
        return Verification(False, f"The digests of the parts were changed: {', '.join(where)}.", where)
    signer = msgspec.json.decode(body)["signer"]
    return Verification(True, f"Signed by {signer['name']} with key {found.key_id}; not one byte has changed.")


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
    except (msgspec.DecodeError, AttributeError):
        return ("record",)
    return tuple(name for name in sorted({*parts, *found.parts}) if parts.get(name) != found.parts.get(name))


def _parts(record: str) -> dict[str, str]:
    """Part of the record → SHA-256 of its canonical JSON, hex."""
    return {
        name: hashlib.sha256(rfc8785.dumps(value)).hexdigest() for name, value in msgspec.json.decode(record).items()
    }


def _key_id(public_key: str) -> str:
    return hashlib.sha256(public_key.encode()).hexdigest()[:16]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
