"""Signed files for tests: an addendum and the seal of a letter, made by the product's own signer."""

import hashlib
from datetime import UTC, datetime

import msgspec

from conference.outcome.addenda import MEANING, SCHEMA, Addendum
from conference.outcome.kept import SCHEMA as LETTER
from conference.outcome.signing import SignedRecord, Signer, Statement

AT = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


def an_addendum(signer: Signer, record: SignedRecord, number: int = 1, amends: str = "", text: str = "") -> Addendum:
    made = signer.state({
        "schema": SCHEMA, "case": {"id": "c1", "number": 1042}, "record": record.digest,
        "amends": amends or record.digest, "number": number,
        "author": {"person": "p3", "name": "Dr Radiologist", "discipline": "Neuroradiology"},
        "reason": "new-findings", "text": text or "The new films show 4 mm of movement at L4–L5.", "meaning": MEANING,
        "signed_at": AT.isoformat(timespec="seconds"),
    })
    return Addendum(
        record_id="r", case_id="c1", number=number, author_id="p3", signed_at=AT, **msgspec.structs.asdict(made)
    )


def sealed(signer: Signer, record: SignedRecord, content: bytes, edition: int) -> Statement:
    return signer.state({
        "schema": LETTER, "record": record.digest, "kind": "letter", "edition": edition,
        "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content),
        "made_at": AT.isoformat(timespec="seconds"),
    })
