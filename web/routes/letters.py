"""The letter: a page, a PDF, and a receipt the first time its referrer opens either."""

from typing import Any

import anyio.to_thread
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.cases import case, record_delivered
from conference.outcome.letter import Letter, facts, letter_of, open_letter, pdf
from conference.outcome.plain import plain_facts, plain_pdf
from conference.outcome.signing import SignedRecord, record_in_force
from conference.policy import Action
from web.access import actor, demand, in_session, note_read, reading
from web.clock import now
from web.errors import problem
from web.pages import page
from web.resources import case_resource


async def show(request: Request) -> Response:
    """The letter as a page."""
    found = await _opened(request)
    if isinstance(found, Response):
        return found
    signed, letter = found
    context: dict[str, Any] = facts(signed)
    return page(request, "letters/show.html", case_id=signed.case_id, letter=letter, **context)


async def download(request: Request) -> Response:
    """The letter as PDF."""
    found = await _opened(request)
    if isinstance(found, Response):
        return found
    signed, _ = found
    body = await anyio.to_thread.run_sync(pdf, signed)
    number = facts(signed)["record"]["case"]["number"]
    headers = {"Content-Disposition": f'inline; filename="letter-case-{number}.pdf"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)


async def plain(request: Request) -> Response:
    """The same advice in plain words, for the patient."""
    found = await _opened(request)
    if isinstance(found, Response):
        return found
    return page(request, "letters/plain.html", case_id=found[0].case_id, **plain_facts(found[0]))


async def plain_download(request: Request) -> Response:
    """The patient's copy as PDF."""
    found = await _opened(request)
    if isinstance(found, Response):
        return found
    body = await anyio.to_thread.run_sync(plain_pdf, found[0])
    headers = {"Content-Disposition": 'inline; filename="in-plain-words.pdf"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)


async def _opened(request: Request) -> tuple[SignedRecord, Letter] | Response:
    """The letter of a case in force, with its receipt written; or why there is none."""
    case_id = request.path_params["case_id"]
    demand(actor(request), Action.LETTER_READ, await reading(request, case_resource, case_id))
    signed = await reading(request, record_in_force, case_id)
    if signed is None:
        return problem(request, 404, "The board has not signed a recommendation for this case yet.")
    await note_read(request, Action.LETTER_READ, f"signedrecord:{signed.id}")
    await in_session(request, "letter.open", _receipt, case_id, actor(request).person_id)
    letter = await reading(request, letter_of, case_id)
    assert letter is not None, "a record in force has its letter, written in the same transaction"
    return signed, letter


def _receipt(session: Session, case_id: str, reader_id: str) -> None:
    if open_letter(session, case_id, reader_id, now()):
        record_delivered(session, case(session, case_id).id, now(), reader_id)


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/letter", show),
    Route("/cases/{case_id}/letter.pdf", download),
    Route("/cases/{case_id}/letter/plain", plain),
    Route("/cases/{case_id}/letter/plain.pdf", plain_download),
]
