"""`consilium check` and `consilium audit verify`."""

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import imagecodecs
import numpy as np
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid
from sqlalchemy import text
from sqlalchemy.engine import make_url

from conference.media.settings import SOCKET, MediaSettings
from conference.record import audit
from conference.record.anchors import AnchorsBroken
from imaging.errors import VaultFailed
from imaging.nodes import NodeUnusable
from imaging.pixels.codestream import lossless
from imaging.vault.place import vault_of
from web.cli.place import Place, find, reading
from web.cli.say import Fault, say, say_json
from web.clock import now
from web.control import listening
from web.pages import STATIC
from web.upkeep.anchoring import anchors_of
from web.upkeep.anchoring import verify as prove

_SECRET = re.compile(r"secret|password|token|key$", re.IGNORECASE)
_BUILT = datetime(2026, 11, 1, tzinfo=UTC)
"""No clock that is right shows an earlier time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One test of `check`."""

    what: str
    good: bool
    says: str


def check(config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Print settings and tests; raises Fault when a test fails."""
    place = find(config, folder)
    tests: tuple[Callable[[Place], Finding], ...] = (
        _database, _vault, _codecs, _client, _clock, _mail, _dicom, _media, _server,
    )
    findings = [test(place) for test in tests]
    healthy = all(finding.good for finding in findings)
    settings = _flat(place.settings)
    origins = place.effective.origins
    if as_json:
        say_json({
            "healthy": healthy, "checks": [asdict(finding) for finding in findings],
            "settings": {name: {"value": value, "from": origins.get(name, "default")} for name, value in settings},
        })
    else:
        _print(settings, origins.get, findings)
    if not healthy:
        raise Fault("Not everything is well: " + ", ".join(one.what for one in findings if not one.good) + ".")


def verify(config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Check audit, rooms, signed records, addenda and letters; raises Fault when one is broken."""
    place = find(config, folder)
    try:
        with reading(place) as session:
            found = prove(session, anchors_of(place.settings).path)
    except AnchorsBroken as broken:
        raise Fault(str(broken)) from None
    faults = [f"{one.where}: {one.what}" for one in found.flaws]
    if as_json:
        say_json({"unbroken": not faults, "rows": found.head.number, "head": found.head.digest, "rooms": found.rooms,
                  "records": found.records, "signed": found.signed, "letters": found.letters, "anchors": found.anchors,
                  "faults": faults})
    else:
        for fault in faults:
            say(fault)
        say(f"Audit: {found.head.number} rows, {found.anchors} anchors, head {found.head.digest[:16]}. "
            f"Rooms: {found.rooms}, {found.records} records. Signed: {found.signed}. Letters: {found.letters}.")
    if faults:
        raise Fault(f"The record is broken in {len(faults)} place(s).")
    if not as_json:
        say("Unbroken.")


def _flat(section: BaseModel, at: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name in type(section).model_fields:
        value = getattr(section, name)
        path = (*at, name)
        if isinstance(value, BaseModel):
            found += _flat(value, path)
        elif value and _SECRET.search(name):
            found.append((".".join(path), "(hidden)"))
        elif name == "database_url" and value:
            found.append((".".join(path), make_url(value).render_as_string(hide_password=True)))
        else:
            found.append((".".join(path), str(value)))
    return found


def _print(settings: list[tuple[str, str]], origin: Callable[[str], str | None], findings: list[Finding]) -> None:
    shown = Grid("Setting", "Value", "From", box=None, pad_edge=False)
    for name, value in settings:
        shown.add_row(name, escape(value), origin(name) or "default")
    console = Console()
    console.print(shown)
    console.print()
    for finding in findings:
        mark = "[green]✓[/green]" if finding.good else "[red]✗[/red]"
        console.print(f"{mark} {finding.what}: {escape(finding.says)}")


def _database(place: Place) -> Finding:
    try:
        with reading(place) as session:
            session.connection().execute(text("SELECT 1"))
            rows = audit.head(session).number
    except Fault as fault:
        return Finding("database", False, str(fault))
    return Finding("database", True, f"answers, schema up to date, {rows} audit rows; SQLite {sqlite3.sqlite_version}")


def _vault(place: Place) -> Finding:
    settings = place.settings.imaging
    try:
        said = vault_of(settings, place.settings.storage.directory).probe()
        room = shutil.disk_usage(place.settings.storage.directory).free  # uploads are spooled here in any case
    except VaultFailed as failed:
        return Finding("vault", False, str(failed))
    except OSError as error:
        return Finding("vault", False, f"{error.filename}: {error.strerror}")
    if room <= settings.upload.free_bytes:
        return Finding("vault", False, f"{said}; but only {room / 1e9:.1f} GB are left for uploads")
    return Finding("vault", True, said)


def _codecs(_place: Place) -> Finding:
    picture = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 7
    encoded = lossless(picture)
    if encoded is None or not np.array_equal(imagecodecs.htj2k_decode(encoded), picture):
        return Finding("codecs", False, "HTJ2K does not come back as it went in")
    small = np.dstack([np.arange(64 * 64, dtype=np.uint16).reshape(64, 64).astype(np.uint8)] * 3)
    if imagecodecs.webp_decode(imagecodecs.webp_encode(small, lossless=True)).shape[:2] != (64, 64):
        return Finding("codecs", False, "WebP does not come back as it went in")
    return Finding("codecs", True, "HTJ2K reversible, WebP")


def _client(_place: Place) -> Finding:
    there = (STATIC / "dist" / "manifest.json").is_file()
    return Finding("client", there, "built" if there else f"{STATIC / 'dist'} is missing: reinstall the package")


def _clock(_place: Place) -> Finding:
    at = now()
    if at < _BUILT:
        return Finding("clock", False, f"shows {at.isoformat(timespec='seconds')}, which is before this release")
    zone = at.astimezone(ZoneInfo("America/Denver"))
    return Finding("clock", True, f"{at.isoformat(timespec='seconds')} ({zone:%H:%M %Z} in Denver)")


def _dicom(place: Place) -> Finding:
    settings = place.settings.imaging.dimse
    nodes = place.settings.imaging.nodes
    if not settings.enabled and not nodes:
        return Finding("dicom network", True, "off")
    from imaging.dimse.sender import Unreached, echo, remote_of  # half a second that only this test pays
    from imaging.remote.dicomweb import ping
    from imaging.remote.errors import RemoteFailed

    said = [f"takes images as {settings.ae_title} at {settings.host}:{settings.port}"] if settings.enabled else []
    silent = []
    for one in nodes:
        try:
            if one.kind == "dimse":
                echo(remote_of(one), calling=settings.ae_title)
            elif one.query:
                ping(one, place.settings.imaging.fetch)
            else:
                said.append(f"{one.name} ({one.address}) is not asked: it takes objects alone")
                continue
            said.append(f"{one.name} ({one.address}) answers {'C-ECHO' if one.kind == 'dimse' else 'QIDO-RS'}")
        except (Unreached, RemoteFailed, NodeUnusable) as error:
            silent.append(str(error))
    return Finding("dicom network", not silent, " ".join(silent) or "; ".join(said))


def _mail(place: Place) -> Finding:
    settings = place.settings.mail
    if not settings.smtp_host:
        return Finding("mail", True, "no mail server is set; mails are written into the spool folder")
    from web.post.mail import MailServer, NotTaken  # a fifth of a second that only this test pays

    try:
        said = asyncio.run(MailServer(settings).greet())
    except NotTaken as error:
        return Finding("mail", False, f"{settings.smtp_host}:{settings.smtp_port}: {error}")
    return Finding("mail", True, f"{settings.smtp_host}:{settings.smtp_port} answers {said}")


def _media(place: Place) -> Finding:
    settings = place.settings
    return media_finding(settings.conference.media, settings.storage.directory, served=listening(place.socket))


def media_finding(settings: MediaSettings, folder: Path, *, served: bool = False) -> Finding:
    """Whether the media port and the relays of these settings answer; the process's socket is in the folder.

    served: the server runs, and so the process it starts should.
    """
    if not settings.enabled:
        return Finding("media", True, "off")
    from conference.media import reach  # a third of a second that only this test pays
    from conference.media.errors import MediaUnavailable
    from conference.media.remote import RemotePlane
    from conference.media.turn import relay

    async def ask() -> list[str]:
        plane = RemotePlane(settings.socket if settings.url else folder / SOCKET)
        said: list[str] = []
        if plane.available or settings.url:
            for one in await plane.addresses():
                await reach.bound(one)
                said.append(f"UDP {one.host} port {one.port} answers")
            await plane.close()
        elif served:
            raise MediaUnavailable("The media process is not running, though the server is.")
        else:
            said.append("the media process is not running")
        if settings.turn.uris:
            lifetime = timedelta(hours=settings.turn.lifetime_hours)
            given = relay(settings.turn.uris, settings.turn.secret(), lifetime, "check", now())
            said += [f"{uri} relays by {await reach.allocated(uri, given)}" for uri in given.uris]
        return said

    try:
        said = asyncio.run(ask())
    except (reach.Unreached, MediaUnavailable) as error:
        return Finding("media", False, str(error))
    except (OSError, ValueError) as error:
        return Finding("media", False, f"conference.media.turn: {error}")
    return Finding("media", True, "; ".join(said))


def _server(place: Place) -> Finding:
    runs = listening(place.socket)
    where = place.settings.public_url
    return Finding("server", True, f"running, {where}" if runs else "not running")
