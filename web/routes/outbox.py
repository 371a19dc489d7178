"""The outbox: what mails were written, which have left, which failed and why; for the administrator."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import cast

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.notices.events import EVENTS, Kind
from agenda.notices.queue import Notice, counts, notice, notices, retry
from conference.policy import Action
from web.access import actor, demand, in_session, reading
from web.clock import now
from web.pages import page, redirect
from web.post.mail import Letterhead, compose, meeting_of
from web.services import services

STATES = {"waiting": "Waiting", "sent": "Sent", "failed": "Failed"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list."""

    notice: Notice
    subject: str


async def index(request: Request) -> Response:
    """The latest notices, filtered by state and words."""
    demand(actor(request), Action.OUTBOX_READ)
    state = request.query_params.get("state", "")
    state = state if state in STATES else ""
    words = request.query_params.get("words", "").strip()[:80]
    found, number = await reading(request, _listed, state, words)
    head = services(request).letterhead
    rows = [Listed(one, str(compose(one, head)["Subject"])) for one in found]
    return page(
        request, "outbox/index.html", rows=rows, counts=number, state=state, words=words, states=STATES,
        events=EVENTS, by_file=not services(request).settings.mail.smtp_host,
    )


async def show(request: Request) -> Response:
    """One mail as its receiver reads it."""
    demand(actor(request), Action.OUTBOX_READ)
    found = await reading(request, notice, request.path_params["notice_id"])
    head = _head(request)
    mail, meeting = compose(found, head), meeting_of(found, head) if found.kind == "invitation" else None
    return page(
        request, "outbox/show.html", notice=found, mail=mail, text=_text(mail), calendar=_calendar(mail),
        meeting=meeting, event=EVENTS[cast(Kind, found.kind)], states=STATES,
    )


async def message(request: Request) -> Response:
    """The mail as it leaves (RFC 5322)."""
    demand(actor(request), Action.OUTBOX_READ)
    found = await reading(request, notice, request.path_params["notice_id"])
    mail = compose(found, _head(request))
    disposition = f'attachment; filename="{found.id}.eml"'
    return Response(mail.as_bytes(), media_type="message/rfc822", headers={"Content-Disposition": disposition})


async def again(request: Request) -> Response:
    """Try a failed one again."""
    demand(actor(request), Action.OUTBOX_READ)
    found = await in_session(request, "notice.retry", retry, request.path_params["notice_id"], now())
    return redirect(request, f"/outbox/{found.id}")


def _head(request: Request) -> Letterhead:
    """Answering for somebody else is for nobody, save in a demo, where one person is everybody."""
    made = services(request)
    return made.letterhead if made.demo else made.letterhead.for_others()


def _listed(session: Session, state: str, words: str) -> tuple[list[Notice], dict[str, int]]:
    return notices(session, state=state, words=words), counts(session)


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


def _calendar(mail: EmailMessage) -> str:
    parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    return str(parts[0].get_content()) if parts else ""


routes: list[BaseRoute] = [
    Route("/outbox", index, methods=["GET"]),
    Route("/outbox/{notice_id}", show, methods=["GET"]),
    Route("/outbox/{notice_id}/message.eml", message, methods=["GET"]),
    Route("/outbox/{notice_id}/retry", again, methods=["POST"]),
]
