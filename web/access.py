"""How a route asks who acts, whether they may, and the database: three hops, route → service function → rows."""

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from sqlmodel import Session
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from conference.policy import Action, Actor, Resource, may
from conference.record.audit import note_read as audit_read
from imaging.asking import Ask
from web.clock import now
from web.database import Deed
from web.services import services

P = ParamSpec("P")
R = TypeVar("R")


class SignInNeeded(Exception):
    """Nobody is signed in; a page redirects, the API answers 401."""


class Forbidden(Exception):
    """The policy says no; `reason` is a sentence for the person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def actor_or_none(connection: HTTPConnection) -> Actor | None:
    """Who acts, as the session middleware has proven it; None when nobody is signed in."""
    found = connection.scope.get("consilium.actor")
    return found if isinstance(found, Actor) else None


def actor(connection: HTTPConnection) -> Actor:
    """Who acts; raises SignInNeeded."""
    found = actor_or_none(connection)
    if found is None:
        raise SignInNeeded
    return found


def demand(who: Actor, action: Action, resource: Resource = None) -> None:
    """Go on only if the policy allows; raises Forbidden with its reason."""
    verdict = may(who, action, resource)
    if not verdict:
        raise Forbidden(verdict.reason)


def deed(request: HTTPConnection, activity: str) -> Deed:
    """The audit's heading for what this request does."""
    who = actor_or_none(request)
    return Deed(
        actor_id=who.person_id if who else "anonymous",
        actor_name=who.name if who else "anonymous",
        activity=activity,
        at=now(),
        request_id=str(request.scope.get("consilium.request_id", "")),
    )


async def in_session(
    request: HTTPConnection, activity: str, work: Callable[Concatenate[Session, P], R], *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Run `work` in one audited write transaction that names its actor and activity."""
    return await services(request).database.write(deed(request, activity), work, *args, **kwargs)


async def reading(
    request: HTTPConnection, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run `work` on a read-only connection."""
    return await services(request).database.read(work, *args, **kwargs)


async def asking(
    request: HTTPConnection, work: Callable[Concatenate[Ask, P], R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run `work` with a way to ask a read-only connection statements in text, each of which answers quickly."""
    return await services(request).database.glance(work, *args, **kwargs)


async def beside_images(
    request: HTTPConnection, key: Hashable, work: Callable[Concatenate[Session, P], R], *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """`reading`, or what it gave for the same key if nothing but images was written since; work reads none of them."""
    return await services(request).database.recall_beside_images(key, work, *args, **kwargs)


async def note_read(request: Request, action: Action, record: str) -> None:
    """One audit row for a read of a case, image or report; the read fails if the row cannot be written."""
    heading = deed(request, action.value)
    await services(request).database.write(heading, audit_read, heading, action.value, record)


async def note_pictures(request: Request, action: Action, record: str) -> datetime:
    """`note_read` for what is read many times in a row: one audit row a minute (`web.images.reads`).

    The row is committed before this returns; the read fails if it cannot be written. Gives until when it speaks.
    """
    heading = deed(request, action.value)
    made = services(request)

    async def write() -> None:
        await made.database.write(heading, audit_read, heading, action.value, record)

    return await made.reads.note(heading.actor_id, record, heading.at, write)


def let_stand(request: Request, response: Response, until: datetime) -> Response:
    """The response, which may be sent again to whoever asks the same until then, as long as nothing is written."""
    made, before = services(request), request.scope.get("consilium.version")
    if before is not None and before == made.database.version:  # nothing was written while it was judged
        made.standing.keep(request.scope, response, before, now(), until)
    return response
