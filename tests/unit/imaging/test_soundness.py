"""A compressed frame that ends early, or that has loss where none is promised, is known for it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames

from imaging.pixels import codestream
from imaging.pixels.errors import NoPicture
from imaging.pixels.frames import HTJ2K_LOSSLESS, JPEG_2000, JPEG_DCT, JPEG_LOSSLESS, JPEG_LS, Layout, decoded
from imaging.pixels.soundness import Soundness, of_jpeg, of_jpeg2000
from imaging.pixels.stack import manifest
from tests.unit.imaging.samples import dataset, written
from tests.unit.imaging.taken import take

JPEG, SOF3, LS, J2K, HT = (f"1.2.840.10008.1.2.4.{code}" for code in (50, 70, 80, 90, 201))
SMOOTH = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
NOISE = np.random.default_rng(3).integers(0, 256, (64, 64), np.uint8)
LAYOUT = Layout(JPEG, 64, 64, 1, "MONOCHROME2", 0, 8, 8, 7, signed=False)

WHOLE = {
    JPEG: imagecodecs.jpeg8_encode(NOISE, level=90), SOF3: imagecodecs.ljpeg_encode(NOISE),
    LS: imagecodecs.jpegls_encode(NOISE), J2K: imagecodecs.jpeg2k_encode(NOISE, level=0, reversible=True),
    HT: imagecodecs.htj2k_encode(NOISE, reversible=True),
}  # fmt: skip


def soundness(syntax: str, frame: bytes) -> Soundness:
    return decoded(replace(LAYOUT, transfer_syntax=syntax), frame).soundness


@pytest.mark.parametrize("padding", [b"", b"\0", b"\xff"], ids=["even", "zero", "ff"])
@pytest.mark.parametrize("syntax", WHOLE)
def test_a_whole_frame_is_sound_whatever_fills_its_last_byte(syntax: str, padding: bytes) -> None:
    assert soundness(syntax, WHOLE[syntax] + padding) == Soundness()


@pytest.mark.parametrize("part", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("syntax", WHOLE)
def test_a_frame_that_ends_early_is_damaged_or_refused(syntax: str, part: float) -> None:
    frame = WHOLE[syntax][: int(len(WHOLE[syntax]) * part)]
    try:
        found = soundness(syntax, frame)
    except NoPicture:
        return
    assert found.damaged


def test_a_jpeg_without_its_last_rows_is_drawn_and_called_damaged() -> None:
    found = decoded(LAYOUT, WHOLE[JPEG][: len(WHOLE[JPEG]) // 2])
    assert found.soundness.damaged
    assert np.abs(found.samples[:16].astype(int) - NOISE[:16]).mean() < 12  # decoded as far as it goes


def test_loss_behind_a_syntax_that_promises_none_is_told() -> None:
    wavelet = imagecodecs.jpeg2k_encode(SMOOTH, level=40, reversible=False)
    assert soundness(J2K, wavelet).lossy
    assert soundness(HT, imagecodecs.htj2k_encode(SMOOTH, level=0.05, reversible=False)).lossy
    assert soundness(LS, imagecodecs.jpegls_encode(NOISE, level=3)).lossy


def test_an_error_in_the_middle_of_htj2k_never_shows_memory_nobody_wrote_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenJPH stops here; imagecodecs keeps that to itself and gives its buffer back as it was."""
    spoiled = bytearray(codestream.lossless(np.random.default_rng(5).integers(0, 4096, (256, 256), np.uint16)) or b"")
    spoiled[spoiled.index(b"\xff\x90") + 13] ^= 0xFF
    layout = replace(LAYOUT, transfer_syntax=HT, rows=256, columns=256, bits_allocated=16, bits_stored=12, high_bit=11)
    dropped: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", dropped.append)
    with pytest.raises(NoPicture, match="cannot be decoded"):
        decoded(layout, bytes(spoiled))
    assert dropped == []
    assert imagecodecs.htj2k_decode(bytes(spoiled)).shape == (256, 256)
    assert len(dropped) == 1, "the decoder says so itself by now: ours need not listen any more"


@given(st.binary(max_size=300))
def test_no_bytes_end_the_readers_of_structure_in_an_error(raw: bytes) -> None:
    for frame in (raw, b"\xff\xd8" + raw, b"\xff\x4f\xff\x51" + raw):
        of_jpeg(frame)
        of_jpeg2000(frame)


def test_every_real_file_that_is_whole_is_called_sound(shared_data: Path) -> None:
    """Nothing is worse than a warning that is wrong: no file of other vendors is called damaged, cut ones all are."""
    seen = 0
    for path in sorted(one for one in shared_data.rglob("*") if one.is_file()):
        try:
            found = dcmread(path)
            syntax = str(found.file_meta.TransferSyntaxUID)
            frame = next(generate_frames(found.PixelData, number_of_frames=int(found.get("NumberOfFrames", 1) or 1)))
        except Exception:  # no picture, or not compressed
            continue
        if syntax in JPEG_DCT | JPEG_LOSSLESS | JPEG_LS:
            look = of_jpeg
        elif syntax in JPEG_2000 | HTJ2K_LOSSLESS:
            look = of_jpeg2000
        else:
            continue
        assert not look(frame).damaged, path
        assert look(frame[: len(frame) * 3 // 4]).damaged or "HasFragmentSequence" in path.name, path
        assert look(frame).lossy is (syntax.endswith((".81", ".91"))), path
        seen += 1
    assert seen > 60


def test_the_flaw_of_a_frame_reaches_the_reader(tmp_path: Path) -> None:
    cut = WHOLE[JPEG][: len(WHOLE[JPEG]) // 2]
    wavelet = imagecodecs.jpeg2k_encode(SMOOTH, level=40, reversible=False)
    eight = {"Rows": 64, "Columns": 64, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    for number, (frame, syntax) in enumerate([(WHOLE[J2K], J2K), (cut, JPEG), (wavelet, J2K)], 1):
        series = f"1.2.826.0.1.3680043.9.3.{number}"
        made = dataset(number, **eight, SeriesInstanceUID=series, SeriesDescription=str(number))
        (tmp_path / f"{number}.dcm").write_bytes(written(made, encapsulate([frame]), syntax))

    taken = take(tmp_path / "taken", sorted(tmp_path.glob("*.dcm")))

    async def run() -> dict[str, str | None]:
        with taken.pictures() as pictures:
            found = {}
            for stack in taken.stacks():
                shown = await pictures.opened(stack)
                assert manifest(shown, 0)["lossy"] is (stack.description == "2")
                found[stack.description] = (await pictures.lossless(shown, 0)).flaw
                again = (await pictures.lossless(shown, 0)).flaw  # from the cache
                assert again == found[stack.description]
                values = await pictures.sampled(stack, 0, "rectangle", [(3.0, 3.0), (20.0, 20.0)])
                assert (values is None) is (stack.description == "2")
            return found

    assert asyncio.run(run()) == {"1": None, "2": "damaged", "3": "lossy"}


def test_a_frame_that_is_all_filling_between_its_marks_is_read_once() -> None:
    many = b"\xff\xff\xff\xe0\x00\x02" * 300_000  # minutes where each filling copies what follows
    assert of_jpeg(b"\xff\xd8" + many + b"\xff\xd9") == Soundness()
    assert of_jpeg(b"\xff\xd8" + many + b"\xff\xff") == Soundness(damaged=True)
