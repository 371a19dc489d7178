"""The record that is signed: one JSON object that says everything the letter says, and from which the letter is made.

Pure: rows and the room's state go in, a record comes out. What is not in the record cannot be in the letter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agenda.boards import Board
from agenda.cases import Case, Question
from agenda.conferences import Conference
from agenda.people import Person, Site
from conference.room.plain import plain
from conference.room.state import CaseState, RoomState

SCHEMA = "consilium.recommendation/3"
"""With 2 came `pictures`, with 3 `tried`, `non_operative`, `stances` and `minutes`; older records are read for ever."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The rows a record is made from."""

    case: Case
    board: Board
    conference: Conference
    questions: Sequence[Question]
    referrer: Person
    referrer_site: Site
    signer: Person
    disciplines: Mapping[str, str]
    """Discipline code → name."""
    pictures: Sequence[Mapping[str, Any]] = ()
    """Key images for the letter: sop_instance_uid, frame, rows, columns, aspect, centre, width, caption, note."""


def record(sources: Sources, room: RoomState, meaning: str, at: datetime, head: tuple[int, str]) -> dict[str, Any]:
    """The record of a read-back recommendation; raises LookupError when there is none to sign.

    head: sequence and digest of the last event in the room's log that the record knows of.
    """
    state = room.cases[sources.case.case_id]
    drafted = state.recommendation
    if drafted is None:
        raise LookupError("There is no recommendation.")
    return {
        "schema": SCHEMA,
        "case": _case(sources.case),
        "board": {"id": sources.board.id, "name": sources.board.name},
        "conference": {
            "id": sources.conference.id,
            "title": sources.conference.title,
            "starts_at": sources.conference.starts_at.isoformat(timespec="seconds"),
            "time_zone": sources.board.time_zone,
        },
        "referrer": {
            "person": sources.referrer.id, "name": titled(sources.referrer), "site": sources.referrer_site.name,
        },
        "questions": [
            {"id": question.id, "kind": question.kind, "text": question.text} for question in sources.questions
        ],
        "goal": sources.case.goal,
        "revision": drafted.revision,
        "options": [plain(option) for option in state.options],
        "recommendation": plain(drafted.recommendation),
        "marks": [plain(state.marks[key]) for key in drafted.recommendation.cited if key in state.marks],
        "pictures": [dict(one) for one in sources.pictures],
        "tried": plain(state.tried),
        "non_operative": plain(state.non_operative),
        "stances": _stances(state, sources.disciplines),
        "attestations": _attestations(state, sources.disciplines),
        "absent": [
            {"discipline": sources.disciplines.get(code, code), "reason": reason}
            for code, reason in sorted(state.absent.items())
        ],
        "minutes": plain(state.minutes),
        "log": {"room": sources.conference.id, "seq": head[0], "digest": head[1]},
        "signer": {
            "person": sources.signer.id,
            "name": titled(sources.signer),
            "discipline": sources.disciplines.get(sources.signer.discipline or "", ""),
        },
        "meaning": meaning,
        "signed_at": at.isoformat(timespec="seconds"),
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "number": case.number,
        "patient": {
            "family_name": case.patient_family_name,
            "given_name": case.patient_given_name,
            "born_on": case.patient_born_on.isoformat() if case.patient_born_on else "",
            "sex": case.patient_sex,
            "id": case.patient_id,
        },
    }


def _stances(state: CaseState, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """How each discipline stands to each option of the grid, in the order of the grid, and what it would take."""
    return [
        {
            "option": option.key, "discipline": names.get(code, code), "name": taken[option.key].name,
            "stance": taken[option.key].stance, "needs": taken[option.key].needs,
        }
        for option in state.options
        for code, taken in sorted(state.stances.items()) if option.key in taken
    ]


def _attestations(state: CaseState, names: Mapping[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for code, closing in sorted(state.closings.items()):
        found += [
            {"discipline": names.get(code, code), "name": one.name, "closing": one.closing, "reason": one.reason}
            for one in (closing.first, *closing.others)
        ]
    return found


def titled(person: Person) -> str:
    """A printed name: with credentials, where somebody has given them."""
    return f"{person.name}, {person.credentials}" if person.credentials else person.name
