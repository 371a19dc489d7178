"""The second factor: time-based codes (RFC 6238) that work once, and recovery codes for a lost telephone."""

import hmac
import secrets
from datetime import datetime

import pyotp
from sqlmodel import Field, Session, SQLModel, col, select

from agenda.columns import instant
from agenda.ids import new_id
from web.auth.secret import Seal, digest

PERIOD_S = 30
ISSUER = "Consilium"
_RECOVERY_CODES = 10
_RECOVERY_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""No I, O, 0 or 1: people copy these from paper."""
_RECOVERY_LETTERS = 24
"""24 letters of 32 = 120 bits."""


class TotpSecret(SQLModel, table=True):
    """A person's shared secret, sealed; it counts once a first code has confirmed it."""

    person_id: str = Field(primary_key=True, foreign_key="person.id")
    sealed: bytes
    created_at: datetime = instant()
    confirmed_at: datetime | None = instant(default=None, nullable=True)
    last_step: int = 0
    """The time step of the last code taken; that one and older ones are not taken again (RFC 6238 section 5.2)."""


class RecoveryCode(SQLModel, table=True):
    """A code that stands in once for a lost telephone."""

    id: str = Field(default_factory=new_id, primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    digest: str
    used_at: datetime | None = instant(default=None, nullable=True)


def enrolled(session: Session, person_id: str) -> bool:
    """The person signs in with a second factor."""
    found = session.get(TotpSecret, person_id)
    return found is not None and found.confirmed_at is not None


def begin(session: Session, seal: Seal, person_id: str, at: datetime) -> None:
    """Give a person a fresh secret that awaits its first code; a confirmed one stays as it is."""
    found = session.get(TotpSecret, person_id)
    if found is not None and found.confirmed_at is not None:
        return
    sealed = seal.close(pyotp.random_base32(32).encode(), person_id)
    if found is None:
        found = TotpSecret(person_id=person_id, sealed=sealed, created_at=at)
    found.sealed, found.created_at = sealed, at
    session.add(found)
    session.flush()


def provisioning_uri(session: Session, seal: Seal, person_id: str, account: str) -> str | None:
    """The otpauth:// address for the authenticator, while the secret is not confirmed; None otherwise.

    A confirmed secret is never shown again.
    """
    found = session.get(TotpSecret, person_id)
    if found is None or found.confirmed_at is not None:
        return None
    return pyotp.TOTP(_secret(seal, found)).provisioning_uri(name=account, issuer_name=ISSUER)


def confirm(session: Session, seal: Seal, person_id: str, code: str, at: datetime) -> list[str] | None:
    """Take the first code of a new secret; gives the recovery codes, to be shown once, or None if it is wrong."""
    found = session.get(TotpSecret, person_id)
    if found is None or found.confirmed_at is not None or not _take(seal, found, code, at):
        return None
    found.confirmed_at = at
    session.add(found)
    return renew_recovery_codes(session, person_id)


def verify(session: Session, seal: Seal, person_id: str, code: str, at: datetime) -> bool:
    """Is this the person's code now, or an unused recovery code? Either is used up by it."""
    found = session.get(TotpSecret, person_id)
    if found is None or found.confirmed_at is None:
        return False
    if _take(seal, found, code, at):
        session.add(found)
        return True
    return _take_recovery_code(session, person_id, code, at)


def remove(session: Session, person_id: str) -> None:
    """Take the second factor away with its recovery codes, e.g. when an administrator resets the account."""
    found = session.get(TotpSecret, person_id)
    if found is not None:
        session.delete(found)
    for code in session.exec(select(RecoveryCode).where(RecoveryCode.person_id == person_id)):
        session.delete(code)


def renew_recovery_codes(session: Session, person_id: str) -> list[str]:
    """Ten fresh recovery codes; earlier ones stop working."""
    for old in session.exec(select(RecoveryCode).where(RecoveryCode.person_id == person_id)):
        session.delete(old)
    fresh = [_recovery_code() for _ in range(_RECOVERY_CODES)]
    session.add_all(RecoveryCode(person_id=person_id, digest=digest(code)) for code in fresh)
    session.flush()
    return ["-".join(code[at : at + 6] for at in range(0, _RECOVERY_LETTERS, 6)) for code in fresh]


def recovery_codes_left(session: Session, person_id: str) -> int:
    """How many recovery codes still work."""
    unused = select(RecoveryCode).where(RecoveryCode.person_id == person_id, col(RecoveryCode.used_at).is_(None))
    return len(session.exec(unused).all())


def _recovery_code() -> str:
    return "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_LETTERS))


def _secret(seal: Seal, row: TotpSecret) -> str:
    return seal.open(row.sealed, row.person_id).decode()


def _take(seal: Seal, row: TotpSecret, code: str, at: datetime) -> bool:
    """Accept the code of this step or the one before (a person types slowly), each at most once."""
    typed = code.replace(" ", "")
    now_step = int(at.timestamp()) // PERIOD_S
    generator = pyotp.TOTP(_secret(seal, row))
    for step in (now_step, now_step - 1):
        expected = generator.generate_otp(step)
        if step > row.last_step and hmac.compare_digest(expected.encode(), typed.encode()):
            row.last_step = step
            return True
    return False


def _take_recovery_code(session: Session, person_id: str, code: str, at: datetime) -> bool:
    typed = digest(code.replace("-", "").replace(" ", "").upper())
    found = session.exec(
        select(RecoveryCode).where(
            RecoveryCode.person_id == person_id, RecoveryCode.digest == typed, col(RecoveryCode.used_at).is_(None)
        )
    ).first()
    if found is None:
        return False
    found.used_at = at
    session.add(found)
    return True
