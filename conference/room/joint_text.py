"""Who may type into the joint text of a case, and when. Rules R90 to R97."""

from conference.policy import RoomAction
from conference.room import commands as c
from conference.room.refused import Refused
from conference.room.seats import Answer, denied, listed
from conference.room.sitting import not_open
from conference.room.state import RoomState
from conference.room.values import Participant

FIELD_LIMIT = 8_000
"""Characters of a typed part of the recommendation: as many as a draft may have."""
MINUTES_LIMIT = 20_000
"""Characters of the minutes of one case."""


def type_text(state: RoomState, who: Participant, command: c.TypeText) -> Answer:
    """May this person type here now? What they type is the host's to merge (R90, R93, R95)."""
    if refusal := denied(state, who, RoomAction.DRAFT) or not_open(state):
        return refusal
    case = listed(state, who, command.case)
    if isinstance(case, Refused):
        return case
    if case.signed is not None:
        return Refused("signed", "The recommendation of this case is signed; its text does not change any more.")
    if case.called_at is None:
        return Refused("not-on-table", "This case has not been called to the table.")
    if case.recommendation is not None and case.recommendation.digest is not None:
        return Refused("read-back", "The text was read back and is frozen; it changes only after it is reopened.")
    return ()
