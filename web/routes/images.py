"""Pictures by HTTP: thumbnails, and the rendered path for browsers that cannot decode the stream."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.cases import studies_of
from conference.policy import Action, CaseResource
from imaging import studies
from imaging.errors import FrameNotFound, InstanceNotFound
from imaging.pixels.render import Format
from imaging.pixels.stack import Shown, stack_of
from imaging.pixels.window import Window
from web.access import actor, demand, let_stand, note_pictures, reading
from web.resources import case_resource
from web.services import services

_MEDIA: dict[Format, str] = {"webp": "image/webp", "jpeg": "image/jpeg", "png": "image/png"}
_CACHE = "private, no-cache"
"""A browser may keep a picture, and asks each time whether it may still show it."""


class Wish(BaseModel):
    """The query of a rendered picture."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    size: int = Field(default=256, ge=16, le=4096)
    """Longer side in pixels; brought to the next size that is kept."""
    format: Literal["webp", "jpeg", "png"] = "webp"
    centre: float | None = Field(default=None, ge=-1e9, le=1e9)
    width: float | None = Field(default=None, ge=1, le=1e9)
    """Window in the units after rescale; both or neither."""

    streamed: bool = False
    """The picture the image stream begins with, at its own size and window: it was made when the image came."""

    @property
    def window(self) -> Window | None:
        """The window asked for."""
        return None if self.centre is None or self.width is None else Window(self.centre, self.width)


@dataclass(frozen=True, slots=True)
class _Found:
    case: CaseResource
    series: str | None
    """None: no such image in this case."""
    instances: int


def _find(session: Session, case_id: str, sop_instance_uid: str) -> _Found:
    case = case_resource(session, case_id)
    try:
        series = studies.instance(session, sop_instance_uid).series_instance_uid
        listed = studies.study_of_instance(session, sop_instance_uid) in studies_of(session, case_id)
    except InstanceNotFound:
        return _Found(case, None, 0)
    return _Found(case, series if listed else None, studies.count_of(session, series)[0])


def _find_series(session: Session, case_id: str, series: str) -> _Found:
    """The same for an image whose series is known: one read for all of its images."""
    case = case_resource(session, case_id)
    listed = studies.series(session, series).study_instance_uid in studies_of(session, case_id)
    return _Found(case, series if listed else None, studies.count_of(session, series)[0])


async def preview(request: Request) -> Response:
    """A frame as WebP at a size: thumbnails of strips, packets and lists."""
    return await _picture(request, _wish(request.scope["query_string"], "webp"))


async def rendered(request: Request) -> Response:
    """A frame as WebP, JPEG or PNG at a size and window."""
    return await _picture(request, _wish(request.scope["query_string"]))


@lru_cache(maxsize=1024)
def _wish(query: bytes, always: Format | None = None) -> Wish:
    """The wish in a query string; `always`: in this format whatever it says. The strips of all cases ask alike."""
    return Wish.model_validate(dict(QueryParams(query)) | ({} if always is None else {"format": always}))


async def overlay(request: Request) -> Response:
    """The overlay planes of a frame as a transparent PNG of its size."""
    shown, index = await _frame(request)
    picture = await services(request).pictures.overlay(shown, index)
    await _noted(request, shown)
    return Response(picture, media_type=_MEDIA["png"], headers={"Cache-Control": _CACHE})


async def _frame(request: Request) -> tuple[Shown, int]:
    """The frame of the address, in a case this person may read."""
    case_id, sop, frame = (request.path_params[name] for name in ("case_id", "sop", "frame"))
    database, pictures = services(request).database, services(request).pictures
    known = pictures.stacks.series_of(sop, frame)
    if known is None:
        found = await database.recall(("image", case_id, sop), _find, case_id, sop)
    else:
        found = await database.recall(("series", case_id, known), _find_series, case_id, known)
    demand(actor(request), Action.IMAGE_READ, found.case)
    if found.series is None:
        raise InstanceNotFound(sop)
    stack = pictures.stacks.get(found.series, found.instances)
    if stack is None:
        stack = pictures.stacks.remember(await reading(request, stack_of, found.series))
    shown = await pictures.opened(stack)
    index = stack.index_of(sop, frame)
    if index is None:
        raise FrameNotFound(f"{sop}/{frame}")
    return shown, index


async def _noted(request: Request, shown: Shown) -> datetime:
    record = f"case/{request.path_params['case_id']}/series/{shown.stack.series_instance_uid}"
    return await note_pictures(request, Action.IMAGE_READ, record)


async def _picture(request: Request, wish: Wish) -> Response:
    shown, index = await _frame(request)
    pictures = services(request).pictures
    if wish.streamed and wish.format == "webp":
        picture = await pictures.preview(shown, index)
        until = await _noted(request, shown)
        answer = Response(picture, media_type=_MEDIA["webp"], headers={"Cache-Control": _CACHE})
        return let_stand(request, answer, until)
    headers = {"ETag": f'"{pictures.tag(shown, index, wish.size, wish.format, wish.window)}"', "Cache-Control": _CACHE}
    if request.headers.get("if-none-match") == headers["ETag"]:
        until = await _noted(request, shown)  # the browser shows what it has
        return let_stand(request, Response(status_code=304, headers=headers), until)
    picture = await pictures.rendered(shown, index, wish.size, wish.format, wish.window)
    until = await _noted(request, shown)
    return let_stand(request, Response(picture, media_type=_MEDIA[wish.format], headers=headers), until)


_PATH = "/cases/{case_id}/images/{sop}/{frame:int}"
routes: list[BaseRoute] = [
    Route(f"{_PATH}/preview.webp", preview),
    Route(f"{_PATH}/rendered", rendered),
    Route(f"{_PATH}/overlay.png", overlay),
]
