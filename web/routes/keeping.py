"""A board's images: how much room they take, how long they are kept, and what would go next."""

from dataclasses import dataclass

from sqlmodel import Session, select
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import Board, board
from agenda.cases import Case
from agenda.errors import Invalid
from agenda.ids import BoardId
from agenda.keeping import BoardKeeping, CaseHold, held, hold, keeping, release, set_keeping
from conference.policy import Action, BoardResource
from imaging.settings import QuotaSettings
from web.access import actor, demand, in_session, reading
from web.clock import now
from web.images.keeping import Ending, Room, endings, room_in_all, room_of
from web.pages import page, redirect
from web.services import services

_GB = 10**9
_REASON = 400


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of one board."""

    board: Board
    rules: BoardKeeping
    room: Room
    in_all: Room
    endings: list[Ending]
    held: list[tuple[CaseHold, Case]]


async def show(request: Request) -> Response:
    """Room, rules and a preview of what would go."""
    return await _page(request, _managed(request))


async def change(request: Request) -> Response:
    """Change a board's quota and how long its images are kept."""
    board_id, given = _managed(request), await request.form()
    try:
        await in_session(request, "board.keeping", _change, board_id, given)
    except Invalid as error:
        return await _page(request, board_id, 422, given, {error.field: error.reason})
    return redirect(request, f"/boards/{board_id}/images")


async def place_hold(request: Request) -> Response:
    """Put a case of the board under a legal hold, by its number and with a reason; nothing of it is removed then."""
    board_id, given = _managed(request), await request.form()
    try:
        await in_session(request, "case.hold", _hold, board_id, given, actor(request).name)
    except Invalid as error:
        return await _page(request, board_id, 422, given, {error.field: error.reason})
    return redirect(request, f"/boards/{board_id}/images#holds-title")


async def lift_hold(request: Request) -> Response:
    """Release a case of the board from its legal hold; the reason given stays in the audit."""
    board_id, given = _managed(request), await request.form()
    try:
        await in_session(request, "case.release", _release, board_id, given, actor(request).name)
    except Invalid as error:
        return await _page(request, board_id, 422, None, {error.field: error.reason})
    return redirect(request, f"/boards/{board_id}/images#holds-title")


def _hold(session: Session, board_id: str, given: FormData, by: str) -> None:
    number = str(given.get("number", "")).strip()
    wanted = int(number[:9]) if number.isdecimal() else 0
    found = session.exec(select(Case).where(Case.board_id == board_id, Case.number == wanted)).first()
    if found is None:
        raise Invalid("number", "No case of this board has this number.")
    hold(session, found.id, str(given.get("reason", ""))[:_REASON], by, now())


def _release(session: Session, board_id: str, given: FormData, by: str) -> None:
    """The hold goes with its end written into it, so that the audit has who lifted it and why."""
    field = f"lift-{given.get('case')}"
    reason = " ".join(str(given.get(field, ""))[:_REASON].split())
    if not reason:
        raise Invalid(field, "Say why the hold ends.")
    for row, one in held(session):
        if one.board_id == board_id and one.id == given.get("case"):
            hold(session, one.id, f"{row.reason} (lifted by {by}: {reason})", by, now())
            session.flush()
            release(session, one.id)


def _managed(request: Request) -> str:
    board_id = str(request.path_params["board_id"])
    demand(actor(request), Action.BOARD_MANAGE, BoardResource(BoardId(board_id)))
    return board_id


async def _page(
    request: Request, board_id: str, status: int = 200, given: FormData | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    images = services(request).settings.imaging
    found = await reading(request, _shown, board_id, images.quota)
    values = {
        "number": "", "reason": "",
        "retention_months": str(found.rules.retention_months or ""),
        "quota": "" if found.rules.quota_bytes is None else f"{found.rules.quota_bytes / _GB:g}",
    }
    if given is not None:
        values = {key: str(given.get(key, "")) for key in values}
    return page(
        request, "boards/images.html", status, shown=found, values=values, errors=errors or {},
        everything_held=images.vault.hold, default_quota=images.quota.board_bytes,
    )


def _shown(session: Session, board_id: str, quota: QuotaSettings) -> Shown:
    found = board(session, board_id)
    return Shown(
        found, keeping(session, board_id), room_of(session, quota, board_id), room_in_all(session, quota),
        endings(session, now(), board_id), [(row, one) for row, one in held(session) if one.board_id == board_id],
    )


def _change(session: Session, board_id: str, given: FormData) -> None:
    months, quota = (str(given.get(key, "")).strip() for key in ("retention_months", "quota"))
    if months and not months.isdecimal():
        raise Invalid("retention_months", "Give whole months, e.g. 24, or nothing.")
    try:
        size = round(float(quota.replace(",", ".")) * _GB) if quota else None
    except (ValueError, OverflowError):
        raise Invalid("quota", "Give the room in gigabytes, e.g. 500, or nothing.") from None
    if size is not None and size >= 2**62:
        raise Invalid("quota", "That is more room than there is.")
    set_keeping(
        session, board(session, board_id).id, retention_months=int(months[:9]) if months else None, quota_bytes=size
    )


routes: list[BaseRoute] = [
    Route("/boards/{board_id}/images", show, methods=["GET"]),
    Route("/boards/{board_id}/images", change, methods=["POST"]),
    Route("/boards/{board_id}/holds", place_hold, methods=["POST"]),
    Route("/boards/{board_id}/holds/lift", lift_hold, methods=["POST"]),
]
