"""Rooms of the past: spoken by the room's own machine and written into its log, so that the chain verifies."""

from datetime import UTC, datetime

from sqlmodel import Session

from agenda.ids import CaseId, PersonId, new_id
from agenda.people import Person
from conference.live.listing import commands_for, listings
from conference.outcome.delivery import NAME, project
from conference.policy import Role
from conference.record.log import Entry, Head, append, take_lease
from conference.record.replay import Follower, follow
from conference.room.commands import Command
from conference.room.refused import Refused
from conference.room.room import Accepted, RoomMachine
from conference.room.state import RoomState
from conference.room.values import CommandId, Context, FrameFacts, Participant, Signature, Spacing
from imaging.studies import Frame


class StoryRefused(Exception):
    """The room would not let a story happen as it is told; the text says who, what and why."""


class WrittenRoom:
    """One room's machine and log; every command is decided as it would be live, at the time the story gives."""

    def __init__(self, session: Session, conference_id: str) -> None:
        self._session, self._id = session, conference_id
        self._machine = RoomMachine()
        self._epoch = take_lease(session, conference_id, "demo")
        self._head = Head()

    @property
    def state(self) -> RoomState:
        """What the log says now."""
        return self._machine.state

    @property
    def head(self) -> tuple[int, str]:
        """Number and digest of the last record."""
        return self._head.seq, self._head.digest

    def tell(
        self, who: Participant | None, command: Command, at: datetime, *, frame: FrameFacts | None = None,
        signature: Signature | None = None,
    ) -> None:
        """Let somebody (None: the server) do something; raises StoryRefused."""
        context = Context(_text(at), frame, signature)
        decided = self._machine.receive(who, CommandId(new_id()), command, context)
        if isinstance(decided, Refused):
            name = who.name if who else "the server"
            raise StoryRefused(f"{name}, {type(command).__name__}: {decided.reason} ({decided.code})")
        if isinstance(decided, Accepted):
            return
        entries = [Entry(decided.command, place, one) for place, one in enumerate(decided.recorded)]
        self._head = append(self._session, self._id, self._epoch, self._head, entries)
        self._machine.commit(decided.recorded)

    def list_agenda(self, at: datetime) -> None:
        """Tell the room what stands on the agenda."""
        for command in commands_for(self.state, listings(self._session, self._id)):
            self.tell(None, command, at)

    def published(self) -> None:
        """Let the rest of the product follow what happened."""
        follow(self._session, self._id, Follower(NAME, project))


def participant(person: Person, role: Role) -> Participant:
    """Somebody of the cast as the room knows them."""
    return Participant(PersonId(person.id), person.name, person.discipline, role)


def facts_of(frame: Frame, case_id: str) -> FrameFacts:
    """What the room must know of an image."""
    spacing = None
    if frame.row_spacing_mm is not None and frame.column_spacing_mm is not None:
        source = frame.spacing_source
        assert source != "none", "a spacing says where it was read"
        spacing = Spacing(frame.row_spacing_mm, frame.column_spacing_mm, source)
    return FrameFacts(frame.sop_instance_uid, frame.number, frame.rows, frame.columns, spacing, CaseId(case_id))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
