"""Arrivals: studies a PACS sent that belong to no case yet; a coordinator puts each into a case, or declines it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.cases import add_study, cases_of_boards, cases_of_study
from agenda.errors import Invalid, NotNow
from conference.policy import Action, Actor, may
from imaging import arrivals
from imaging.arrivals import Arrival, ArrivalNotFound
from imaging.deidentify import records
from imaging.deidentify.compared import is_keyed, verdict
from imaging.deidentify.pseudonyms import Keys
from imaging.patient_match import Difference, Differs, Identity
from imaging.studies import Refusal, Series, Study, count_of, refusals, series_of, study
from web.access import Forbidden, actor, demand, in_session, note_read, reading
from web.cases.facts import CaseRow, row_of
from web.clock import now
from web.images.admission import follow_up, patient_of
from web.images.deidentification import keys_of
from web.images.dimse import delivery
from web.pages import page, redirect
from web.resources import case_resource
from web.routes.triage import triaging_boards
from web.services import services

_ENDED = frozenset({"draft", "closed", "withdrawn", "declined"})
"""States in which a case takes no images from a coordinator."""
_REFUSED_SHOWN = 50


class AnotherPatient(Exception):
    """The headers differ from the case; a person must say that it is the case's patient."""

    def __init__(self, differences: tuple[Difference, ...]) -> None:
        super().__init__("The images may be of another patient than the case.")
        self.differences = differences


@dataclass(frozen=True, slots=True)
class Line:
    """One study that waits."""

    arrival: Arrival
    study: Study
    series: list[tuple[Series, int]]
    """Each with how many instances are here."""
    fitting: list[CaseRow]
    """Open cases whose patient agrees with the headers."""
    keyed: bool
    """Its identity was taken out as it came; it is compared by key."""


def waiting_for(session: Session, who: Actor) -> list[Arrival]:
    """The studies this person may put into cases; those a case has got another way meanwhile are left out."""
    found = arrivals.waiting(session, triaging_boards(who))
    return [one for one in found if not cases_of_study(session, one.study_instance_uid)]


def _work(session: Session, who: Actor, keys: Keys) -> dict[str, Any]:
    boards = triaging_boards(who)
    candidates = [one for one in cases_of_boards(session, boards) if one.state not in _ENDED]
    rows = {one.id: row_of(session, one) for one in candidates}
    lines = [_line(session, one, rows, keys) for one in waiting_for(session, who)]
    refused: list[Refusal] = []
    for destination in ["", *boards]:
        refused += refusals(session, delivery(destination))
    refused.sort(key=lambda one: one.at, reverse=True)
    return {"lines": lines, "cases": list(rows.values()), "refused": refused[:_REFUSED_SHOWN]}


def _line(session: Session, arrival: Arrival, rows: dict[str, CaseRow], keys: Keys) -> Line:
    found = study(session, arrival.study_instance_uid)
    headers = _headers_of(found)
    series = [
        (one, count_of(session, one.series_instance_uid)[0]) for one in series_of(session, found.study_instance_uid)
    ]
    verdicts = {case_id: verdict(headers, patient_of(session, case_id), keys) for case_id in rows}
    fitting = [row for case_id, row in rows.items() if not isinstance(verdicts[case_id], Differs)]
    return Line(arrival, found, series, fitting, is_keyed(headers))


def _headers_of(found: Study) -> Identity:
    return Identity(found.patient_name, found.patient_born_on, found.patient_sex, found.patient_id)


def _demand_some_board(who: Actor) -> None:
    if not triaging_boards(who):
        raise Forbidden("Arrived images are put into cases by the chair and the coordinator of a board.")


async def listed(request: Request) -> Response:
    """Every study that waits, the latest first, with the cases its patient fits; reading it is recorded."""
    _demand_some_board(actor(request))
    await note_read(request, Action.CASE_TRIAGE, "arrivals")
    return await _page(request)


async def _page(request: Request, status: int = 200, **more: Any) -> Response:
    view = await reading(request, _work, actor(request), await asyncio.to_thread(keys_of, services(request)))
    context: dict[str, Any] = {"error": "", "held": "", "chosen": "", "differences": ()}
    return page(request, "arrivals/list.html", status, **(context | view | more))


def _act(
    session: Session, who: Actor, act: str, study_uid: str, case_id: str, at: datetime, keys: Keys, *,
    same_patient: bool,
) -> None:
    """Put a study into a case, or decline it; raises AnotherPatient until somebody said that it is the same."""
    _demand_waiting(session, who, study_uid)
    match act:
        case "add":
            if not case_id:
                raise Invalid("case", "Choose the case these images belong to.")
            _demand_case(session, who, case_id)
            found = verdict(_headers_of(study(session, study_uid)), patient_of(session, case_id), keys)
            if isinstance(found, Differs) and not same_patient:
                raise AnotherPatient(found.differences)
            records.compared(session, study_uid, "confirmed" if isinstance(found, Differs) else "matched")
            add_study(session, case_id, study_uid, at)
            arrivals.settle(session, study_uid, "taken", at)
        case "decline":
            arrivals.settle(session, study_uid, "declined", at)
        case _:
            raise Invalid("act", "There is no such button.")


def _demand_waiting(session: Session, who: Actor, study_uid: str) -> None:
    """What is not for this person's boards does not exist for them."""
    found = arrivals.arrival(session, study_uid)
    if found.destination not in ("", *triaging_boards(who)):
        raise ArrivalNotFound(study_uid)
    others = cases_of_study(session, study_uid)
    if others and not any(may(who, Action.IMAGE_READ, case_resource(session, one)) for one in others):
        raise ArrivalNotFound(study_uid)
    if found.state != "waiting" or others:
        raise NotNow("arrival-settled", "Somebody has dealt with this study already; the list below is up to date.")


def _demand_case(session: Session, who: Actor, case_id: str) -> None:
    resource = case_resource(session, case_id)
    demand(who, Action.CASE_TRIAGE, resource)
    demand(who, Action.IMAGE_ADD, resource)
    if resource.state in _ENDED:
        raise NotNow("case-state", "This case takes no more images; choose another.")


async def act(request: Request) -> Response:
    """One button: into a case, into a case although the headers differ, or declined."""
    who, form = actor(request), await request.form()
    _demand_some_board(who)
    doing, uid, case_id = (str(form.get(name, "")) for name in ("act", "study", "case"))
    same_patient = form.get("same_patient") == "yes"
    keys = await asyncio.to_thread(keys_of, services(request))
    try:
        await in_session(
            request, f"arrivals.{'add' if doing == 'add' else 'decline'}", _act, who, doing, uid, case_id, now(), keys,
            same_patient=same_patient,
        )
    except AnotherPatient as error:
        return await _page(request, 409, held=uid, chosen=case_id, differences=error.differences)
    except (Invalid, NotNow) as error:
        status = 422 if isinstance(error, Invalid) else 409
        return await _page(request, status, held=uid, chosen=case_id, error=error.reason)
    if doing == "add":
        await follow_up(request, case_id, uid)
    return redirect(request, "/arrivals")


routes: list[BaseRoute] = [
    Route("/arrivals", listed, methods=["GET"]),
    Route("/arrivals", act, methods=["POST"]),
]
