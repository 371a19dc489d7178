"""Who is invited to a sitting, from when to when, and what each was last told.

What everybody should hold is computed from the sitting; what they were told is kept. `announce` makes up the
difference: a request to whoever is new or has another time, a cancellation to whoever is no longer concerned
(RFC 5546 sections 3.2.2 and 3.2.5). Doing it twice tells nobody twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, select

from agenda.boards import Board, Membership, board, members
from agenda.calendar.personal import standing_in, zone_of
from agenda.cases import Case, case, questions
from agenda.columns import instant
from agenda.conferences import Attendance, Conference, conference, items, order, respond
from agenda.errors import Invalid
from agenda.ids import new_id
from agenda.notices.queue import post, tell
from agenda.people import Person
from agenda.timetable import laid_out

Method = Literal["REQUEST", "CANCEL"]
WHOLE = frozenset({"chair", "coordinator", "core"})
"""Roles that are invited from beginning to end."""


class Invite(SQLModel, table=True):
    """What one address was last told about one sitting; its UID stays the same for good."""

    __table_args__ = (UniqueConstraint("conference_id", "address"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    conference_id: str = Field(foreign_key="conference.id", index=True)
    address: str = Field(index=True)
    person_id: str | None = Field(default=None, foreign_key="person.id", index=True)
    name: str
    time_zone: str
    sequence: int = 0
    """RFC 5545 section 3.8.7.4."""
    cancelled: bool = False
    summary: str
    place: str = ""
    required: bool = True
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    told_at: datetime = instant()
    answer: str = ""
    """accepted, tentative or declined; empty: none yet, or none since the time changed."""
    answered_at: datetime | None = instant(default=None, nullable=True)
    answered_by: str = ""
    """How the answer came: link, page or mail."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody from outside who may come to one case."""

    address: str
    name: str
    case_id: str


@dataclass(frozen=True, slots=True)
class Invitee:
    """What one person should hold of a sitting."""

    address: str
    name: str
    time_zone: str
    person_id: str | None
    starts_at: datetime
    ends_at: datetime
    summary: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """What somebody has not been told yet."""

    invitee: Invitee | None
    """None: no longer concerned."""
    invite: Invite | None
    """None: never told."""


def invitees(session: Session, sitting: Conference, guests: Iterable[Guest] = ()) -> list[Invitee]:
    """Whom a sitting concerns, each with their own time, by name.

    Core members, the chair and the coordinator, or who stands in for them: all of it. Extended members: the cases that
    need their discipline. Presenters, referrers and guests: their own cases.
    """
    team = board(session, sitting.board_id)
    found: dict[str, Invitee] = {}
    for person in _whole(session, team, sitting):
        found[person.email] = Invitee(
            person.email, person.name, zone_of(session, person.id), person.id, sitting.starts_at, sitting.ends_at,
            team.name,
        )
    parts: dict[str, list[tuple[Case, datetime, datetime]]] = {}
    people: dict[str, tuple[str, str, str | None, bool]] = {}
    for about, begins, ends in _cases(session, sitting):
        for address, who in _of_case(session, team, sitting, about, guests).items():
            if address not in found:
                parts.setdefault(address, []).append((about, begins, ends))
                people.setdefault(address, who)
    for address, told in parts.items():
        name, zone, person_id, required = people[address]
        numbers = _listed(sorted(str(about.number) for about, _, _ in told))
        found[address] = Invitee(
            address, name, zone, person_id, min(one[1] for one in told), max(one[2] for one in told),
            f"{team.name}: case{'s' if len(told) > 1 else ''} {numbers}", required,
        )
    return sorted(found.values(), key=lambda one: (one.name, one.address))


def invites(session: Session, conference_id: str) -> list[Invite]:
    """Everybody who was ever told of a sitting, by name."""
    return list(session.exec(
        select(Invite).where(Invite.conference_id == conference_id).order_by(col(Invite.name))
    ))


def differences(session: Session, conference_id: str, guests: Sequence[Guest] = ()) -> list[Difference]:
    """Who has not been told how a sitting now stands; nobody while it is planned, and once it has begun."""
    sitting = conference(session, conference_id)
    told = {one.address: one for one in invites(session, conference_id)}
    if sitting.state not in ("published", "cancelled"):
        return []
    wanted = {one.address: one for one in invitees(session, sitting, guests)} if sitting.state == "published" else {}
    fresh = [
        Difference(one, told.get(address)) for address, one in wanted.items()
        if address not in told or _differs(told[address], one, sitting.place)
    ]
    gone = [Difference(None, one) for address, one in told.items() if address not in wanted and not one.cancelled]
    return fresh + gone


def announce(session: Session, conference_id: str, at: datetime, guests: Sequence[Guest] = ()) -> int:
    """Tell everybody how a sitting now stands; gives how many were told. Idempotent."""
    sitting = conference(session, conference_id)
    waiting = differences(session, conference_id, guests)
    for one in waiting:
        if one.invitee is not None:
            _request(session, sitting, one.invite, one.invitee, at)
        elif one.invite is not None:
            _cancel(session, sitting, one.invite, at)
    session.flush()
    return len(waiting)


def answer_as(session: Session, conference_id: str, person_id: str, answer: str, at: datetime) -> None:
    """A person with an account says whether they come, invited or not; raises Invalid."""
    invite = session.exec(
        select(Invite).where(Invite.conference_id == conference_id, Invite.person_id == person_id)
    ).one_or_none()
    if invite is not None and not invite.cancelled:
        record_answer(session, invite, answer, at, "page")
    else:
        respond(session, conference_id, person_id, answer, at)


def snapshot(invite: Invite, team: str, method: Method) -> dict[str, str]:
    """The facts of an invitation as a notice keeps them."""
    return {
        "method": method, "invite": invite.id, "sequence": str(invite.sequence), "summary": invite.summary,
        "board": team, "place": invite.place, "starts_at": invite.starts_at.isoformat(),
        "ends_at": invite.ends_at.isoformat(), "required": "yes" if invite.required else "no",
    }


def record_answer(session: Session, invite: Invite, answer: str, at: datetime, by: str) -> None:
    """Keep what somebody answered to their invitation; a member's counts for the quorum. Raises Invalid."""
    if invite.person_id is not None:
        respond(session, invite.conference_id, invite.person_id, answer, at)
    else:
        _known(answer)
    changed = invite.answer != answer
    invite.answer, invite.answered_at, invite.answered_by = answer, at, by
    session.add(invite)
    if changed and answer in ("declined", "tentative"):
        _tell_coordinators(session, invite, answer, at)
    session.flush()


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _known(answer: str) -> None:
    if answer not in ("accepted", "tentative", "declined"):
        raise Invalid("answer", "Answer accepted, tentative or declined.")


def _whole(session: Session, team: Board, sitting: Conference) -> list[Person]:
    day = sitting.starts_at.astimezone(ZoneInfo(team.time_zone)).date()
    deputies = standing_in(session, team, day)
    seated = {person.id: (seat, person) for seat, person in members(session, team.id)}
    wanted = [key for key, (seat, _) in seated.items() if seat.role in WHOLE or key == sitting.chair_id]
    sitting_there = {deputies.get(key, key) for key in wanted}
    return [person for key, (_, person) in seated.items() if key in sitting_there and person.disabled_at is None]


def _cases(session: Session, sitting: Conference) -> list[tuple[Case, datetime, datetime]]:
    by_id = {item.id: item for item in items(session, sitting.id)}
    return [
        (
            case(session, key), sitting.starts_at + timedelta(minutes=one.begins),
            sitting.starts_at + timedelta(minutes=one.ends),
        )
        for one in laid_out(order(session, sitting.id)) if (key := by_id[one.slot.key].case_id) is not None
    ]


def _of_case(
    session: Session, team: Board, sitting: Conference, about: Case, guests: Iterable[Guest]
) -> Mapping[str, tuple[str, str, str | None, bool]]:
    """Address → name, zone, identity and whether they are required, of whom one case concerns."""
    keys = dict.fromkeys([about.referrer_id, *(
        item.presenter_id for item in items(session, sitting.id) if item.case_id == about.id and item.presenter_id
    )], True)
    asked = {one.discipline for one in questions(session, about.id)}
    for seat, person in members(session, team.id):
        if seat.role == "extended" and person.discipline in asked:
            keys.setdefault(person.id, False)
    found: dict[str, tuple[str, str, str | None, bool]] = {}
    for key, required in keys.items():
        one = session.get(Person, key)
        if one is not None and one.disabled_at is None:
            found[one.email] = (one.name, zone_of(session, one.id), one.id, required)
    for guest in guests:
        if guest.case_id == about.id and guest.address:
            found.setdefault(guest.address, (guest.name, team.time_zone, None, True))
    return found


def _differs(told: Invite, wanted: Invitee, place: str) -> bool:
    return told.cancelled or (told.starts_at, told.ends_at, told.summary, told.place) != (
        wanted.starts_at, wanted.ends_at, wanted.summary, place
    )


def _request(session: Session, sitting: Conference, told: Invite | None, wanted: Invitee, at: datetime) -> None:
    invite = told or Invite(
        conference_id=sitting.id, address=wanted.address, person_id=wanted.person_id, name=wanted.name,
        time_zone=wanted.time_zone, summary="", starts_at=wanted.starts_at, ends_at=wanted.ends_at, told_at=at,
        sequence=-1,
    )
    another_time = (invite.starts_at, invite.ends_at) != (wanted.starts_at, wanted.ends_at)
    if told is not None and (another_time or invite.cancelled):
        _forget_answer(session, invite)
    invite.sequence += 1
    invite.cancelled, invite.told_at, invite.required = False, at, wanted.required
    invite.summary, invite.place, invite.time_zone = wanted.summary, sitting.place, wanted.time_zone
    invite.starts_at, invite.ends_at = wanted.starts_at, wanted.ends_at
    if told is None and invite.person_id is not None:
        earlier = session.get(Attendance, (sitting.id, invite.person_id))
        invite.answer = earlier.answer if earlier is not None else ""
    session.add(invite)
    _send(session, sitting, invite, "REQUEST", at)


def _cancel(session: Session, sitting: Conference, invite: Invite, at: datetime) -> None:
    invite.sequence += 1
    invite.cancelled, invite.told_at = True, at
    _forget_answer(session, invite)
    session.add(invite)
    _send(session, sitting, invite, "CANCEL", at)


def _forget_answer(session: Session, invite: Invite) -> None:
    invite.answer, invite.answered_at, invite.answered_by = "", None, ""
    found = session.get(Attendance, (invite.conference_id, invite.person_id)) if invite.person_id else None
    if found is not None:
        session.delete(found)


def _send(session: Session, sitting: Conference, invite: Invite, method: Method, at: datetime) -> None:
    data = snapshot(invite, board(session, sitting.board_id).name, method)
    person = session.get(Person, invite.person_id) if invite.person_id else None
    if person is not None:
        tell(session, "invitation", person, at, conference_id=sitting.id, data=data)
    else:
        post(
            session, "invitation", at, address=invite.address, name=invite.name, time_zone=invite.time_zone,
            conference_id=sitting.id, data=data,
        )


def _tell_coordinators(session: Session, invite: Invite, answer: str, at: datetime) -> None:
    sitting = conference(session, invite.conference_id)
    data = {"who": invite.name, "answer": answer, "starts_at": sitting.starts_at.isoformat(),
            "board": board(session, sitting.board_id).name}
    rows = session.exec(
        select(Person).join(Membership, col(Membership.person_id) == Person.id)
        .where(Membership.board_id == sitting.board_id, Membership.role == "coordinator")
    )
    for person in rows:
        if person.id != invite.person_id:
            tell(session, "answer", person, at, conference_id=sitting.id, data=data)
