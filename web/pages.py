"""HTML pages: the template environment, what every page knows, and redirects that htmx understands."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from agenda.ids import new_id
from agenda.service_clock import in_days
from conference.policy import Action, may
from web.access import actor_or_none
from web.services import services

STATIC = Path(__file__).parent / "static"


def environment() -> Environment:
    """Jinja with autoescape on and undefined names an error."""
    made = Environment(
        loader=PackageLoader("web", "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(local=local, day=day, clock=clock, age=age, iso=iso, days=in_days)
    made.globals.update(
        asset=asset, stylesheets=stylesheets, imports=imports, ahead=ahead, sprite=sprite, Action=Action,
        form_key=new_id
    )
    return made


def page(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """Render a template; it knows `actor`, `path`, `can(action, resource)`, `zone` and `demo` besides its context."""
    who = actor_or_none(request)
    common: dict[str, Any] = {
        "actor": who,
        "path": request.url.path,
        "can": lambda action, resource=None: who is not None and bool(may(who, action, resource)),
        "zone": str(request.scope.get("consilium.time_zone", "UTC")),
        "demo": services(request).demo,
        "theme": request.cookies.get("theme") if request.cookies.get("theme") in ("light", "dark") else "",
        "partial": "hx-request" in request.headers and "hx-boosted" not in request.headers,
    }
    html = services(request).templates.get_template(template).render(common | context)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})


def status_for(request: Request, status: int) -> int:
    """The status of a page that shows a form's errors: htmx swaps in only what succeeded, a browser hears the truth."""
    return 200 if "hx-request" in request.headers else status


def wants_json(request: Request) -> bool:
    """The client is a program, not a person looking at a page."""
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept


def done(request: Request, path: str) -> Response:
    """What was sent is kept: a person goes to the page that shows it, a program hears no more than that."""
    return Response(status_code=204) if wants_json(request) else redirect(request, path)


def redirect(request: Request, path: str) -> Response:
    """See Other; for htmx a full navigation, so that the address bar tells the truth."""
    if "hx-request" in request.headers and "hx-boosted" not in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


@lru_cache
def _manifest() -> dict[str, dict[str, Any]]:
    found = STATIC / "dist" / "manifest.json"
    return json.loads(found.read_text("utf-8")) if found.is_file() else {}


def _entry(name: str) -> dict[str, Any]:
    for entry in _manifest().values():
        if entry.get("isEntry") and entry.get("name") == name:
            return entry
    raise LookupError(f"The client bundle has no entry {name!r}: run `npm run build` in web/client.")


def asset(name: str) -> str:
    """The address of a built entry's script, e.g. ``asset('room')``."""
    return "/static/dist/" + str(_entry(name)["file"])


def sprite() -> str:
    """The address of the icons' sprite."""
    return "/static/dist/" + str(_manifest()["icons.svg"]["file"])


def stylesheets(name: str) -> list[str]:
    """The addresses of the style sheets a built entry and its imports bring."""
    return _addresses(css for entry in _brought(name) for css in entry.get("css", []))


def imports(name: str) -> list[str]:
    """The addresses of the scripts a built entry imports: asked for at once, not one after another."""
    return _addresses(str(entry["file"]) for entry in _brought(name)[1:])


def ahead(name: str) -> list[str]:
    """Everything a page of this entry needs, its picture decoder included: fetched before anybody goes there."""
    brought = _brought(name)
    workers = [file for entry in brought for file in entry.get("assets", []) if file.endswith(".js")]
    codec = [f"assets/{file.name}" for file in (STATIC / "dist" / "assets").glob("*.wasm")] if workers else []
    return [asset(name), *imports(name), *stylesheets(name), *_addresses([*workers, *codec])]


def _brought(name: str) -> list[dict[str, Any]]:
    """A built entry and all it imports, each once, the entry first."""
    manifest, seen, found = _manifest(), set[str](), [_entry(name)]
    for entry in found:  # grows as it is walked
        fresh = [key for key in entry.get("imports", []) if key not in seen]
        seen.update(fresh)
        found += [manifest[key] for key in fresh]
    return found


def _addresses(files: Iterable[str]) -> list[str]:
    return [f"/static/dist/{file}" for file in dict.fromkeys(files)]


def local(instant: datetime, zone: str) -> str:
    """``Thu 26 Nov 2026, 08:00 MST`` in a zone; always with the zone's name, because readers sit in several."""
    there = instant.astimezone(ZoneInfo(zone))
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M %Z}"


def day(value: date | datetime | None, zone: str = "UTC") -> str:
    """``26 Nov 2026``; empty for None."""
    if value is None:
        return ""
    there = value.astimezone(ZoneInfo(zone)) if isinstance(value, datetime) else value
    return f"{there.day} {there:%b %Y}"


def clock(instant: datetime, zone: str) -> str:
    """``08:00`` in a zone."""
    return f"{instant.astimezone(ZoneInfo(zone)):%H:%M}"


def iso(instant: datetime) -> str:
    """For the ``datetime`` attribute of a ``time`` element."""
    return instant.isoformat(timespec="seconds")


def age(born_on: date | None, on: date) -> str:
    """Completed years; empty for None."""
    if born_on is None:
        return ""
    return str(on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day)))
