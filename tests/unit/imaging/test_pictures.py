"""Pictures on demand: cached, shared, ahead of need, and honest about failures."""

import asyncio
import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian

from imaging.errors import WorkerLost
from imaging.pixels import pictures as module
from imaging.pixels.errors import NoPicture
from imaging.pixels.pictures import Pictures
from imaging.pixels.pool import Urgency
from imaging.pixels.stack import Shown, Stack, manifest
from imaging.pixels.window import Window
from imaging.sandbox import Answer
from tests.unit.imaging.samples import JPEG_BASELINE, compressed, dataset, jpeg_of, written
from tests.unit.imaging.taken import Taken, take

SHIPPED = Path(pydicom.data.__file__).parent / "test_files"


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    return take(tmp_path_factory.mktemp("taken"), [SHIPPED / "CT_small.dcm", SHIPPED / "reportsi.dcm"])


@pytest.fixture
def taken(once: Taken, tmp_path: Path) -> Taken:
    return replace(once, derived=tmp_path / "derived")


def drawable(taken: Taken) -> Stack:
    return next(stack for stack in taken.stacks() if stack.slices)


class Counted:
    """Stands before the pool and counts what passes."""

    def __init__(self, pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tasks: list[str] = []
        self.lose = False
        passed = pictures._pool.run

        async def run(task: str, urgency: Urgency, **arguments: object) -> Answer:
            self.tasks.append(task.partition(":")[2])
            if self.lose:
                raise WorkerLost("The reader ended on this file.")
            return await passed(task, urgency, **arguments)

        monkeypatch.setattr(pictures._pool, "run", run)


def test_two_who_ask_at_once_wait_for_one_worker_and_later_ones_for_none(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> list[str]:
        with taken.pictures() as pictures:
            counted = Counted(pictures, monkeypatch)
            shown = await pictures.opened(drawable(taken))
            await asyncio.gather(*(pictures.preview(shown, 0) for _ in range(3)), pictures.lossless(shown, 0))
            await pictures.lossless(shown, 0)
        with taken.pictures() as again:
            counted_again = Counted(again, monkeypatch)
            await again.preview(await again.opened(drawable(taken)), 0)
            return counted.tasks + counted_again.tasks

    assert asyncio.run(run()) == ["window", "pictures"]


def test_a_deleted_cache_is_made_again(taken: Taken) -> None:
    async def run() -> None:
        with taken.pictures() as pictures:
            shown = await pictures.opened(drawable(taken))
            first = await pictures.lossless(shown, 0)
            shutil.rmtree(taken.derived)
            assert await pictures.lossless(shown, 0) == first

    asyncio.run(run())


def test_a_lost_worker_is_a_reason_and_not_for_ever(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        with taken.pictures() as pictures:
            shown = await pictures.opened(drawable(taken))
            counted = Counted(pictures, monkeypatch)
            counted.lose = True
            for _ in range(2):
                with pytest.raises(NoPicture, match="reader ended"):
                    await pictures.preview(shown, 0)
            assert counted.tasks == ["pictures"]
            counted.lose = False
            monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 1e12)
            assert pictures._reason(pictures._preview_place(shown, 0)) is None

    asyncio.run(run())


def test_a_rendered_picture_follows_the_window_and_its_tag_tells_them_apart(taken: Taken) -> None:
    async def run() -> None:
        with taken.pictures() as pictures:
            shown = await pictures.opened(drawable(taken))
            white = Window(-5000.0, 2.0)
            picture = Image.open(io.BytesIO(await pictures.rendered(shown, 0, 96, "png", white)))
            assert picture.size == (96, 96)
            assert np.median(np.asarray(picture)) == 255  # but for padding, which stays black
            tags = {pictures.tag(shown, 0, size, "png", window) for size in (90, 96, 97) for window in (None, white)}
            assert len(tags) == 4

    asyncio.run(run())


def test_what_is_more_urgent_goes_first(taken: Taken) -> None:
    async def run() -> list[str]:
        order: list[str] = []

        async def one(name: str, urgency: Urgency) -> None:
            await pictures._pool.run("imaging.pixels.work:ready", urgency)
            order.append(name)

        with taken.pictures() as pictures:
            await asyncio.gather(
                one("first come", Urgency.SOMETIME), one("sometime", Urgency.SOMETIME), one("soon", Urgency.SOON),
                one("looked at", Urgency.LOOKED_AT),
            )  # fmt: skip
        return order

    assert asyncio.run(run()) == ["first come", "looked at", "soon", "sometime"]


def test_a_series_without_pictures_says_why(taken: Taken) -> None:
    async def run() -> None:
        with taken.pictures() as pictures:
            await pictures.opened(next(stack for stack in taken.stacks() if not stack.slices))

    with pytest.raises(NoPicture, match="holds no picture"):
        asyncio.run(run())


def test_the_stacks_of_a_study_that_came_are_at_hand_until_more_images_come(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_S", 0)
    stack = drawable(taken)

    async def read() -> list[Stack]:
        return [stack]

    async def run() -> None:
        with taken.pictures() as pictures:
            pictures.prepare_when_quiet(stack.study_instance_uid, read)
            await pictures._arriving[stack.study_instance_uid]
            assert pictures.stacks.get(stack.series_instance_uid, instances=1) is stack
            assert pictures.stacks.get(stack.series_instance_uid, instances=2) is None

    asyncio.run(run())


def test_the_oldest_stacks_are_let_go_when_there_are_too_many_slices(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imaging.pixels.opened._MOST_SLICES", 5)
    one = drawable(taken)
    with taken.pictures() as pictures:
        for uid, count in (("1.1", 2), ("1.2", 2), ("1.2", 3), ("1.3", 1), ("1.4", 9)):
            pictures.stacks.remember(replace(one, series_instance_uid=uid, slices=one.slices * count))
            here = [other for other in ("1.1", "1.2", "1.3", "1.4") if pictures.stacks.get(other, one.instances)]
            assert here == {"1.1": ["1.1"], "1.2": ["1.1", "1.2"], "1.3": ["1.2", "1.3"], "1.4": ["1.4"]}[uid]


@pytest.mark.parametrize("before", ["00", "01", None], ids=["without loss", "with loss", "unsaid"])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEG_BASELINE])
def test_an_image_that_was_ever_compressed_with_loss_is_said_to_be(
    tmp_path: Path, syntax: str, before: str | None
) -> None:
    says = {"LossyImageCompression": before}
    jpeg = syntax == JPEG_BASELINE
    file = tmp_path / "one.dcm"
    file.write_bytes(compressed([jpeg_of(16, 16)], syntax, **says) if jpeg else written(dataset(**says)))
    stack = drawable(take(tmp_path / "taken", [file]))
    assert manifest(Shown(stack, stack.rendering), 0)["lossy"] is (jpeg or before == "01")
