"""Invitations of a sitting, their answers by link and by calendar reply, and the feed a person subscribes to."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import board
from agenda.calendar.invitations import Invite, record_answer
from agenda.calendar.messages import MOST_REPLY_CHARACTERS, Meeting, Party, feed, replies
from agenda.calendar.personal import PersonalCalendar
from agenda.conferences import conference, reschedule
from agenda.errors import Invalid, NotNow
from agenda.people import Person
from conference.policy import Action, Actor
from web.access import actor, demand, in_session, reading
from web.auth.errors import LinkSpent
from web.auth.secret import digest
from web.clock import now
from web.pages import page, redirect
from web.post.mail import Letterhead, uid_of
from web.refused import refused
from web.resources import conference_resource
from web.routes.conferences import show_page, wall_clock, whole
from web.services import services
from web.sittings.invited import announce_now

_BEHIND, _AHEAD = timedelta(days=180), timedelta(days=400)
"""What a feed holds around today."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page of a reply link says; nothing of a patient."""

    invite: Invite
    board: str
    over: bool


async def ask(request: Request) -> Response:
    """What the link is, and three buttons: mail scanners follow links, they do not press buttons."""
    return await _ask(request)


async def _ask(request: Request, *, kept: bool = False) -> Response:
    try:
        invite_id = services(request).letterhead.links.invite_id(request.path_params["token"], now())
        asked = await reading(request, _asked, invite_id)
    except LinkSpent as error:
        return page(request, "calendar/spent.html", 410, detail=str(error))
    suggested = request.query_params.get("answer", "")
    return page(request, "calendar/reply.html", asked=asked, suggested=suggested, kept=kept)


async def take(request: Request) -> Response:
    """Record the answer of a link."""
    given = str((await request.form()).get("answer", ""))
    try:
        invite_id = services(request).letterhead.links.invite_id(request.path_params["token"], now())
        await in_session(request, "invitation.answer", _take, invite_id, given, now())
    except LinkSpent as error:
        return page(request, "calendar/spent.html", 410, detail=str(error))
    return await _ask(request, kept=True)


async def send_updates(request: Request) -> Response:
    """Tell everybody who has not been told how the sitting now stands."""
    conference_id = request.path_params["conference_id"]
    await in_session(request, "invitation.send", _announce, actor(request), conference_id, now())
    return redirect(request, f"/conferences/{conference_id}#invitations")


async def change_time(request: Request) -> Response:
    """Give the sitting another time or place; whoever was invited is told at once."""
    form, conference_id = await request.form(), request.path_params["conference_id"]
    texts = {name: str(form.get(name, "")) for name in ("starts_at", "duration_min", "place")}
    try:
        await in_session(request, "conference.reschedule", _change, actor(request), conference_id, texts, now())
    except (Invalid, NotNow) as error:
        return await show_page(request, 422 if isinstance(error, Invalid) else 409, refused("time", error, texts))
    return redirect(request, f"/conferences/{conference_id}")


async def take_reply(request: Request) -> Response:
    """Record the answers of a calendar reply: pasted into the form, or posted as text/calendar by a mail program."""
    who, conference_id = actor(request), request.path_params["conference_id"]
    by_program = request.headers.get("content-type", "").startswith("text/calendar")
    if by_program:
        text = str((await request.body())[: 4 * MOST_REPLY_CHARACTERS], "utf-8", "replace")
    else:
        text = str((await request.form()).get("reply", ""))
    try:
        await in_session(request, "invitation.reply", _reply, who, conference_id, text, now(), _head(request))
    except (Invalid, NotNow) as error:
        if by_program:
            raise
        wrong = refused("reply", error, {"reply": text})
        return await show_page(request, 422 if isinstance(error, Invalid) else 409, wrong)
    return Response(status_code=204) if by_program else redirect(request, f"/conferences/{conference_id}#invitations")


async def subscribe(request: Request) -> Response:
    """A person's own sittings as a calendar; the address is the secret, and an ETag spares the line."""
    text = await reading(request, _feed, str(request.path_params["token"]), now(), _head(request))
    if text is None:
        return Response("There is no such feed. Its owner may have made a new address.", 404, media_type="text/plain")
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    if etag in [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)


def _head(request: Request) -> Letterhead:
    return services(request).letterhead


def _asked(session: Session, invite_id: str) -> Asked:
    invite = session.get(Invite, invite_id)
    if invite is None:
        raise LinkSpent("This invitation is no longer there.")
    sitting = conference(session, invite.conference_id)
    over = invite.cancelled or sitting.state in ("ended", "cancelled")
    return Asked(invite, board(session, sitting.board_id).name, over)


def _take(session: Session, invite_id: str, answer: str, at: datetime) -> None:
    asked = _asked(session, invite_id)
    if asked.over:
        raise LinkSpent("This sitting was cancelled or is over; there is nothing to answer any more.")
    record_answer(session, asked.invite, answer, at, "link")


def _announce(session: Session, who: Actor, conference_id: str, at: datetime) -> None:
    demand(who, Action.CONFERENCE_PLAN, conference_resource(session, conference_id))
    announce_now(session, conference_id, at)


def _change(session: Session, who: Actor, conference_id: str, texts: dict[str, str], at: datetime) -> None:
    demand(who, Action.CONFERENCE_PLAN, conference_resource(session, conference_id))
    zone = board(session, conference(session, conference_id).board_id).time_zone
    reschedule(
        session, conference_id, starts_at=wall_clock(texts["starts_at"], zone),
        duration_min=whole("duration_min", texts["duration_min"]), where=texts["place"], at=at,
    )
    announce_now(session, conference_id, at)


def _reply(
    session: Session, who: Actor, conference_id: str, text: str, at: datetime, head: Letterhead
) -> None:
    demand(who, Action.CONFERENCE_PLAN, conference_resource(session, conference_id))
    for one in replies(text):
        invite = session.get(Invite, one.uid.rpartition("@")[0])
        if invite is None or invite.conference_id != conference_id or uid_of(invite.id, head) != one.uid:
            raise Invalid("reply", "This reply is to another sitting's invitation.")
        if invite.address != one.address:
            raise Invalid("reply", f"This invitation went to {invite.name}; the reply comes from another address.")
        if invite.cancelled:
            raise NotNow("invitation-cancelled", f"{invite.name} is no longer invited; the answer changes nothing.")
        if one.sequence < invite.sequence:
            raise NotNow("stale-reply", f"{invite.name} answered an earlier time; they have been told of the new one.")
        record_answer(session, invite, one.answer, at, "mail")


def _feed(session: Session, token: str, at: datetime, head: Letterhead) -> str | None:
    owner = session.exec(
        select(Person).join(PersonalCalendar, col(PersonalCalendar.person_id) == Person.id)
        .where(PersonalCalendar.feed_digest == digest(token), col(Person.disabled_at).is_(None))
    ).one_or_none()
    if owner is None:
        return None
    rows = session.exec(
        select(Invite).where(
            Invite.person_id == owner.id, Invite.starts_at > at - _BEHIND, Invite.starts_at < at + _AHEAD
        ).order_by(col(Invite.starts_at), col(Invite.id))
    )
    return feed("Case conferences", [_entry(one, owner, head) for one in rows])


def _entry(invite: Invite, owner: Person, head: Letterhead) -> Meeting:
    return Meeting(
        uid=uid_of(invite.id, head), sequence=invite.sequence, summary=invite.summary, starts_at=invite.starts_at,
        ends_at=invite.ends_at, zone=invite.time_zone, place=invite.place,
        url=f"{head.public_url}/conferences/{invite.conference_id}",
        organiser=Party(head.settings.sender_name, head.settings.sender), attendee=Party(owner.name, owner.email),
        stamped_at=max(invite.told_at, invite.answered_at or datetime.min.replace(tzinfo=UTC)),
        required=invite.required, answer=invite.answer, cancelled=invite.cancelled,
    )


routes: list[BaseRoute] = [
    Route("/replies/{token}", ask, methods=["GET"]),
    Route("/replies/{token}", take, methods=["POST"]),
    Route("/feeds/{token}", subscribe, methods=["GET"]),
    Route("/conferences/{conference_id}/time", change_time, methods=["POST"]),
    Route("/conferences/{conference_id}/invitations", send_updates, methods=["POST"]),
    Route("/conferences/{conference_id}/replies", take_reply, methods=["POST"]),
]
