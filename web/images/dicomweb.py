"""What every DICOMweb route stands on: who may read which study, errors as problem JSON, addresses."""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlmodel import Session, col, or_, select
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import agenda.errors
import imaging.errors
from agenda.cases import Case, cases_of_study
from agenda.ids import BoardId, PersonId
from conference.policy import Action, Actor, CaseResource, may
from imaging.dicomweb.accept import Accepted, accepted
from imaging.dicomweb.errors import BadMessage, BadQuery, NotAcceptable, UnsupportedBody
from imaging.dicomweb.present import Row
from imaging.dicomweb.qido import Condition
from imaging.errors import InstanceNotFound, Refused, SeriesNotFound, StudyNotFound, TooLarge
from imaging.pixels.errors import NoPicture
from imaging.studies import Instance, Series, Study
from web.access import Forbidden, SignInNeeded, actor, reading
from web.resources import case_resource
from web.services import services

ROOT = "/dicom-web"
Endpoint = Callable[[Request], Awaitable[Response]]
_LISTED = (
    "EXISTS (SELECT 1 FROM casestudy WHERE casestudy.study_instance_uid = study.study_instance_uid "
    "AND casestudy.case_id IN ({}))"
)
"""Asked of each study in turn: of the newest 25 that match, nobody looks at the thousands after them."""
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (BadQuery, 400), (BadMessage, 400), (NotAcceptable, 406), (NoPicture, 406), (UnsupportedBody, 415),
    (TooLarge, 413), (Refused, 409), (agenda.errors.NotFound, 404), (imaging.errors.NotFound, 404),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """Instances a person may read, and the case that lets them."""

    case_id: str
    rows: list[Row]

    @property
    def instances(self) -> list[Instance]:
        """The rows' instances, in reading order."""
        return [row.instance for row in self.rows if row.instance is not None]


def answered(endpoint: Endpoint) -> Endpoint:
    """Answer errors with ``application/problem+json``, for no client here is a person looking at a page."""

    @functools.wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except SignInNeeded:
            said = "Send a bearer token made by `consilium token` or on the account page, or sign in."
            return _problem(request, 401, said, {"WWW-Authenticate": "Bearer"})
        except Forbidden as error:
            return _problem(request, 403, error.reason)
        except HTTPException as error:
            return _problem(request, error.status_code, error.detail)
        except tuple(kind for kind, _ in _STATUS) as error:
            status = next(status for kind, status in _STATUS if isinstance(error, kind))
            parameter = error.parameter if isinstance(error, BadQuery) else ""
            return _problem(request, status, str(error), parameter=parameter)

    return answer


def _problem(
    request: Request, status: int, detail: str, headers: dict[str, str] | None = None, parameter: str = ""
) -> Response:
    reference = str(request.scope.get("consilium.request_id", ""))
    body: dict[str, object] = {"type": "about:blank", "status": status, "detail": detail, "reference": reference}
    if parameter:
        body["parameter"] = parameter
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def base_of(request: Request) -> str:
    """The URL of the service as the client reached it; its host was judged before.

    dicomweb-client leaves the port out of its Host header; the public URL and the socket know it.
    """
    settings, scope = services(request).settings, request.scope
    server = tuple(scope.get("server") or ("", None))
    return _base(settings.public_url, settings.secure, scope["scheme"], request.headers.get("host"), server)


@functools.lru_cache(64)
def _base(public_url: str, secure: bool, scheme: str, host: str | None, server: tuple[str, int | None]) -> str:
    headers = [] if host is None else [(b"host", host.encode("latin-1"))]
    url = URL(scope={"scheme": scheme, "server": server if server[0] else None, "path": "/", "headers": headers})
    if secure:
        public = urlsplit(public_url)
        return f"https://{public.netloc if (url.hostname or '') == public.hostname else url.netloc}{ROOT}"
    missing = f":{server[1]}" if url.port is None and server[1] not in (None, 80) else ""
    return f"{url.scheme}://{url.netloc}{missing}{ROOT}"


def wanted(request: Request) -> tuple[Accepted, ...]:
    """What the client accepts."""
    return accepted(request.headers.get("accept", ""), request.query_params.get("accept", ""))


def cases_where(session: Session, who: Actor, action: Action) -> list[str]:
    """The cases in which a person may do this."""
    query = select(Case.id, Case.board_id, Case.referrer_id, Case.state)
    if who.standing != "system":
        boards = [str(board) for board in who.boards]
        own = col(Case.referrer_id) == str(who.person_id)
        query = query.where(or_(col(Case.board_id).in_(boards), own, col(Case.id) == str(who.guest_of or "")))
    return [
        case_id for case_id, board, referrer, state in session.exec(query)
        if may(who, action, CaseResource(agenda.ids.CaseId(case_id), BoardId(board), PersonId(referrer), state))
    ]


async def readable(request: Request) -> Condition:
    """What is true of the studies of all cases this person may read; of one of them when ``case`` names it."""
    who, case_id = actor(request), request.query_params.get("case")
    return await services(request).database.recall(("readable", repr(who), case_id), _readable, who, case_id)


def _readable(session: Session, who: Actor, case_id: str | None) -> Condition:
    cases = tuple(one for one in cases_where(session, who, Action.IMAGE_READ) if case_id in (None, one))
    listed = ", ".join("{}" for _ in cases)
    return Condition(_LISTED.format(listed), cases) if cases else Condition("1 = 0")


async def opened(request: Request) -> Opened:
    """The instances the path names; raises NotFound, also for a study this person may not read: it stays unknown."""
    params = request.path_params
    return await reading(
        request, _opened, actor(request), params["study"], params.get("series", ""), params.get("sop", "")
    )


def _opened(session: Session, who: Actor, study: str, series: str, sop: str) -> Opened:
    case_id = next(iter(cases_of(session, who, study, Action.IMAGE_READ)), None)
    if case_id is None:
        raise StudyNotFound(study)
    query = (
        select(Study, Series, Instance)
        .join(Series, col(Series.study_instance_uid) == col(Study.study_instance_uid))
        .join(Instance, col(Instance.series_instance_uid) == col(Series.series_instance_uid))
        .where(Study.study_instance_uid == study, col(Instance.held).is_(False))
        .order_by(
            col(Series.number), col(Series.series_instance_uid), col(Instance.number), col(Instance.sop_instance_uid)
        )
    )
    if series:
        query = query.where(Series.series_instance_uid == series)
    if sop:
        query = query.where(Instance.sop_instance_uid == sop)
    rows = [Row(*found) for found in session.exec(query)]
    if not rows:
        raise InstanceNotFound(sop) if sop else SeriesNotFound(series) if series else StudyNotFound(study)
    return Opened(case_id, rows)


def cases_of(session: Session, who: Actor, study: str, action: Action) -> list[str]:
    """The cases that list a study and in which this person may do this."""
    return [one for one in cases_of_study(session, study) if may(who, action, case_resource(session, one))]
