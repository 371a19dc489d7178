"""Paging again: whoever is on call is told of a red flag anew until somebody of the board acknowledges it."""

from datetime import datetime

from sqlmodel import Session

from agenda.alarms import minutes_open, open_alarms
from agenda.boards import on_call
from agenda.cases import case
from agenda.notices.queue import tell


def page_again(session: Session, at: datetime, every_min: int) -> int:
    """Queue the page that is due of every open alarm, once; gives how many notices were queued.

    The first page is written with the alarm itself. After a pause of the server only the latest one is sent: nobody
    gets a pile of old pages.
    """
    told = 0
    for alarm in open_alarms(session):
        number = minutes_open(alarm, at) // every_min
        if number < 1:
            continue
        found = case(session, alarm.case_id)
        for person in on_call(session, alarm.board_id):
            queued = tell(
                session, "alarm", person, at, case_id=found.id, once=f"alarm:{alarm.id}:{number}:{person.id}",
                data={"case": str(found.number), "minutes": str(minutes_open(alarm, at))},
            )
            told += queued is not None
    return told
