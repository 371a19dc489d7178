"""`Rooms`: every open room of this process, opened on demand and closed when idle."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from agenda.conferences import conference
from agenda.ids import CaseId, new_id
from conference.errors import RoomUnavailable
from conference.live.host import Answer, RoomHost
from conference.live.listing import commands_for, listings
from conference.live.member import Member
from conference.live.ports import FrameFactsOf, Now, PixelsOf, Store
from conference.live.sampling import sampled
from conference.record.log import rooms
from conference.record.replay import Follower, follow
from conference.room.commands import AnnounceImages, AnnounceLevels, Command, Draw, Reshape, Show
from conference.room.plain import Json
from conference.room.recorded import Recorded
from conference.room.state import RoomState
from conference.room.values import PANES, CommandId, FrameFacts, LevelsPart, Participant, Signature
from conference.settings import ConferenceSettings

log = logging.getLogger(__name__)

_FACTS_KEPT: Final = 4096


class Rooms:
    """The rooms of this process. One writer per room: the lease in the log keeps other processes out."""

    def __init__(
        self, store: Store, now: Now, frame_facts: FrameFactsOf, settings: ConferenceSettings,
        followers: Sequence[Follower] = (), owner: str | None = None, pixels: PixelsOf | None = None,
    ) -> None:
        self._store, self._now, self._frame_facts, self._settings = store, now, frame_facts, settings
        self._followers, self._pixels = tuple(followers), pixels
        self._owner = owner or new_id()
        self._hosts: dict[str, RoomHost] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._facts: dict[tuple[str, str, int], FrameFacts] = {}
        self._following: dict[str, asyncio.Task[None]] = {}
        self._behind: set[str] = set()
        self.listeners: list[Callable[[str, Sequence[Recorded]], None]] = []
        """Told at once, in this process, of what became durable in any room; they must not wait."""
        self._reaper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Let the followers catch up with what was logged before the last stop; then close idle rooms in passing."""
        for room_id in await self._store.read(rooms):
            await self._follow(room_id)
        self._reaper = asyncio.create_task(self._reap())

    async def stop(self) -> None:
        """Close every room; followers finish."""
        if self._reaper is not None:
            self._reaper.cancel()
            await asyncio.gather(self._reaper, return_exceptions=True)
        for host in list(self._hosts.values()):
            await host.stop()
        self._hosts.clear()
        await asyncio.gather(*self._following.values(), return_exceptions=True)

    async def room(self, conference_id: str) -> RoomHost:
        """The host of a conference's room, opened if need be; raises agenda.errors.ConferenceNotFound."""
        host = self._hosts.get(conference_id)
        if host is not None and not host.over:
            return host
        async with self._opening.setdefault(conference_id, asyncio.Lock()):
            host = self._hosts.get(conference_id)
            if host is not None and not host.over:
                return host
            return await self._open(conference_id)

    async def execute(
        self, conference_id: str, participant: Participant | None, command_id: str, command: Command, *,
        signature: Signature | None = None,
    ) -> Answer:
        """The answer to a command once it is durable; raises RoomUnavailable when its outcome is not known."""
        return await (await self.submit(conference_id, participant, command_id, command, signature=signature))

    async def submit(
        self, conference_id: str, participant: Participant | None, command_id: str, command: Command, *,
        signature: Signature | None = None,
    ) -> "asyncio.Future[Answer]":
        """`execute` in two halves: when this returns the command has its place in the order."""
        host = await self.room(conference_id)
        frame = await self._frame_of(host, command)
        worth = await sampled(self._pixels, host.state, command, frame)
        return host.submit(
            participant, CommandId(command_id), command, frame=frame, signature=signature, sampled=worth,
            beside=await self._beside(command),
        )

    async def enter(self, conference_id: str, member: Member, since: int | None) -> None:
        """Seat a member's person and serve the connection; call `leave` when it ends, however it ends."""
        await (await self.room(conference_id)).enter(member, since)

    def leave(self, conference_id: str, member: Member) -> None:
        """A connection has ended."""
        if (host := self._hosts.get(conference_id)) is not None:
            host.leave(member)

    def move(self, conference_id: str, member: Member, patch: dict[str, Json]) -> None:
        """Presence of a member."""
        if (host := self._hosts.get(conference_id)) is not None:
            host.move(member, patch)

    def read_text(self, conference_id: str, member: Member, case: CaseId, state: bytes) -> None:
        """Give a member the joint text of a case, as far as it is not in `state` (a Yjs state vector)."""
        if (host := self._hosts.get(conference_id)) is not None:
            host.read_text(member, case, state)

    async def state(self, conference_id: str) -> RoomState:
        """The durable state of a room."""
        return (await self.room(conference_id)).state

    async def head(self, conference_id: str) -> tuple[int, str]:
        """Number and digest of the last record of a room's log."""
        head = (await self.room(conference_id)).head
        return head.seq, head.digest

    async def followed(self, conference_id: str) -> None:
        """Wait until the followers have seen what was committed before: rows elsewhere then say it too."""
        while (task := self._following.get(conference_id)) is not None:
            await asyncio.wait([task])

    async def sync_agenda(self, conference_id: str) -> None:
        """Tell the room what its agenda's rows say now; a room that already knows is told nothing."""
        wanted = await self._store.read(listings, conference_id)
        host = await self.room(conference_id)
        for command in commands_for(host.state, wanted):
            await host.submit(None, CommandId(f"agenda-{new_id()}"), command)

    async def announce_images(self, case_id: str, study_instance_uid: str) -> None:
        """Tell every running room whose agenda lists the case that a study can be seen."""
        for host in self._with(case_id):
            command = AnnounceImages(CaseId(case_id), study_instance_uid)
            await host.submit(None, CommandId(f"images-{new_id()}"), command)

    async def announce_levels(self, case_id: str, part: LevelsPart) -> None:
        """Tell every running room whose agenda lists the case that its numbering, grades or plan stands otherwise."""
        for host in self._with(case_id):
            command = AnnounceLevels(CaseId(case_id), part)
            with suppress(RoomUnavailable):  # whoever comes back to that room reads them afresh
                await host.submit(None, CommandId(f"levels-{new_id()}"), command)

    def _with(self, case_id: str) -> list[RoomHost]:
        """The running rooms on whose agenda a case is."""
        return [one for one in self._hosts.values() if not one.over and CaseId(case_id) in one.state.cases]

    async def _open(self, conference_id: str) -> RoomHost:
        await self._store.read(conference, conference_id)
        settings = self._settings
        host = RoomHost(
            conference_id, self._store, self._now, owner=self._owner, resume_events=settings.resume_events,
            leave_grace_s=settings.leave_grace_s, committed=self._committed,
        )
        await host.start()
        self._hosts[conference_id] = host
        if host.state.phase != "ended":
            for command in commands_for(host.state, await self._store.read(listings, conference_id)):
                await host.submit(None, CommandId(f"agenda-{new_id()}"), command)
        log.info("room opened", extra={"room_id": conference_id, "seq": host.state.seq})
        return host

    async def _frame_of(self, host: RoomHost, command: Command) -> FrameFacts | None:
        """The facts of the image a command speaks of; images do not change, so facts are kept."""
        match command:
            case Draw():
                key = (command.case, command.sop_instance_uid, command.frame)
            case Show():
                key = (command.case, command.viewport.sop_instance_uid, command.viewport.frame)
            case Reshape():
                case = host.state.cases.get(host.state.mark_cases.get(command.mark, CaseId("")))
                mark = None if case is None else case.marks.get(command.mark)
                if mark is None:
                    return None
                key = (mark.case, mark.sop_instance_uid, mark.frame)
            case _:
                return None
        return await self._fact(key)

    async def _beside(self, command: Command) -> tuple[FrameFacts | None, ...]:
        """The facts of the images in the other panes of a screen; none for what says it has more than it could."""
        if not isinstance(command, Show) or len(command.viewport.beside) >= max(PANES.values()):
            return ()
        views = command.viewport.beside
        return tuple([
            None if view is None else await self._fact((command.case, view.sop_instance_uid, view.frame))
            for view in views
        ])

    async def _fact(self, key: tuple[CaseId, str, int]) -> FrameFacts | None:
        if (known := self._facts.get(key)) is not None:
            return known
        found = await self._store.read(self._frame_facts, *key)
        if found is not None:
            if len(self._facts) >= _FACTS_KEPT:
                del self._facts[next(iter(self._facts))]
            self._facts[key] = found
        return found

    def _committed(self, room_id: str, recorded: Sequence[Recorded]) -> None:
        """Tell the listeners, and let the followers read on, one task per room at a time."""
        for listener in self.listeners:
            listener(room_id, recorded)
        if not self._followers:
            return
        self._behind.add(room_id)
        if room_id not in self._following:
            self._following[room_id] = asyncio.create_task(self._catch_up(room_id))

    async def _catch_up(self, room_id: str) -> None:
        try:
            while room_id in self._behind:
                self._behind.discard(room_id)
                await self._follow(room_id)
        finally:
            del self._following[room_id]

    async def _follow(self, room_id: str) -> None:
        for follower in self._followers:
            try:
                await self._store.write(f"room.{follower.name}", follow, room_id, follower)
            except Exception:  # one follower's fault is not the room's: it stays where it was and tries again later
                log.exception("follower failed", extra={"room_id": room_id, "follower": follower.name})

    async def _reap(self) -> None:
        """Close rooms that have been idle for the time of the settings."""
        while True:
            idle = {key for key, host in self._hosts.items() if host.idle}
            await asyncio.sleep(self._settings.idle_close_s)
            for key in idle & {key for key, host in self._hosts.items() if host.idle}:
                await self._hosts.pop(key).stop()
