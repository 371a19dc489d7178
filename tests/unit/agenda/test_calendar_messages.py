"""Invitations read by another implementation: the same instants, matched by UID and SEQUENCE."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import vobject

from agenda.calendar.messages import Meeting, Party, feed, itip, replies
from agenda.errors import Invalid

STARTS = datetime(2027, 3, 11, 15, 0, tzinfo=UTC)
MEETING = Meeting(
    uid="one@board.example", sequence=0, summary="Spine board: case 1012", starts_at=STARTS,
    ends_at=STARTS + timedelta(minutes=45), zone="America/Denver", place="Room 4, north wing; second floor",
    url="https://board.example/conferences/1", organiser=Party("Consilium", "board@board.example"),
    attendee=Party("Tomás “Tom” Herrera, MD", "tomas@example.org"), stamped_at=STARTS - timedelta(days=9),
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc]


AROUND_CHANGES = [
    ("America/Denver", utc(2027, 3, 14, 8, 59)), ("America/Denver", utc(2027, 3, 14, 9, 0)),
    ("America/Denver", utc(2027, 3, 14, 9, 30)), ("Europe/Oslo", utc(2027, 10, 30, 9, 0)),
    ("Europe/Oslo", utc(2027, 10, 31, 9, 0)), ("Australia/Lord_Howe", utc(2027, 4, 4, 3, 0)),
    ("Asia/Kathmandu", utc(2027, 6, 1, 3, 15)), ("Pacific/Chatham", utc(2027, 9, 26, 4, 0)),
    ("America/Phoenix", STARTS), ("UTC", STARTS),
]


def read(text: str) -> vobject.base.Component:
    return vobject.readOne(text)


def unfolded(text: str) -> str:
    return re.sub(r"\r\n[ \t]", "", text)


@pytest.mark.parametrize(("zone", "starts_at"), AROUND_CHANGES)
def test_another_implementation_reads_the_same_instants_in_the_attendees_zone(zone: str, starts_at: datetime) -> None:
    sent = replace(MEETING, zone=zone, starts_at=starts_at, ends_at=starts_at + timedelta(hours=5))
    event = read(itip(sent)).vevent
    assert event.dtstart.value.astimezone(UTC) == sent.starts_at
    assert event.dtend.value.astimezone(UTC) == sent.ends_at
    assert event.dtstart.value.replace(tzinfo=None) == starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert f"DTSTART{'' if zone == 'UTC' else f';TZID={zone}'}:" in unfolded(itip(sent))


def test_a_request_asks_its_attendee_for_an_answer() -> None:
    found = read(itip(MEETING))
    assert found.method.value == "REQUEST"
    assert found.vevent.attendee.value == "mailto:tomas@example.org"
    assert found.vevent.attendee.params["PARTSTAT"] == ["NEEDS-ACTION"]
    assert found.vevent.attendee.params["RSVP"] == ["TRUE"]
    assert found.vevent.organizer.value == "mailto:board@board.example"
    assert found.vevent.location.value == "Room 4, north wing; second floor"


def test_an_update_and_a_cancellation_match_by_uid_and_sequence() -> None:
    first = read(itip(MEETING)).vevent
    update = read(itip(replace(MEETING, sequence=1, starts_at=STARTS + timedelta(days=1)))).vevent
    ended = read(itip(replace(MEETING, sequence=2, cancelled=True)))
    assert first.uid.value == update.uid.value == ended.vevent.uid.value
    assert [one.sequence.value for one in (first, update, ended.vevent)] == ["0", "1", "2"]
    assert (ended.method.value, ended.vevent.status.value) == ("CANCEL", "CANCELLED")


def test_no_name_or_place_can_add_a_property() -> None:
    attendee = Party('A";X=1:mailto:x\r\nB', "a@example.org")
    hostile = replace(MEETING, place="here\r\nATTENDEE:mailto:evil@example.org", attendee=attendee)
    text = itip(hostile)
    assert len(re.findall(r"^ATTENDEE", text, re.MULTILINE)) == 1
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_a_feed_holds_every_sitting_once_and_says_how_often_to_ask() -> None:
    text = feed("Conferences", [MEETING, replace(MEETING, uid="two@board.example", zone="Europe/Oslo", cancelled=True)])
    found = read(text)
    assert {one.uid.value for one in found.vevent_list} == {"one@board.example", "two@board.example"}
    assert all(one.dtstart.value.astimezone(UTC) == STARTS for one in found.vevent_list)
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in text


REPLY = (
    "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:a\r\nSEQUENCE:3\r\n"
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_a_reply_is_read_whatever_program_wrote_it(partstat: str) -> None:
    answer = vobject.iCalendar()
    answer.add("method").value = "REPLY"
    event = answer.add("vevent")
    event.add("uid").value = MEETING.uid
    event.add("sequence").value = "3"
    event.add("attendee").value = "MAILTO:Tomas@Example.org"
    event.attendee.partstat_param = partstat
    written = answer.serialize(validate=False)
    found = replies(f"Content-Type: text/calendar; method=REPLY\r\n\r\n{written}\r\n--part--")
    assert [(one.uid, one.address, one.answer, one.sequence) for one in found] == [
        (MEETING.uid, "tomas@example.org", partstat.lower(), 3)
    ]


@pytest.mark.parametrize(("text", "said"), [
    ("I will come", "from BEGIN:VCALENDAR"), (itip(MEETING), "not a reply"),
    ("BEGIN:VCALENDAR\r\nEND:VCALENDAR", "not a reply"),
    ("BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR", "names nobody"),
    (REPLY.replace("SEQUENCE:3", "SEQUENCE:x"), "cannot be read"), (REPLY.replace("ACCEPTED", "MAYBE"), "says neither"),
    ("x" * 70_000, "too long"),
])
def test_what_is_no_reply_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        replies(text)
