"""The course of one case in one conference, as everybody who may see the case sees it afterwards: the replay.

Read from the room's log through the room's own table of who sees what, for a viewer of this one case who has given no
opinion: so an opinion is there only from its reveal on, and of another case nothing is there at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlmodel import Session

from agenda.boards import board
from agenda.cases import case
from agenda.conferences import conference
from agenda.ids import CaseId
from conference.outcome.letter import CLOSINGS, NON_OPERATIVE, OUTCOMES, STANCES, looks, typeset
from conference.outcome.signing import ALGORITHM, Signer, Statement, key_identity, problem_of
from conference.record import log
from conference.room.evolve import replay
from conference.room.plain import Json
from conference.room.visibility import SEALED, Sight, shown_all

SCHEMA = "consilium.replay/1"
FORMAT = "consilium.signed-replay/1"
TEMPLATE = Path(__file__).parent / "course.typ"
_ONLY_AT_THE_TABLE = frozenset({"hand-raised", "hand-lowered", "guest-admitted", "guest-put-out"})
_NOT_OF_A_CASE = frozenset({"cases-arranged"})


class SignedCourse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The replay as a file that verifies by itself."""

    format: str
    algorithm: str
    replay: Statement
    pdf: Statement
    """The seal of the PDF made of it."""
    keys: dict[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One event as a line of the printed replay."""

    time: str
    who: str
    what: str


def course_of(session: Session, conference_id: str, case_id: str) -> list[dict[str, Any]]:
    """The records of a room that belong to one case: seq, at, actor, event; oldest first."""
    recorded = log.after(session, conference_id, 0)
    state = replay(recorded)
    if CaseId(case_id) not in state.cases:
        return []
    viewer = Sight(frozenset({CaseId(case_id)}), None)
    return list(_of_the_case(shown_all(recorded, viewer, state), case_id))


def _of_the_case(entries: Sequence[Json], case_id: str) -> Iterator[dict[str, Any]]:
    on_table = False
    for entry in entries:
        assert isinstance(entry, dict), "a shown record is an object"
        event: Any = entry["event"]
        kind = event["type"]
        if kind == SEALED["type"] or kind in _NOT_OF_A_CASE or (kind in _ONLY_AT_THE_TABLE and not on_table):
            continue
        if kind == "case-called":
            was, on_table = on_table, event["case"] == case_id
            if not on_table and not was:
                continue  # another case gives way to another: nothing of this one
        yield entry


def rooms_of(session: Session, conferences: Sequence[str], case_id: str) -> list[str]:
    """Of these conferences those whose room has called the case to the table."""
    called = f'"case":"{case_id}"'
    return [key for key in conferences if any(
        called in row for row in log.payloads(session, key, "case-called")
    )]


def record_of(session: Session, conference_id: str, case_id: str) -> dict[str, Any]:
    """What is signed when a replay is exported: the same log gives the same record."""
    sitting, about = conference(session, conference_id), case(session, case_id)
    team = board(session, sitting.board_id)
    head = log.head_of(session, conference_id)
    return {
        "schema": SCHEMA,
        "case": {"id": about.id, "number": about.number},
        "board": {"id": team.id, "name": team.name},
        "conference": {
            "id": sitting.id, "title": sitting.title, "starts_at": sitting.starts_at.isoformat(timespec="seconds"),
            "time_zone": team.time_zone,
        },
        "entries": course_of(session, conference_id, case_id),
        "log": {"room": conference_id, "seq": head.seq, "digest": head.digest},
    }


def course_pdf(record: Mapping[str, Any]) -> bytes:
    """The replay as PDF/UA-1; the same record gives the same bytes. Call it off the event loop."""
    zone = ZoneInfo(record["conference"]["time_zone"])
    at = datetime.fromisoformat(record["conference"]["starts_at"]).astimezone(zone)
    return typeset(TEMPLATE, {
        "number": record["case"]["number"], "board": record["board"]["name"], "title": record["conference"]["title"],
        "day": f"{at.day} {at:%B %Y}", "date": at.date().isoformat(), "zone": str(zone),
        "seq": record["log"]["seq"], "log": record["log"]["digest"], "lines": lines_of(record), "pictures": [],
    }, {})


def signed_course(record: Mapping[str, Any], pdf_sha256: str, signer: Signer) -> bytes:
    """The file: the replay and the seal of its PDF, with the history of keys."""
    statement = signer.state(record)
    seal = signer.state({"schema": "consilium.replay-pdf/1", "record": statement.digest, "sha256": pdf_sha256})
    keys = {signer.key_id: signer.public_key} | signer.history()
    made = SignedCourse(FORMAT, ALGORITHM, statement, seal, keys)
    return msgspec.json.format(msgspec.json.encode(made))


def verify_course(content: bytes) -> tuple[str, tuple[str, ...]]:
    """What is wrong with a signed replay, as a sentence, and where; an empty sentence: nothing."""
    try:
        found = msgspec.json.decode(content, type=SignedCourse)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"This is not a signed replay: {error}.", ()
    if (found.format, found.algorithm) != (FORMAT, ALGORITHM):
        return "This is not a signed replay of a kind known here.", ("format",)
    for name, one in (("replay", found.replay), ("pdf", found.pdf)):
        if wrong := problem_of(one):
            return f"The {name} was changed: its {wrong} does not fit.", (name,)
    if msgspec.json.decode(found.pdf.record).get("record") != found.replay.digest:
        return "The seal of the PDF is that of another replay.", ("pdf",)
    broken = next((key for key, public in found.keys.items() if key_identity(public) != key), None)
    if broken or {found.replay.key_id, found.pdf.key_id} - set(found.keys):
        return f"The history of keys was changed at {broken or found.replay.key_id}.", ("keys",)
    return "", ()


def lines_of(record: Mapping[str, Any]) -> list[Line]:
    """The replay in words, a line for each event that says something."""
    zone = ZoneInfo(record["conference"]["time_zone"])
    people: dict[str, str] = {}
    marks: dict[str, str] = {}
    found: list[Line] = []
    for entry in record["entries"]:
        event = entry["event"]
        if event["type"] == "joined":
            people[event["participant"]["person_id"]] = event["participant"]["name"]
        if event["type"] == "drawn":
            marks[event["mark"]["mark"]] = _mark(event["mark"])
        said = _said(event, people, marks)
        if said:
            at = datetime.fromisoformat(entry["at"]).astimezone(zone)
            found.append(Line(f"{at:%H:%M:%S}", people.get(entry["actor"] or "", ""), said))
    return found


def _mark(mark: Mapping[str, Any]) -> str:
    measured = mark["measured"]
    value = f", {measured['value']:.1f} {measured['unit']}" if measured else ""
    return f"{mark['kind']}{value}{': ' + mark['text'] if mark['text'] else ''}"


def _said(event: Mapping[str, Any], people: Mapping[str, str], marks: Mapping[str, str]) -> str:
    match event["type"]:
        case "joined":
            return f"{event['participant']['name']} comes in."
        case "left":
            return f"{people.get(event['person'], 'Somebody')} leaves."
        case "conference-opened":
            return "The conference opens."
        case "conference-ended":
            return "The conference ends."
        case "case-called":
            return "The case is called to the table." if event["case"] else "The case leaves the table."
        case "floor-passed":
            return f"{people.get(event['person'] or '', 'The chair')} has the floor."
        case "shown":
            return f"Shows image {event['viewport']['sop_instance_uid']}, frame {event['viewport']['frame']}."
        case "drawn":
            return f"Draws {marks[event['mark']['mark']]}."
        case "reshaped":
            return f"Changes {marks.get(event['mark'], 'a mark')}."
        case "erased":
            return f"Erases {marks.get(event['mark'], 'a mark')}."
        case "guest-admitted":
            return f"{people.get(event['person'], 'A guest')} is let in from the lobby."
        case "guest-put-out":
            return f"{people.get(event['person'], 'A guest')} is back in the lobby."
        case _:
            return _deliberated(event)


def _deliberated(event: Mapping[str, Any]) -> str:
    names = {code: look.name for code, look in looks().items()}
    match event["type"]:
        case "opinion-sealed":
            return f"A sealed opinion of {names.get(event['discipline'], event['discipline'])}, by {event['name']}."
        case "opinions-revealed":
            ratings = "; ".join(f"preferred {one['preferred']}" for one in event["opinions"].values())
            return f"Round {event['round']} is revealed: {len(event['opinions'])} opinions ({ratings})."
        case "round-opened":
            return f"Round {event['round']} of opinions opens."
        case "option-added" | "stances-taken" | "non-operative-stated" | "minutes-frozen":
            return _weighed(event, names)
        case "recommendation-drafted":
            words = event["recommendation"]
            return f"Revision {event['revision']}: {OUTCOMES[words['outcome']]}. {words['rationale']}"
        case "recommendation-read-back":
            return f"Revision {event['revision']} is read back and frozen."
        case "recommendation-reopened":
            return "The words are opened again; closings are void."
        case "attested":
            reason = f": {event['reason']}" if event["reason"] else ""
            return f"{names.get(event['discipline'], event['discipline'])} {CLOSINGS[event['closing']]}{reason}."
        case "discipline-marked-absent":
            return f"{names.get(event['discipline'], event['discipline'])} is marked absent: {event['reason']}."
        case "signed":
            return f"{event['name']} signs: {event['signature']['meaning']}."
        case _:
            return ""


def _weighed(event: Mapping[str, Any], names: Mapping[str, str]) -> str:
    match event["type"]:
        case "option-added":
            return f"Another option: {event['option']['label']}."
        case "stances-taken":
            taken = "; ".join(
                f"{key}: {STANCES[one['stance']]}{', it would take: ' + one['needs'] if one['needs'] else ''}"
                for key, one in event["stances"].items()
            )
            return f"{names.get(event['discipline'], event['discipline'])} takes a stance. {taken}."
        case "non-operative-stated":
            reason = f": {event['reason']}" if event["reason"] else ""
            return f"{NON_OPERATIVE[event['standing']]}{reason}."
        case _:
            return f"The minutes go on record: {event['text']}"
