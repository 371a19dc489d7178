"""A board's calendar: its pattern with the dates ahead, who stands in, and slots inside everybody's hours."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import Board, Membership, board, members
from agenda.calendar.availability import Offer
from agenda.calendar.personal import StandIn, add_stand_in, remove_stand_in, stand_ins, zone_of
from agenda.calendar.planning import needed, slots
from agenda.calendar.recurrence import DAY_NAMES, ORDINALS, Rhythm, days, instant_of, rhythm_of, skipped_by_clock
from agenda.calendar.series import (
    Coming,
    Pattern,
    check_first_day,
    coming,
    end_pattern,
    in_words,
    keep_pattern,
    pattern_of,
    skip,
    take_up,
)
from agenda.errors import Invalid, NotNow
from agenda.ids import BoardId
from agenda.notices.queue import tell
from agenda.people import Person, person
from conference.policy import Action, Actor, BoardResource, may
from web.access import actor, demand, in_session, reading
from web.clock import now
from web.once import first_time, texts_of
from web.pages import day as day_in_words
from web.pages import page, redirect
from web.routes.availability import day_of
from web.routes.conferences import whole
from web.services import services

LONGEST_PLACE = 200
SHOWN = 12
"""Dates ahead that the page lists."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A board's calendar."""

    board: Board
    members: list[tuple[Membership, Person]]
    pattern: Pattern | None
    words: str
    coming: list[Coming]
    stand_ins: list[tuple[StandIn, Person, Person]]


@dataclass(frozen=True, slots=True)
class Preview:
    """One date a pattern would have."""

    starts_at: datetime
    late_clock: bool


async def show(request: Request) -> Response:
    """The board's calendar."""
    return await _page(request, _managed(request, Action.BOARD_MANAGE))


async def change(request: Request) -> Response:
    """Show what a pattern would give, keep it, or end it."""
    board_id, given = _managed(request, Action.BOARD_MANAGE), await request.form()
    weeks = services(request).settings.agenda.weeks_ahead
    try:
        if given.get("act") == "end":
            await in_session(request, "pattern.end", end_pattern, board_id, now())
        elif given.get("act") == "preview":
            preview = await reading(request, _preview, board_id, given, now())
            return await _page(request, board_id, typed=_typed(given), preview=preview)
        else:
            await in_session(request, "pattern.keep", _keep, board_id, given, now(), weeks)
    except Invalid as error:
        return await _page(request, board_id, 422, typed=_typed(given), errors={error.field: error.reason})
    return redirect(request, f"/boards/{board_id}/calendar")


async def change_date(request: Request) -> Response:
    """Leave one date out, or take it up again."""
    board_id, given = _managed(request, Action.BOARD_MANAGE), await request.form()
    weeks = services(request).settings.agenda.weeks_ahead
    try:
        chosen = day_of("day", str(given.get("day", "")))
        if given.get("act") == "take-up":
            await in_session(request, "pattern.take-up", take_up, board_id, chosen, now(), weeks)
        else:
            await in_session(request, "pattern.skip", skip, board_id, chosen)
    except (Invalid, NotNow) as error:
        status = 422 if isinstance(error, Invalid) else 409
        return await _page(request, board_id, status, errors={"day": error.reason})
    return redirect(request, f"/boards/{board_id}/calendar#dates")


async def name_stand_in(request: Request) -> Response:
    """Name who stands in for a member, and tell both."""
    board_id, given = _managed(request, Action.BOARD_MANAGE), await request.form()
    try:
        await in_session(request, "stand-in.add", _stand_in, actor(request), board_id, given, now())
    except Invalid as error:
        return await _page(request, board_id, 422, stood=dict(given), errors={f"in_{error.field}": error.reason})
    return redirect(request, f"/boards/{board_id}/calendar#stand-ins")


async def end_stand_in(request: Request) -> Response:
    """The member takes their place again."""
    board_id, key = _managed(request, Action.BOARD_MANAGE), str(request.path_params["stand_in_id"])
    await in_session(request, "stand-in.remove", remove_stand_in, board_id, key)
    return redirect(request, f"/boards/{board_id}/calendar#stand-ins")


async def find_slots(request: Request) -> Response:
    """Slots inside the hours of everybody needed; where there is none, who cannot and why."""
    board_id, asked = _managed(request, Action.CONFERENCE_PLAN), request.query_params
    team = await reading(request, board, board_id)
    today = now().astimezone(ZoneInfo(team.time_zone)).date()
    typed = {
        "first_day": asked.get("first_day", (today + timedelta(days=1)).isoformat()),
        "last_day": asked.get("last_day", (today + timedelta(days=14)).isoformat()),
        "duration_min": asked.get("duration_min", "60"),
    }
    errors: dict[str, str] = {}
    found: tuple[Offer, ...] = ()
    people = await reading(request, _needed, board_id, today)
    try:
        found = await reading(
            request, slots, board_id, day_of("first_day", typed["first_day"]), day_of("last_day", typed["last_day"]),
            whole("duration_min", typed["duration_min"]), now(),
        )
    except Invalid as error:
        errors = {error.field: error.reason}
    return page(
        request, "calendar/slots.html", 422 if errors else 200, board=team, typed=typed, errors=errors, offers=found,
        people=people, zones=list(dict.fromkeys([team.time_zone, *(zone for _, zone in people)])), wall=_wall,
        chair=next((one.id for one, _ in people), ""),
    )


def _managed(request: Request, action: Action) -> str:
    board_id = str(request.path_params["board_id"])
    demand(actor(request), action, BoardResource(BoardId(board_id)))
    return board_id


async def _page(request: Request, board_id: str, status: int = 200, **context: Any) -> Response:
    shown = await reading(request, _shown, board_id, now(), services(request).settings.agenda.weeks_ahead)
    kept = {"errors": {}, "typed": _of_pattern(shown), "stood": {}, "preview": []}
    return page(
        request, "calendar/board.html", status, shown=shown, days=list(enumerate(DAY_NAMES)), ordinals=ORDINALS,
        weeks_ahead=services(request).settings.agenda.weeks_ahead,
        plans=bool(may(actor(request), Action.CONFERENCE_PLAN, BoardResource(BoardId(board_id)))), **(kept | context),
    )


def _shown(session: Session, board_id: str, at: datetime, weeks: int) -> Shown:
    team, found = board(session, board_id), pattern_of(session, board_id)
    standing = [
        (one, person(session, one.member_id), person(session, one.deputy_id)) for one in stand_ins(session, board_id)
        if one.last_day >= at.date()
    ]
    dates = coming(session, found, at, weeks)[:SHOWN] if found else []
    words = in_words(found, team.time_zone) if found else ""
    return Shown(team, members(session, board_id), found, words, dates, standing)


def _of_pattern(shown: Shown) -> dict[str, Any]:
    found = shown.pattern
    if found is None:
        chair = next((one.id for seat, one in shown.members if seat.role == "chair"), "")
        return {"mode": "weeks", "weekday": "3", "every": "1", "ordinals": [], "first_day": "", "last_day": "",
                "begins": "", "duration_min": "60", "title": shown.board.name, "chair": chair, "place": ""}
    rhythm = rhythm_of(found.rule)
    return {
        "mode": "month" if rhythm.weeks_of_month else "weeks", "weekday": str(rhythm.weekday),
        "every": str(rhythm.every_weeks), "ordinals": [str(week) for week in rhythm.weeks_of_month],
        "first_day": found.first_day.isoformat(), "last_day": found.last_day.isoformat() if found.last_day else "",
        "begins": f"{found.begins:%H:%M}", "duration_min": str(found.duration_min), "title": found.title,
        "chair": found.chair_id, "place": found.place,
    }


def _typed(given: FormData) -> dict[str, Any]:
    named = ("mode", "weekday", "every", "first_day", "last_day", "begins", "duration_min", "title", "chair", "place")
    weeks = [str(one) for one in given.getlist("ordinal")]
    return {key: str(given.get(key, "")) for key in named} | {"ordinals": weeks}


def _rhythm(typed: dict[str, Any]) -> Rhythm:
    month = typed["mode"] == "month"
    if month and not typed["ordinals"]:
        raise Invalid("ordinal", "Choose at least one week of the month.")
    try:
        ordinals = tuple(int(one) for one in typed["ordinals"]) if month else ()
        return Rhythm(int(typed["weekday"]), 1 if month else int(typed["every"]), ordinals)
    except ValueError:
        raise Invalid("every", "Every 1 to 12 weeks.") from None


def _times(typed: dict[str, Any]) -> tuple[date, time, date | None]:
    first = day_of("first_day", typed["first_day"])
    last = day_of("last_day", typed["last_day"]) if typed["last_day"] else None
    try:
        return first, time.fromisoformat(typed["begins"]).replace(second=0, microsecond=0, tzinfo=None), last
    except ValueError:
        raise Invalid("begins", "Write the time of day, e.g. 08:00.") from None


def _preview(session: Session, board_id: str, given: FormData, at: datetime) -> list[Preview]:
    typed, zone = _typed(given), board(session, board_id).time_zone
    rhythm, (first, begins, last) = _rhythm(typed), _times(typed)
    since = max(first, at.astimezone(ZoneInfo(zone)).date())
    check_first_day(first, at)
    end = min(last or date.max, since + timedelta(days=400))
    return [
        Preview(instant_of(one, begins, zone), skipped_by_clock(one, begins, zone))
        for one in days(rhythm.rule, first, since, end)[:SHOWN]
    ]


def _keep(session: Session, board_id: str, given: FormData, at: datetime, weeks: int) -> None:
    typed = _typed(given)
    rhythm, (first, begins, last) = _rhythm(typed), _times(typed)
    if len(typed["place"]) > LONGEST_PLACE:
        raise Invalid("place", f"At most {LONGEST_PLACE} characters; this has {len(typed['place'])}.")
    keep_pattern(
        session, board_id, rhythm=rhythm, first_day=first, begins=begins, last_day=last, title=typed["title"],
        duration_min=whole("duration_min", typed["duration_min"]), chair_id=typed["chair"], place=typed["place"],
        at=at, weeks=weeks,
    )


def _stand_in(session: Session, who: Actor, board_id: str, given: FormData, at: datetime) -> None:
    first, last = (day_of(key, str(given.get(key, ""))) for key in ("first_day", "last_day"))
    if not first_time(session, who, texts_of(given), at):
        return
    added = add_stand_in(
        session, board_id, member_id=str(given.get("member", "")), deputy_id=str(given.get("deputy", "")),
        first_day=first, last_day=last,
    )
    member, deputy = person(session, added.member_id), person(session, added.deputy_id)
    data = {
        "member": member.name, "deputy": deputy.name, "board": board(session, board_id).name,
        "from": day_in_words(first), "until": day_in_words(last),
    }
    for one in (member, deputy):
        tell(session, "stand-in", one, at, data=data)


def _needed(session: Session, board_id: str, on: date) -> list[tuple[Person, str]]:
    seated = {one.id: seat.role for seat, one in members(session, board_id)}
    people = needed(session, board(session, board_id), on)
    return [(one, zone_of(session, one.id)) for one in sorted(people, key=lambda one: seated.get(one.id) != "chair")]


def _wall(instant: datetime, zone: str) -> str:
    """An instant as a form's field for date and time takes it."""
    return f"{instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


routes: list[BaseRoute] = [
    Route("/boards/{board_id}/calendar", show, methods=["GET"]),
    Route("/boards/{board_id}/pattern", change, methods=["POST"]),
    Route("/boards/{board_id}/pattern/dates", change_date, methods=["POST"]),
    Route("/boards/{board_id}/stand-ins", name_stand_in, methods=["POST"]),
    Route("/boards/{board_id}/stand-ins/{stand_in_id}/remove", end_stand_in, methods=["POST"]),
    Route("/boards/{board_id}/slots", find_slots, methods=["GET"]),
]
