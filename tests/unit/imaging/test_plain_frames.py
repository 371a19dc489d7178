"""Plain frames drawn by the server itself are the pictures a worker makes; everything else goes to a worker."""

import asyncio
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import Dataset, dcmread

from imaging.errors import ObjectNotFound
from imaging.pixels.cache import Asked
from imaging.pixels.errors import NoPicture
from imaging.pixels.frames import Layout, decoded
from imaging.pixels.pictures import Pictures
from imaging.pixels.plain import LARGEST, drawn, is_plain
from imaging.pixels.pool import Urgency
from imaging.pixels.stack import Shown, Slice
from imaging.pixels.window import Rendering, Window, display
from imaging.sandbox import Answer
from imaging.vault import Vault
from tests.unit.imaging.samples import slice_of
from tests.unit.imaging.taken import Taken, take

SHIPPED = Path(pydicom.data.__file__).parent / "test_files"
ASKED = Asked(2048, "png", None)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    return take(tmp_path_factory.mktemp("taken"), sorted(SHIPPED.glob("*.dcm")))


def plain_slices(taken: Taken) -> Iterator[Slice]:
    for stack in taken.stacks():
        yield from (one for one in stack.slices if is_plain(one, ASKED))


def compare(taken: Taken) -> int:
    """Every frame that would be drawn here against pydicom's reading of the whole file; gives how many."""
    count, read, dataset = 0, "", Dataset()
    for one in sorted(plain_slices(taken), key=lambda one: one.digest):
        start, length = one.spans[0]
        ours = decoded(one.layout, taken.vault.read(one.digest, start, length)).samples
        if read != one.digest:  # hundreds of frames of one file are hundreds of slices
            with taken.vault.open(one.digest) as file:
                read, dataset = one.digest, dcmread(file, force=True)
        frames = dataset.pixel_array.reshape(-1, one.layout.rows, one.layout.columns)
        theirs = frames[one.frame.number - 1]
        if dataset.HighBit == dataset.BitsStored - 1:
            bits = 8 * theirs.dtype.itemsize - dataset.BitsStored
            theirs = (theirs << bits) >> bits  # old overlays may lie above the stored bits, which pydicom leaves
            assert np.array_equal(ours, theirs), (one.digest, one.frame.number)
            count += 1
    return count


def test_frames_of_the_files_that_come_with_pydicom_are_what_pydicom_reads(taken: Taken) -> None:
    assert compare(taken) >= 2


@pytest.mark.slow
def test_frames_of_the_collection_are_what_pydicom_reads(shared_data: Path, tmp_path: Path) -> None:
    files = [one for one in sorted(shared_data.rglob("*")) if one.is_file() and one.suffix not in (".md", ".zip")]
    assert compare(take(tmp_path, files, shared_data)) >= 300


def test_a_plain_picture_is_the_workers_picture_byte_for_byte(
    taken: Taken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def both(shown: Shown, pictures: Pictures, by_worker: Pictures) -> int:
        for index, form, size in ((0, "jpeg", 96), (len(shown.stack.slices) - 1, "png", 2048)):
            if not is_plain(shown.stack.slices[index], Asked(size, form, None)):  # type: ignore[arg-type]
                return 0
            here = await pictures.rendered(shown, index, size, form)  # type: ignore[arg-type]
            monkeypatch.setattr("imaging.pixels.pictures.is_plain", lambda *_: False)
            assert await by_worker.rendered(shown, index, size, form) == here  # type: ignore[arg-type]
            monkeypatch.undo()
        return 1

    async def run() -> int:
        same = 0
        with taken.pictures() as pictures, replace(taken, derived=tmp_path / "derived").pictures() as by_worker:
            for stack in taken.stacks():
                if stack.slices:
                    same += await both(await pictures.opened(stack), pictures, by_worker)
        return same

    assert asyncio.run(run()) >= 2


def test_no_worker_is_asked_for_a_plain_picture_and_one_is_for_compressed_ones(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    async def run() -> None:
        with taken.pictures() as pictures:
            passed = pictures._pool.run

            async def counted(task: str, urgency: Urgency, **arguments: object) -> Answer:
                asked.append(True)
                return await passed(task, urgency, **arguments)

            for stack in taken.stacks():
                if not stack.slices or stack.colour:
                    continue
                shown = await pictures.opened(stack)
                monkeypatch.setattr(pictures._pool, "run", counted)
                asked.clear()
                await pictures.rendered(shown, 0, 96, "jpeg")
                assert bool(asked) is not is_plain(stack.slices[0], Asked(96, "jpeg", None))
                monkeypatch.undo()

    asyncio.run(run())


class _Held:
    """A vault of one object."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, _digest: str, start: int, length: int) -> bytes:
        return self.data[start : start + length]


@given(
    bits=st.integers(1, 16), signed=st.booleans(), centre=st.floats(-40_000, 40_000), width=st.floats(1, 70_000),
    slope=st.sampled_from([1.0, 0.5, -2.0]), inverted=st.booleans(), data=st.data(),
)
def test_any_plain_frame_is_drawn_by_the_formula(
    taken: Taken, bits: int, signed: bool, centre: float, width: float, slope: float, inverted: bool,
    data: st.DataObject,
) -> None:
    rows, columns = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    raw = data.draw(st.binary(min_size=rows * columns * 2, max_size=rows * columns * 2))
    layout = Layout("1.2.840.10008.1.2.1", rows, columns, 1, "MONOCHROME2", 0, 16, bits, bits - 1, signed)
    one = replace(next(plain_slices(taken)), layout=layout, spans=((3, len(raw)),), aspect=None)
    one = replace(one, frame=replace(one.frame, row_spacing_mm=None, column_spacing_mm=None))
    how = Rendering(slope, 1.0, Window(centre, width), None, inverted)
    vault: Vault = _Held(b"abc" + raw)  # type: ignore[assignment]
    picture = Image.open(io.BytesIO(drawn(vault, one, how, ASKED, 75)))
    assert np.array_equal(np.asarray(picture), display(decoded(layout, raw).samples, how))


def test_what_lies_about_its_size_is_refused_and_reads_no_more_than_a_frame(taken: Taken) -> None:
    one = next(plain_slices(taken))
    how = Rendering(1.0, 0.0, Window(0, 10))
    short = replace(one, layout=replace(one.layout, rows=one.layout.rows * 9))
    with pytest.raises(NoPicture):
        drawn(taken.vault, short, how, ASKED, 75)
    beyond = replace(one, spans=((1 << 40, one.spans[0][1]),))
    with pytest.raises(NoPicture):
        drawn(taken.vault, beyond, how, ASKED, 75)
    with pytest.raises(ObjectNotFound):
        drawn(taken.vault, replace(one, digest="0" * 64), how, ASKED, 75)
    greedy = replace(one, spans=((one.spans[0][0], 1 << 40),))
    assert drawn(taken.vault, greedy, how, ASKED, 75) == drawn(taken.vault, one, how, ASKED, 75)


@pytest.mark.parametrize(
    "other",
    [
        {"transfer_syntax": "1.2.840.10008.1.2.4.90"}, {"transfer_syntax": "1.2.840.10008.1.2.2"},
        {"photometric": "PALETTE COLOR"}, {"samples": 3, "photometric": "RGB"}, {"bits_allocated": 32},
        {"bits_allocated": 1}, {"floating": True}, {"modality_lut": True}, {"voi_lut": True}, {"overlays": True},
        {"rows": LARGEST, "columns": 2}, {"rows": 0},
    ],
    ids=str,
)
def test_what_needs_a_decoder_or_a_table_or_is_large_is_not_plain(taken: Taken, other: dict[str, object]) -> None:
    one = next(plain_slices(taken))
    assert not is_plain(replace(one, layout=replace(one.layout, **other)), ASKED)  # type: ignore[arg-type]
    assert not is_plain(one, replace(ASKED, form="webp"))
    assert not is_plain(replace(one, whole=True), ASKED)


@settings(max_examples=12)  # each starts a worker
@given(cut=st.floats(0.0, 0.999))
def test_a_cut_file_never_becomes_a_plain_frame(tmp_path_factory: pytest.TempPathFactory, cut: float) -> None:
    whole = slice_of()
    folder = tmp_path_factory.mktemp("cut")
    (folder / "cut.dcm").write_bytes(whole[: int(len(whole) * cut)])
    assert list(plain_slices(take(folder, [folder / "cut.dcm"]))) == []
