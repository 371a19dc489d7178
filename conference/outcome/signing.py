"""Signing: one Ed25519 key of the organisation states that an authenticated person signed exactly these bytes.

A SignedRecord holds the canonical JSON (RFC 8785) of the whole recommendation and the Ed25519 signature (RFC 8032) over
it. It is written before the room is asked to sign, and comes into force only when the room's log says `Signed`: so no
signature is ever shown whose bytes could be lost, and none counts that the room refused.
"""

import base64
import hashlib
import os
from collections.abc import Mapping
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


ALGORITHM = "Ed25519 over RFC 8785 canonical JSON"


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Canonical JSON (RFC 8785) with the signature over it: a recommendation, an addendum, the seal of a letter."""

    record: str
    digest: str
    """SHA-256 of `record` in UTF-8, hex."""
    signature: str
    """Ed25519, base64url without padding."""
    key_id: str
    public_key: str
    """Raw, base64url without padding."""


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


class Signer:
    """The organisation's signing key and the history of its public keys, in a folder only the server reads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._key = self._load_or_make()
        self.public_key = encoded(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        self.key_id = key_identity(self.public_key)
        (directory / f"{self.key_id}.pub").write_text(self.public_key + "\n", "ascii")

    def sign(self, record: bytes) -> str:
        """Ed25519 over the bytes, base64url."""
        return encoded(self._key.sign(record))

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


    def state(self, record: Mapping[str, Any]) -> Statement:
        """A record with its digest and signature."""
        body = canonical(record)
        return Statement(
            body.decode(), hashlib.sha256(body).hexdigest(), self.sign(body), self.key_id, self.public_key
        )


def canonical(record: Mapping[str, Any]) -> bytes:
    """The one byte string of a record (RFC 8785)."""
    body: bytes = rfc8785.dumps(dict(record))
    return body


def prepare(session: Session, record: Mapping[str, Any], signer: Signer, at: datetime) -> SignedRecord:
    """Write a signed record that is not yet in force; see `enforce`."""
    made = signer.state(record)
    prepared = SignedRecord(
        case_id=record["case"]["id"],
        conference_id=record["conference"]["id"],
        revision=record["revision"],
        signer_id=record["signer"]["person"],
        signed_at=at,
        **msgspec.structs.asdict(made),
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


def problem_of(one: Statement) -> str:
    """What is wrong with a statement, taken by itself: record, key or signature; empty: nothing."""
    body = one.record.encode()
    if hashlib.sha256(body).hexdigest() != one.digest:
        return "record"
    if key_identity(one.public_key) != one.key_id:
        return "key_id"
    try:
        Ed25519PublicKey.from_public_bytes(decoded(one.public_key)).verify(decoded(one.signature), body)
    except (InvalidSignature, ValueError):
        return "signature"
    return ""


def key_identity(public_key: str) -> str:
    """The first sixteen hex digits of the SHA-256 of a public key as it is written."""
    return hashlib.sha256(public_key.encode()).hexdigest()[:16]


def encoded(raw: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """What `encoded` has written, and nothing that only decodes to the same; raises ValueError."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encoded(raw) != text:
        raise ValueError("This is not base64url as it is written here.")
    return raw
