"""Tickets for sockets: a single use, thirty seconds, bound to session, purpose and resource (ASVS 4.4.3).

A WebSocket handshake is a GET that any site can make a browser send. The ticket proves that the page which opens the
socket could first make a same-origin POST under the same session.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from web.auth.errors import TicketInvalid
from web.auth.secret import digest, new_token

LIFETIME = timedelta(seconds=30)
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket is good for."""

    session_id: str | None
    """None: given to a program with a bearer token."""
    person_id: str
    purpose: str
    """``room``, ``images`` or ``media``."""
    resource: str
    """The conference's identity for a room and its call, the case's for images."""
    expires_at: datetime


class Tickets:
    """The tickets of this process; they live in memory, and a restart makes browsers ask for new ones."""

    def __init__(self) -> None:
        self._open: dict[str, Ticket] = {}

    def issue(self, *, session_id: str | None, person_id: str, purpose: str, resource: str, at: datetime) -> str:
        """A fresh ticket; the caller has already asked the policy."""
        self._forget_old(at)
        token = new_token()
        self._open[digest(token)] = Ticket(session_id, person_id, purpose, resource, at + LIFETIME)
        return token

    def redeem(self, token: str, *, purpose: str, session_id: str | None, person_id: str, at: datetime) -> Ticket:
        """Use a ticket up; raises TicketInvalid.

        session_id, person_id: who opens the socket, by the cookie or bearer token of the handshake itself; a ticket
        that was overheard is worth nothing without them.
        """
        ticket = self._open.pop(digest(token), None)
        if ticket is None or at >= ticket.expires_at:
            raise TicketInvalid("This ticket was used or has run out; ask for another one.")
        if (ticket.purpose, ticket.session_id, ticket.person_id) != (purpose, session_id, person_id):
            raise TicketInvalid("This ticket is for something else.")
        return ticket

    def _forget_old(self, at: datetime) -> None:
        for key in [key for key, ticket in self._open.items() if ticket.expires_at <= at]:
            del self._open[key]
        while len(self._open) >= _MOST:
            del self._open[next(iter(self._open))]
