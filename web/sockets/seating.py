"""An actor as they enter a conference's room."""

from sqlmodel import Session

from agenda.cases import case
from agenda.ids import CaseId
from conference.policy import Actor, ConferenceResource, room_role
from conference.room.values import Participant
from web.resources import conference_resource


def seat(session: Session, conference_id: str, who: Actor) -> Participant | None:
    """The person with the role the policy gives at the door; None: not admitted. Raises ConferenceNotFound.

    Somebody who is not of the board sees the cases they referred or were invited to, and no other.
    """
    conference = conference_resource(session, conference_id)
    role = room_role(who, conference)
    if role is None:
        return None
    cases = None if conference.board_id in who.boards else _own_cases(session, who, conference)
    return Participant(who.person_id, who.name, who.discipline, role, cases)


def _own_cases(session: Session, who: Actor, conference: ConferenceResource) -> tuple[CaseId, ...]:
    if who.standing == "guest":
        return () if who.guest_of is None else (who.guest_of,)
    return tuple(sorted(key for key in conference.cases if case(session, key).referrer_id == who.person_id))
