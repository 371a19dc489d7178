"""Images into a case: a resumable upload in JSON, and the list of a case's studies for the viewer.

POST /cases/{case}/uploads → PATCH …/files/{n} with Upload-Offset, any number of times → POST …/finish → GET until the
state is asking (POST …/confirm or DELETE), done or refused. Only the person who began an upload sees it.
"""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agenda.cases import studies_of
from conference.policy import Action, Actor
from imaging.errors import NotFound, QuotaReached, Refused, TooLarge, TooOften, UploadState, WrongOffset
from imaging.intake import Outcome, index
from imaging.patient_match import Identity, Match, compare
from imaging.studies import Series, Study, in_order, instances, refusals, series_of, study
from imaging.uploads import Announced, Upload
from web.access import Forbidden, actor, demand, in_session, note_read, reading
from web.clock import now
from web.errors import problem
from web.images.admission import admit, follow_up, patient_of
from web.images.deidentification import Removal, admit_without_identity, deidentifier, forget_blacked_out
from web.images.keeping import demand_room
from web.resources import case_resource
from web.services import services

log = logging.getLogger(__name__)
Endpoint = Callable[[Request], Awaitable[Response]]


class Announcement(BaseModel):
    """What the browser means to send."""

    model_config = ConfigDict(extra="forbid")
    files: Annotated[list[Announced], Field(max_length=1_000_000)]
    deidentify: bool = False
    """Take the patient's identity out of the images before they are kept."""


def _explained(endpoint: Endpoint) -> Endpoint:
    """Answer refusals of the intake with their sentence and a status a program can act on."""

    @functools.wraps(endpoint)
    async def explained(request: Request) -> Response:
        try:
            return await endpoint(request)
        except WrongOffset as error:
            return problem(request, 409, str(error), {"Upload-Offset": str(error.expected)}, code="wrong-offset")
        except UploadState as error:
            return problem(request, 409, str(error), code="wrong-step")
        except TooLarge as error:
            return problem(request, 413, error.reason, code=error.code)
        except TooOften as error:
            return problem(request, 429, error.reason, {"Retry-After": "600"}, code=error.code)
        except Refused as error:
            return problem(request, 422, error.reason, code=error.code)

    return explained


async def _allowed(request: Request) -> Actor:
    who = actor(request)
    demand(who, Action.IMAGE_ADD, await reading(request, case_resource, request.path_params["case_id"]))
    return who


async def _upload(request: Request) -> Upload:
    who = await _allowed(request)
    upload_id, case_id = request.path_params["upload_id"], request.path_params["case_id"]
    return services(request).uploads.get(upload_id, case_id, who.person_id)


def _shown(request: Request, upload: Upload) -> dict[str, Any]:
    uploads = services(request).uploads
    said = upload.model_dump(mode="json", exclude={"person_id"})
    return said | {
        "received": uploads.received(upload) if upload.state == "receiving" else [],
        "chunk_bytes": uploads.limits.chunk_bytes,
        "interrupted": uploads.interrupted(upload),
    }


async def begin(request: Request) -> Response:
    """201 with the upload; 413 with a sentence when it would be too large, before a byte is sent."""
    who = await _allowed(request)
    told = Announcement.model_validate_json(await request.body())
    uploads, case_id = services(request).uploads, request.path_params["case_id"]
    await _demand_room(request, case_id, sum(one.size for one in told.files))
    upload = await asyncio.to_thread(
        uploads.create, case_id, who.person_id, told.files, now(), deidentify=told.deidentify
    )
    return JSONResponse(_shown(request, upload), 201)


async def listed(request: Request) -> Response:
    """This person's uploads to this case that are not over, so that a page can go on with them."""
    who = await _allowed(request)
    uploads = services(request).uploads
    mine = await asyncio.to_thread(uploads.open_of, request.path_params["case_id"], who.person_id)
    return JSONResponse({"uploads": [_shown(request, one) for one in mine]})


async def status(request: Request) -> Response:
    """How far it is, what was found, what became of each file."""
    upload = await _upload(request)
    return JSONResponse(_shown(request, upload))


async def offset(request: Request) -> Response:
    """HEAD: where a file goes on, in Upload-Offset."""
    upload = await _upload(request)
    here = services(request).uploads.offset(upload, request.path_params["index"])
    return Response(status_code=200, headers={"Upload-Offset": str(here)})


async def append(request: Request) -> Response:
    """PATCH: the body continues the file at Upload-Offset; 409 says where to go on instead."""
    upload = await _upload(request)
    said = request.headers.get("upload-offset", "")
    if not said.isdecimal() or len(said) > 15:
        return problem(request, 422, "Upload-Offset must say at which byte this part begins.", field="Upload-Offset")
    uploads = services(request).uploads
    part = await _body(request, uploads.limits.chunk_bytes)
    here = await asyncio.to_thread(uploads.append, upload, request.path_params["index"], int(said), part, now())
    return Response(status_code=204, headers={"Upload-Offset": str(here)})


async def _body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge("chunk-size", f"One part of a file may have {limit:,} bytes.")
    return bytes(body)


async def finish(request: Request) -> Response:
    """202: everything was sent; checking begins and is followed by GET."""
    upload = await _upload(request)
    services(request).uploads.begin(upload)
    return JSONResponse(_shown(request, upload), 202, background=BackgroundTask(_check, request, upload))


async def confirm(request: Request) -> Response:
    """202: the person says that the files are of the case's patient."""
    upload = await _upload(request)
    services(request).uploads.confirm(upload)
    return JSONResponse(_shown(request, upload), 202, background=BackgroundTask(_admit, request, upload))


async def cancel(request: Request) -> Response:
    """204: the upload is forgotten and its files are deleted."""
    upload = await _upload(request)
    await asyncio.to_thread(services(request).uploads.discard, upload)
    return Response(status_code=204)


async def _check(request: Request, upload: Upload) -> None:
    uploads = services(request).uploads
    try:
        expected = await reading(request, patient_of, upload.case_id)
        checked = await asyncio.to_thread(uploads.check, upload.id, expected)
    except Exception:
        log.exception("an upload could not be checked", extra={"upload": upload.id})
        uploads.refuse(upload.id, "Something went wrong on our side while checking; please send the files again.")
        return
    if checked.state == "keeping":
        await _admit(request, upload)
    elif checked.state == "refused":
        whole = Outcome(f"{len(upload.files)} files", "refused", "several-patients", checked.reason)
        await in_session(request, "images.refuse", index, (), [whole], delivery=_delivery(upload), at=now())


async def _admit(request: Request, upload: Upload) -> None:
    uploads = services(request).uploads
    try:
        outcomes = await _kept(request, upload)
        done = await asyncio.to_thread(uploads.complete, upload.id, outcomes)
    except Forbidden as error:
        uploads.refuse(upload.id, error.reason)
        return
    except QuotaReached as error:
        uploads.refuse(upload.id, error.reason)
        return
    except Exception:
        log.exception("an upload could not be taken in", extra={"upload": upload.id})
        uploads.refuse(upload.id, "Something went wrong on our side; please send the files again.")
        return
    for study_uid in done.studies:
        await follow_up(request, upload.case_id, study_uid)


async def _kept(request: Request, upload: Upload) -> list[Outcome]:
    """The files in the vault and the index; without identity where that was asked, with a report of it."""
    uploads, who = services(request).uploads, actor(request)
    coming = await asyncio.to_thread(uploads.accepted_bytes, upload.id)
    await _demand_room(request, upload.case_id, coming)  # zips have unfolded
    if not upload.deidentify:
        kept, inspection = await asyncio.to_thread(uploads.keep, upload.id)
        return await in_session(
            request, "images.add", admit, who, upload.case_id, kept, inspection, _delivery(upload)
        )
    removal = Removal(
        deidentifier(services(request)), await reading(request, patient_of, upload.case_id),
        "confirmed" if upload.differences else "matched",
    )
    kept, inspection = await asyncio.to_thread(uploads.keep, upload.id, removal)
    outcomes = await in_session(
        request, "images.add-deidentified", admit_without_identity, who, upload.case_id, kept, inspection,
        _delivery(upload), removal.report,
    )
    await forget_blacked_out(request, kept)
    return outcomes


async def _demand_room(request: Request, case_id: str, coming: int) -> None:
    await reading(request, demand_room, services(request).settings.imaging.quota, case_id, coming)


def _delivery(upload: Upload) -> str:
    return f"case:{upload.case_id}/upload:{upload.id}"


async def refused(request: Request) -> Response:
    """The files that did not get into a case, newest first, for those who may add images to it."""
    await _allowed(request)
    case_id = request.path_params["case_id"]
    await note_read(request, Action.IMAGE_ADD, f"case {case_id}")
    rows = (await reading(request, refusals, f"case:{case_id}/"))[:200]
    return JSONResponse({"refusals": [
        {"name": row.file_name, "code": row.code, "reason": row.reason, "at": row.at.isoformat(timespec="seconds")}
        for row in rows
    ]})


async def studies(request: Request) -> Response:
    """The studies and series of a case, newest study first, as the viewer lists them."""
    who = actor(request)
    case_id = request.path_params["case_id"]
    demand(who, Action.IMAGE_READ, await reading(request, case_resource, case_id))
    await note_read(request, Action.IMAGE_READ, f"case {case_id}")
    return JSONResponse({"studies": await reading(request, _studies, case_id)})


def _studies(session: Session, case_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    expected = patient_of(session, case_id)
    for uid in studies_of(session, case_id):
        try:
            row = study(session, uid)
        except NotFound:
            continue
        runs = [_series(session, one) for one in series_of(session, uid)]
        found.append({
            "study_instance_uid": uid,
            "description": row.description,
            "date": row.study_date or None,
            "time": row.study_time or None,
            "institution": row.institution,
            "patient": _patient(row, expected),
            "series": runs,
        })
    return sorted(found, key=lambda one: (one["date"] or "", one["time"] or ""), reverse=True)


def _patient(row: Study, expected: Identity) -> str:
    """How the header's patient and the case's agree: same, other (a person has accepted it) or unnamed."""
    said = Identity(row.patient_name, row.patient_born_on, row.patient_sex, row.patient_id)
    if said == Identity():
        return "unnamed"
    return "same" if isinstance(compare([said], expected), Match) else "other"


def _series(session: Session, row: Series) -> dict[str, Any]:
    rows = instances(session, row.series_instance_uid)
    frames = in_order(rows)
    without = [one.picture for one in rows if one.picture != "yes"]
    middle = frames[len(frames) // 2] if frames else None
    preview = {"sop_instance_uid": middle.sop_instance_uid, "frame": middle.number} if middle else None
    return {
        "series_instance_uid": row.series_instance_uid,
        "modality": row.modality,
        "description": row.description,
        "body_part": row.body_part,
        "laterality": row.laterality,
        "number": row.number,
        "frames": len(frames),
        "without": {"images": len(without), "reason": without[0]} if without else None,
        "frame_of_reference": row.frame_of_reference_uid,
        "preview": preview,
    }


_ONE = "/cases/{case_id}/uploads/{upload_id}"
routes: list[BaseRoute] = [
    Route("/cases/{case_id}/studies.json", studies),
    Route("/cases/{case_id}/refusals.json", refused),
    Route("/cases/{case_id}/uploads", _explained(begin), methods=["POST"]),
    Route("/cases/{case_id}/uploads", listed, methods=["GET"]),
    Route(_ONE, status, methods=["GET"]),
    Route(_ONE, _explained(cancel), methods=["DELETE"]),
    Route(_ONE + "/files/{index:int}", offset, methods=["HEAD"]),
    Route(_ONE + "/files/{index:int}", _explained(append), methods=["PATCH"]),
    Route(_ONE + "/finish", _explained(finish), methods=["POST"]),
    Route(_ONE + "/confirm", _explained(confirm), methods=["POST"]),
]
