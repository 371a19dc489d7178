"""Signing a joint recommendation: re-authentication first, then exact bytes, then the room's own rules."""

import logging
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.boards import board
from agenda.cases import case, questions
from agenda.conferences import conference
from agenda.ids import CaseId, ConferenceId, new_id
from agenda.numberings import signing_refusal
from agenda.people import Site, disciplines, person
from conference.outcome.report import Sources, record
from conference.outcome.signing import prepare
from conference.policy import Action, Actor
from conference.room.commands import Sign
from conference.room.recommendation import frozen_digest
from conference.room.refused import Refused
from conference.room.state import CaseState
from conference.room.values import CommandId, Participant, Signature
from imaging.errors import ImagingError
from web.access import Forbidden, actor, demand, in_session, note_read, reading
from web.auth.reauthenticate import reauthenticate
from web.cases.levels import texts_of
from web.clock import now
from web.errors import problem
from web.middleware import client_address
from web.resources import case_resource
from web.rooms.letter_files import key_pictures, make_letters, signed_bundle, standing
from web.services import services
from web.sockets.seating import seat
from web.upkeep.anchoring import anchor, anchors_of

log = logging.getLogger(__name__)


class SignOrder(BaseModel):
    """What the chair sends to sign."""

    model_config = ConfigDict(extra="forbid", strict=True)

    revision: int = Field(ge=1)
    """The revision that was read back."""
    password: str = Field(min_length=1, max_length=1024)
    code: str = Field(default="", max_length=16)
    """TOTP, where the signer has enrolled it."""
    meaning: Literal["approval of the joint recommendation"] = "approval of the joint recommendation"
    """What the signature stands for (21 CFR 11.50(a)(3)); the chair's only one."""


@dataclass(frozen=True, slots=True)
class _Gathered:
    sources: Sources
    participant: Participant | None


async def sign(request: Request) -> Response:
    """Sign the read-back recommendation of a case on a conference's agenda."""
    conference_id, case_id = request.path_params["conference_id"], request.path_params["case_id"]
    demand(actor(request), Action.RECOMMENDATION_SIGN, await reading(request, case_resource, case_id))
    return await sign_as(request, conference_id, case_id, SignOrder.model_validate_json(await request.body()))


async def sign_as(request: Request, conference_id: str, case_id: str, order: SignOrder) -> Response:
    """Sign as ordered, whichever form the order came in; JSON with the signature, or why not."""
    who = actor(request)
    demand(who, Action.RECOMMENDATION_SIGN, await reading(request, case_resource, case_id))
    await reauthenticate(services(request), who, order.password, order.code, address=client_address(request))
    rooms = services(request).rooms
    room = await rooms.state(ConferenceId(conference_id))
    listed = room.cases.get(CaseId(case_id))
    gathered = await reading(request, _gather, conference_id, case_id, who, listed)
    if gathered.participant is None:
        raise Forbidden("You do not sit on this conference's board.")
    drafted = listed.recommendation if listed else None
    if drafted is None or drafted.revision != order.revision or drafted.digest is None:
        return problem(request, 409, "The words have changed since the read-back; read them back again.", code="stale")
    option, words = drafted.recommendation.option, texts_of(drafted.recommendation)
    refused = await reading(request, signing_refusal, case_id, option, words)
    if refused:
        return problem(request, 409, refused, code="numbering")
    at = now()
    head = await rooms.head(ConferenceId(conference_id))
    body = record(gathered.sources, room, order.meaning, at, head)
    prepared = await in_session(request, "recommendation.prepare", prepare, body, services(request).signer, at)
    signature = Signature(
        digest=frozen_digest(gathered.sources.case.case_id, drafted.revision, drafted.recommendation),
        value=prepared.signature, key_id=prepared.key_id, meaning=order.meaning,
    )
    answer = await rooms.execute(
        ConferenceId(conference_id), gathered.participant, CommandId(new_id()),
        Sign(gathered.sources.case.case_id, order.revision), signature=signature,
    )
    if isinstance(answer, Refused):
        return problem(request, 409, answer.reason, code=answer.code)
    await rooms.followed(ConferenceId(conference_id))
    await anchor(services(request).database, anchors_of(services(request).settings))
    await settle_letter(request, case_id)
    return JSONResponse({"digest": prepared.digest, "signature": prepared.signature, "key_id": prepared.key_id})


async def signed_file(request: Request) -> Response:
    """The signed record with its addenda, and everything needed to verify it and its letters offline."""
    case_id = request.path_params["case_id"]
    demand(actor(request), Action.LETTER_READ, await reading(request, case_resource, case_id))
    found = await reading(request, standing, case_id)
    if found is None:
        return problem(request, 404, "Nothing has been signed for this case.")
    await note_read(request, Action.LETTER_READ, f"signedrecord:{found.signed.id}")
    content = await signed_bundle(services(request), found)
    name = f"recommendation-{found.signed.digest[:12]}.json"
    return Response(
        content, media_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


async def settle_letter(request: Request, case_id: str) -> None:
    """Make the letters of what was just signed. What cannot be drawn now is made when somebody first asks for it."""
    try:
        await make_letters(services(request), case_id)
    except (ImagingError, OSError, RuntimeError):
        log.exception("the letter could not be made yet", extra={"case_id": case_id})


def _gather(
    session: Session, conference_id: str, case_id: str, who: Actor, state: CaseState | None
) -> _Gathered:
    sitting, listed = conference(session, conference_id), case(session, case_id)
    referrer = person(session, listed.referrer_id)
    site = session.get(Site, referrer.site_id)
    assert site is not None, "a person's site is a foreign key"
    names = {one.code: one.name for one in disciplines(session)}
    sources = Sources(
        case=listed, board=board(session, sitting.board_id), conference=sitting, questions=questions(session, case_id),
        referrer=referrer, referrer_site=site, signer=person(session, who.person_id), disciplines=names,
        pictures=[] if state is None else key_pictures(session, state, CaseId(case_id)),
    )
    return _Gathered(sources, seat(session, conference_id, who))


routes: list[BaseRoute] = [
    Route("/conferences/{conference_id}/cases/{case_id}/sign", sign, methods=["POST"]),
    Route("/cases/{case_id}/signed.json", signed_file),
]
