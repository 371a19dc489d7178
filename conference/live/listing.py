"""The agenda's rows as the room must know them: briefs, options, running order, studies."""

from dataclasses import dataclass
from datetime import UTC, timedelta

from sqlmodel import Session

from agenda.cases import case, treatments
from agenda.clinical import spine
from agenda.conferences import conference, items, timetable
from agenda.ids import CaseId, PersonId, QuestionId
from agenda.packet import Packet, packet
from agenda.packets import attempt_text
from conference.room.commands import (
    AnnounceImages,
    ArrangeCases,
    Command,
    ListCase,
    ListEvidence,
    TimeCases,
    UnlistCase,
)
from conference.room.state import RoomState
from conference.room.values import CaseBrief, EvidenceRow, Option, PlannedTime, QuestionAsked


@dataclass(frozen=True, slots=True)
class Listing:
    """One case of an agenda."""

    brief: CaseBrief
    options: tuple[Option, ...]
    studies: tuple[str, ...]
    tried: tuple[EvidenceRow, ...]
    planned: PlannedTime


def listings(session: Session, conference_id: str) -> tuple[Listing, ...]:
    """The cases of a conference in their running order."""
    planned = _planned(session, conference_id)
    return tuple(
        _listing(session, item.case_id, item.minutes, planned[item.id])
        for item in items(session, conference_id) if item.case_id is not None
    )


def _planned(session: Session, conference_id: str) -> dict[str, PlannedTime]:
    """Agenda item → when it is planned, and the break right before it."""
    begins = conference(session, conference_id).starts_at
    breaks = {item.id for item in items(session, conference_id) if item.case_id is None}
    found: dict[str, PlannedTime] = {}
    pause = 0
    for placed in timetable(session, conference_id):
        at = (begins + timedelta(minutes=placed.begins)).astimezone(UTC)
        found[placed.slot.key] = PlannedTime(at.isoformat(timespec="seconds").replace("+00:00", "Z"), pause)
        pause = pause + placed.slot.minutes if placed.slot.key in breaks else 0
    return found


def _listing(session: Session, case_id: str, minutes: int, planned: PlannedTime) -> Listing:
    found = packet(session, case_id)
    row = case(session, case_id)
    asked = tuple(
        QuestionAsked(QuestionId(one.id), one.kind, one.text, one.discipline) for one in found.questions
    )
    brief = CaseBrief(
        CaseId(case_id), found.title, asked, found.required, row.goal, minutes, PersonId(row.referrer_id)
    )
    return Listing(brief, default_options(), found.studies, _tried(session, case_id, found), planned)


def _tried(session: Session, case_id: str, found: Packet) -> tuple[EvidenceRow, ...]:
    """What was tried, in the packet's own words."""
    return tuple(
        EvidenceRow(row.id, f"{one.label}: {attempt_text(one)}")
        for row, one in zip(treatments(session, case_id), found.attempts, strict=True)
    )


def default_options() -> tuple[Option, ...]:
    """The rows every grid begins with."""
    return tuple(Option(one.key, one.kind, one.label) for one in spine().options)  # type: ignore[arg-type]  # data checked by the content's own tests


def commands_for(state: RoomState, wanted: tuple[Listing, ...]) -> list[Command]:
    """What must be told to a room in this state so that its agenda is the wanted one. Pure.

    A case that was called stays, whatever became of its agenda item: it is listed after the others.
    """
    keys = [one.brief.case for one in wanted]
    gone = [key for key in state.order if key not in keys]
    kept = [key for key in gone if state.cases[key].called_at is not None]
    commands: list[Command] = [UnlistCase(key) for key in gone if key not in kept]
    commands += [ListCase(one.brief, one.options) for one in wanted]
    commands.append(ArrangeCases((*keys, *kept)))
    times = {one.brief.case: one.planned for one in wanted}
    commands.append(TimeCases(times | {key: state.planned[key] for key in kept if key in state.planned}))
    commands += [ListEvidence(one.brief.case, one.tried) for one in wanted]
    commands += [AnnounceImages(one.brief.case, uid) for one in wanted for uid in one.studies]
    return commands
