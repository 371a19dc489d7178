"""A person's own calendar: hours and zone, days away, the notices they want, and their feed."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import time_zones
from agenda.calendar.availability import Window, office_hours
from agenda.calendar.personal import (
    Absence,
    PersonalCalendar,
    absences,
    add_absence,
    calendar_of,
    keep_hours,
    mute,
    remove_absence,
    zone_of,
)
from agenda.calendar.recurrence import DAY_NAMES
from agenda.errors import Invalid
from agenda.notices.events import EVENTS
from conference.policy import Action, Actor
from web.access import actor, demand, in_session, reading
from web.auth.secret import digest, new_token
from web.clock import now
from web.once import first_time, texts_of
from web.pages import page, redirect
from web.services import services

_SLOTS = ("a", "b")
"""Two windows a day: before and after a break."""


@dataclass(frozen=True, slots=True)
class Own:
    """One's own calendar."""

    calendar: PersonalCalendar
    absences: list[Absence]
    zone: str
    today: date


async def show(request: Request) -> Response:
    """One's own calendar."""
    return await _page(request)


async def hours(request: Request) -> Response:
    """Set one's zone and hours, or go back to office hours."""
    who, given = _who(request), await request.form()
    try:
        windows = None if given.get("act") == "office" else _windows(given)
        zone = str(given.get("time_zone", "")).strip()
        await in_session(request, "calendar.hours", keep_hours, who.person_id, zone, windows)
    except Invalid as error:
        return await _page(request, 422, errors={error.field: error.reason}, typed=dict(given))
    return redirect(request, "/calendar?done=hours")


async def be_away(request: Request) -> Response:
    """Be away for some days."""
    who, given = _who(request), await request.form()
    try:
        first = day_of("first_day", str(given.get("first_day", "")))
        last = day_of("last_day", str(given.get("last_day", "") or given.get("first_day", "")))
        note = str(given.get("note", ""))
        await in_session(request, "calendar.absence", _be_away, who, texts_of(given), first, last, note)
    except Invalid as error:
        return await _page(request, 422, errors={error.field: error.reason}, typed=dict(given))
    return redirect(request, "/calendar?done=absence")


def _be_away(session: Session, who: Actor, texts: dict[str, str], first: date, last: date, note: str) -> None:
    if first_time(session, who, texts, now()):
        add_absence(session, who.person_id, first, last, note)


async def be_there(request: Request) -> Response:
    """Be there after all."""
    who, key = _who(request), str(request.path_params["absence_id"])
    await in_session(request, "calendar.absence-remove", remove_absence, who.person_id, key)
    return redirect(request, "/calendar")


async def notices(request: Request) -> Response:
    """Choose which notices come by mail."""
    who, given = _who(request), await request.form()
    wanted = {str(kind) for kind in given.getlist("kind")}
    muted = [kind for kind, event in EVENTS.items() if event.optional and kind not in wanted]
    await in_session(request, "calendar.notices", mute, who.person_id, muted)
    return redirect(request, "/calendar?done=notices")


async def make_feed(request: Request) -> Response:
    """A fresh secret address for the feed, shown this once; the former one stops working."""
    who, token = _who(request), new_token()
    await in_session(request, "calendar.feed", _keep_feed, who.person_id, token, now())
    return await _page(request, address=f"{services(request).settings.public_url}/feeds/{token}")


async def withdraw_feed(request: Request) -> Response:
    """No feed any more."""
    who = _who(request)
    await in_session(request, "calendar.feed-withdraw", _keep_feed, who.person_id, None, now())
    return redirect(request, "/calendar?done=feed")


def day_of(field: str, text: str) -> date:
    """A day from what was typed; raises Invalid."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(field, "Write the day, e.g. 2026-11-26.") from None


def minute_of(text: str) -> int:
    """Minutes since midnight of ``HH:MM``; raises ValueError."""
    shown = time.fromisoformat(text)
    return shown.hour * 60 + shown.minute


_DONE = {
    "hours": "Your hours are kept. You are offered sittings inside them only.",
    "absence": "Noted: you are away.", "notices": "Your choice of mails is kept.",
    "feed": "The feed's address no longer works.",
}


async def _page(request: Request, status: int = 200, **context: Any) -> Response:
    who = _who(request)
    own = await reading(request, _own, who.person_id, now())
    shown = {"errors": {}, "typed": {}, "address": "", "done": _DONE.get(request.query_params.get("done", ""), "")}
    return page(
        request, "calendar/own.html", status, own=own, days=list(enumerate(DAY_NAMES)), zones=time_zones(),
        slots=_shown(own.calendar), events=EVENTS, **(shown | context),
    )


def _who(request: Request) -> Actor:
    who = actor(request)
    demand(who, Action.ACCOUNT_MANAGE)
    return who


def _own(session: Session, person_id: str, at: datetime) -> Own:
    today = at.date()
    away = [one for one in absences(session, person_id) if one.last_day >= today]
    return Own(calendar_of(session, person_id), away, zone_of(session, person_id), today)


def _keep_feed(session: Session, person_id: str, token: str | None, at: datetime) -> None:
    kept = calendar_of(session, person_id)
    kept.feed_digest = digest(token) if token else None
    kept.feed_made_at = at if token else None
    session.add(kept)
    session.flush()


def _windows(given: FormData) -> list[Window]:
    found = []
    for weekday in range(7):
        for slot in _SLOTS:
            begins, ends = (str(given.get(f"d{weekday}{slot}_{end}", "")) for end in ("from", "until"))
            if not begins and not ends:
                continue
            try:
                found.append(Window(weekday, minute_of(begins), minute_of(ends) or 24 * 60))
            except ValueError:
                raise Invalid(f"day{weekday}", "Write both times, e.g. 08:00 and 12:30.") from None
    return found


def _shown(kept: PersonalCalendar) -> dict[str, str]:
    """What the form's time fields show: name of the field → ``HH:MM``."""
    windows = office_hours() if kept.hours is None else tuple(Window(*row) for row in kept.hours)
    found: dict[str, str] = {}
    for weekday in range(7):
        own = sorted((one.begins, one.ends) for one in windows if one.weekday == weekday)
        for slot, (begins, ends) in zip(_SLOTS, own, strict=False):
            found[f"d{weekday}{slot}_from"] = f"{begins // 60:02d}:{begins % 60:02d}"
            found[f"d{weekday}{slot}_until"] = f"{ends // 60 % 24:02d}:{ends % 60:02d}"
    return found


routes: list[BaseRoute] = [
    Route("/calendar", show, methods=["GET"]),
    Route("/calendar/hours", hours, methods=["POST"]),
    Route("/calendar/absences", be_away, methods=["POST"]),
    Route("/calendar/absences/{absence_id}/remove", be_there, methods=["POST"]),
    Route("/calendar/notices", notices, methods=["POST"]),
    Route("/calendar/feed", make_feed, methods=["POST"]),
    Route("/calendar/feed/withdraw", withdraw_feed, methods=["POST"]),
]
