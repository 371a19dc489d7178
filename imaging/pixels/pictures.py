"""Pictures of the vault's frames, made when needed and kept in a cache that may be deleted; by disposable workers, but
for plain frames on their own (`imaging.pixels.plain`).

A cached picture is named by the digest of its file, the frame and everything that shaped it, so that it is never stale.
Two who ask for the same picture at once wait for one worker.
"""

import asyncio
import json
import logging
import shutil
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

from imaging.errors import ImagingError, WorkerLost
from imaging.geometry import Point
from imaging.measure import Sampled
from imaging.pixels.cache import VERSION, Asked, Fresh, digest, fingerprint, read, write
from imaging.pixels.errors import NoPicture
from imaging.pixels.opened import Opened
from imaging.pixels.plain import drawn, is_plain
from imaging.pixels.pool import Pool, Urgency
from imaging.pixels.render import PREVIEW_QUALITY, Format, preview_size
from imaging.pixels.soundness import Flaw
from imaging.pixels.stack import Shown, Slice, Stack, is_colour
from imaging.pixels.window import Lut, Rendering, Window
from imaging.sandbox import Answer
from imaging.settings import WorkerSettings
from imaging.vault import Vault

log = logging.getLogger(__name__)

_WORK = "imaging.pixels.work:"
_BATCH = 8
"""Frames a worker makes in one go when nobody waits for a particular one."""
_LOOKED_AT = 7
"""Frames of a series that are sampled for its automatic window."""
_REMEMBERED = 4096
_FRESH_BYTES = 32 * 1024 * 1024
QUIET_S = 2.0
"""A study of which nothing came for so long is made pictures of."""
_SHORTLY_S = 60.0
_QUALITY = 75
_FLAWS: tuple[Flaw | None, ...] = (None, "reduced", "damaged", "lossy")
"""In the order of their numbers in the cache."""


@dataclass(frozen=True, slots=True)
class Lossless:
    """A frame without loss: HTJ2K, or raw little-endian samples."""

    data: bytes
    raw: bool
    flaw: Flaw | None
    """Why it is not lossless after all, and the reader must say so."""


class Pictures:
    """Previews and lossless forms of frames; used from one event loop, closed at its end."""

    def __init__(self, vault: Vault, derived: Path, worker: WorkerSettings) -> None:
        self.stacks = Opened()
        self._vault = vault
        self._derived = derived
        self._derived.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._pool = Pool(worker)
        self._drawing = ThreadPoolExecutor(1, thread_name_prefix="plain-pictures")
        self._running: dict[Path, asyncio.Task[None]] = {}
        self._warming: asyncio.Task[None] | None = None
        self._preparing: dict[str, asyncio.Task[None]] = {}
        self._opened: OrderedDict[str, Shown] = OrderedDict()
        self._failed: OrderedDict[Path, tuple[str, float]] = OrderedDict()
        self._drawn: OrderedDict[tuple[str, int, Asked], Path] = OrderedDict()
        self._fresh = Fresh(_FRESH_BYTES)
        self._arriving: dict[str, asyncio.Task[None]] = {}

    def close(self) -> None:
        """End the workers; what was being prepared is left for another time."""
        for task in (*self._preparing.values(), *self._arriving.values()):
            task.cancel()
        self._pool.close()
        self._drawing.shutdown(wait=True, cancel_futures=True)

    def warm_soon(self) -> None:
        """Begin to start the workers, so that the first picture waits less for one; again is the same as once."""
        if self._warming is None:
            self._warming = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        starts = (self._pool.run(_WORK + "ready", Urgency.SOON) for _ in range(self._pool.size))
        await asyncio.gather(*starts, return_exceptions=True)  # a worker that cannot start shows at its first picture

    async def opened(self, stack: Stack) -> Shown:
        """The stack with the rendering all its pictures share; raises NoPicture when it has no frame to draw."""
        if not stack.slices:
            raise NoPicture(stack.without[0] if stack.without else "This series has no images.")
        key = fingerprint(stack)
        if key not in self._opened:
            rendering = await self._looked_at(stack, key) if stack.needs_looking else stack.rendering
            self._opened[key] = Shown(stack, rendering)
            if len(self._opened) > _REMEMBERED // 16:
                self._opened.popitem(last=False)
        return self._opened[key]

    async def preview(self, shown: Shown, index: int, urgency: Urgency = Urgency.LOOKED_AT) -> bytes:
        """The stream's preview of a frame (from 0): WebP, windowed with the series' window. Raises NoPicture."""
        place = self._preview_place(shown, index)
        return await self._made(shown, index, place, urgency)

    async def lossless(self, shown: Shown, index: int, urgency: Urgency = Urgency.LOOKED_AT) -> Lossless:
        """A frame (from 0) without loss, as stored, before any window. Raises NoPicture."""
        place = self._lossless_place(shown.stack.slices[index])
        data = await self._made(shown, index, place, urgency)
        return Lossless(data[1:], raw=bool(data[0] & 1), flaw=_FLAWS[data[0] >> 1])

    async def sampled(self, stack: Stack, index: int, kind: str, points: Sequence[Point]) -> Sampled | None:
        """What the pixels of a frame (from 0) under a mark are worth; None: colour, or no pixel. Raises WorkerLost."""
        one = stack.slices[index]
        if is_colour(one.layout):
            return None
        [job] = await self._jobs([(one, one.rendering)])
        answer = await self._pool.run(
            _WORK + "sampled", Urgency.LOOKED_AT, frame=job, kind=kind, points=points,
            unit="HU" if stack.modality == "CT" else "stored",
        )
        return Sampled(**answer.facts["sampled"]) if answer.facts["sampled"] else None

    def tag(self, shown: Shown, index: int, size: int, form: Format = "webp", window: Window | None = None) -> str:
        """What `rendered` with these arguments is known by: equal tags, equal bytes; fit for an ETag."""
        return self._rendered_place(shown, index, Asked(size, form, window)).stem

    async def rendered(
        self,
        shown: Shown,
        index: int,
        size: int,
        form: Format = "webp",
        window: Window | None = None,
    ) -> bytes:
        """A picture of a frame (from 0) with its longer side at most `size` (see SIZES); raises NoPicture."""
        asked = Asked(size, form, window)
        place = self._rendered_place(shown, index, asked)
        fresh = self._fresh.get(place)
        if fresh is not None:
            return fresh
        here = is_plain(shown.stack.slices[index], asked)
        found = None if here else await asyncio.to_thread(read, place)
        if found is None and self._reason(place) is None:
            await self._once(place, self._render(shown, index, asked, place))
            found = self._fresh.get(place) or await asyncio.to_thread(read, place)
        return self._fresh.put(place, self._or_reason(place, found))

    async def overlay(self, shown: Shown, index: int) -> bytes:
        """What the overlay planes of a frame (from 0) draw, as a transparent PNG of its size; raises NoPicture."""
        one = shown.stack.slices[index]
        place = self._folder(one.digest) / f"{one.frame.number}.{VERSION}.overlay.png"
        found = await asyncio.to_thread(read, place)
        if found is None and self._reason(place) is None:
            await self._once(place, self._draw_overlay(one, place))
            found = await asyncio.to_thread(read, place)
        return self._or_reason(place, found)

    async def _draw_overlay(self, one: Slice, place: Path) -> None:
        if not one.layout.overlays:
            self._fail((place,), "This image has no overlay.")
            return
        [job] = await self._jobs([(one, one.rendering)])
        try:
            answer = await self._pool.run(_WORK + "overlay", Urgency.SOON, frame=job)
        except WorkerLost as lost:
            self._fail((place,), str(lost), _SHORTLY_S)
            return
        if "reason" in answer.facts:
            self._fail((place,), answer.facts["reason"])
        else:
            await asyncio.to_thread(write, place, answer.payload)

    def forget(self, digest: str) -> None:
        """Delete every picture made of a file that is no longer kept. Blocks."""
        shutil.rmtree(self._folder(digest), ignore_errors=True)

    def prepare_soon(self, stack: Stack, around: int = 0) -> None:
        """Start `prepare` behind everything else; asking twice for the same stack is the same as once."""
        key = fingerprint(stack)
        if key in self._preparing:
            return
        task = asyncio.create_task(self._prepare_quietly(stack, around))
        self._preparing[key] = task
        task.add_done_callback(lambda _: self._preparing.pop(key, None))

    def prepare_when_quiet(self, study: str, stacks: Callable[[], Awaitable[Sequence[Stack]]]) -> None:
        """Start `prepare` for a study some seconds after the last of its files has come.

        Asked after every delivery: a study that still arrives is neither read nor drawn again for each.
        """
        earlier = self._arriving.pop(study, None)
        if earlier is not None:
            earlier.cancel()
        task = asyncio.create_task(self._when_quiet(stacks))
        self._arriving[study] = task
        task.add_done_callback(lambda done: self._arriving.get(study) is done and self._arriving.pop(study))

    async def _when_quiet(self, stacks: Callable[[], Awaitable[Sequence[Stack]]]) -> None:
        await asyncio.sleep(QUIET_S)
        try:
            for stack in await stacks():
                self.prepare_soon(self.stacks.remember(stack))
        except Exception:  # a cache that stays empty for now is no reason to end anything
            log.exception("pictures were not prepared")

    async def _prepare_quietly(self, stack: Stack, around: int) -> None:
        try:
            await self.prepare(await self.opened(stack), around)
        except (ImagingError, OSError) as error:
            log.warning("pictures were not prepared", extra={"kind": type(error).__name__})

    async def prepare(self, shown: Shown, around: int = 0) -> None:
        """Make every picture of a stack ahead of need, outward from `around`; waits until all are made."""
        missing = await asyncio.to_thread(self._missing, shown)
        missing.sort(key=lambda index: abs(index - around))
        for at in range(0, len(missing), _BATCH):
            await self._derive(shown, missing[at : at + _BATCH], Urgency.SOMETIME)

    def _missing(self, shown: Shown) -> list[int]:
        """Frames of which a picture is neither made nor known to be impossible."""

        def here(place: Path) -> bool:
            return place in self._failed or place.is_file()

        every = range(len(shown.stack.slices))
        return [index for index in every if not all(here(place) for place in self._places(shown, index))]

    async def _made(self, shown: Shown, index: int, place: Path, urgency: Urgency) -> bytes:
        found = await asyncio.to_thread(read, place)
        if found is None and self._reason(place) is None:
            # A frame's preview and lossless form are made together, so one name stands for both.
            await self._once(self._preview_place(shown, index), self._derive(shown, [index], urgency))
            found = await asyncio.to_thread(read, place)
        return self._or_reason(place, found)

    def _or_reason(self, place: Path, found: bytes | None) -> bytes:
        if found is None:
            raise NoPicture(self._reason(place) or "This picture could not be made.")
        return found

    async def _once(self, place: Path, work: Coroutine[Any, Any, None]) -> None:
        """Wait for whoever already makes this picture, or make it; whoever gives up waiting does not stop it."""
        running = self._running.get(place)
        if running is None:
            running = asyncio.create_task(work)
            self._running[place] = running
            running.add_done_callback(lambda _: self._running.pop(place, None))
        else:
            work.close()
        await asyncio.shield(running)

    async def _derive(self, shown: Shown, indices: Sequence[int], urgency: Urgency) -> None:
        """Make preview and lossless form of frames and put them in the cache; failures are remembered."""
        layout = shown.stack.slices[indices[0]].layout
        asked = Asked(preview_size(layout.rows, layout.columns), "webp", None)
        try:
            answer = await self._work(shown, indices, asked, urgency, lossless=True)
        except WorkerLost as lost:
            if len(indices) > 1:  # one frame spoilt it for all: make each by itself
                for index in indices:
                    await self._derive(shown, [index], urgency)
                return
            self._fail(self._places(shown, indices[0]), str(lost), _SHORTLY_S)
            return
        facts = answer.facts["frames"]
        await asyncio.to_thread(self._keep, shown, indices, facts, answer.payload)
        for index, said in zip(indices, facts, strict=True):
            if "reason" in said:
                self._fail(self._places(shown, index), said["reason"])

    def _keep(self, shown: Shown, indices: Sequence[int], facts: Sequence[dict[str, Any]], payload: bytes) -> None:
        at = 0
        for index, said in zip(indices, facts, strict=True):
            if "reason" in said:
                continue
            preview, stream = self._places(shown, index)
            end = at + said["preview"]
            write(preview, payload[at:end])
            flags = bytes([said["raw"] | _FLAWS.index(said["flaw"]) << 1])
            write(stream, flags + payload[end : end + said["lossless"]])
            at = end + said["lossless"]

    async def _render(self, shown: Shown, index: int, asked: Asked, place: Path) -> None:
        one = shown.stack.slices[index]
        if is_plain(one, asked):
            await self._draw(one, asked.rendering(shown, index), asked, place)
            return
        try:
            answer = await self._work(shown, [index], asked, Urgency.LOOKED_AT, lossless=False)
        except WorkerLost as lost:
            self._fail((place,), str(lost), _SHORTLY_S)
            return
        reason = answer.facts["frames"][0].get("reason")
        if reason:
            self._fail((place,), reason)
        else:
            await asyncio.to_thread(write, place, answer.payload)
            self._fresh.put(place, answer.payload)

    async def _draw(self, one: Slice, how: Rendering, asked: Asked, place: Path) -> None:
        """A picture that is drawn sooner than a file is read: it is kept in memory alone."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._drawing, drawn, self._vault, one, how, asked, _QUALITY)
        except NoPicture as reason:
            self._fail((place,), str(reason))
        else:
            self._fresh.put(place, found)

    async def _work(
        self, shown: Shown, indices: Sequence[int], asked: Asked, urgency: Urgency, *, lossless: bool
    ) -> Answer:
        return await self._pool.run(
            _WORK + "pictures", urgency,
            frames=await self._jobs([(shown.stack.slices[one], asked.rendering(shown, one)) for one in indices]),
            how=asdict(shown.rendering), size=asked.wished if lossless else asked.size,
            quality=PREVIEW_QUALITY if lossless else _QUALITY, form=asked.form, lossless_too=lossless,
        )  # fmt: skip

    async def _looked_at(self, stack: Stack, key: str) -> Rendering:
        place = self._derived / "series" / f"{key}.json"
        found = await asyncio.to_thread(read, place)
        if found is None:
            step = max(1, len(stack.slices) // _LOOKED_AT)
            some = stack.slices[step // 2 :: step][: _LOOKED_AT + 1]
            frames = await self._jobs([(one, one.rendering) for one in some])
            try:
                answer = await self._pool.run(
                    _WORK + "window", Urgency.LOOKED_AT, frames=frames, how=asdict(stack.rendering)
                )
            except WorkerLost as lost:
                raise NoPicture(str(lost)) from lost
            found = json.dumps(answer.facts).encode()
            await asyncio.to_thread(write, place, found)
        facts = json.loads(found)
        lut, auto = facts["voi_lut"], facts["window"]
        if lut is not None and stack.rendering.window is None:
            return replace(stack.rendering, voi_lut=Lut(lut["first"], tuple(lut["values"]), lut["bits"]))
        if stack.rendering.window is not None or auto is None:
            return replace(stack.rendering, window=stack.rendering.window or Window(0.5, 256.0))
        return replace(stack.rendering, window=Window(auto["centre"], auto["width"], "auto"))

    async def _jobs(self, wanted: Sequence[tuple[Slice, Rendering]]) -> list[dict[str, Any]]:
        """The frames as a worker is told of them; off the event loop, for a vault elsewhere may fetch files first."""
        return await asyncio.to_thread(lambda: [self._job(one, how) for one, how in wanted])

    def _job(self, one: Slice, how: Rendering) -> dict[str, Any]:
        with self._vault.open(one.digest) as file:
            path = str(Path(file.name).resolve())
        place = {
            "path": path, "index": one.frame.number - 1, "spans": one.spans, "bit": one.bit,
            "header": one.header, "whole": one.whole,
        }  # fmt: skip
        own = asdict(replace(how, voi_lut=None))  # a table is long and the same for all; the task has it once
        return {"layout": asdict(one.layout), "place": place, "own": own, "shape": one.shape}

    def _fail(self, places: Iterable[Path], reason: str, seconds: float = inf) -> None:
        """Remember a failure; one of the worker rather than of the file only shortly, for the machine may be busy."""
        until = asyncio.get_running_loop().time() + seconds
        for place in places:
            self._failed[place] = (reason, until)
        while len(self._failed) > _REMEMBERED:
            self._failed.popitem(last=False)

    def _reason(self, place: Path) -> str | None:
        reason, until = self._failed.get(place, (None, 0.0))
        return reason if reason is not None and until > asyncio.get_running_loop().time() else None

    def _places(self, shown: Shown, index: int) -> tuple[Path, Path]:
        return self._preview_place(shown, index), self._lossless_place(shown.stack.slices[index])

    def _preview_place(self, shown: Shown, index: int) -> Path:
        one = shown.stack.slices[index]
        shape = digest(VERSION, repr(shown.rendering_of(index)), one.layout.rows, one.layout.columns)
        return self._folder(one.digest) / f"{one.frame.number}.{shape}.webp"

    def _rendered_place(self, shown: Shown, index: int, asked: Asked) -> Path:
        key = (fingerprint(shown.stack), index, asked)
        place = self._drawn.get(key)
        if place is None:
            one = shown.stack.slices[index]
            shape = digest(VERSION, one.digest, repr(asked.rendering(shown, index)), asked.size, one.shape)
            place = self._folder(one.digest) / f"{one.frame.number}-{shape}.{asked.form}"
            self._drawn[key] = place
            if len(self._drawn) > _REMEMBERED:
                self._drawn.popitem(last=False)
        return place

    def _lossless_place(self, one: Slice) -> Path:
        return self._folder(one.digest) / f"{one.frame.number}.{VERSION}.lossless"

    def _folder(self, digest: str) -> Path:
        return self._derived / digest[:2] / digest
