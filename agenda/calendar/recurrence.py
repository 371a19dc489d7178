"""When a board meets: a recurrence rule over the board's wall clock (RFC 5545 section 3.3.10). Pure.

A pattern is a rule, a first day, a time of day and a zone; never instants. A wall time that the clocks skip is read
with the offset before the change, one that they show twice is the first of the two (RFC 5545 section 3.3.5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
"""The weeks of a month a board can meet in."""
MOST_WEEKS_APART = 12


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often: on one weekday, every so many weeks, or in certain weeks of every month."""

    weekday: int
    """0 is Monday."""
    every_weeks: int = 1
    weeks_of_month: tuple[int, ...] = ()
    """Keys of ORDINALS; empty: by weeks."""

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6 or not 1 <= self.every_weeks <= MOST_WEEKS_APART:
            raise ValueError("a rhythm is one weekday, every 1 to 12 weeks or in weeks of the month")
        if any(week not in ORDINALS for week in self.weeks_of_month):
            raise ValueError("a month's weeks are 1, 2, 3, 4 or -1 for the last")

    @property
    def rule(self) -> str:
        """The RRULE's value."""
        day = WEEKDAYS[self.weekday]
        if self.weeks_of_month:
            return "FREQ=MONTHLY;BYDAY=" + ",".join(f"{week}{day}" for week in _in_order(self.weeks_of_month))
        return f"FREQ=WEEKLY;INTERVAL={self.every_weeks};BYDAY={day}"

    @property
    def words(self) -> str:
        """``every first and third Thursday of the month``."""
        day = DAY_NAMES[self.weekday]
        if self.weeks_of_month:
            named = [ORDINALS[week] for week in _in_order(self.weeks_of_month)]
            return f"every {_listed(named)} {day} of the month"
        return f"every {day}" if self.every_weeks == 1 else f"{day}, every {self.every_weeks} weeks"


def rhythm_of(rule: str) -> Rhythm:
    """The rhythm of a rule that `Rhythm.rule` wrote; raises ValueError for any other."""
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    days = parts.get("BYDAY", "").split(",")
    weekday = WEEKDAYS.index(days[0][-2:])
    if parts.get("FREQ") == "MONTHLY":
        return Rhythm(weekday, 1, tuple(int(day[:-2]) for day in days))
    return Rhythm(weekday, int(parts.get("INTERVAL", "1")))


def days(rule: str, first_day: date, since: date, until: date) -> tuple[date, ...]:
    """The days of the rule in [since, until], counted from `first_day` (the rule's DTSTART)."""
    if until < since:
        return ()
    expanded = rrulestr(rule, dtstart=datetime.combine(first_day, time()))
    found = expanded.between(
        datetime.combine(since, time()), datetime.combine(until, time()), inc=True
    )
    return tuple(one.date() for one in found)


def instant_of(day: date, at: time, zone: str) -> datetime:
    """The instant, in UTC, at which the clock of a zone shows this time on this day."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def skipped_by_clock(day: date, at: time, zone: str) -> bool:
    """Whether the clocks of the zone never show this time on this day."""
    there = instant_of(day, at, zone).astimezone(ZoneInfo(zone))
    return (there.date(), there.time()) != (day, at)


def horizon(at: datetime, zone: str, weeks: int) -> tuple[date, date]:
    """The board's today, and the last day for which sittings are laid out ahead."""
    today = at.astimezone(ZoneInfo(zone)).date()
    return today, today + timedelta(weeks=weeks)


def _in_order(weeks: Sequence[int]) -> list[int]:
    return sorted(set(weeks), key=lambda week: 9 if week < 0 else week)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
