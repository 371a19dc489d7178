"""Bearer tokens for programs: the API's and DICOMweb's clients, made by `consilium token` or on the account page."""

from datetime import datetime, timedelta

from sqlmodel import Field, Session, SQLModel, col, select

from agenda.columns import instant
from agenda.errors import Invalid, NotFound
from agenda.ids import new_id
from web.auth.secret import digest, new_token

LONGEST = timedelta(days=366)


class TokenNotFound(NotFound):
    """No token with this identity."""

    noun = "token"


class ApiToken(SQLModel, table=True):
    """A named token that acts for a person until it runs out or is withdrawn."""

    id: str = Field(default_factory=new_id, primary_key=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    name: str
    digest: str = Field(unique=True, index=True)
    created_at: datetime = instant()
    expires_at: datetime = instant()
    revoked_at: datetime | None = instant(default=None, nullable=True)


def issue_token(
    session: Session, *, person_id: str, name: str, lifetime: timedelta, at: datetime
) -> tuple[ApiToken, str]:
    """A fresh token and its text, which is shown once and kept nowhere; raises Invalid naming the field."""
    if not name.strip():
        raise Invalid("name", "A token needs a name that says what uses it.")
    if not timedelta(0) < lifetime <= LONGEST:
        raise Invalid("days", f"A token lives between a day and {LONGEST.days} days.")
    text = new_token()
    row = ApiToken(person_id=person_id, name=name.strip(), digest=digest(text), created_at=at, expires_at=at + lifetime)
    session.add(row)
    session.flush()
    return row, text


def token_of(session: Session, text: str, at: datetime) -> ApiToken | None:
    """The token with this text, if it still works."""
    found = session.exec(select(ApiToken).where(ApiToken.digest == digest(text))).one_or_none()
    if found is None or found.revoked_at is not None or at >= found.expires_at:
        return None
    return found


def tokens_of(session: Session, person_id: str, at: datetime) -> list[ApiToken]:
    """A person's tokens that still work, newest first."""
    rows = session.exec(
        select(ApiToken)
        .where(ApiToken.person_id == person_id, col(ApiToken.revoked_at).is_(None), ApiToken.expires_at > at)
        .order_by(col(ApiToken.created_at).desc())
    )
    return list(rows)


def revoke_token(session: Session, person_id: str, token_id: str, at: datetime) -> None:
    """Withdraw one of a person's own tokens; raises TokenNotFound."""
    found = session.get(ApiToken, token_id)
    if found is None or found.person_id != person_id:
        raise TokenNotFound(token_id)
    found.revoked_at = found.revoked_at or at
    session.add(found)
