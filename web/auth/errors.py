"""What can go wrong while proving who somebody is.

AuthError
├── Refused               the proof does not hold               (401; never says which part was wrong)
├── SlowDown              too many attempts; says how long      (429)
├── LinkSpent             a one-time link that no longer works  (410)
└── TicketInvalid         a socket's ticket that does not hold  (close code 4008)
"""


class AuthError(Exception):
    """Any error of this package; its text is a sentence for a person."""


class Refused(AuthError):
    """The proof does not hold; the sentence never tells which part was wrong (ASVS 6.3.8)."""


class SlowDown(AuthError):
    """Too many attempts from here for this account; nothing is locked, the answer only comes later."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many attempts. Try again in {seconds} second{'s' if seconds != 1 else ''}.")
        self.seconds = seconds


class LinkSpent(AuthError):
    """A one-time link that was used, ran out, was withdrawn or never existed."""


class TicketInvalid(AuthError):
    """A ticket that was used, ran out, or belongs to another session, purpose or resource."""
