"""From the room's log to the desk: which version of the packet lay before each person who gave an opinion."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from agenda.packets import note_opinion
from conference.room.events import OpinionGiven
from conference.room.recorded import Recorded

NAME = "basis"
"""The listener's name: its place in each room's log is kept under it."""


def project(session: Session, room_id: str, recorded: Sequence[Recorded]) -> None:
    """Keep for each opinion which version it was given on; what it says is not looked at."""
    for entry in recorded:
        match entry.event:
            case OpinionGiven(case=case_id, round=round_, person=person):
                note_opinion(session, room_id, case_id, person, round_, datetime.fromisoformat(entry.at))
            case _:
                pass
