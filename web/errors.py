"""Errors of every package turned into answers, here and nowhere else.

A person gets a page in plain words, a program gets ``application/problem+json`` (RFC 9457). Neither gets patient data
or the inside of an exception we did not write for them.
"""

import logging
import math
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import agenda.errors
import imaging.errors
from conference.errors import ConferenceError, RoomUnavailable
from conference.record.audit import AuditRefused
from web.access import Forbidden, SignInNeeded
from web.auth.errors import LinkSpent, SlowDown
from web.auth.errors import Refused as ProofRefused
from web.pages import page, redirect, wants_json

log = logging.getLogger(__name__)
Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

_TITLES = {
    400: "That request cannot be understood",
    401: "Please sign in",
    403: "This is not open to you",
    404: "There is nothing here",
    405: "That is not possible here",
    410: "This link has been used or has expired",
    409: "Not now",
    413: "That is too large",
    422: "Something needs correcting",
    429: "One moment, please",
    500: "Something went wrong on our side",
    503: "Back in a moment",
}


def problem(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """One error, as a page or as RFC 9457 JSON; `more` are extension members such as `field` or `code`."""
    title = _TITLES.get(status, "This did not work")
    reference = str(request.scope.get("consilium.request_id", ""))
    if wants_json(request):
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "reference": reference}
        return JSONResponse(body | more, status, dict(headers or {}), media_type="application/problem+json")
    answer = page(request, "error.html", status, code=status, title=title, detail=detail, reference=reference)
    answer.headers.update(headers or {})
    return answer


async def _sign_in_needed(request: Request, _error: SignInNeeded) -> Response:
    if wants_json(request):
        return problem(request, 401, "Sign in, or send a bearer token.", {"WWW-Authenticate": "Bearer"})
    there = request.url.path if request.method == "GET" else "/"
    return redirect(request, "/sign-in" if there == "/" else f"/sign-in?next={there}")


async def _forbidden(request: Request, error: Forbidden) -> Response:
    log.warning("forbidden", extra={"request": request.scope.get("consilium.request_id", "")})
    return problem(request, 403, error.reason)


async def _not_found(request: Request, error: agenda.errors.NotFound | imaging.errors.NotFound) -> Response:
    return problem(request, 404, str(error))


async def _invalid(request: Request, error: agenda.errors.Invalid) -> Response:
    return problem(request, 422, error.reason, field=error.field)


async def _not_now(request: Request, error: agenda.errors.NotNow) -> Response:
    return problem(request, 409, error.reason, code=error.code)


async def _proof_refused(request: Request, error: ProofRefused) -> Response:
    return problem(request, 401, str(error))


async def _slow_down(request: Request, error: SlowDown) -> Response:
    return problem(request, 429, str(error), {"Retry-After": str(math.ceil(error.seconds))})


async def _unavailable(request: Request, error: RoomUnavailable) -> Response:
    return problem(request, 503, str(error), {"Retry-After": "2"})


async def _vault_failed(request: Request, error: imaging.errors.VaultFailed) -> Response:
    log.error("the vault failed", extra={"request": request.scope.get("consilium.request_id", ""), "what": str(error)})
    return problem(request, 503, "The image store does not answer just now.", {"Retry-After": "10"})


async def _spent(request: Request, error: LinkSpent) -> Response:
    return problem(request, 410, str(error))


async def _body(request: Request, error: ValidationError) -> Response:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return problem(request, 422, f"{field or 'body'}: {first['msg'].lower()}.", field=field)


async def _ours(
    request: Request, error: agenda.errors.AgendaError | imaging.errors.ImagingError | ConferenceError
) -> Response:
    return problem(request, 409, str(error))


async def _http(request: Request, error: HTTPException) -> Response:
    detail = {404: "The address may be mistyped, or what was here has moved.", 405: "Go back and try from the page."}
    return problem(request, error.status_code, detail.get(error.status_code, error.detail), error.headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    reference = request.scope.get("consilium.request_id", "")
    log.error("unexpected error", exc_info=error, extra={"request": reference})
    return problem(request, 500, "It has been noted. Nothing you saved is lost; please try again.")


HANDLERS: dict[Any, Handler] = {
    SignInNeeded: _sign_in_needed,
    Forbidden: _forbidden,
    agenda.errors.NotFound: _not_found,
    imaging.errors.NotFound: _not_found,
    agenda.errors.Invalid: _invalid,
    agenda.errors.NotNow: _not_now,
    agenda.errors.AgendaError: _ours,
    imaging.errors.VaultFailed: _vault_failed,
    imaging.errors.ImagingError: _ours,
    ConferenceError: _ours,
    ProofRefused: _proof_refused,
    SlowDown: _slow_down,
    LinkSpent: _spent,
    AuditRefused: _unexpected,
    RoomUnavailable: _unavailable,
    ValidationError: _body,
    HTTPException: _http,
    Exception: _unexpected,
}
