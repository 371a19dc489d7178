"""Agenda and packets on paper, and the list by discipline: facts from the agenda's view, set by typst as tagged PDF."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import msgspec
import typst

from agenda.packets import KeyPicture, entries
from conference import outcome
from web.pages import clock, local
from web.sittings.packets import Shown
from web.sittings.view import Row

TEMPLATES = Path(outcome.__path__[0])
STANDARD: Literal["ua-1"] = "ua-1"
"""PDF/UA-1 (ISO 14289-1): tags, reading order, language and alternative texts are checked as the file is made."""


@dataclass(frozen=True, slots=True)
class Needed:
    """One discipline at a sitting: its cases, and until when somebody must be there."""

    name: str
    people: str
    rows: tuple[Row, ...]
    begins: datetime
    ends: datetime
    leaves: bool
    """True when the sitting goes on without it."""


def by_discipline(rows: Sequence[Row]) -> list[Needed]:
    """Who is needed for which cases, whoever may leave first at the top."""
    voices: dict[str, tuple[str, str, list[Row]]] = {}
    for row in rows:
        for need in row.needs:
            voices.setdefault(need.code, (need.name, need.people, []))[2].append(row)
    over = max((row.ends for row in rows), default=None)
    found = [
        Needed(name, people, tuple(own), own[0].begins, own[-1].ends, own[-1].ends != over)
        for name, people, own in voices.values()
    ]
    return sorted(found, key=lambda one: (one.ends, one.name))


def name_of(row: Row) -> str:
    """What a line of the agenda is called."""
    if row.item.case_id is None:
        return "Break"
    return (row.case.patient_name or f"Case {row.case.number}") if row.case else row.title


def agenda_facts(
    view: Mapping[str, Any], versions: Mapping[str, str], zone: str, reader: str, at: datetime
) -> dict[str, Any]:
    """What the agenda's PDF prints; `versions`: case → version and digest of its packet, in words."""
    sitting, rows = view["sitting"], view["rows"]
    return {
        "title": sitting.title, "board": view["board"].name, "day": sitting.starts_at.date().isoformat(),
        "when": f"{local(sitting.starts_at, zone)} to {clock(view['ends_at'], zone)}",
        "told": f"Chair: {view['chair'].name} · {_counted(view['cases'], 'case')}, "
                f"{view['used']} of {sitting.duration_min} min",
        "reader": reader, "printed": local(at, zone),
        "rows": [
            {
                "begins": clock(row.begins, zone), "ends": clock(row.ends, zone), "name": name_of(row),
                "question": row.title if row.case else "", "presenter": row.presenter.name if row.presenter else "",
                "version": versions.get(row.case.id, "") if row.case else "", "notes": list(row.notes),
            }
            for row in rows
        ],
        "disciplines": [
            {
                "name": one.name, "people": one.people, "from": clock(one.begins, zone),
                "until": clock(one.ends, zone), "leaves": "may leave then" if one.leaves else "",
                "items": [
                    {"begins": clock(row.begins, zone), "ends": clock(row.ends, zone), "name": name_of(row)}
                    for row in one.rows
                ],
            }
            for one in by_discipline(rows)
        ],
    }


def version_words(shown: Shown, zone: str) -> str:
    """``Version 2, frozen Thu 26 Nov 2026, 08:00 MST``; or that it may still change."""
    if not shown.number or shown.frozen_at is None:
        return "Not published yet, may still change"
    return f"Version {shown.number}, frozen {local(shown.frozen_at, zone)}"


def packet_facts(shown: Shown, files: Mapping[KeyPicture, str], zone: str) -> dict[str, Any]:
    """What the PDF and the offline copy print of one packet; `files`: key image → its picture, empty: not drawn."""
    content = shown.content
    told = [one for one in entries(content) if one.text and one.section != "Key images"]
    return {
        "number": content.packet.number, "digest": shown.digest, "version": version_words(shown, zone),
        "heading": f"{content.patient.name or 'Patient not named yet'}, case {content.packet.number}",
        "sections": [
            {"name": name, "lines": [{"label": one.label, "text": one.text, "source": one.source} for one in lines]}
            for name, lines in groupby(told, key=lambda one: one.section)
        ],
        "pictures": [
            {
                "place": place, "file": files.get(one, ""), "caption": one.caption, "note": one.note,
                "source": one.source, "alt": f"Key image {place}: {one.caption}. {one.note}".strip(),
            }
            for place, one in enumerate(content.pictures, 1)
        ],
        "changes": f"{_counted(len(shown.changed), 'line')} changed since it was published" if shown.changed else "",
        "changed": [msgspec.to_builtins(one) for one in shown.changed],
    }


def _counted(number: int, what: str) -> str:
    return f"{number} {what if number == 1 else what + 's'}"


def agenda_pdf(facts: Mapping[str, Any]) -> bytes:
    """The agenda as PDF/UA-1; takes some tenths of a second, so call it off the event loop."""
    return _compiled(TEMPLATES / "agenda.typ", TEMPLATES, facts)


def packets_pdf(facts: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """Packets as PDF/UA-1 with their key images (file name → JPEG); call it off the event loop."""
    with tempfile.TemporaryDirectory(prefix="consilium-print-") as folder:
        place = Path(folder)
        (place / "packet.typ").write_bytes((TEMPLATES / "packet.typ").read_bytes())
        for name, picture in pictures.items():
            (place / name).write_bytes(picture)
        return _compiled(place / "packet.typ", place, facts)


def _compiled(template: Path, root: Path, facts: Mapping[str, Any]) -> bytes:
    made: bytes = typst.compile(
        str(template), root=str(root), format="pdf", pdf_standards=STANDARD,
        sys_inputs={"data": msgspec.json.encode(facts).decode()},
    )
    return made
