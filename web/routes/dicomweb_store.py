"""DICOMweb in: STOW-RS into a case (PS3.18 10.5), through the one door for images.

``POST /dicom-web/studies?case=…``; without ``case`` the studies must be listed under one case of this person already.
"""

import asyncio
import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.ids import new_id
from conference.policy import Action, Actor
from imaging.deidentify.doors import unnamed
from imaging.dicomweb.accept import takes_any
from imaging.dicomweb.errors import BadQuery, NotAcceptable
from imaging.dicomweb.stow import Staging, reasons, refused_all, store_response
from imaging.errors import QuotaReached, StudyNotFound
from imaging.intake import Inspection, Intake, index
from imaging.patient_match import Differs, Identity, SeveralPatients, compare
from imaging.settings import UploadSettings
from web.access import Forbidden, actor, beside_images, demand, in_session, reading
from web.clock import now
from web.images.admission import follow_up, patient_of
from web.images.deidentification import Admitted, admitted, board_hides
from web.images.dicomweb import ROOT, answered, base_of, cases_of, cases_where, wanted
from web.images.receiving import Receiving
from web.resources import case_resource
from web.services import services

log = logging.getLogger(__name__)
JSON = "application/dicom+json"


@answered
async def store(request: Request) -> Response:
    """200 when every instance was stored, 202 when some were, 409 when none was; the answer says why."""
    who = actor(request)
    study = request.path_params.get("study", "")
    confirmed = _confirmed(request)
    if takes_any(wanted(request), JSON, "application/json") is None:
        raise NotAcceptable(f"The answer is given as {JSON}.")
    named = request.query_params.get("case", "")
    case_id = await beside_images(request, ("named case", repr(who), named, study), _named_case, who, named, study)
    made = services(request)
    folder = made.settings.storage.directory / "stow" / new_id()
    try:
        inspection = await _received(request, folder)
        if case_id is None:
            case_id = await reading(request, _case_of_studies, who, inspection.studies)
        done = await _taken(request, case_id, study, inspection, folder / "rewritten", confirmed=confirmed)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    outcomes = done.outcomes
    for uid in dict.fromkeys(one.study_instance_uid for one in outcomes if one.result == "taken"):
        await follow_up(request, case_id, uid)
    classes = {
        one.header.sop_instance_uid: one.header.sop_class_uid
        for one in (*done.inspection.candidates, *(() if done.without_identity else inspection.candidates))
    }
    status, answer = store_response(outcomes, classes, base_of(request), coerced=done.without_identity)
    said = Response(json.dumps(answer, ensure_ascii=False), status, media_type=JSON)
    for reason in reasons(outcomes):
        said.headers.append("Warning", f'299 consilium "{_plain(reason)}"')
    return said


def _plain(reason: str) -> str:
    """A sentence as a header can carry it."""
    return reason.encode("ascii", "replace").decode().replace("\\", "").replace('"', "'")


def _confirmed(request: Request) -> bool:
    said = request.query_params.get("patient", "")
    if said not in ("", "confirmed"):
        raise BadQuery("patient", "this can only be “confirmed”: a person has compared the patient with the case's.")
    return said == "confirmed"


def _named_case(session: Session, who: Actor, case_id: str, study: str) -> str | None:
    """The case a request names, by itself or by its study; None: the files must tell."""
    if case_id:
        demand(who, Action.IMAGE_ADD, case_resource(session, case_id))
        return case_id
    if study:
        return _only(cases_of(session, who, study, Action.IMAGE_ADD), study)
    if not cases_where(session, who, Action.IMAGE_ADD):
        raise Forbidden("There is no case you may add images to.")
    return None


def _case_of_studies(session: Session, who: Actor, studies: frozenset[str]) -> str:
    found = [set(cases_of(session, who, uid, Action.IMAGE_ADD)) for uid in studies]
    common = set.intersection(*found) if found else set()
    if len(common) != 1:
        raise BadQuery("case", "say which case these images are for: POST …/studies?case=<the case's identity>.")
    return common.pop()


def _only(cases: list[str], study: str) -> str:
    if not cases:
        raise StudyNotFound(study)
    if len(cases) > 1:
        raise BadQuery("case", "this study is listed under several cases; say which one the images are for.")
    return cases[0]


async def _received(request: Request, folder: Path) -> Inspection:
    """The message as files, checked."""
    made = services(request)
    content_type, limits = request.headers.get("content-type", ""), made.settings.imaging.upload
    intake = made.uploads.intake
    receiving = Receiving(lambda: _begun(content_type, folder, limits, intake))
    try:
        async for piece in request.stream():
            await receiving.take(piece)
        return await receiving.end(folder, intake)
    finally:
        await receiving.close()


def _begun(content_type: str, folder: Path, limits: UploadSettings, intake: Intake) -> Staging:
    _forget_old(folder.parent, limits.keep_hours)
    return Staging(content_type, folder, limits, intake)


def _expected(session: Session, case_id: str) -> tuple[bool, Identity]:
    """Whether a case wants its images without identity, and its patient."""
    return board_hides(session, case_id), patient_of(session, case_id)


async def _taken(
    request: Request, case_id: str, study: str, inspection: Inspection, into: Path, *, confirmed: bool
) -> Admitted:
    """What became of each file, committed."""
    hides, expected = await beside_images(request, ("expected", case_id), _expected, case_id)
    hide = services(request).settings.imaging.deidentify.stow or hides
    delivery = f"case:{case_id}/stow:{new_id()}"
    inspection = _of_study(inspection, study)
    refusal: tuple[str, str] | None = None
    patient = "matched"
    match compare(inspection.identities, expected):
        case SeveralPatients():
            refusal = ("several-patients", "The files belong to several patients; send one patient at a time.")
        case Differs(_, differences) if not confirmed:
            fields = " and ".join(one.field for one in differences)
            refusal = ("wrong-patient", f"Files and case differ in {fields}; compare them, then add patient=confirmed.")
        case Differs():
            patient = "confirmed"
        case _:
            pass
    if refusal is None:
        try:
            return await admitted(request, case_id, inspection, delivery, into, hide=hide, patient=patient)
        except QuotaReached as full:
            refusal = (full.code, full.reason)
    refused = [*inspection.refused, *refused_all(inspection.candidates, *refusal)]
    if hide:
        refused = [unnamed(one, f"part {number}") for number, one in enumerate(refused, 1)]
    said = await in_session(request, "images.refuse", index, (), refused, delivery=delivery, at=now())
    return Admitted(said, inspection, without_identity=hide)


def _of_study(inspection: Inspection, study: str) -> Inspection:
    """Only the files of the study in the address; the others are refused."""
    if not study:
        return inspection
    mine = tuple(one for one in inspection.candidates if one.header.study_instance_uid == study)
    others = [one for one in inspection.candidates if one.header.study_instance_uid != study]
    refused = refused_all(others, "other-study", "This file is of another study than the address names.")
    return replace(inspection, candidates=mine, refused=(*inspection.refused, *refused))


def _forget_old(folder: Path, hours: int) -> None:
    """Remove what a server that was killed left of messages under way."""
    oldest = now().timestamp() - hours * 3600
    for left in folder.iterdir() if folder.is_dir() else ():
        if left.stat().st_mtime < oldest:
            shutil.rmtree(left, ignore_errors=True)


routes: list[BaseRoute] = [
    Route(ROOT + "/studies", store, methods=["POST"]),
    Route(ROOT + "/studies/{study}", store, methods=["POST"]),
]
