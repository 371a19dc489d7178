"""The image stream of one case: previews first, then lossless, outward from where somebody looks.

Two tasks share a connection: the reader notes what the browser says, the sender opens series and sends pictures in the
order of `imaging.pixels.stream`. The sender waits for nothing but the next picture and the network; a browser that
takes no bytes for ten seconds is dropped, and one that gives no credit costs nothing but its socket.
"""

import asyncio
import logging
import struct
from os.path import commonprefix
from typing import Annotated, cast

import msgspec
from sqlmodel import Session
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from agenda.cases import studies_of
from agenda.errors import AgendaError
from conference.policy import Action, Actor, may
from conference.record.audit import note_read
from imaging import studies
from imaging.errors import ImagingError
from imaging.pixels.codestream import unpacked
from imaging.pixels.pictures import Pictures
from imaging.pixels.soundness import Flaw
from imaging.pixels.stack import Shown, Stack, manifest, stack_of
from imaging.pixels.stream import BUDGETS, LIMITS, Delivery, Item, Link, Meter, Tier
from web.auth.errors import TicketInvalid
from web.clock import now
from web.database import Database, Deed
from web.resources import case_resource
from web.services import services
from web.sockets.admission import Admission, admit
from web.sockets.open import NOT_PERMITTED
from web.sockets.protocol import EXTENSION, Prepared

log = logging.getLogger(__name__)

TOO_SLOW, PROTOCOL_ERROR, TICKET_INVALID = 4000, 4001, 4008
HEADER = struct.Struct("<BBHII")
"""kind, flags, handle of the series, index of the frame, length of the payload."""
PREVIEW, HTJ2K, RAW = 1, 2, 3
FLAGS: dict[Flaw | None, int] = {None: 0, "reduced": 1, "damaged": 2, "lossy": 4}
"""Why a picture must not be called lossless."""
_STUCK_S = 10.0
_LARGEST_MESSAGE = 64 * 1024
_MOST_SERIES = 1_000
_FEW = 32
"""Frames that are described one by one."""

Uid = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Range = tuple[Annotated[int, msgspec.Meta(ge=0)], Annotated[int, msgspec.Meta(ge=0)]]


class Held(msgspec.Struct, frozen=True):
    """Frames the browser still has, as ranges with both ends included."""

    preview: tuple[Range, ...] = ()
    lossless: tuple[Range, ...] = ()


class Show(msgspec.Struct, frozen=True, tag="show"):
    """Somebody looks at frame `index` of a series."""

    series: Uid
    index: int = 0
    link: Link = "normal"
    held: Held = Held()
    ahead: bool = False
    """Nobody looks at it yet: only this frame is wanted, when nothing that is looked at waits for it."""
    raw: bool = False
    """The browser has no WebAssembly and so no HTJ2K: lossless pictures go as raw samples on this connection."""


class Credit(msgspec.Struct, frozen=True, tag="credit"):
    """The browser has consumed this many payload bytes."""

    bytes: Annotated[int, msgspec.Meta(ge=0)]


class Drop(msgspec.Struct, frozen=True, tag="drop"):
    """Nobody looks at this series any more."""

    series: Uid


_DECODER = msgspec.json.Decoder(Show | Credit | Drop)


class _Refused(Exception):
    """A series that cannot be shown; the text is for the person."""


class ImageStream:
    """One connection after admission."""

    def __init__(self, websocket: WebSocket, admission: Admission, database: Database, pictures: Pictures) -> None:
        self._socket = websocket
        self._admission = admission
        self._database = database
        self._pictures = pictures
        self._delivery = Delivery()
        self._meter = Meter()
        self._said: Link = "normal"
        self._shown: dict[str, tuple[int, Shown]] = {}
        self._refused: set[str] = set()
        self._unprepared: dict[str, int] = {}
        self._to_open: dict[str, Show] = {}
        self._wake = asyncio.Event()
        self._ended = False
        self._raw = False

    async def run(self) -> None:
        """Serve until the browser leaves, breaks the protocol or takes no bytes."""
        both = {asyncio.create_task(self._read()), asyncio.create_task(self._send())}
        try:
            done, rest = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
        if rest:
            await asyncio.wait(rest)
        for task in done:
            await self._ending(task.exception())

    async def close(self, code: int, reason: str) -> None:
        """End from outside; nothing is sent after this was called."""
        self._ended = True
        self._wake.set()
        await self._socket.close(code, reason)

    async def _ending(self, error: BaseException | None) -> None:
        match error:
            case None | WebSocketDisconnect():
                return
            case msgspec.DecodeError():
                await self.close(PROTOCOL_ERROR, "message not understood")
            case TimeoutError():
                log.info("image stream dropped: reader is stuck")
                self._ended = True
                below = self._socket.scope.get("extensions", {}).get(EXTENSION)
                if isinstance(below, Prepared):  # a close frame would never reach it
                    below.abort()
            case OSError() | RuntimeError():
                log.info("image stream lost", extra={"kind": type(error).__name__})
            case _:
                raise error

    async def _read(self) -> None:
        while True:
            text = await self._socket.receive_text()
            if len(text) > _LARGEST_MESSAGE:
                raise msgspec.DecodeError("message too long")
            self._take(_DECODER.decode(text))
            self._wake.set()

    def _take(self, message: Show | Credit | Drop) -> None:
        match message:
            case Credit():
                self._delivery.credit(message.bytes)
                self._meter.credited(message.bytes, self._delivery.in_flight, asyncio.get_running_loop().time())
                self._suit(self._said)
            case Drop():
                self._to_open.pop(message.series, None)
                self._delivery.drop(message.series)
            case Show():
                self._suit(message.link)
                self._raw = message.raw
                known = self._shown.get(message.series)
                if known is not None and message.ahead:
                    self._delivery.foresee(message.series, len(known[1].stack.slices), message.index)
                elif known is not None:
                    self._delivery.show(message.series, len(known[1].stack.slices), message.index)
                elif message.series not in self._refused and len(self._to_open) < _MOST_SERIES:
                    self._want(message)

    def _want(self, message: Show) -> None:
        """Open a series soon: the one looked at last first, and before all that nobody looks at."""
        earlier = self._to_open.pop(message.series, None)
        if not message.ahead:
            self._to_open[message.series] = message
        elif earlier is not None and not earlier.ahead:
            self._to_open[message.series] = earlier
        else:
            self._to_open = {message.series: message} | self._to_open

    def _suit(self, said: Link) -> None:
        """Fit what is in flight to the link: as measured, else as the browser says."""
        before, self._said = self._link, said
        if self._link != before:
            spent = BUDGETS[before] - self._delivery.budget
            self._delivery.budget = BUDGETS[self._link] - spent
        self._delivery.limit = LIMITS[self._link]

    @property
    def _link(self) -> Link:
        return self._meter.link or self._said

    async def _send(self) -> None:
        while not self._ended:
            self._wake.clear()
            opening = next(reversed(self._to_open.values()), None)
            if opening is not None and self._may_open(opening):
                await self._open(self._to_open.pop(opening.series))
                continue
            self._prepare()
            for series in self._delivery.completed():
                await self._say({"type": "complete", "series": series})
            item = self._delivery.next()
            if item is None:
                await self._wake.wait()
            else:
                await self._deliver(item)

    def _may_open(self, show: Show) -> bool:
        """What nobody looks at waits for what somebody does, and for the budget of the link."""
        return not show.ahead or (self._delivery.budget > 0 and not self._delivery.somebody_waits())

    async def _open(self, show: Show) -> None:
        try:
            stack = await self._stack(show.series)
            shown, _ = await asyncio.gather(self._pictures.opened(stack), self._note(show.series))
        except (_Refused, ImagingError) as refusal:
            self._refused.add(show.series)
            await self._say({"type": "failed", "series": show.series, "index": None, "reason": str(refusal)})
            return
        newest = self._to_open.pop(show.series, show)  # somebody scrolled while the series was opened
        handle = len(self._shown)
        self._shown[show.series] = (handle, shown)
        await self._say(in_short(self._with_addresses(manifest(shown, handle))))
        wanted = self._delivery.foresee if newest.ahead else self._delivery.show
        wanted(show.series, len(stack.slices), newest.index)
        for tier, ranges in ((Tier.PREVIEW, show.held.preview), (Tier.LOSSLESS, show.held.lossless)):
            for first, last in ranges:
                self._delivery.skip(show.series, tier, first, last)
        self._unprepared[show.series] = newest.index

    def _prepare(self) -> None:
        """Have the rest of what was opened made, once nobody waits for the very picture they look at."""
        if self._unprepared and not self._delivery.somebody_waits():
            for series, index in self._unprepared.items():
                self._pictures.prepare_soon(self._shown[series][1].stack, index)
            self._unprepared.clear()

    def _with_addresses(self, said: dict[str, object]) -> dict[str, object]:
        """Overlay planes are pictures by HTTP: few images have them, and a browser draws them over its own."""
        frames = cast(list[dict[str, object]], said["frames"])
        place = f"/cases/{self._admission.resource}/images"
        for one in frames:
            if one.get("overlay"):
                one["overlay"] = f"{place}/{one['sop_instance_uid']}/{one['frame']}/overlay.png"
        return said

    async def _stack(self, series: str) -> Stack:
        """The stack of a series of this case."""
        if len(self._shown) >= _MOST_SERIES:
            raise _Refused("Too many series on one connection; reload the page.")
        case_id = self._admission.resource
        instances = await self._database.recall(("stream", case_id, series), _instances, case_id, series)
        if instances is None:
            raise _Refused("This series does not belong to the case.")
        known = self._pictures.stacks.get(series, instances)
        return known or self._pictures.stacks.remember(await self._database.read(stack_of, series))

    async def _note(self, series: str) -> None:
        """The read is in the audit before anything of the series leaves."""
        who = self._admission.actor
        heading = Deed(
            who.person_id,
            who.name,
            Action.IMAGE_READ.value,
            now(),
            str(self._socket.scope.get("consilium.request_id", "")),
        )
        record = f"case/{self._admission.resource}/series/{series}"
        await self._database.write(heading, note_read, heading, Action.IMAGE_READ.value, record)

    async def _deliver(self, item: Item) -> None:
        handle, shown = self._shown[item.series]
        try:
            kind, flags, payload = await self._picture(shown, item)
        except ImagingError as reason:
            self._delivery.failed(item)
            if item.tier is Tier.PREVIEW:  # the lossless form fails for the same reason; once is enough
                said = {"type": "failed", "series": item.series, "index": item.index, "reason": str(reason)}
                await self._say(said)
            return
        self._delivery.sent(item, len(payload))
        self._meter.sent(asyncio.get_running_loop().time())
        await self._put(HEADER.pack(kind, flags, handle, item.index, len(payload)) + payload)

    async def _picture(self, shown: Shown, item: Item) -> tuple[int, int, bytes]:
        if item.tier is Tier.PREVIEW:
            return PREVIEW, 0, await self._pictures.preview(shown, item.index)
        lossless = await self._pictures.lossless(shown, item.index)
        flags = FLAGS[lossless.flaw]
        if lossless.raw or not self._raw:
            return RAW if lossless.raw else HTJ2K, flags, lossless.data
        return RAW, flags, await asyncio.to_thread(unpacked, lossless.data)

    async def _say(self, message: dict[str, object]) -> None:
        if not self._ended:
            async with asyncio.timeout(_STUCK_S):
                await self._socket.send_text(msgspec.json.encode(message).decode())

    async def _put(self, data: bytes) -> None:
        if not self._ended:
            async with asyncio.timeout(_STUCK_S):
                await self._socket.send_bytes(data)


def in_short(said: dict[str, object]) -> dict[str, object]:
    """The `series` message of a long series, nothing in it said twice.

    In full it is 40 KB: a third of a second of a thin link, before the first picture. `common` holds what all frames
    have in common, and of their identities the part they all begin with; `each` a list, one value a frame, of what
    all have but not alike; `frames` the rest, and is empty where there is none.
    """
    frames = cast(list[dict[str, object]], said["frames"])
    if len(frames) <= _FEW:
        return said
    shared = [key for key in frames[0] if all(key in one for one in frames)]
    common = {key: frames[0][key] for key in shared if all(one[key] == frames[0][key] for one in frames)}
    each = {key: [one[key] for one in frames] for key in shared if key not in common}
    identities = [str(one["sop_instance_uid"]) for one in frames]
    common["sop_instance_uid"] = beginning = commonprefix(identities)  # noqa: RUF071 - identities are no paths
    each["sop_instance_uid"] = [identity[len(beginning) :] for identity in identities]
    rest = [{key: value for key, value in one.items() if key not in shared} for one in frames]
    return said | {"common": common, "each": each, "frames": rest if any(rest) else []}


def _instances(session: Session, case_id: str, series: str) -> int | None:
    """How many instances a series has; None: it is not of this case. Raises SeriesNotFound."""
    if studies.series(session, series).study_instance_uid not in studies_of(session, case_id):
        return None
    return studies.count_of(session, series)[0]


async def images(websocket: WebSocket) -> None:
    """Admit by ticket and policy, then stream until the end; closes with the codes of the protocol."""
    await websocket.accept()
    held = services(websocket)
    try:
        admission = await admit(websocket, "images")
    except TicketInvalid as invalid:
        await websocket.close(TICKET_INVALID, str(invalid))
        return

    async def allowed(actor: Actor) -> bool:
        try:
            return bool(may(actor, Action.IMAGE_READ, await held.database.read(case_resource, admission.resource)))
        except AgendaError:
            return False

    if not await allowed(admission.actor):
        await websocket.close(NOT_PERMITTED, "not permitted")
        return
    held.pictures.warm_soon()
    stream = ImageStream(websocket, admission, held.database, held.pictures)
    with held.sessions.sockets.registered(
        session_id=admission.session_id, person_id=admission.actor.person_id, resource=admission.resource,
        allowed=allowed, close=stream.close,
    ):  # fmt: skip
        await stream.run()


routes: list[BaseRoute] = [WebSocketRoute("/sockets/images", images)]
