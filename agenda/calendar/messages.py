"""Calendar messages as text: invitations, updates, cancellations, feeds, and the replies that come back. Pure.

RFC 5545 (iCalendar), RFC 5546 (iTIP), RFC 7986 (feeds). Nothing of a patient is ever in one: the name of the board, the
number of a case, times, a place and a link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress

from agenda.calendar.zones import vtimezone
from agenda.errors import Invalid

PRODUCT = "-//Consilium//Case conferences//EN"
_REFRESH = timedelta(hours=1)
_PARTSTAT = {"accepted": "ACCEPTED", "tentative": "TENTATIVE", "declined": "DECLINED", "": "NEEDS-ACTION"}
_ANSWER = {"ACCEPTED": "accepted", "TENTATIVE": "tentative", "DECLINED": "declined"}
MOST_REPLY_CHARACTERS = 64 * 1024


@dataclass(frozen=True, slots=True)
class Party:
    """A name and a mail address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """One person's part of a sitting."""

    uid: str
    sequence: int
    summary: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    """The attendee's, IANA name."""
    place: str
    url: str
    organiser: Party
    attendee: Party
    stamped_at: datetime
    required: bool = True
    answer: str = ""
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What an attendee answered."""

    uid: str
    address: str
    answer: Literal["accepted", "tentative", "declined"]
    sequence: int


def itip(meeting: Meeting) -> str:
    """The message of one invitation: METHOD REQUEST, or CANCEL (RFC 5546 sections 3.2.2 and 3.2.5)."""
    calendar = _calendar()
    calendar.add("method", "CANCEL" if meeting.cancelled else "REQUEST")
    calendar.add_component(vtimezone(meeting.zone, meeting.starts_at, meeting.ends_at))
    calendar.add_component(_event(meeting, asks=not meeting.cancelled))
    return str(calendar.to_ical(), "utf-8")


def feed(name: str, meetings: Sequence[Meeting]) -> str:
    """A calendar to subscribe to (RFC 7986); cancelled sittings stay in it as cancelled."""
    calendar = _calendar()
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    for zone in sorted({one.zone for one in meetings}):
        inside = [one for one in meetings if one.zone == zone]
        first, last = min(one.starts_at for one in inside), max(one.ends_at for one in inside)
        calendar.add_component(vtimezone(zone, first, last))
    for one in meetings:
        calendar.add_component(_event(one, asks=False))
    return str(calendar.to_ical(), "utf-8")


def replies(text: str) -> tuple[Reply, ...]:
    """What a METHOD:REPLY says (RFC 5546 section 3.2.3); raises Invalid with a sentence for whoever pasted it."""
    if len(text) > MOST_REPLY_CHARACTERS:
        raise Invalid("reply", "This is too long for a calendar reply.")
    begin, end = text.find("BEGIN:VCALENDAR"), text.rfind("END:VCALENDAR")
    if begin < 0 or end < begin:
        raise Invalid("reply", "Paste the whole calendar part, from BEGIN:VCALENDAR to END:VCALENDAR.")
    try:
        calendar = Calendar.from_ical(text[begin:end] + "END:VCALENDAR\r\n")
        return _replies(calendar)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        raise Invalid("reply", "This calendar part cannot be read.") from None


def _replies(calendar: Calendar) -> tuple[Reply, ...]:
    if str(calendar.get("method", "")).upper() != "REPLY":
        raise Invalid("reply", "This is not a reply to an invitation (METHOD:REPLY).")
    found: list[Reply] = []
    for event in calendar.walk("VEVENT"):
        attendees = event.get("attendee", [])
        for one in attendees if isinstance(attendees, list) else [attendees]:
            answer = _ANSWER.get(str(one.params.get("PARTSTAT", "")).upper())
            if answer is None:
                raise Invalid("reply", "The reply says neither accepted, tentative nor declined.")
            address = str(one).lower().removeprefix("mailto:")
            uid, sequence = str(event.get("uid", "")), int(event.get("sequence", 0))
            found.append(Reply(uid, address, answer, sequence))  # type: ignore[arg-type]
    if not found:
        raise Invalid("reply", "The reply names nobody.")
    return tuple(found)


def _calendar() -> Calendar:
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    return made


def _event(meeting: Meeting, *, asks: bool) -> Event:
    zone = ZoneInfo(meeting.zone)
    made = Event()
    made.add("uid", meeting.uid)
    made.add("sequence", meeting.sequence)
    made.add("dtstamp", meeting.stamped_at)
    made.add("dtstart", meeting.starts_at.astimezone(zone))
    made.add("dtend", meeting.ends_at.astimezone(zone))
    made.add("summary", meeting.summary)
    made.add("location", meeting.place or "Online, in the conference's room")
    made.add("url", meeting.url)
    made.add("class", "PRIVATE")
    made.add("status", "CANCELLED" if meeting.cancelled else "CONFIRMED")
    made.add("transp", "TRANSPARENT" if meeting.cancelled or meeting.answer == "declined" else "OPAQUE")
    made.add("organizer", _address(meeting.organiser))
    attendee = _address(meeting.attendee)
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "REQ-PARTICIPANT" if meeting.required else "OPT-PARTICIPANT"
    attendee.params["PARTSTAT"] = _PARTSTAT[meeting.answer]
    if asks:
        attendee.params["RSVP"] = "TRUE"
    made.add("attendee", attendee)
    return made


def _address(party: Party) -> vCalAddress:
    made = vCalAddress(f"mailto:{party.address}")
    made.params["CN"] = party.name.replace('"', "'")
    return made
