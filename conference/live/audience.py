"""The members of one live room, and what each is shown: one encoding per sight, never per member."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from agenda.ids import CaseId, PersonId
from conference.live.member import Member
from conference.live.outbox import Message
from conference.live.presence import Presence
from conference.room.lobby import in_lobby, lobby
from conference.room.plain import Json, plain
from conference.room.recorded import Recorded
from conference.room.seats import admitted
from conference.room.state import RoomState
from conference.room.texts import ProjectionTexts
from conference.room.visibility import Sight, sealed_authors, shown_all, sight, sight_among
from conference.wire import session

_HEARTBEAT = Message(session.presence({}))
_DIGEST_ALWAYS = 200
"""Up to this many marks every batch carries a digest."""
_DIGEST_SHARE = 20
"""Beyond, after digests that took a second none is made for this many seconds: at most 5 % of the time goes there."""


class Audience:
    """Who is connected to one room."""

    def __init__(self, room_id: str) -> None:
        self._room_id = room_id
        self._members: set[Member] = set()
        self._waiting: dict[Member, dict[str, Json]] = {}
        """Guests in the lobby, with what they were told last."""
        self._presence = Presence()
        self._texts = ProjectionTexts()
        self._flush: asyncio.TimerHandle | None = None
        self._no_digest_until = 0.0
        self._state = RoomState()
        """The latest; who may see presence is asked when it leaves."""

    def __len__(self) -> int:
        return len(self._members)

    def has(self, person: PersonId) -> bool:
        """Is the person connected at all?"""
        return any(member.participant.person_id == person for member in self._members)

    def everybody(self) -> list[Member]:
        """Every member now."""
        return list(self._members)

    def welcome(
        self, member: Member, state: RoomState, missed: Sequence[Recorded] | None, at: str
    ) -> None:
        """Begin to serve a member: with what it missed, or with the whole state (None); a guest waits first (R104)."""
        self._state = state
        self._members.add(member)
        if in_lobby(state, member.participant):
            self._tell_waiting(member, state, at)
        else:
            self._admit(member, state, None if member.participant.cases is not None else missed)

    def _admit(self, member: Member, state: RoomState, missed: Sequence[Recorded] | None) -> None:
        self._waiting.pop(member, None)
        viewer = sight(state, member.participant)
        events = [] if missed is None else shown_all(missed, viewer, state)
        member.durable(Message(session.welcome(
            room=self._room_id, you=_you(member, state), seq=state.seq, at=state.at, events=events,
            snapshot=self._texts.text(state, viewer) if missed is None else None,
            presence=_met(self._presence.everybody(), viewer, state) if _in_sight(viewer, state) else {},
            digest=self._texts.digest(state, viewer),
        )))

    def _tell_waiting(self, member: Member, state: RoomState, at: str) -> None:
        """Tell a guest in the lobby how their cases stand, if that has changed."""
        told = lobby(state, member.participant, at)
        if member not in self._waiting:
            self._presence.gone(member.participant.person_id)  # nobody in the room sees a pointer of the lobby
            self._schedule()
        if self._waiting.get(member) != told:
            self._waiting[member] = told
            member.durable(Message(session.lobby(told, at)))

    def remove(self, member: Member) -> None:
        """A member's connection has ended."""
        self._members.discard(member)
        self._waiting.pop(member, None)
        if not self.has(member.participant.person_id):
            self._presence.gone(member.participant.person_id)
            self._schedule()

    def show(self, recorded: Sequence[Recorded], state: RoomState) -> None:
        """Give every member their projection of what became durable; `state` is the one after it."""
        if state.table != self._state.table:
            self._presence.clear("caret")  # a text that is not on the table is nobody's to see who comes now
            self._schedule()
        self._state = state
        authors = sealed_authors(state)
        began = time.monotonic()
        with_digest = len(state.mark_cases) <= _DIGEST_ALWAYS or began >= self._no_digest_until
        messages: dict[Sight, Message] = {}
        for member in self.everybody():
            if in_lobby(state, member.participant):
                self._tell_waiting(member, state, state.at)
                continue
            if member in self._waiting:
                self._admit(member, state, None)
                continue
            viewer = sight_among(authors, member.participant)
            if viewer not in messages:
                digest = self._texts.digest(state, viewer) if with_digest else None
                messages[viewer] = Message(session.happened(shown_all(recorded, viewer, state), digest))
            member.durable(messages[viewer])
        if with_digest:
            self._no_digest_until = began + _DIGEST_SHARE * (time.monotonic() - began)
        self._sweep()

    def typed(self, case: CaseId, updates: Sequence[tuple[str, str, bytes]], state: RoomState) -> None:
        """Give what was typed into the text of a case to everybody in the room who sees the case (R98)."""
        message = Message(session.typed(case, updates))
        for member in self.everybody():
            if member not in self._waiting and sight(state, member.participant).of(case):
                member.durable(message)

    def move(self, person: PersonId, patch: dict[str, Json]) -> None:
        """Somebody's pointer, view, draft, caret or reading mark moved; nobody moves in the lobby."""
        seat = self._state.people.get(person)
        if seat is not None and not admitted(self._state, person, seat.cases):
            return
        self._presence.move(person, patch)
        self._schedule()

    def beat(self, state: RoomState, now: str) -> None:
        """Once a second: a sign of life to everybody, the cut for those that lag, and the time left to who waits."""
        at = time.monotonic()
        for member in self.everybody():
            if member in self._waiting:
                self._tell_waiting(member, state, now)
            member.beat(_HEARTBEAT, at)
        self._sweep()

    def close(self, code: int, reason: str) -> None:
        """Close every connection."""
        if self._flush is not None:
            self._flush.cancel()
        for member in self.everybody():
            member.close(code, reason)

    def _schedule(self) -> None:
        due = self._presence.due()
        if due is None or self._flush is not None:
            return
        wait = max(0.0, due - time.monotonic())
        self._flush = asyncio.get_running_loop().call_later(wait, self._flush_presence)

    def _flush_presence(self) -> None:
        self._flush = None
        state = self._state
        people = self._presence.flush(time.monotonic())
        message = Message(session.presence(people))
        for member in self.everybody():
            if member in self._waiting:
                continue
            if member.participant.cases is None:
                member.presence(message, people)
            elif _in_sight(viewer := sight(state, member.participant), state):
                met = _met(people, viewer, state)
                member.presence(Message(session.presence(met)), met)

    def _sweep(self) -> None:
        """Forget members that were cut; their connection's own end does the rest."""
        self._members = {member for member in self._members if not member.over}
        self._waiting = {member: told for member, told in self._waiting.items() if member in self._members}


def _in_sight(viewer: Sight, state: RoomState) -> bool:
    """Pointers and views concern the case on the table; a guest of another case does not see them."""
    return viewer.cases is None or (state.table is not None and viewer.of(state.table))


def _met(people: Mapping[str, Json], viewer: Sight, state: RoomState) -> dict[str, Json]:
    """The presence of those the viewer may see."""
    return {person: one for person, one in people.items() if viewer.meets(state.people.get(PersonId(person)))}


def _you(member: Member, state: RoomState) -> Json:
    who = plain(member.participant)
    seat = state.people.get(member.participant.person_id)
    return {**who, "role": seat.role} if isinstance(who, dict) and seat is not None else who
