"""Find in the PACS: a coordinator searches the archives of the configuration for the patient of a case, and fetches.

Nothing a person types or finds here is ever in an address: searches are posted, and their results are kept in memory.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.cases import Case, case, studies_of
from conference.policy import Action, Actor
from imaging.errors import ImagingError
from imaging.patient_match import Difference, Differs, Identity, compare
from imaging.remote.answer import FoundStudy
from imaging.remote.errors import BadQuestion, FetchState
from imaging.remote.question import FIELDS, question
from web.access import actor, demand, note_read, reading
from web.clock import now
from web.images.admission import patient_of
from web.images.fetching import Fetching, Searched, node_of, nodes
from web.pages import page, redirect, status_for
from web.resources import case_resource
from web.services import services


@dataclass(frozen=True, slots=True)
class Line:
    """One study that was found, beside the case's patient."""

    study: FoundStudy
    differences: tuple[Difference, ...]
    here: bool
    """The case has it already."""


async def _allowed(request: Request) -> Actor:
    """Who may search a hospital's archive: those who look after the cases of this board."""
    who = actor(request)
    resource = await reading(request, case_resource, request.path_params["case_id"])
    demand(who, Action.CASE_TRIAGE, resource)
    demand(who, Action.IMAGE_ADD, resource)
    return who


def _fetching(request: Request) -> Fetching:
    return services(request).fetching


def _facts(session: Session, case_id: str) -> tuple[Case, Identity, frozenset[str]]:
    return case(session, case_id), patient_of(session, case_id), frozenset(studies_of(session, case_id))


def _prefilled(about: Case) -> dict[str, str]:
    """What the case knows; the person may widen it."""
    return dict.fromkeys(FIELDS, "") | {
        "family_name": about.patient_family_name, "given_name": "", "patient_id": "",
        "born_on": about.patient_born_on.isoformat() if about.patient_born_on else "",
    }


async def _page(request: Request, who: Actor, status: int = 200, **more: Any) -> Response:
    case_id = request.path_params["case_id"]
    about, expected, known = await reading(request, _facts, case_id)
    last = _fetching(request).searched(who.person_id, case_id)
    lines = [_line(one, expected, known) for one in last.found.studies] if last else []
    context = {
        "case": about, "nodes": nodes(request), "pairs": [(one.name, one.name) for one in nodes(request)],
        "lines": sorted(lines, key=_rank), "last": last,
        "fetches": _fetching(request).fetches.of(case_id, who.person_id), "errors": {}, "alert": "",
        "typed": (last.said | {"node": last.node}) if last else _prefilled(about),
    }
    return page(request, "cases/pacs.html", status_for(request, status), **(context | more))


def _line(study: FoundStudy, expected: Identity, known: frozenset[str]) -> Line:
    verdict = compare([study.patient], expected)
    differences = verdict.differences if isinstance(verdict, Differs) else ()
    return Line(study, differences, study.study_instance_uid in known)


def _rank(line: Line) -> tuple[bool, int]:
    """The case's own patient first, then the newest."""
    return bool(line.differences), -int(line.study.date.replace("-", "") or 0)


async def show(request: Request) -> Response:
    """The form, what the last search found, and this person's fetches for this case."""
    who = await _allowed(request)
    if "hx-request" not in request.headers:
        await note_read(request, Action.CASE_TRIAGE, f"case/{request.path_params['case_id']}/pacs")
    return await _page(request, who)


async def search(request: Request) -> Response:
    """Ask one archive; reading its answer is recorded."""
    who, form = await _allowed(request), await request.form()
    said = {name: str(form.get(name, "")) for name in (*FIELDS, "node")}
    node = node_of(request, said["node"])
    if node is None:
        return await _page(request, who, 422, typed=said, errors={"node": "Choose the archive to search."})
    try:
        asked = question(said)
    except BadQuestion as error:
        return await _page(request, who, 422, typed=said, errors={error.code: error.reason})
    case_id = request.path_params["case_id"]
    try:
        found = await asyncio.to_thread(_fetching(request).fetches.find, node, asked)
    except ImagingError as error:
        return await _page(request, who, 502, typed=said, alert=str(error))
    await note_read(request, Action.CASE_TRIAGE, f"case/{case_id}/pacs/{node.name}/found/{len(found.studies)}"[:500])
    said.pop("node")
    _fetching(request).remember(who.person_id, case_id, Searched(node.name, said, found))
    return redirect(request, f"/cases/{case_id}/pacs#found")


async def fetch(request: Request) -> Response:
    """Begin to fetch one of the studies that were found."""
    who, form = await _allowed(request), await request.form()
    case_id = request.path_params["case_id"]
    found = _fetching(request).study(who.person_id, case_id, str(form.get("study", "")))
    node = node_of(request, found[0]) if found else None
    if found is None or node is None:
        return await _page(request, who, 409, alert="Search again: this study is not in the list any more.")
    try:
        made = _fetching(request).fetches.create(case_id, who.person_id, node, found[1], now())
    except FetchState as error:
        return await _page(request, who, 409, alert=str(error))
    await note_read(request, Action.CASE_TRIAGE, f"case/{case_id}/pacs/{node.name}/fetch/{made.id}"[:500])
    _fetching(request).start(request, made, node)
    return redirect(request, f"/cases/{case_id}/pacs#fetches")


async def act(request: Request) -> Response:
    """One button of a fetch: stop, go on, confirm the patient, or remove."""
    who, form = await _allowed(request), await request.form()
    case_id = request.path_params["case_id"]
    fetching = _fetching(request)
    one = fetching.fetches.get(request.path_params["fetch_id"], case_id, who.person_id)
    node = node_of(request, one.node)
    try:
        match str(form.get("act", "")):
            case "stop":
                await asyncio.to_thread(fetching.fetches.stop, one.id)
            case "resume" if node is not None:
                fetching.fetches.resume(one.id, now())
                fetching.start(request, one, node)
            case "take":
                fetching.fetches.take(one.id, now())
                fetching.take(request, one)
            case "confirm":
                fetching.fetches.confirm(one.id)
                fetching.go_on(request, one)
            case "forget":
                await asyncio.to_thread(fetching.fetches.forget, one.id)
            case _:
                return await _page(request, who, 422, alert="This archive is no longer in the settings.")
    except FetchState as error:
        return await _page(request, who, 409, alert=str(error))
    return redirect(request, f"/cases/{case_id}/pacs#fetches")


_PACS = "/cases/{case_id}/pacs"
routes: list[BaseRoute] = [
    Route(_PACS, show, methods=["GET"]),
    Route(_PACS, search, methods=["POST"]),
    Route(_PACS + "/fetches", fetch, methods=["POST"]),
    Route(_PACS + "/fetches/{fetch_id}", act, methods=["POST"]),
]
