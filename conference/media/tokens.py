"""Short-lived tokens that let one person into one room's media: minted by the web process, checked here.

A token is `payload.signature`, both base64url: the payload says room, person and when it ends, the signature is
HMAC-SHA-256 over it under a secret both processes hold. Nothing is stored, so the media process needs no database.
"""

import binascii
import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from conference.media.errors import NotAdmitted

LIFETIME: Final = timedelta(seconds=30)
"""How long a token opens the door; a page that reconnects asks for a new one."""

_LONGEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may join which room."""

    room: str
    person: str


def mint(secret: bytes, admission: Admission, at: datetime) -> str:
    """A token for this admission, valid from `at` for LIFETIME."""
    assert len(secret) >= 32, "a shorter secret could be guessed"
    ends = int((at + LIFETIME).timestamp())
    payload = json.dumps([admission.room, admission.person, ends], separators=(",", ":")).encode()
    return f"{_text(payload)}.{_text(_signature(secret, payload))}"


def check(secret: bytes, token: str, at: datetime) -> Admission:
    """Whom the token admits; raises NotAdmitted, always with the same words, for one that is forged or stale."""
    refused = NotAdmitted("This token does not open the room.")
    if len(token) > _LONGEST:
        raise refused
    body, _, signature = token.partition(".")
    try:
        payload, signed = _bytes(body), _bytes(signature)
    except (binascii.Error, ValueError):
        raise refused from None
    if not hmac.compare_digest(_signature(secret, payload), signed):
        raise refused
    room, person, ends = json.loads(payload)
    if at >= datetime.fromtimestamp(ends, UTC):
        raise refused
    return Admission(room, person)


def _signature(secret: bytes, payload: bytes) -> bytes:
    return hmac.new(secret, b"consilium media\0" + payload, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(data) != text:  # one spelling only
        raise ValueError(text)
    return data
