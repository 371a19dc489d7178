"""An actor as they enter a conference's room."""

from sqlmodel import Session

from agenda.cases import case
from agenda.ids import CaseId
from conference.policy import Actor, ConferenceResource, room_role
from conference.room.values import Participant
from web.database import Database
from web.resources import conference_resource


def seat(session: Session, conference_id: str, who: Actor) -> Participant | None:
    """The person with the role the policy gives at the door; None: not admitted. Raises ConferenceNotFound.

    Somebody who is not of the board sees the cases they referred or were invited to, and no other.
    """
    found = conference_resource(session, conference_id)
    return _participant(who, found, None if _sees_all(who, found) else _own_cases(session, who, found))


async def seated(database: Database, conference_id: str, who: Actor) -> Participant | None:
    """`seat` for a socket: of two hundred who come at once, the tables are asked for the conference once."""
    found = await conference_known(database, conference_id)
    if _sees_all(who, found):
        return _participant(who, found, None)
    own = await database.recall_beside_images(("own cases", conference_id, repr(who)), _own_cases, who, found)
    return _participant(who, found, own)


async def conference_known(database: Database, conference_id: str) -> ConferenceResource:
    """What the policy must know of a conference, as last read; raises ConferenceNotFound."""
    return await database.recall_beside_images(("conference", conference_id), conference_resource, conference_id)


def _sees_all(who: Actor, conference: ConferenceResource) -> bool:
    return conference.board_id in who.boards


def _participant(who: Actor, conference: ConferenceResource, cases: tuple[CaseId, ...] | None) -> Participant | None:
    role = room_role(who, conference)
    return None if role is None else Participant(who.person_id, who.name, who.discipline, role, cases)


def _own_cases(session: Session, who: Actor, conference: ConferenceResource) -> tuple[CaseId, ...]:
    if who.standing == "guest":
        return () if who.guest_of is None else (who.guest_of,)
    return tuple(sorted(key for key in conference.cases if case(session, key).referrer_id == who.person_id))
