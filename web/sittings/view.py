"""The agenda of one sitting as its page shows it: times, needs by discipline, imaging, attendance, what is missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlmodel import Session

from agenda.boards import Board, board, members
from agenda.cases import Case, case, questions
from agenda.clinical import spine
from agenda.conferences import AgendaItem, Conference, attendance, conference, items, order, overrun_min
from agenda.packet import required_disciplines, title_of
from agenda.people import Person, Site, person
from agenda.readiness import Readiness
from agenda.rollovers import RolledOver, rolled_over
from agenda.timetable import ends_at, laid_out, occupied
from agenda.triage import CROSS_SECTIONAL
from conference.policy import Action, Actor, ConferenceResource, may
from web.cases.facts import readiness_now, study_facts
from web.cases.levels import difference_notes

Tone = Literal["good", "warn", "bad", "quiet"]


@dataclass(frozen=True, slots=True)
class Need:
    """A discipline with how sure its voice is: accepted, not answered, or nobody comes."""

    code: str
    name: str
    tone: Tone
    people: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the agenda. `case` is None for a break, and for a case that is not the viewer's to see."""

    item: AgendaItem
    begins: datetime
    ends: datetime
    gap_min: int
    """Minutes that lie idle before it, because a break stays where it is."""
    beyond: bool
    """It ends after the sitting does."""
    case: Case | None
    title: str
    presenter: Person | None
    site: Site | None
    needs: tuple[Need, ...]
    imaging: tuple[str, Tone]
    readiness: Readiness | None
    rolled: RolledOver | None
    """Its roll-overs before this sitting ended."""
    notes: tuple[str, ...]
    """Grades given blind that differ, as sentences."""
    first: bool
    last: bool
    index: int
    """Place among the cases, from 0; breaks are not counted."""


@dataclass(frozen=True, slots=True)
class Seats:
    """A discipline's members and how many come."""

    name: str
    coming: int
    total: int
    tone: Tone


def agenda_view(session: Session, who: Actor, resource: ConferenceResource, at: datetime) -> dict[str, Any]:
    """Everything the agenda page shows this person."""
    sitting = conference(session, resource.conference_id)
    team = board(session, sitting.board_id)
    seated = [person for _, person in members(session, team.id) if person.disabled_at is None]
    answers = attendance(session, sitting.id)
    inside = sitting.board_id in who.boards
    rows = _rows(session, who, sitting, _Voices(seated, answers), at, inside=inside)
    slots = order(session, sitting.id)
    return {
        "sitting": sitting, "board": team, "chair": person(session, sitting.chair_id), "rows": rows,
        "ends_at": sitting.starts_at + timedelta(minutes=sitting.duration_min), "resource": resource,
        "cases": sum(item.case_id is not None for item in items(session, sitting.id)), "used": occupied(slots),
        "laid_min": ends_at(slots), "overrun": overrun_min(session, sitting.id), "inside": inside,
        "seats": _seats(seated, answers, team), "answer": answers.get(who.person_id, ""), "coming": _coming(answers),
        "team": [(one, answers.get(one.id, "")) for one in seated],
        "planning": bool(may(who, Action.CONFERENCE_PLAN, resource)),
        "todo": _todo(rows) if inside else [], "sites": len({one.site_id for one in seated}),
    }


class _Voices:
    """Who of a board speaks for which discipline, and whether they come."""

    def __init__(self, seated: Sequence[Person], answers: Mapping[str, str]) -> None:
        self._seated, self._answers = seated, answers

    def need(self, code: str) -> Need:
        """How sure this discipline's voice is."""
        speaking = [one for one in self._seated if one.discipline == code]
        answered = {self._answers.get(one.id, "") for one in speaking}
        names = ", ".join(one.name for one in speaking) or "nobody on this board"
        tone: Tone = "good" if "accepted" in answered else "warn" if answered & {"", "tentative"} else "bad"
        return Need(code, spine().short(code), tone, names)


def _rows(
    session: Session, who: Actor, sitting: Conference, voices: _Voices, at: datetime, *, inside: bool
) -> list[Row]:
    by_id = {item.id: item for item in items(session, sitting.id)}
    placed = laid_out(order(session, sitting.id))
    count = sum(one.slot.at_min is None for one in placed)
    rows: list[Row] = []
    until, index = 0, 0
    for one in placed:
        item = by_id[one.slot.key]
        found = case(session, item.case_id) if item.case_id else None
        seen = found if found is not None and (inside or found.referrer_id == who.person_id) else None
        presenter = person(session, item.presenter_id) if item.presenter_id else None
        rows.append(Row(
            item=item, begins=sitting.starts_at + timedelta(minutes=one.begins),
            ends=sitting.starts_at + timedelta(minutes=one.ends), gap_min=one.begins - until,
            beyond=one.ends > sitting.duration_min, case=seen,
            title=title_of(questions(session, seen.id), seen.number) if seen else "Another case",
            presenter=presenter if seen else None, site=session.get(Site, presenter.site_id) if presenter else None,
            needs=tuple(voices.need(code) for code in required_disciplines(session, seen)) if seen else (),
            imaging=_imaging(session, seen) if seen else ("", "quiet"),
            readiness=readiness_now(session, seen, at) if seen and inside else None,
            rolled=rolled_over(session, seen.id, at) if seen and inside else None,
            notes=difference_notes(session, seen.id) if seen else (),
            first=index == 0, last=index == count - 1, index=index,
        ))
        until = one.ends
        index += one.slot.at_min is None
    return rows


def _imaging(session: Session, found: Case) -> tuple[str, Tone]:
    studies = study_facts(session, found.id)
    if not studies:
        return "No images yet", "bad"
    kinds = "/".join(sorted({study.modality for study in studies if study.modality}))
    number = f"{len(studies)} {'study' if len(studies) == 1 else 'studies'}"
    tone: Tone = "good" if any(study.modality in CROSS_SECTIONAL for study in studies) else "warn"
    return f"{kinds}, {number}", tone


def _coming(answers: Mapping[str, str]) -> int:
    return sum(answer == "accepted" for answer in answers.values())


def _seats(seated: Sequence[Person], answers: Mapping[str, str], team: Board) -> list[Seats]:
    codes = dict.fromkeys([*team.required_disciplines, *(one.discipline for one in seated if one.discipline)])
    found = []
    for code in codes:
        speaking = [one for one in seated if one.discipline == code]
        coming = sum(answers.get(one.id) == "accepted" for one in speaking)
        declined = all(answers.get(one.id) == "declined" for one in speaking)
        tone: Tone = "good" if coming else "bad" if declined else "warn"
        found.append(Seats(spine().short(code), coming, len(speaking), tone))
    return found


def _todo(rows: Iterable[Row]) -> list[tuple[Tone, str, str]]:
    """What is to be done before the meeting: tone, what, and for which cases."""
    voices: dict[str, tuple[Need, list[str]]] = {}
    gaps: list[tuple[Tone, str, str]] = []
    for row in rows:
        if row.case is None:
            continue
        name = row.case.patient_name or f"case {row.case.number}"
        for need in row.needs:
            if need.tone != "good":
                voices.setdefault(need.code, (need, []))[1].append(name)
        gaps.extend(
            ("bad" if one.state == "missing" else "warn", f"{name}: {one.item.label.lower()}", one.reason)
            for one in (row.readiness.open if row.readiness else ())
        )
    missing: list[tuple[Tone, str, str]] = [
        (
            need.tone, f"{need.name} {'does not come' if need.tone == 'bad' else 'has not accepted'}",
            f"Needed for {'; '.join(names)}",
        )
        for need, names in voices.values()
    ]
    return sorted([*missing, *gaps], key=lambda one: one[0] != "bad")
