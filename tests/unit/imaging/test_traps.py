"""Each way in which pixels mislead, as a file through the whole path: the door, the index, a worker, a picture."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from imaging.pixels.stack import manifest
from imaging.pixels.tables import unfolded
from tests.unit.imaging import samples
from tests.unit.imaging.taken import Taken, take

DEFLATED = "1.2.840.10008.1.2.1.99"
RAMP = np.arange(256, dtype="<u2").reshape(16, 16)
SECONDARY = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}


def dataset(number: int = 1, **said: Any) -> Dataset:
    return samples.dataset(number, **({"PixelSpacing": [0.5, 0.5]} | said))


def item(**said: Any) -> Dataset:
    made = Dataset()
    for keyword, value in said.items():
        setattr(made, keyword, value)
    return made


def srgb_with_channels_exchanged() -> bytes:
    """A profile whose red primary is sRGB's blue and the other way round."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for name, other in ((b"sRGB", b"xRGB"), ("sRGB".encode("utf-16-be"), "xRGB".encode("utf-16-be"))):
        while (at := profile.find(name)) >= 0:
            profile[at : at + len(name)] = other
    places = {}
    for index in range(int.from_bytes(profile[128:132], "big")):
        entry = profile[132 + 12 * index : 144 + 12 * index]
        places[bytes(entry[:4])] = int.from_bytes(entry[4:8], "big")
    red, blue = places[b"rXYZ"], places[b"bXYZ"]
    profile[red : red + 20], profile[blue : blue + 20] = profile[blue : blue + 20], profile[red : red + 20]
    return bytes(profile)


def bits(rows: int, columns: int, *places: tuple[int, int]) -> bytes:
    plane = np.zeros((rows, columns), np.uint8)
    for row, column in places:
        plane[row, column] = 1
    return np.packbits(plane.reshape(-1), bitorder="little").tobytes()


def overlaid(made: Dataset, group: int, **said: Any) -> Dataset:
    values = {"rows": 4, "columns": 8, "origin": [3, 2], "bit": 0, "allocated": 1} | said
    made.add_new((group, 0x0010), "US", values["rows"])
    made.add_new((group, 0x0011), "US", values["columns"])
    made.add_new((group, 0x0040), "CS", "G")
    made.add_new((group, 0x0050), "SS", values["origin"])
    made.add_new((group, 0x0100), "US", values["allocated"])
    made.add_new((group, 0x0102), "US", values["bit"])
    if "data" in said:
        made.add_new((group, 0x3000), "OW", said["data"])
    return made


def palette(**said: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "PhotometricInterpretation": "PALETTE COLOR", "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7,
        "WindowCenter": None, "WindowWidth": None,
    }
    for name in ("Red", "Green", "Blue"):
        found[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
    return found | said


# Red: a run of two, then a line from 256 to 65280 over 254 entries. Green: all nothing. Blue: red again, by reference.
RED = np.array([0, 2, 0, 256, 1, 254, 65280], "<u2").tobytes()
GREEN = np.array([0, 1, 0, 1, 255, 0], "<u2").tobytes()
BLUE = np.array([0, 1, 0, 1, 127, 32640, 2, 1, 6, 0, 1, 1, 65280], "<u2").tobytes()

Made = tuple[Dataset, bytes, str]
MAKERS: dict[str, Callable[[], Made]] = {}


def trap(make: Callable[[], Made]) -> Callable[[], Made]:
    MAKERS[make.__name__] = make
    return make


@trap
def high_bits_big_endian() -> Made:
    return dataset(BitsStored=12, HighBit=15), (RAMP << 4).astype(">u2").tobytes(), ExplicitVRBigEndian


@trap
def high_bits_deflated() -> Made:
    return dataset(BitsStored=12, HighBit=15), (RAMP << 4).tobytes(), DEFLATED


@trap
def segmented_palette() -> Made:
    made = dataset(**palette(
        SegmentedRedPaletteColorLookupTableData=RED, SegmentedGreenPaletteColorLookupTableData=GREEN,
        SegmentedBluePaletteColorLookupTableData=BLUE,
    ), **SECONDARY)
    return made, RAMP.astype(np.uint8).tobytes(), ExplicitVRLittleEndian


@trap
def overlay_beside() -> Made:
    return overlaid(dataset(), 0x6000, data=bits(4, 8, (0, 0), (3, 7))), RAMP.tobytes(), ExplicitVRLittleEndian


@trap
def overlay_in_unused_bits() -> Made:
    words = RAMP.copy()
    words[5, 6] |= 1 << 14
    made = overlaid(dataset(), 0x6002, rows=16, columns=16, origin=[1, 1], bit=14, allocated=16)
    return made, words.tobytes(), ExplicitVRLittleEndian


@trap
def ybr_partial() -> Made:
    made = dataset(SamplesPerPixel=3, PhotometricInterpretation="YBR_PARTIAL_422", PlanarConfiguration=0,
                   BitsAllocated=8, BitsStored=8, HighBit=7, **SECONDARY)
    return made, np.tile(np.array([235, 16, 128, 128], np.uint8), 128).tobytes(), ExplicitVRLittleEndian


@trap
def dose() -> Made:
    made = dataset(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.481.2", Modality="RTDOSE", NumberOfFrames=2, BitsAllocated=32,
        BitsStored=32, HighBit=31, DoseGridScaling=0.001, DoseUnits="GY", GridFrameOffsetVector=[0, 2.5],
        WindowCenter=None, WindowWidth=None,
    )
    return made, np.arange(512, dtype="<u4").tobytes(), ExplicitVRLittleEndian


@trap
def pixels_twice_as_tall() -> Made:
    made = dataset(PixelSpacing=None, PixelAspectRatio=[2, 1], **SECONDARY)
    return made, RAMP.tobytes(), ExplicitVRLittleEndian


@trap
def padding_with_the_wrong_sign() -> Made:
    made = dataset(PixelRepresentation=1, BitsStored=16, HighBit=15, PhotometricInterpretation="MONOCHROME1",
                   WindowCenter=None, WindowWidth=None)
    made.add_new("PixelPaddingValue", "US", 63536)
    values = RAMP.astype("<i2")
    values[:4] = -2000
    return made, values.tobytes(), ExplicitVRLittleEndian


@trap
def modality_table() -> Made:
    made = dataset(WindowCenter=500, WindowWidth=1000)
    made.ModalityLUTSequence = Sequence([item(LUTDescriptor=[256, 0, 16], ModalityLUTType="US")])
    made.ModalityLUTSequence[0].add_new("LUTData", "OW", (RAMP.reshape(-1)[::-1] * 3).astype("<u2").tobytes())
    return made, RAMP.tobytes(), ExplicitVRLittleEndian


@trap
def voi_table_below_zero() -> Made:
    made = dataset(WindowCenter=None, WindowWidth=None, RescaleIntercept=-100, RescaleSlope=1)
    made.VOILUTSequence = Sequence([item(LUTDescriptor=[256, 65436, 8])])
    made.VOILUTSequence[0].add_new("LUTData", "OW", RAMP.astype("<u2").tobytes())
    return made, RAMP.tobytes(), ExplicitVRLittleEndian


@trap
def several_windows() -> Made:
    made = dataset(WindowCenter=[100, 40], WindowWidth=[50, 400], VOILUTFunction="SIGMOID",
                   WindowCenterWidthExplanation=["Narrow", "Wide"])
    return made, RAMP.tobytes(), ExplicitVRLittleEndian


@trap
def cine() -> Made:
    made = dataset(NumberOfFrames=3, FrameTimeVector=[0, 40, 60], **SECONDARY)
    return made, np.tile(RAMP.reshape(-1), 3).tobytes(), ExplicitVRLittleEndian


@trap
def colour_profile() -> Made:
    made = dataset(SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0, BitsAllocated=8,
                   BitsStored=8, HighBit=7, ICCProfile=srgb_with_channels_exchanged(), **SECONDARY)
    return made, np.tile(np.array([255, 0, 0], np.uint8), 256).tobytes(), ExplicitVRLittleEndian


@trap
def odd_length() -> Made:
    made = dataset(SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=1, BitsAllocated=8,
                   BitsStored=8, HighBit=7, Rows=3, Columns=3, **SECONDARY)
    return made, bytes(range(27)) + b"\0", ExplicitVRLittleEndian


@trap
def enhanced() -> Made:
    made = dataset(ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=None, NumberOfFrames=2,
                   WindowCenter=None, WindowWidth=None)
    made.SharedFunctionalGroupsSequence = Sequence([item(
        PixelMeasuresSequence=Sequence([item(PixelSpacing=[0.4, 0.4])]),
        PlaneOrientationSequence=Sequence([item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]),
    )])
    made.PerFrameFunctionalGroupsSequence = Sequence([
        item(
            PlanePositionSequence=Sequence([item(ImagePositionPatient=[0, 0, depth])]),
            FrameVOILUTSequence=Sequence([item(WindowCenter=100, WindowWidth=50, VOILUTFunction="LINEAR_EXACT")]),
            PixelValueTransformationSequence=Sequence([item(RescaleSlope=slope, RescaleIntercept=0)]),
        )
        for depth, slope in ((10, 2), (5, 1))
    ])
    return made, np.tile(RAMP.reshape(-1), 2).tobytes(), ExplicitVRLittleEndian


def projections() -> list[Made]:
    """One series of two radiographs that have nothing in common but the series."""
    common = {"Modality": "CR", "SeriesInstanceUID": "1.2.826.0.1.3680043.9.3.777", "ImagePositionPatient": None}
    bright = dataset(501, WindowCenter=100, WindowWidth=200, **common)
    dark = dataset(502, WindowCenter=50, WindowWidth=20, PhotometricInterpretation="MONOCHROME1", **common)
    return [(one, RAMP.tobytes(), ExplicitVRLittleEndian) for one in (bright, dark)]


def file_of(made: Dataset, pixels: bytes, syntax: str) -> bytes:
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.add_new("PixelData", "OW" if made.BitsAllocated > 8 else "OB", pixels)
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Drawn:
    """What came out: the series message, and for each frame its stored values and its rendered picture."""

    said: dict[str, Any]
    values: list[np.ndarray]
    pictures: list[np.ndarray]
    overlays: list[np.ndarray]
    flaws: set[str | None]


def array_of(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGBA" if "transparency" in picture.info else picture.mode))


async def draw(taken: Taken) -> dict[str, Drawn]:
    found = {}
    with taken.pictures() as pictures:
        for stack in taken.stacks():
            shown = await pictures.opened(stack)
            said, values, rendered, overlays, flaws = manifest(shown, 0), [], [], [], set()
            for index, one in enumerate(stack.slices):
                lossless = await pictures.lossless(shown, index)
                sample = str(said["sample"])
                kind = f"<{sample[0]}{int(sample[1:]) // 8}"
                shape = (one.frame.rows, one.frame.columns)
                raw = np.frombuffer(lossless.data, kind).reshape(shape) if lossless.raw else None
                values.append(imagecodecs.htj2k_decode(lossless.data) if raw is None else raw)
                rendered.append(array_of(await pictures.rendered(shown, index, 256, "png")))
                flaws.add(lossless.flaw)
                if one.layout.overlays:
                    overlays.append(array_of(await pictures.overlay(shown, index)))
            found[stack.description] = Drawn(said, values, rendered, overlays, flaws)
    return found


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Drawn]:
    folder = tmp_path_factory.mktemp("traps")
    made = [(name, make()) for name, make in MAKERS.items()] + [("projections", one) for one in projections()]
    for number, (name, (one, pixels, syntax)) in enumerate(made, 1):
        one.SOPInstanceUID = f"1.2.826.0.1.3680043.9.1.{number}"
        if name != "projections":
            one.SeriesInstanceUID = f"1.2.826.0.1.3680043.9.3.{number}"
        one.SeriesDescription = name
        (folder / f"{number}.dcm").write_bytes(file_of(one, pixels, syntax))
    taken = take(folder / "taken", sorted(folder.glob("*.dcm")))
    assert [one.reason for one in taken.outcomes if one.result != "taken"] == []
    return asyncio.run(draw(taken))


@pytest.mark.parametrize("name", ["high_bits_big_endian", "high_bits_deflated"])
def test_values_stored_high_in_their_words(drawn: dict[str, Drawn], name: str) -> None:
    assert np.array_equal(drawn[name].values[0], RAMP)


def test_a_segmented_palette(drawn: dict[str, Drawn]) -> None:
    shown = drawn["segmented_palette"].values[0].reshape(-1, 3)
    assert shown[[0, 1, 128, 255], 0].tolist() == [0, 1, 128, 255]
    assert not shown[:, 1].any()
    assert shown[[0, 127, 200, 255], 2].tolist() == [0, 127, 127, 255]
    assert drawn["segmented_palette"].said["colour"] is True


def test_segments_of_bytes_and_damaged_ones() -> None:
    assert unfolded([0, 2, 10, 20, 1, 2, 40], words=False) == [10, 20, 30, 40]
    assert unfolded([0, 1, 9, 2, 1, 0, 0, 0, 0], words=False) == [9, 9]
    for bad in ([1, 2, 40], [7, 1, 1], [0, 1, 1, 2, 9, 99, 0, 0, 0]):
        with pytest.raises(Exception, match="damaged"):
            unfolded(bad, words=False)


def test_an_overlay_beside_the_pixels_is_drawn_and_leaves_the_values_alone(drawn: dict[str, Drawn]) -> None:
    found = drawn["overlay_beside"]
    assert np.array_equal(found.values[0], RAMP)
    (plane,) = found.overlays
    assert np.argwhere(plane[..., 3]).tolist() == [[2, 1], [5, 8]]
    assert found.pictures[0].shape[1] >= 16
    assert found.said["frames"][0]["overlay"] is True


def test_an_overlay_in_unused_bits_is_drawn_and_is_no_pixel(drawn: dict[str, Drawn]) -> None:
    found = drawn["overlay_in_unused_bits"]
    assert np.array_equal(found.values[0], RAMP)
    assert np.argwhere(found.overlays[0][..., 3]).tolist() == [[5, 6]]


def test_partial_range_colour_reaches_black_and_white(drawn: dict[str, Drawn]) -> None:
    shown = drawn["ybr_partial"].values[0]
    assert shown[0, 0].tolist() == [255, 255, 255]
    assert shown[0, 1].tolist() == [0, 0, 0]


def test_a_dose_is_scaled_and_its_planes_have_places(drawn: dict[str, Drawn]) -> None:
    said = drawn["dose"].said
    assert said["slope"] == 0.001
    first, second = (one["position"] for one in said["frames"])
    assert np.allclose(np.subtract(second, first), [0, 0, 2.5])
    assert drawn["dose"].values[1][0, 0] == 256


def test_pixels_that_are_not_square_are_shown_in_their_shape(drawn: dict[str, Drawn]) -> None:
    assert drawn["pixels_twice_as_tall"].said["frames"][0]["aspect"] == 2
    height, width = drawn["pixels_twice_as_tall"].pictures[0].shape
    assert height == 2 * width


def test_padding_is_black_and_outside_the_window_whatever_its_sign(drawn: dict[str, Drawn]) -> None:
    found = drawn["padding_with_the_wrong_sign"]
    assert found.said["padding"] == [-2000, -2000]
    assert found.said["window"]["centre"] > 0
    assert not found.pictures[0][:3].any()
    assert found.pictures[0][-1, 0] < found.pictures[0][4, 0]


def test_a_modality_table_takes_the_place_of_slope(drawn: dict[str, Drawn]) -> None:
    assert drawn["modality_table"].values[0].reshape(-1)[[0, 255]].tolist() == [765, 0]


def test_a_voi_table_that_begins_below_zero(drawn: dict[str, Drawn]) -> None:
    found = drawn["voi_table_below_zero"]
    assert found.said["voi_lut"]["first"] == -100
    assert np.array_equal(found.pictures[0].reshape(-1)[[0, 100, 255]], [0, 100, 255])


def test_every_window_is_a_preset_and_its_function_is_kept(drawn: dict[str, Drawn]) -> None:
    said = drawn["several_windows"].said
    assert said["window"] == {"centre": 100.0, "width": 50.0, "function": "SIGMOID"}
    assert [one["name"] for one in said["presets"]] == ["Narrow", "Wide"]


def test_cine_runs_at_the_time_of_its_frames(drawn: dict[str, Drawn]) -> None:
    assert drawn["cine"].said["frame_time_ms"] == 50


def test_colours_of_another_profile_are_brought_to_srgb_and_called_so(drawn: dict[str, Drawn]) -> None:
    found = drawn["colour_profile"]
    assert np.abs(found.values[0][0, 0].astype(int) - [0, 0, 255]).max() <= 2
    assert found.flaws == {"reduced"}


def test_an_odd_number_of_bytes(drawn: dict[str, Drawn]) -> None:
    expected = np.arange(27, dtype=np.uint8).reshape(3, 3, 3).transpose(1, 2, 0)
    assert np.array_equal(drawn["odd_length"].values[0], expected)


def test_frames_of_an_enhanced_image_have_their_own_facts(drawn: dict[str, Drawn]) -> None:
    said = drawn["enhanced"].said
    assert [one["position"][2] for one in said["frames"]] == [5, 10]
    assert said["window"]["function"] == "LINEAR_EXACT"
    assert {one.get("slope", said["slope"]) for one in said["frames"]} == {1, 2}
    assert [one["row_spacing_mm"] for one in said["frames"]] == [0.4, 0.4]


def test_each_radiograph_of_a_series_has_its_own_window_and_inversion(drawn: dict[str, Drawn]) -> None:
    found = drawn["projections"]
    own = [found.said | one for one in found.said["frames"]]
    assert [one["window"]["centre"] for one in own] == [100, 50]
    assert [one["inverted"] for one in own] == [False, True]
    assert [one["photometric"] for one in own] == ["MONOCHROME2", "MONOCHROME1"]
    bright, dark = found.pictures
    assert (int(bright[0, 0]), int(dark[0, 0])) == (0, 255)
    assert (int(bright[-1, -1]), int(dark[-1, -1])) == (255, 0)
