"""Debian's dcmtk decodes the same files: bit for bit where nothing is lost, within an error bound where something is.

And HTJ2K twice within: OpenJPH against OpenJPEG.
"""

import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom.data
import pytest
from pydicom import dcmread
from pydicom.encaps import get_frame
from pydicom.uid import ExplicitVRLittleEndian

from imaging.pixels.codestream import lossless
from imaging.pixels.frames import Layout, decoded
from tests.peers.test_dcmtk import program

pytestmark = pytest.mark.peer
SHIPPED = Path(pydicom.data.__file__).parent / "test_files"
DECODER = {
    "1.2.840.10008.1.2.4.50": "dcmdjpeg", "1.2.840.10008.1.2.4.51": "dcmdjpeg", "1.2.840.10008.1.2.4.57": "dcmdjpeg",
    "1.2.840.10008.1.2.4.70": "dcmdjpeg", "1.2.840.10008.1.2.4.80": "dcmdjpls", "1.2.840.10008.1.2.4.81": "dcmdjpls",
    "1.2.840.10008.1.2.5": "dcmdrle",
}
LOSSY = {"1.2.840.10008.1.2.4.50": 2, "1.2.840.10008.1.2.4.51": 2}
"""Transfer syntax → grey levels two correct inverse transforms may differ by."""
OWN = ("MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "JPEGLSNearLossless_08.dcm", "JPEGLSNearLossless_16.dcm",
       "SC_rgb_rle.dcm", "SC_rgb_rle_16bit_2frame.dcm", "SC_rgb_jpeg_dcmtk.dcm", "rtdose_rle.dcm", "JPGExtended.dcm")


def compare(place: Path, folder: Path) -> float | None:
    """The largest difference of any sample of the first frame between dcmtk's decoder and ours; None: it has none."""
    theirs_at = folder / "plain.dcm"
    dataset = dcmread(place)
    syntax = dataset.file_meta.TransferSyntaxUID
    keep = ["+cn"] if DECODER[syntax] == "dcmdjpeg" else []  # never convert colour: compare what the codec gives
    done = subprocess.run([program(DECODER[syntax]), *keep, "+te", str(place), str(theirs_at)],
                          capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        return None
    plain = dcmread(theirs_at)
    assert plain.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    ours = decoded(layout(dataset), get_frame(dataset.PixelData, 0, number_of_frames=frames))
    size = plain.Rows * plain.Columns * plain.SamplesPerPixel * plain.BitsAllocated // 8
    theirs = decoded(layout(plain), plain.PixelData[:size])
    assert ours.samples.shape == theirs.samples.shape
    return float(np.abs(ours.samples.astype(np.int64) - theirs.samples.astype(np.int64)).max())


def layout(dataset: pydicom.Dataset) -> Layout:
    return Layout(
        str(dataset.file_meta.TransferSyntaxUID), dataset.Rows, dataset.Columns, dataset.SamplesPerPixel,
        dataset.PhotometricInterpretation if dataset.SamplesPerPixel == 3 else "MONOCHROME2",
        dataset.get("PlanarConfiguration", 0) or 0, dataset.BitsAllocated,
        dataset.BitsStored, dataset.HighBit, signed=dataset.PixelRepresentation == 1,
    )


@pytest.mark.parametrize("name", OWN)
def test_dcmtk_sees_the_same_pixels(name: str, tmp_path: Path) -> None:
    syntax = str(dcmread(SHIPPED / name, stop_before_pixels=True).file_meta.TransferSyntaxUID)
    found = compare(SHIPPED / name, tmp_path)
    assert found is not None
    assert found <= LOSSY.get(syntax, 0)


@pytest.mark.slow
def test_dcmtk_sees_the_same_pixels_in_the_whole_collection(shared_data: Path, tmp_path: Path) -> None:
    compared = 0
    worst: dict[str, float] = {}
    for place in sorted(shared_data.rglob("*")):
        if place.parent.name == "malformed" or not _theirs_too(place):
            continue
        syntax = str(dcmread(place, stop_before_pixels=True).file_meta.TransferSyntaxUID)
        found = compare(place, tmp_path)
        compared += found is not None
        if found is not None and found > LOSSY.get(syntax, 0):
            worst[str(place.relative_to(shared_data))] = found
    assert worst == {}
    assert compared >= 40


def _theirs_too(place: Path) -> bool:
    if not place.is_file() or place.suffix in (".md", ".zip"):
        return False
    try:
        head = dcmread(place, stop_before_pixels=True)
    except Exception:
        return False
    return str(head.file_meta.get("TransferSyntaxUID")) in DECODER and "PixelData" in dcmread(place)


@pytest.mark.parametrize("kind", ["u1", "u2", "i2"])
def test_two_decoders_of_htj2k_agree(kind: str) -> None:
    info = np.iinfo(kind)
    picture = np.random.default_rng(3).integers(info.min, info.max, (97, 130), endpoint=True).astype(kind)
    stream = lossless(picture)
    assert stream is not None
    assert np.array_equal(imagecodecs.jpeg2k_decode(stream), picture)
    assert np.array_equal(imagecodecs.htj2k_decode(stream), picture)
