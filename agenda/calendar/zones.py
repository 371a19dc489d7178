"""A VTIMEZONE for the years around a meeting, from the zone database (RFC 5545 section 3.6.5). Pure.

Every observance is written by itself with its onset as a wall time under the offset before it, as the section asks, so
that no reader has to expand a rule.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

_STEP = timedelta(days=1)
_AROUND = timedelta(days=400)


def vtimezone(zone: str, first: datetime, last: datetime) -> Timezone:
    """The component for instants between `first` and `last`, a year on either side included."""
    begins = first.astimezone(UTC) - _AROUND
    made = Timezone()
    made.add("tzid", zone)
    made.add_component(_observance(zone, begins, begins))
    for before, after in _changes(zone, begins, last.astimezone(UTC) + _AROUND):
        made.add_component(_observance(zone, before, after))
    return made


def _observance(zone: str, before: datetime, after: datetime) -> TimezoneStandard | TimezoneDaylight:
    """What holds from the instant `after` on; `before` is the last instant of what held until then."""
    was, now = before.astimezone(ZoneInfo(zone)), after.astimezone(ZoneInfo(zone))
    made: TimezoneStandard | TimezoneDaylight = TimezoneDaylight() if now.dst() else TimezoneStandard()
    offset = was.utcoffset() or timedelta()
    made.add("dtstart", (after + offset).replace(tzinfo=None))
    made.add("tzoffsetfrom", offset)
    made.add("tzoffsetto", now.utcoffset() or timedelta())
    made.add("tzname", now.tzname() or zone)
    return made


def _changes(zone: str, begins: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Pairs of instants, a second apart, between which the offset changes."""
    there = ZoneInfo(zone)

    def offset(instant: datetime) -> timedelta | None:
        return instant.astimezone(there).utcoffset()

    at = begins.replace(microsecond=0)
    while at < ends:
        following = at + _STEP
        if offset(at) != offset(following):
            low, high = at, following
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            yield low, high
        at = following
