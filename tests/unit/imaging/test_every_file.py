"""Every file of the collection ends in a picture or in a sentence that says why there is none; nothing crashes."""

import asyncio
import io
from pathlib import Path

import imagecodecs
import pydicom.data
import pytest
from PIL import Image

from imaging.pixels.errors import NoPicture
from imaging.pixels.pictures import Pictures
from imaging.pixels.stack import Stack, manifest
from tests.unit.imaging.taken import Taken, take

SHIPPED = Path(pydicom.data.__file__).parent / "test_files"


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".md", ".zip"))


async def drawn(pictures: Pictures, stack: Stack) -> dict[int, str]:
    """Preview and lossless form of the first, middle and last frame; gives the reasons of those without."""
    shown = await pictures.opened(stack)
    said = manifest(shown, 0)
    assert said["window"] is not None or said["colour"]
    reasons = {}
    for index in sorted({0, len(stack.slices) // 2, len(stack.slices) - 1}):
        one = stack.slices[index]
        try:
            preview, lossless = await pictures.preview(shown, index), await pictures.lossless(shown, index)
        except NoPicture as reason:
            reasons[index] = str(reason)
            continue
        with Image.open(io.BytesIO(preview)) as picture:
            assert abs(picture.width / picture.height - one.frame.columns / one.frame.rows) <= 1 / picture.height * 8
        if lossless.raw:
            assert len(lossless.data) % (one.frame.rows * one.frame.columns) == 0
        else:
            assert imagecodecs.htj2k_decode(lossless.data).shape[:2] == (one.frame.rows, one.frame.columns)
    return reasons


def all_drawn(taken: Taken) -> tuple[int, list[str]]:
    """How many series have pictures, and every reason of those without."""

    async def run() -> tuple[int, list[str]]:
        good, reasons = 0, []
        with taken.pictures() as pictures:
            for stack in taken.stacks():
                try:
                    found = await drawn(pictures, stack)
                except NoPicture as reason:
                    found = {0: str(reason)}
                reasons += found.values()
                good += not found
        return good, reasons

    return asyncio.run(run())


@pytest.mark.slow
def test_the_collection(shared_data: Path, tmp_path: Path) -> None:
    taken = take(tmp_path, files_of(shared_data), shared_data)
    by_result = {result: [one for one in taken.outcomes if one.result == result] for result in ("taken", "refused")}
    good, reasons = all_drawn(taken)
    assert all(one.reason.endswith(".") for one in by_result["refused"])
    assert all(reason.endswith(".") for reason in reasons)
    assert good == sum(1 for stack in taken.stacks() if stack.slices) >= 70
    damaged = [reason for reason in reasons if "damaged" in reason or "could not be made" in reason]
    assert damaged == []


def test_the_files_that_come_with_pydicom(tmp_path: Path) -> None:
    taken = take(tmp_path, sorted(SHIPPED.glob("*.dcm")))
    good, reasons = all_drawn(taken)
    assert good >= 12
    assert all(reason.endswith(".") for reason in reasons)
    assert not [reason for reason in reasons if "damaged" in reason]
