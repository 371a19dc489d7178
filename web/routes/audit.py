"""The audit for its reader: pages by key, filters, verification, export."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.people import people
from conference.outcome.proof import Flaw
from conference.policy import Action
from conference.record import audit
from conference.record.anchors import AnchorsBroken
from conference.record.audit import AuditEntry, Filter
from web.access import actor, demand, note_read, reading
from web.clock import now
from web.pages import page
from web.services import services
from web.upkeep.anchoring import anchors_of, verify

_PAGE = 50
_EXPORT = 100_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_FIELDS = ("number", "at", "actor_id", "actor_name", "activity", "deed", "kind", "record", "summary", "request_id",
           "previous", "digest")


async def index(request: Request) -> Response:
    """The newest rows that match, or those before a number."""
    demand(actor(request), Action.AUDIT_READ)
    return await _page(request)


async def check(request: Request) -> Response:
    """Verify audit, rooms, signed records and letters against their anchors; the page shows what was found."""
    demand(actor(request), Action.AUDIT_READ)
    try:
        found = await reading(request, verify, anchors_of(services(request).settings).path)
    except AnchorsBroken as error:
        return await _page(request, faults=[Flaw("anchors", str(error))], checked_at=now())
    return await _page(request, faults=found.flaws, proof=found, checked_at=now())


async def export(request: Request) -> Response:
    """The rows that match as CSV; a cell that a spreadsheet would compute is quoted as text. The export is a read."""
    demand(actor(request), Action.AUDIT_READ)
    await note_read(request, Action.AUDIT_READ, "export")
    rows = await reading(request, audit.entries, _filter(request), limit=_EXPORT)
    return Response(
        as_csv(rows), media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="audit-{now():%Y%m%d-%H%M}.csv"'},
    )


def as_csv(rows: list[AuditEntry]) -> str:
    """CSV (RFC 4180) with a header line and no formulas."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(_FIELDS)
    for row in rows:
        values = row.model_dump()
        values["at"] = row.at.isoformat()
        writer.writerow([safe_cell(str(values[name])) for name in _FIELDS])
    return written.getvalue()


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


async def _page(request: Request, **context: Any) -> Response:
    before = request.query_params.get("before", "")
    rows = await reading(
        request, audit.entries, _filter(request), before=int(before) if before.isdecimal() else None, limit=_PAGE + 1
    )
    kept = {name: value for name, value in request.query_params.items() if name != "before" and value}
    shown: dict[str, Any] = {"faults": None, "checked_at": None, "proof": None} | context
    return page(
        request, "audit/index.html", rows=rows[:_PAGE], older=rows[_PAGE - 1].number if len(rows) > _PAGE else None,
        newest=not before, query=kept, people=await reading(request, _names), head=await reading(request, audit.head),
        **shown,
    )


def _names(session: Session) -> list[tuple[str, str]]:
    return [(one.id, one.name) for one in people(session)]


def _filter(request: Request) -> Filter:
    given: Mapping[str, str] = request.query_params
    zone = ZoneInfo(str(request.scope.get("consilium.time_zone", "UTC")))
    since, until = _day(given.get("since", ""), zone), _day(given.get("until", ""), zone)
    return Filter(
        actor_id=given.get("actor", ""), activity=given.get("activity", ""), deed=given.get("deed", ""),
        kind=given.get("kind", ""), record=given.get("record", "").strip(), since=since,
        until=until + timedelta(days=1) if until else None,
    )


def _day(text: str, zone: ZoneInfo) -> datetime | None:
    """The beginning of a day in the reader's zone; None for nothing or nonsense."""
    try:
        return datetime.combine(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date(), time.min, zone)
    except ValueError:
        return None


routes: list[BaseRoute] = [
    Route("/admin/audit", index, methods=["GET"]),
    Route("/admin/audit/verify", check, methods=["POST"]),
    Route("/admin/audit.csv", export, methods=["GET"]),
]
