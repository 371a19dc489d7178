"""DICOMweb out: QIDO-RS and WADO-RS over the studies of the cases a person may read (PS3.18 10.4 and 10.6).

Conformance: web/docs/conformance.md.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from conference.policy import Action
from imaging.asking import Ask
from imaging.dicomweb.accept import takes_any
from imaging.dicomweb.attributes import Level
from imaging.dicomweb.errors import BadQuery, NotAcceptable
from imaging.dicomweb.files import DICOM, anew, file_of, files, files_form, files_length
from imaging.dicomweb.metadata import PIXELS, Metadata
from imaging.dicomweb.multipart import closing, heading, part_heading
from imaging.dicomweb.present import Row, address, result
from imaging.dicomweb.qido import Condition, Query, counts, find, find_studies, query
from imaging.dicomweb.rendered import wish
from imaging.dicomweb.results import TABLES, Results, Shown, written
from imaging.dicomweb.wado import OCTETS, Form, form_of, frame_numbers, samples_of, spans, stored
from imaging.errors import FrameNotFound
from imaging.pixels.errors import NoPicture
from imaging.pixels.stack import Stack, stack_of
from imaging.studies import Instance, count_of
from web.access import actor, asking, let_stand, note_pictures, note_read, reading
from web.images.dicomweb import ROOT, Opened, answered, base_of, opened, readable, wanted
from web.services import services

JSON = "application/dicom+json"
_LEVELS: tuple[Level, ...] = ("study", "series", "instance")


def _json_only(request: Request) -> None:
    if takes_any(wanted(request), JSON, "application/json") is None:
        raise NotAcceptable(f"This is given as {JSON}; XML is not spoken here.")


@dataclass(frozen=True, slots=True)
class _Search:
    """A question with what its results are written by."""

    asked: Query
    shown: Shown
    results: Results
    version: int | None


def _studies(ask: Ask, one: _Search, allowed: Condition) -> tuple[list[bytes], bool]:
    uids, more = find_studies(ask, one.asked, allowed)
    return one.results.studies(ask, uids, one.shown, one.version), more


def _search(session: Session, one: _Search, allowed: Condition) -> tuple[list[bytes], bool]:
    found = find(session, one.asked, allowed)
    tally = counts(session, found.rows)
    return [written(result(row, tally, *one.shown)) for row in found.rows], found.more


async def _searched(request: Request, level: Level) -> Response:
    actor(request)
    _json_only(request)
    params = request.path_params
    study, series = params.get("study", ""), params.get("series", "")
    asked = query(level, request.query_params.multi_items()).within(study, series)
    above = 2 if series else 1 if study else 0
    levels = _LEVELS if asked.everything else _LEVELS[above : _LEVELS.index(level) + 1]
    made = services(request)
    shown = Shown(base_of(request), levels, asked.fields)
    one = _Search(asked, shown, made.results, made.database.version_of(*TABLES))
    allowed = await readable(request)
    if level == "study":
        found, more = await asking(request, _studies, one, allowed)
        made.ahead.begin(made.database, made.results, shown, one.version)
    else:
        found, more = await reading(request, _search, one, allowed)
    until = await note_pictures(request, Action.IMAGE_READ, f"dicom-web/search/{level}/{len(found)}")
    answer = Response(b"[" + b",".join(found) + b"]", media_type=JSON)
    if more:
        answer.headers.append("Warning", '299 consilium "There are additional results that can be requested"')
    if asked.fuzzy:
        answer.headers.append(
            "Warning", '299 consilium "The fuzzymatching parameter is not supported; only literal matching was done"'
        )
    return let_stand(request, answer, until)


@answered
async def search_studies(request: Request) -> Response:
    """Studies that match the query."""
    return await _searched(request, "study")


@answered
async def search_series(request: Request) -> Response:
    """Series that match the query, of one study or of all."""
    return await _searched(request, "series")


@answered
async def search_instances(request: Request) -> Response:
    """Instances that match the query, of one series, one study or all."""
    return await _searched(request, "instance")


async def _noted(request: Request, found: Opened, what: str) -> None:
    """The one audit row of a retrieval."""
    place = request.url.path.removeprefix(ROOT + "/")
    await note_read(request, Action.IMAGE_READ, f"case/{found.case_id}/{what}/{place}"[:500])


@answered
async def retrieve(request: Request) -> Response:
    """The files of a study, a series or an instance as they arrived, or in the transfer syntax asked for."""
    found = await opened(request)
    rows, vault, ask = found.instances, services(request).vault, services(request).uploads.intake.read_more
    form = files_form(rows, wanted(request))
    first = None
    if form.changes(rows[0]):  # what cannot be done is said with a status, not in the middle of a message
        first = await asyncio.to_thread(anew, vault, rows[0], form.syntax_of(rows[0]), ask)
    await _noted(request, found, "files")
    if not form.multipart:
        kind = f"{DICOM}; transfer-syntax={form.syntax_of(rows[0])}"
        if first is not None:
            return Response(first, media_type=kind)
        return StreamingResponse(
            file_of(vault, rows[0]), media_type=kind, headers={"Content-Length": str(rows[0].size)}
        )
    boundary = secrets.token_hex(16)
    whole = not any(form.changes(row) for row in rows)
    return StreamingResponse(
        files(vault, rows, form, boundary, ask, first), media_type=heading(boundary, DICOM),
        headers={"Content-Length": str(files_length(rows, boundary))} if whole else None,
    )


def _metadata(request: Request) -> Metadata:
    made = services(request)
    return Metadata(made.uploads.intake, made.vault, made.settings.storage.directory / "derived" / "dicomweb")


@answered
async def metadata(request: Request) -> Response:
    """The data sets of a study, a series or an instance without their bulk."""
    _json_only(request)
    found = await opened(request)
    await _noted(request, found, "metadata")
    return StreamingResponse(_metadata(request).of(found.rows, base_of(request)), media_type=JSON)


@answered
async def bulkdata(request: Request) -> Response:
    """One value that the metadata left out."""
    found = await opened(request)
    row, where = found.instances[0], request.path_params["where"]
    if where.upper() in PIXELS:
        return await _pixel_data(request, found)
    form = _octets(request)
    value = await asyncio.to_thread(_metadata(request).bulk, row, where)
    await _noted(request, found, "bulkdata")
    return _parts_of(value, form, request)


async def _pixel_data(request: Request, found: Opened) -> Response:
    """Pixel Data as one value where it is native and octets will do, else frame by frame."""
    row = found.instances[0]
    if not row.frames:
        raise FrameNotFound(row.sop_instance_uid)
    form = form_of(row, wanted(request), row.frames)
    if form.source == "stored" and form.media == OCTETS and not row.encapsulated:
        await _noted(request, found, "bulkdata")
        pixels = await asyncio.to_thread(_native, request, row)
        return _parts_of(pixels, form.multipart, request)
    return await _frames(request, found, form, list(range(1, row.frames + 1)))


def _native(request: Request, row: Instance) -> bytes:
    with services(request).vault.open(row.digest) as file:
        file.seek(row.pixel_offset)
        return file.read(row.pixel_length)


def _octets(request: Request) -> bool:
    """Whether octets go out as a message of parts; raises NotAcceptable."""
    for one in wanted(request):
        if one.takes(OCTETS):
            return one.multipart is not False
    raise NotAcceptable(f"This is given as {OCTETS}.")


def _parts_of(value: bytes, multipart: bool, request: Request) -> Response:
    if not multipart:
        return Response(value, media_type=OCTETS)
    boundary = secrets.token_hex(16)
    head = part_heading(boundary, OCTETS, str(request.url.replace(query="")))
    return Response(head + value + closing(boundary), media_type=heading(boundary, OCTETS))


@answered
async def frames(request: Request) -> Response:
    """Frames in the form the client accepts: as stored, as reversible HTJ2K, or as native samples."""
    found = await opened(request)
    row = found.instances[0]
    numbers = _numbers(request)
    for number in numbers:
        spans(row, number)
    form = form_of(row, wanted(request), len(numbers))
    return await _frames(request, found, form, numbers)


def _numbers(request: Request) -> list[int]:
    numbers = frame_numbers(request.path_params["frames"])
    if not numbers:
        raise BadQuery("frames", "this must be frame numbers from 1 with commas between, such as 1,2,3.")
    return numbers


async def _frames(request: Request, found: Opened, form: Form, numbers: list[int]) -> Response:
    first = await _frame(request, found.rows[0], form, numbers[0])
    await _noted(request, found, "frames")
    part = f"{form.media}; transfer-syntax={form.transfer_syntax}"
    if not form.multipart:
        return Response(first, media_type=part)
    boundary = secrets.token_hex(16)
    place = address(base_of(request), found.rows[0])

    async def message() -> AsyncIterator[bytes]:
        for at, number in enumerate(numbers):
            data = first if at == 0 else await _frame(request, found.rows[0], form, number)
            yield part_heading(boundary, part, f"{place}/frames/{number}") + data
        yield closing(boundary)

    return StreamingResponse(message(), media_type=heading(boundary, form.media, form.transfer_syntax))


async def _frame(request: Request, row: Row, form: Form, number: int) -> bytes:
    assert row.instance is not None
    if form.source == "stored":
        return await asyncio.to_thread(stored, services(request).vault, row.instance, number)
    pictures = services(request).pictures
    stack = await _stack(request, row.instance.series_instance_uid)
    shown = await pictures.opened(stack)
    index = stack.index_of(row.instance.sop_instance_uid, number)
    if index is None:
        raise FrameNotFound(f"{row.instance.sop_instance_uid}/{number}")
    found = await pictures.lossless(shown, index)
    if form.source == "htj2k" and not found.raw:
        return found.data
    if form.source == "decoded" and not found.raw:
        return await asyncio.to_thread(samples_of, row.instance, found.data)
    raise NoPicture("This frame cannot be given in another form than it is stored in.")


async def _stack(request: Request, series: str) -> Stack:
    pictures = services(request).pictures
    count = (await reading(request, count_of, series))[0]
    known = pictures.stacks.get(series, count)
    return known or pictures.stacks.remember(await reading(request, stack_of, series))


@answered
async def rendered(request: Request) -> Response:
    """A frame as JPEG, PNG or WebP, at a size and window."""
    return await _picture(request, thumbnail=False)


@answered
async def thumbnail(request: Request) -> Response:
    """A small picture of a study, series, instance or frame."""
    return await _picture(request, thumbnail=True)


async def _picture(request: Request, *, thumbnail: bool) -> Response:
    asked = wish(request.query_params, wanted(request), thumbnail=thumbnail)
    found = await opened(request)
    stack, index = await _drawn(request, found)
    pictures = services(request).pictures
    picture = await pictures.rendered(await pictures.opened(stack), index, asked.size, asked.form, asked.window)
    await _noted(request, found, "rendered")
    return Response(picture, media_type=asked.media)


async def _drawn(request: Request, found: Opened) -> tuple[Stack, int]:
    """The frame that is meant: the one named, the first of the instance, or the middle of the first series drawn."""
    drawable = [row for row in found.instances if row.picture == "yes" and row.frames]
    if not drawable:
        raise NoPicture(found.instances[0].picture)
    stack = await _stack(request, drawable[0].series_instance_uid)
    if "sop" not in request.path_params:
        return stack, len(stack.slices) // 2
    numbers = _numbers(request) if "frames" in request.path_params else [1]
    if len(numbers) > 1:
        raise BadQuery("frames", "a picture is of one frame; ask for each by itself.")
    index = stack.index_of(drawable[0].sop_instance_uid, numbers[0])
    if index is None:
        raise FrameNotFound(f"{drawable[0].sop_instance_uid}/{numbers[0]}")
    return stack, index


_STUDY = ROOT + "/studies/{study}"
_SERIES = _STUDY + "/series/{series}"
_INSTANCE = _SERIES + "/instances/{sop}"
_FRAMES = _INSTANCE + "/frames/{frames}"
routes: list[BaseRoute] = [
    Route(ROOT + "/studies", search_studies, methods=["GET"]),
    Route(ROOT + "/series", search_series),
    Route(ROOT + "/instances", search_instances),
    Route(_STUDY, retrieve, methods=["GET"]),
    Route(_STUDY + "/series", search_series),
    Route(_STUDY + "/instances", search_instances),
    Route(_STUDY + "/metadata", metadata),
    Route(_STUDY + "/thumbnail", thumbnail),
    Route(_SERIES, retrieve),
    Route(_SERIES + "/instances", search_instances),
    Route(_SERIES + "/metadata", metadata),
    Route(_SERIES + "/thumbnail", thumbnail),
    Route(_INSTANCE, retrieve),
    Route(_INSTANCE + "/metadata", metadata),
    Route(_INSTANCE + "/rendered", rendered),
    Route(_INSTANCE + "/thumbnail", thumbnail),
    Route(_INSTANCE + "/bulkdata/{where}", bulkdata),
    Route(_FRAMES, frames),
    Route(_FRAMES + "/rendered", rendered),
    Route(_FRAMES + "/thumbnail", thumbnail),
]
