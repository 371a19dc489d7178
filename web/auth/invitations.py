"""Guest links: somebody from outside sees one case until an instant, and nothing else.

An invitation is not a password: it can be used once, is kept as a digest, can be withdrawn, and the session that it
starts ends when the invitation does.
"""

from datetime import datetime, timedelta

from sqlmodel import Field, Session, SQLModel, col, select

from agenda.columns import instant
from agenda.errors import Invalid, NotFound
from agenda.ids import new_id
from web.auth.errors import LinkSpent
from web.auth.secret import digest, new_token

GUEST_PREFIX = "guest-"


class InvitationNotFound(NotFound):
    """No invitation with this identity."""

    noun = "invitation"


class Invitation(SQLModel, table=True):
    """A guest's way to one case."""

    id: str = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True, index=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    name: str
    """Whom it is for; shown beside everything the guest does."""
    email: str = ""
    invited_by: str = Field(foreign_key="person.id")
    created_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(default=None, nullable=True)
    revoked_at: datetime | None = instant(default=None, nullable=True)

    @property
    def guest_id(self) -> str:
        """The identity the guest acts under."""
        return GUEST_PREFIX + self.id

    def state(self, at: datetime) -> str:
        """``withdrawn``, ``expired``, ``used`` or ``open``."""
        if self.revoked_at is not None:
            return "withdrawn"
        if at >= self.expires_at:
            return "expired"
        return "used" if self.used_at is not None else "open"


def invite(
    session: Session, *, case_id: str, name: str, email: str, invited_by: str, lifetime: timedelta, at: datetime
) -> tuple[Invitation, str]:
    """A fresh invitation and the text of its link, ``/guest/<text>``, shown once; raises Invalid naming the field."""
    if not name.strip():
        raise Invalid("name", "Say whom the invitation is for.")
    for field, text, most in (("name", name, 120), ("email", email, 254)):
        if len(text.strip()) > most:
            raise Invalid(field, f"At most {most} characters; this has {len(text.strip())}.")
    if email.strip() and "@" not in email:
        raise Invalid("email", "This is not an e-mail address.")
    text = new_token()
    row = Invitation(
        digest=digest(text), case_id=case_id, name=name.strip(), email=email.strip().lower(), invited_by=invited_by,
        created_at=at, expires_at=at + lifetime,
    )
    session.add(row)
    session.flush()
    return row, text


def invitation(session: Session, invitation_id: str) -> Invitation:
    """One invitation; raises InvitationNotFound."""
    found = session.get(Invitation, invitation_id)
    if found is None:
        raise InvitationNotFound(invitation_id)
    return found


def invitations_of(session: Session, case_id: str) -> list[Invitation]:
    """The invitations to a case, newest first."""
    to_case = select(Invitation).where(Invitation.case_id == case_id)
    return list(session.exec(to_case.order_by(col(Invitation.created_at).desc())))


def open_invitation(session: Session, text: str, at: datetime) -> Invitation:
    """The invitation of a link, without using it; raises LinkSpent with the reason."""
    found = session.exec(select(Invitation).where(Invitation.digest == digest(text))).one_or_none()
    match found.state(at) if found is not None else None:
        case "open":
            assert found is not None
            return found
        case "withdrawn":
            raise LinkSpent("This invitation was withdrawn. Ask the person who invited you.")
        case "expired":
            raise LinkSpent("This invitation has run out. Ask the person who invited you for another one.")
        case "used":
            raise LinkSpent("This invitation was already used. If that was not you, tell the person who invited you.")
        case _:
            raise LinkSpent("This invitation is not one of ours. Check that the link was copied whole.")


def accept(session: Session, text: str, at: datetime) -> Invitation:
    """Use an invitation up; raises LinkSpent."""
    found = open_invitation(session, text, at)
    found.used_at = at
    session.add(found)
    session.flush()
    return found


def revoke(session: Session, invitation_id: str, at: datetime) -> Invitation:
    """Withdraw an invitation; the caller ends its session too (`sessions.end_sessions_of` with its guest_id)."""
    found = invitation(session, invitation_id)
    found.revoked_at = found.revoked_at or at
    session.add(found)
    return found
