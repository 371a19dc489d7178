"""Adding to a signed recommendation: written, the password asked for at that moment, signed, told to the referrer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.cases import case
from agenda.errors import CaseNotFound, Invalid, NotNow
from agenda.notices.queue import tell
from agenda.people import Person, disciplines, person
from conference.outcome.addenda import MEANING, REASONS, Addendum, Author, Words, amend, demand_words, last_digest
from conference.outcome.letter import facts
from conference.outcome.report import titled
from conference.outcome.signing import Signer
from conference.policy import Action, Actor
from web.access import actor, demand, in_session, note_read, reading
from web.auth.errors import Refused
from web.auth.reauthenticate import reauthenticate
from web.auth.totp import enrolled
from web.clock import now
from web.middleware import client_address
from web.pages import page, redirect, status_for, wants_json
from web.resources import case_resource
from web.rooms.letter_files import standing
from web.routes.recommendation import settle_letter
from web.services import services
from web.upkeep.anchoring import anchor, anchors_of

_FIELDS = ("reason", "text", "amends", "password", "code")


def _view(session: Session, who: Actor, case_id: str) -> dict[str, Any]:
    demand(who, Action.RECOMMENDATION_AMEND, case_resource(session, case_id))
    known = standing(session, case_id)
    if known is None:
        raise NotNow("not-signed", "Nothing has been signed for this case that could be added to.")
    return {
        "case": case(session, case_id), "amends": last_digest(known.signed, known.added), "reasons": REASONS,
        "meaning": MEANING, "totp": enrolled(session, who.person_id), "signer": person(session, who.person_id),
        "letter": facts(known.signed, known.added),
    }


async def _page(
    request: Request, status: int = 200, errors: Mapping[str, str] | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    case_id = request.path_params["case_id"]
    view = await reading(request, _view, actor(request), case_id)
    kept = {name: value for name, value in (typed or {}).items() if name not in ("password", "code")}
    return page(
        request, "letters/addendum.html", status_for(request, status), case_id=case_id, errors=errors or {},
        typed=kept, **view,
    )


async def show(request: Request) -> Response:
    """What stands, and the form to add to it."""
    answer = await _page(request)
    await note_read(request, Action.LETTER_READ, f"case {request.path_params['case_id']}")
    return answer


async def sign(request: Request) -> Response:
    """Sign an addendum, with password and code given now."""
    case_id, who = request.path_params["case_id"], actor(request)
    demand(who, Action.RECOMMENDATION_AMEND, await reading(request, case_resource, case_id))
    form: Mapping[str, Any] = await _sent(request)
    typed = {name: str(form.get(name, "")) for name in _FIELDS}
    words = Words(typed["reason"], typed["text"], typed["amends"])
    try:
        demand_words(words)
        _demand_password(typed["password"])
        code = typed["code"].replace(" ", "")
        await reauthenticate(services(request), who, typed["password"], code, address=client_address(request))
        added = await in_session(
            request, "recommendation.amend", _amend, who, case_id, words, services(request).signer, now()
        )
    except (Invalid, NotNow, Refused) as error:
        if wants_json(request):
            raise
        field = error.field if isinstance(error, Invalid) else "" if isinstance(error, NotNow) else "password"
        return await _page(request, 409 if isinstance(error, NotNow) else 422, {field: str(error)}, typed)
    await anchor(services(request).database, anchors_of(services(request).settings))
    await settle_letter(request, case_id)
    if wants_json(request):
        return JSONResponse({
            "number": added.number, "digest": added.digest, "signature": added.signature, "key_id": added.key_id,
        }, 201)
    return redirect(request, f"/cases/{case_id}/letter#addendum-{added.number}")


def _demand_password(password: str) -> None:
    if not password:
        raise Invalid("password", "Give your password to sign.")


async def _sent(request: Request) -> Mapping[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return await request.form()
    try:
        sent = await request.json()
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise Invalid("text", "Send a JSON object with reason, text, amends, password and code.")
    return sent


def _amend(session: Session, who: Actor, case_id: str, words: Words, signer: Signer, at: datetime) -> Addendum:
    demand(who, Action.RECOMMENDATION_AMEND, case_resource(session, case_id))
    known = standing(session, case_id)
    if known is None:
        raise CaseNotFound(case_id)
    names = {one.code: one.name for one in disciplines(session)}
    signing = person(session, who.person_id)
    author = Author(signing.id, titled(signing), names.get(signing.discipline or "", ""))
    added = amend(session, known.signed, words, author, signer, at)
    found = case(session, case_id)
    referrer = session.get(Person, found.referrer_id)
    if referrer is not None:
        tell(session, "addendum", referrer, at, case_id=case_id, data={"case": str(found.number)},
             once=f"addendum:{added.id}")
    return added


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/addendum", show, methods=["GET"]),
    Route("/cases/{case_id}/addendum", sign, methods=["POST"]),
]
