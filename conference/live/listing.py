"""The agenda's rows as the room must know them: briefs, options, running order, studies."""

from dataclasses import dataclass

from sqlmodel import Session

from agenda.cases import case
from agenda.clinical import spine
from agenda.conferences import items
from agenda.ids import CaseId, PersonId, QuestionId
from agenda.packet import packet
from conference.room.commands import AnnounceImages, ArrangeCases, Command, ListCase, UnlistCase
from conference.room.state import RoomState
from conference.room.values import CaseBrief, Option, QuestionAsked


@dataclass(frozen=True, slots=True)
class Listing:
    """One case of an agenda."""

    brief: CaseBrief
    options: tuple[Option, ...]
    studies: tuple[str, ...]


def listings(session: Session, conference_id: str) -> tuple[Listing, ...]:
    """The cases of a conference in their running order."""
    return tuple(
        _listing(session, item.case_id, item.minutes)
        for item in items(session, conference_id) if item.case_id is not None
    )


def _listing(session: Session, case_id: str, minutes: int) -> Listing:
    found = packet(session, case_id)
    row = case(session, case_id)
    asked = tuple(
        QuestionAsked(QuestionId(one.id), one.kind, one.text, one.discipline) for one in found.questions
    )
    brief = CaseBrief(
        CaseId(case_id), found.title, asked, found.required, row.goal, minutes, PersonId(row.referrer_id)
    )
    return Listing(brief, default_options(), found.studies)


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
    commands += [AnnounceImages(one.brief.case, uid) for one in wanted for uid in one.studies]
    return commands
