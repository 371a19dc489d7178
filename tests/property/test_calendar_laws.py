"""Laws of calendars, over every zone of the zone database and the dates on which its clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from agenda.calendar.availability import Absent, OwnHours, Window, clash, offers, spans
from agenda.calendar.recurrence import ORDINALS, Rhythm, days, instant_of, rhythm_of, skipped_by_clock

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
FIRST, LAST = datetime(2005, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)


@cache
def changes(zone: str) -> list[date]:
    """The local days on which the clocks of a zone change, by looking at every day."""
    there, found = ZoneInfo(zone), []
    at = FIRST
    while at < LAST:
        following = at + timedelta(days=1)
        if at.astimezone(there).utcoffset() != following.astimezone(there).utcoffset():
            found.append(following.astimezone(there).date())
        at = following
    return found


@st.composite
def zones_and_days(draw: st.DrawFn) -> tuple[str, date]:
    """A zone, and a day: mostly one on which its clocks change, or the day before or after."""
    zone = draw(st.sampled_from(ZONES))
    changing = changes(zone)
    if changing and draw(st.integers(0, 9)):
        return zone, draw(st.sampled_from(changing)) + timedelta(days=draw(st.integers(-2, 1)))
    return zone, draw(st.dates(date(2005, 2, 1), date(2036, 12, 1)))


windows = st.builds(
    lambda weekday, begins, length: Window(weekday, begins, min(begins + length, 1440)),
    st.integers(0, 6), st.integers(0, 1410).map(lambda minute: minute // 5 * 5), st.integers(5, 1440),
)


def inside(hours: OwnHours, instant: datetime) -> bool:
    """The rule, word by word: what the wall clock shows lies in a window of that weekday, on a day not away."""
    shown = instant.astimezone(ZoneInfo(hours.zone))
    if any(one.first_day <= shown.date() <= one.last_day for one in hours.away):
        return False
    minute = shown.hour * 60 + shown.minute
    return any(one.weekday == shown.weekday() and one.begins <= minute < one.ends for one in hours.windows)


@settings(max_examples=60)
@given(zones_and_days(), st.sampled_from(ZONES), st.lists(windows, min_size=1, max_size=8),
       st.lists(windows, min_size=1, max_size=8), st.sampled_from([10, 45, 90]), st.integers(0, 3), st.data())
def test_no_slot_lies_outside_any_members_own_hours(
    place: tuple[str, date], other: str, mine: list[Window], theirs: list[Window], minutes: int, away: int,
    data: st.DataObject,
) -> None:
    zone, day = place
    absent = (Absent(day, day),) if away == 0 else ()
    people = [OwnHours("a", "A", zone, tuple(mine)), OwnHours("b", "B", other, tuple(theirs), absent)]
    begins = datetime.combine(day, time(), UTC) - timedelta(hours=14)
    for one in offers(people, begins, begins + timedelta(days=3), minutes, zone=zone, limit=40):
        missing = {found.person_id for found in one.clashes}
        assert one.ends - one.begins == timedelta(minutes=minutes)
        step = timedelta(minutes=data.draw(st.integers(1, 7)))
        at = one.begins
        while at < one.ends:
            for person in people:
                assert person.person_id in missing or inside(person, at), (person, at)
            at += step
        assert all(person.person_id in missing or inside(person, one.ends - timedelta(seconds=1)) for person in people)


@settings(max_examples=60)
@given(zones_and_days(), st.lists(windows, min_size=1, max_size=6))
def test_whole_hours_away_from_a_change_are_all_offered(place: tuple[str, date], own: list[Window]) -> None:
    zone, day = place
    hours = OwnHours("a", "A", zone, tuple(own))
    begins = datetime.combine(day, time(), UTC)
    found = spans(hours, begins, begins + timedelta(days=2))
    for span in found:
        assert span[0] < span[1]
        assert inside(hours, span[0])
        assert inside(hours, span[1] - timedelta(seconds=1))
        assert clash(hours, span[0], span[1]) is None
    around = {day + timedelta(days=number) for number in range(-2, 4)}
    if around.isdisjoint(changes(zone)):
        at = begins
        while at < begins + timedelta(days=2):
            assert inside(hours, at) == any(a <= at < b for a, b in found), at
            at += timedelta(minutes=5)


@settings(max_examples=60)
@given(zones_and_days(), st.times().map(lambda shown: shown.replace(second=0, microsecond=0, fold=0)),
       st.integers(1, 6), st.sets(st.sampled_from(sorted(ORDINALS))))
def test_a_pattern_keeps_its_wall_clock_over_every_change(
    place: tuple[str, date], begins: time, every: int, weeks: set[int]
) -> None:
    zone, day = place
    first = day - timedelta(days=60)
    rhythm = Rhythm(day.weekday(), every, tuple(weeks))
    found = days(rhythm.rule, first, first, day + timedelta(days=120))
    assert rhythm_of(rhythm.rule).rule == rhythm.rule
    for one in found:
        assert one.weekday() == day.weekday()
        shown = instant_of(one, begins, zone).astimezone(ZoneInfo(zone))
        if not skipped_by_clock(one, begins, zone):
            assert (shown.date(), shown.time().replace(fold=0)) == (one, begins)
        else:
            assert shown.replace(tzinfo=None) > datetime.combine(one, begins), "after the hour the clocks skip"
    if weeks:
        assert all(week_of_month(one) & weeks for one in found)
    else:
        assert {(b - a).days for a, b in pairwise(found)} <= {7 * every}


def week_of_month(day: date) -> set[int]:
    last = (day + timedelta(days=7)).month != day.month
    return {(day.day - 1) // 7 + 1} | ({-1} if last else set())


def test_a_board_at_eight_stays_at_eight_for_ten_years_in_six_zones() -> None:
    rule = Rhythm(3, 1, (1, 3)).rule
    for zone in ("America/Denver", "Europe/Oslo", "Australia/Sydney", "America/St_Johns", "Africa/Cairo", "Asia/Tokyo"):
        found = days(rule, date(2026, 1, 1), date(2026, 1, 1), date(2036, 1, 1))
        shown = {instant_of(one, time(8), zone).astimezone(ZoneInfo(zone)).time() for one in found}
        assert (len(found), shown) == (240, {time(8)})
        text = f"DTSTART:20260101T080000\nRRULE:{rule}"
        own = rrulestr(text).between(datetime(2026, 1, 1), datetime(2036, 1, 1), inc=True)  # noqa: DTZ001
        assert [one.date() for one in own] == list(found)
