"""The members of one live room, and what each is shown: one encoding per sight, never per member."""

import asyncio
import time
from collections.abc import Sequence

from agenda.ids import CaseId, PersonId
from conference.live.member import Member
from conference.live.outbox import Message
from conference.live.presence import Presence
from conference.room.plain import Json, plain
from conference.room.recorded import Recorded
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
        self._presence = Presence()
        self._texts = ProjectionTexts()
        self._flush: asyncio.TimerHandle | None = None
        self._no_digest_until = 0.0
        self._state = RoomState()

    def __len__(self) -> int:
        return len(self._members)

    def has(self, person: PersonId) -> bool:
        """Is the person connected at all?"""
        return any(member.participant.person_id == person for member in self._members)

    def everybody(self) -> list[Member]:
        """Every member now."""
        return list(self._members)

    def welcome(self, member: Member, state: RoomState, missed: Sequence[Recorded] | None) -> None:
        """Begin to serve a member: with what it missed, or with the whole state (None)."""
        self._state = state
        viewer = sight(state, member.participant)
        events = [] if missed is None else shown_all(missed, viewer, state)
        member.durable(Message(session.welcome(
            room=self._room_id, you=_you(member, state), seq=state.seq, at=state.at, events=events,
            snapshot=self._texts.text(state, viewer) if missed is None else None,
            presence=self._presence.everybody() if _in_sight(viewer, state) else {},
            digest=self._texts.digest(state, viewer),
        )))
        self._members.add(member)

    def remove(self, member: Member) -> None:
        """A member's connection has ended."""
        self._members.discard(member)
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
            viewer = sight_among(authors, member.participant)
            if viewer not in messages:
                digest = self._texts.digest(state, viewer) if with_digest else None
                messages[viewer] = Message(session.happened(shown_all(recorded, viewer, state), digest))
            member.durable(messages[viewer])
        if with_digest:
            self._no_digest_until = began + _DIGEST_SHARE * (time.monotonic() - began)
        self._sweep()

    def typed(self, case: CaseId, updates: Sequence[tuple[str, str, bytes]], state: RoomState) -> None:
        """Give what was typed into the text of a case to everybody who sees the case (R98)."""
        message = Message(session.typed(case, updates))
        for member in self.everybody():
            if sight(state, member.participant).of(case):
                member.durable(message)

    def move(self, person: PersonId, patch: dict[str, Json]) -> None:
        """Somebody's pointer, view, draft, caret or reading mark moved."""
        self._presence.move(person, patch)
        self._schedule()

    def beat(self) -> None:
        """Once a second: a sign of life to everybody, and the cut for those that lag."""
        at = time.monotonic()
        for member in self.everybody():
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
        people = self._presence.flush(time.monotonic())
        message = Message(session.presence(people))
        for member in self.everybody():
            if member.participant.cases is None or _in_sight(sight(self._state, member.participant), self._state):
                member.presence(message, people)

    def _sweep(self) -> None:
        """Forget members that were cut; their connection's own end does the rest."""
        self._members = {member for member in self._members if not member.over}


def _in_sight(viewer: Sight, state: RoomState) -> bool:
    """Pointers and views concern the case on the table; a guest of another case does not see them."""
    return viewer.cases is None or (state.table is not None and viewer.of(state.table))


def _you(member: Member, state: RoomState) -> Json:
    who = plain(member.participant)
    seat = state.people.get(member.participant.person_id)
    return {**who, "role": seat.role} if isinstance(who, dict) and seat is not None else who
