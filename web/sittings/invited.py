"""Who is invited to a sitting as its page shows it, and how people are told; the side that knows guests too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from agenda.boards import board, members
from agenda.calendar.availability import Clash
from agenda.calendar.invitations import Difference, Guest, Invite, announce, differences, invites
from agenda.calendar.planning import clashes
from agenda.clinical import spine
from agenda.conferences import AgendaItem, Conference, attendance, conference, items
from agenda.notices.queue import of_conference
from agenda.people import Person
from web.auth.invitations import Invitation


@dataclass(frozen=True, slots=True)
class Told:
    """One person invited, and whether the mail has left."""

    invite: Invite
    mail: str
    """sent, waiting, failed, or off where they want none."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the answers so far mean for the sitting's decisions."""

    sure: tuple[str, ...]
    open: tuple[str, ...]
    """Required disciplines of which nobody has accepted, though somebody still may."""
    lost: tuple[str, ...]
    """Required disciplines of which nobody comes."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The invitations of one sitting."""

    told: tuple[Told, ...]
    untold: tuple[Difference, ...]
    forecast: Forecast
    late: frozenset[str]
    """Agenda items that came after the cut-off."""
    added_by: Mapping[str, str]
    """Agenda item → the name of who put it there."""
    cut_off: datetime
    clashes: tuple[Clash, ...]
    """Who of those needed is asked to come outside their own hours and has not said they will, and why."""


def guests_of(session: Session, conference_id: str, at: datetime) -> list[Guest]:
    """Guests with a mail address whose invitation to a case of this sitting still holds."""
    case_ids = [item.case_id for item in items(session, conference_id) if item.case_id is not None]
    rows = session.exec(select(Invitation).where(col(Invitation.case_id).in_(case_ids), Invitation.email != ""))
    return [
        Guest(row.email, row.name, row.case_id) for row in rows if row.state(at) in ("open", "used")
    ]


def announce_now(session: Session, conference_id: str, at: datetime) -> int:
    """Tell everybody, guests too, how a sitting now stands; gives how many were told."""
    return announce(session, conference_id, at, guests_of(session, conference_id, at))


def panel(session: Session, conference_id: str, at: datetime, cut_off_hours: int) -> Panel:
    """What the conference's page shows of its invitations."""
    sitting = conference(session, conference_id)
    mails: dict[str, str] = {}
    for one in of_conference(session, conference_id):
        if one.kind == "invitation":
            mails[one.address] = one.state
    cut_off = sitting.starts_at - timedelta(hours=cut_off_hours)
    return Panel(
        tuple(Told(one, mails.get(one.address, "off")) for one in invites(session, conference_id)),
        tuple(differences(session, conference_id, guests_of(session, conference_id, at))),
        forecast(session, sitting), late(items(session, conference_id), cut_off), _added_by(session, conference_id),
        cut_off, _outside(session, sitting),
    )


def late(rows: Sequence[AgendaItem], cut_off: datetime) -> frozenset[str]:
    """The cases that came onto an agenda after its cut-off."""
    return frozenset(
        one.id for one in rows if one.case_id is not None and one.added_at is not None and one.added_at > cut_off
    )


def _outside(session: Session, sitting: Conference) -> tuple[Clash, ...]:
    if sitting.state not in ("planned", "published"):
        return ()
    answers = attendance(session, sitting.id)
    return tuple(one for one in clashes(session, sitting) if answers.get(one.person_id) != "accepted")


def _added_by(session: Session, conference_id: str) -> dict[str, str]:
    people = {one.id: session.get(Person, one.added_by) for one in items(session, conference_id) if one.added_by}
    return {key: found.name for key, found in people.items() if found is not None}


def forecast(session: Session, sitting: Conference) -> Forecast:
    """The quorum as the answers so far let expect it."""
    answers = attendance(session, sitting.id)
    team = board(session, sitting.board_id)
    voiced = [
        person for seat, person in members(session, team.id) if seat.role != "observer" and person.disabled_at is None
    ]
    sure: list[str] = []
    undecided: list[str] = []
    lost: list[str] = []
    for code in team.required_disciplines:
        said = {answers.get(one.id, "") for one in voiced if one.discipline == code}
        where = sure if "accepted" in said else undecided if said & {"", "tentative"} else lost
        where.append(spine().short(code))
    return Forecast(tuple(sure), tuple(undecided), tuple(lost))
