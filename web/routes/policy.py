"""A board's readiness policy: edited as one form, saved as a new version; every earlier version can be put back."""

from typing import Any

from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.boards import board
from agenda.clinical import spine
from agenda.errors import Invalid, NotNow
from agenda.ids import BoardId
from agenda.people import Person
from agenda.policies import (
    FORM_ITEMS,
    WAIVERS,
    as_row,
    current_version,
    items_in_force,
    restore_policy,
    save_policy,
    versions,
)
from conference.policy import Action, BoardResource
from web.access import actor, demand, in_session, reading
from web.clock import now
from web.pages import page, redirect

_TEXTS = ("key", "field", "label", "ask", "max_age_days")
_LISTS = ("questions", "waived_by")
_BLANK: dict[str, object] = dict.fromkeys(_TEXTS, "") | {"questions": [], "waived_by": [], "external_rule": False}


async def show(request: Request) -> Response:
    """The policy in force, ready to be changed."""
    return await _page(request, _managed(request))


async def change(request: Request) -> Response:
    """A button of the form: add, remove or move an item without saving, or save everything as a new version."""
    board_id, given = _managed(request), await request.form()
    rows, (act, _, key) = _rows(given), str(given.get("do", "save")).partition(":")
    place = int(key) if key.isdecimal() and int(key) < len(rows) else None
    if act == "add":
        rows.append(dict(_BLANK))
    elif act == "remove" and place is not None:
        del rows[place]
    elif act == "up" and place:
        rows.insert(place - 1, rows.pop(place))
    else:
        return await _save(request, board_id, given, rows)
    return await _page(request, board_id, rows=rows, unsaved=True, note=str(given.get("note", "")))


async def _save(request: Request, board_id: str, given: FormData, rows: list[dict[str, object]]) -> Response:
    who, note, shown = actor(request), str(given.get("note", "")), str(given.get("version", ""))
    try:
        await in_session(
            request, "board.policy", save_policy, board_id, rows, note, who.person_id, now(),
            shown=int(shown) if shown.isdecimal() else -1,
        )
    except Invalid as error:
        wrong = {error.field: error.reason}
        return await _page(request, board_id, 422, rows=rows, unsaved=True, note=note, errors=wrong)
    except NotNow as error:
        return await _page(request, board_id, 409, rows=rows, unsaved=True, note=note, errors={"policy": error.reason})
    return redirect(request, f"/boards/{board_id}/policy")


async def restore(request: Request) -> Response:
    """Put an earlier version back, as a new one."""
    board_id, given = _managed(request), await request.form()
    version, shown = str(given.get("restore", "")), str(given.get("version", ""))
    if not (version.isdecimal() and shown.isdecimal()):
        raise Invalid("restore", "Choose a version.")
    try:
        await in_session(
            request, "board.policy", restore_policy, board_id, int(version), actor(request).person_id, now(),
            shown=int(shown),
        )
    except NotNow as error:
        return await _page(request, board_id, 409, errors={"policy": error.reason})
    return redirect(request, f"/boards/{board_id}/policy")


def _managed(request: Request) -> str:
    board_id = str(request.path_params["board_id"])
    demand(actor(request), Action.BOARD_MANAGE, BoardResource(BoardId(board_id)))
    return board_id


def _rows(given: FormData) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    while (prefix := f"item.{len(rows)}.") + "label" in given:
        row: dict[str, object] = {name: str(given.get(prefix + name, "")) for name in _TEXTS}
        row |= {name: [str(one) for one in given.getlist(prefix + name)] for name in _LISTS}
        row["external_rule"] = bool(given.get(prefix + "external_rule"))
        rows.append(row)
    return rows


async def _page(request: Request, board_id: str, status: int = 200, **more: Any) -> Response:
    view = await reading(request, _view, board_id)
    return page(request, "boards/policy.html", status, **({"errors": {}, "unsaved": False, "note": ""} | view | more))


def _view(session: Session, board_id: str) -> dict[str, Any]:
    kept = [(one, session.get(Person, one.by_id)) for one in versions(session, board_id)]
    return {
        "board": board(session, board_id), "rows": [_BLANK | as_row(one) for one in items_in_force(session, board_id)],
        "version": current_version(session, board_id), "versions": kept, "waivers": WAIVERS, "form_items": FORM_ITEMS,
        "kinds": [(one.key, one.label) for one in spine().questions],
    }


routes: list[BaseRoute] = [
    Route("/boards/{board_id}/policy", show, methods=["GET"]),
    Route("/boards/{board_id}/policy", change, methods=["POST"]),
    Route("/boards/{board_id}/policy/restore", restore, methods=["POST"]),
]
