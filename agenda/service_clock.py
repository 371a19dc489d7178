"""The service clock of a case: from submission to the first human touch, to the decision, to the letter opened.

It stands while the board waits for its referrer. Pure arithmetic over the case's history; times are aware UTC.
Source: eConsult programmes measure the same spans (web/docs/decisions/0012-second-opinions.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agenda.cases import Case, CaseHistory

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class ServiceClock:
    """Days from submission, the time that waited for the referrer left out; None: not reached yet."""

    touched: float | None
    decided: float | None
    opened: float | None
    so_far: float
    """Until the decision, or until now."""
    standing: bool
    """It stands: the board waits for the referrer."""


def service_clock(
    found: Case, changes: Sequence[CaseHistory], opened_at: datetime | None, at: datetime
) -> ServiceClock | None:
    """The clock of a submitted case; None before it is submitted.

    opened_at: when the referrer opened the letter. The first touch is the first change of state by somebody else.
    """
    since = found.submitted_at
    if since is None:
        return None
    later = [one for one in changes if one.at >= since]
    touch = next((one.at for one in later if one.actor_id not in (None, found.referrer_id)), None)
    signed = next((one.at for one in later if one.state == "signed"), None)

    def days(until: datetime | None) -> float | None:
        return None if until is None else running_time(later, since, until) / timedelta(seconds=_DAY_S)

    return ServiceClock(
        touched=days(touch), decided=days(signed), opened=days(opened_at), so_far=days(signed or at) or 0.0,
        standing=signed is None and found.state == "needs_info",
    )


def running_time(changes: Sequence[CaseHistory], since: datetime, until: datetime) -> timedelta:
    """The time from `since` to `until` in which the case did not wait for its referrer; changes are oldest first."""
    ran, started = timedelta(0), since
    running = True
    for change in changes:
        if not since <= change.at <= until:
            continue
        if running and change.state == "needs_info":
            ran, running = ran + (change.at - started), False
        elif not running and change.state != "needs_info":
            started, running = change.at, True
    return ran + (until - started) if running and until > started else ran


def in_days(days: float | None) -> str:
    """How a page says it."""
    if days is None:
        return "not yet"
    whole = int(days)
    if whole < 1:
        return "less than a day"
    return "1 day" if whole == 1 else f"{whole} days"
