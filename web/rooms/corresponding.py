"""A room without a meeting: people act in it one command at a time, seated for that command alone.

The room's rules ask that who runs, drafts or closes is present (R2). Here nobody keeps a connection: the host takes the
person in, the command is decided, the host lets them out. Somebody connected already stays.
"""

from sqlmodel import Session
from starlette.requests import Request

from agenda.conferences import conference
from agenda.ids import CaseId, new_id
from agenda.second_opinions import case_of, tell_chair
from conference.policy import Actor
from conference.room.commands import Command, Join, Leave, Reveal
from conference.room.refused import Refused
from conference.room.values import Participant
from web.access import Forbidden, actor, in_session, reading
from web.clock import now
from web.services import services
from web.sockets.seating import seat


async def act(request: Request, conference_id: str, *commands: Command) -> Refused | None:
    """Give the actor's commands to the room, in order; the first refusal ends it. Raises Forbidden."""
    participant = await reading(request, participant_of, conference_id, actor(request))
    rooms = services(request).rooms
    seated = (await rooms.state(conference_id)).people.get(participant.person_id)
    present = seated is not None and seated.present
    if not present:
        await rooms.execute(conference_id, None, new_id(), Join(participant))
    try:
        for command in commands:
            answer = await rooms.execute(conference_id, participant, new_id(), command)
            if isinstance(answer, Refused):
                return answer
        return None
    finally:
        if not present:
            await rooms.execute(conference_id, None, new_id(), Leave(participant.person_id))


def participant_of(session: Session, conference_id: str, who: Actor) -> Participant:
    """The actor as the room knows them; raises Forbidden."""
    found = seat(session, conference_id, who)
    if found is None:
        raise Forbidden("You do not take part in this conference.")
    return found


async def after_opinion(request: Request, conference_id: str, case_id: str) -> bool:
    """Open the round of a second opinion when its last required opinion has come; False: this is a sitting."""
    asked = await reading(request, conference, conference_id)
    if asked.due_at is None:
        return False
    answer = await services(request).rooms.execute(conference_id, None, new_id(), Reveal(CaseId(case_id)))
    if not isinstance(answer, Refused):
        await in_session(request, "second-opinion.open", _all_in, conference_id)
    return True


def _all_in(session: Session, conference_id: str) -> None:
    asked = conference(session, conference_id)
    tell_chair(session, "opinions-open", asked, case_of(session, asked), now())
