"""An event with what surrounds it in the log: its number, its time and who caused it."""

from dataclasses import dataclass

from agenda.ids import PersonId
from conference.room.events import Event


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact at its place in the room's history."""

    seq: int
    """1 for the first event of a room, then gapless."""
    at: str
    """RFC 3339 instant in UTC with milliseconds; never earlier than that of the event before."""
    actor: PersonId | None
    """None: the server itself."""
    event: Event
