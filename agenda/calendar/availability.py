"""When people can meet: each person's hours by their own clock, and the slots inside the hours of all. Pure.

The rule: an instant is inside a person's hours when the clock on their wall shows a time within a window of that
weekday, on a day they are not away. Where summer time begins or ends a wall time may be shown twice or never; both
readings must agree before a slot is offered, so a slot never lies outside anybody's hours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY_MIN = 24 * 60
Span = tuple[datetime, datetime]
"""[begin, end) in UTC."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours on one weekday, [begins, ends) in minutes since midnight by the wall clock."""

    weekday: int
    """0 is Monday."""
    begins: int
    ends: int
    """At most 1440, midnight."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Days away, both included, by the person's own clock."""

    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class OwnHours:
    """One person's hours, in their own zone."""

    person_id: str
    name: str
    zone: str
    windows: tuple[Window, ...]
    away: tuple[Absent, ...] = ()


@dataclass(frozen=True, slots=True)
class Clash:
    """Who cannot, and why, in words."""

    person_id: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A slot with who cannot come; nobody: it is inside everybody's hours."""

    begins: datetime
    ends: datetime
    clashes: tuple[Clash, ...]


def office_hours() -> tuple[Window, ...]:
    """What holds for somebody who said nothing: Monday to Friday, 08:00 to 17:00 by their own clock."""
    return tuple(Window(weekday, 8 * 60, 17 * 60) for weekday in range(5))


def spans(hours: OwnHours, begins: datetime, ends: datetime) -> tuple[Span, ...]:
    """The person's hours that touch [begins, ends), as UTC spans; those that meet are joined."""
    found: list[Span] = []
    for day in _days(hours.zone, begins, ends):
        if any(one.first_day <= day <= one.last_day for one in hours.away):
            continue
        for window in sorted(hours.windows, key=lambda one: one.begins):
            if window.weekday == day.weekday():
                _join(found, _instants(day, window, hours.zone))
    return tuple(span for span in found if span[0] < ends and begins < span[1])


def clash(hours: OwnHours, begins: datetime, ends: datetime) -> Clash | None:
    """Why this person cannot meet in [begins, ends); None when all of it is inside their hours."""
    if any(span[0] <= begins and ends <= span[1] for span in spans(hours, begins, ends)):
        return None
    there = begins.astimezone(ZoneInfo(hours.zone))
    if any(one.first_day <= there.date() <= one.last_day for one in hours.away):
        return Clash(hours.person_id, hours.name, f"away on {there:%a} {there.day} {there:%b}")
    until = ends.astimezone(ZoneInfo(hours.zone))
    own = ", ".join(_words(one) for one in hours.windows if one.weekday == there.weekday())
    rule = f"own hours that day: {own}" if own else f"keeps no hours on {there:%A}s"
    return Clash(hours.person_id, hours.name, f"{there:%H:%M} to {until:%H:%M} in {hours.zone}; {rule}")


def offers(
    people: Sequence[OwnHours], begins: datetime, ends: datetime, duration_min: int, *, zone: str, step_min: int = 30,
    limit: int = 12,
) -> tuple[Offer, ...]:
    """Slots of `duration_min` in [begins, ends) inside the hours of all, soonest first, on the steps of `zone`'s clock.

    Where there is none, the slots with the fewest people missing, each with who cannot and why.
    """
    length = timedelta(minutes=duration_min)
    own = [(one, spans(one, begins, ends)) for one in people]
    whole: list[Offer] = []
    partly: list[tuple[int, datetime]] = []
    for start in _steps(begins, ends - length, zone, step_min):
        missing = sum(not any(a <= start and start + length <= b for a, b in there) for _, there in own)
        if missing == 0:
            whole.append(Offer(start, start + length, ()))
            if len(whole) == limit:
                break
        elif missing < len(own):
            partly.append((missing, start))
    if whole or not partly:
        return tuple(whole)
    best = sorted(partly)[:limit]
    return tuple(
        Offer(start, start + length, tuple(found for one in people if (found := clash(one, start, start + length))))
        for _, start in best
    )


def _steps(begins: datetime, last: datetime, zone: str, step_min: int) -> Iterator[datetime]:
    """Instants at which the clock of `zone` shows a multiple of the step."""
    start = begins.replace(second=0, microsecond=0)
    while start <= last:
        there = start.astimezone(ZoneInfo(zone))
        if start >= begins and (there.hour * 60 + there.minute) % step_min == 0:
            yield start
            start += timedelta(minutes=step_min)
        else:
            start += timedelta(minutes=1)


def _days(zone: str, begins: datetime, ends: datetime) -> Iterator[date]:
    """The local days that [begins, ends) may touch, one more on either side for joined nights."""
    day = begins.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    last = ends.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    while day <= last:
        yield day
        day += timedelta(days=1)


def _instants(day: date, window: Window, zone: str) -> Span:
    """A window of one day as instants: the later reading of its begin, the earlier of its end."""
    opens, closes = _readings(day, window.begins, zone), _readings(day, window.ends, zone)
    return max(opens), min(closes)


def _readings(day: date, minute: int, zone: str) -> tuple[datetime, datetime]:
    """Both instants a wall time may mean (PEP 495); they are equal except around a change of the clocks."""
    shown = datetime.combine(day, time()) + timedelta(minutes=minute)
    first, second = (shown.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


def _join(found: list[Span], span: Span) -> None:
    if span[0] >= span[1]:
        return
    if found and span[0] <= found[-1][1]:
        found[-1] = (found[-1][0], max(found[-1][1], span[1]))
    else:
        found.append(span)


def _words(window: Window) -> str:
    return f"{_clock(window.begins)} to {_clock(window.ends)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
