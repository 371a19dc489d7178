"""Boxes made black: inside black as it is shown, outside not one value changed, whatever the kind of pixels."""

import dataclasses
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import imagecodecs
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.utils import pixel_array
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

from imaging.deidentify import painter
from imaging.deidentify.blackout import rle
from imaging.deidentify.regions import Rectangle, outside
from imaging.deidentify.review import Reviewer, held_in, held_stack, replace_held
from imaging.errors import InstanceNotFound
from imaging.intake import Arrived, Intake, index
from imaging.pixels.frames import Layout, stored
from imaging.sandbox import Answer, Sandbox
from imaging.settings import FileSettings, WorkerSettings
from imaging.studies import Instance, stack
from imaging.vault import LocalVault
from tests.unit.imaging.samples import dataset, written
from web.schema import create

AT = datetime(2026, 10, 1, tzinfo=UTC)
STUDY, SERIES = "1.2.826.0.1.3680043.9.2.1", "1.2.826.0.1.3680043.9.3.1"
IMAGE = "1.2.826.0.1.3680043.9.1.1"
WORKER = WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60)
BOXES = [Rectangle(3, 2, 5, 4), Rectangle(12, 20, 90, 1)]
ROWS, COLUMNS = 24, 30


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    made = Intake(FileSettings(), LocalVault(tmp_path_factory.mktemp("vault")), Sandbox(WORKER))
    yield made
    made.close()


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    create(engine)
    with Session(engine) as made:
        yield made
    engine.dispose()


def hold(session: Session, intake: Intake, folder: Path, *files: bytes) -> list[Instance]:
    """The files as held images."""
    arrived = []
    for number, data in enumerate(files):
        (folder / f"{number}").write_bytes(data)
        arrived.append(Arrived(f"{number}", folder / f"{number}"))
    found = intake.inspect(arrived)
    assert not found.refused
    kept = intake.keep([dataclasses.replace(one, held=True) for one in found.candidates])
    index(session, kept, (), delivery="case:1/upload:1", at=AT)
    session.flush()
    return [one.instance for one in held_in(session, [STUDY])]


def noise(*shape: int, top: int = 256, kind: Any = np.uint8) -> Any:
    return np.random.default_rng(7).integers(0, top, shape).astype(kind)


def image(pixels: Any, *, frames: int = 1, **said: object) -> bytes:
    """An uncompressed image of ROWS × COLUMNS."""
    bits = pixels.dtype.itemsize * 8
    facts: dict[str, object] = {
        "Rows": ROWS, "Columns": COLUMNS, "BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"), "Modality": "US", "WindowCenter": None,
        "WindowWidth": None, "NumberOfFrames": frames if frames > 1 else None,
    }
    return written(dataset(**(facts | said)), pixels.tobytes() + b"\0" * (pixels.nbytes % 2))


def mask(rows: int = ROWS, columns: int = COLUMNS) -> Any:
    inside = np.zeros((rows, columns), bool)
    for one in BOXES:
        inside[one.top : one.bottom, one.left : one.right] = True
    return inside


class Here:
    """A sandbox without a process of its own: what is tested here are the pixels."""

    def run(self, task: str, **arguments: Any) -> Answer:
        return Answer(*getattr(painter, task.partition(":")[2])(**arguments))


def rewritten(session: Session, intake: Intake, folder: Path, data: bytes) -> tuple[Dataset, Dataset]:
    """The image before and after; what was rewritten has passed the intake."""
    row = hold(session, intake, folder, data)[0]
    pictures = held_stack(session, row.sop_instance_uid, [STUDY])
    made = Reviewer(intake, WORKER)._written(cast(Any, Here()), pictures, row, BOXES).payload
    (folder / "made").write_bytes(made)
    assert not intake.inspect([Arrived("made", folder / "made")]).refused
    return pydicom.dcmread(io.BytesIO(data)), pydicom.dcmread(io.BytesIO(made))


MONO = {"PhotometricInterpretation": "MONOCHROME2"}
COLOUR = {"SamplesPerPixel": 3, "PlanarConfiguration": 0}
KINDS: dict[str, tuple[Any, dict[str, object], tuple[int, ...]]] = {
    "mono2": (noise(ROWS, COLUMNS), MONO, (0,)),
    "mono1": (noise(ROWS, COLUMNS, top=4096, kind=np.uint16),
              {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": 12, "HighBit": 11}, (4095,)),
    "signed": (noise(ROWS, COLUMNS, top=2000, kind=np.int16) - np.int16(1000), MONO, (-1000,)),
    "frames": (noise(3, ROWS, COLUMNS), MONO | {"frames": 3}, (0,)),
    "rgb": (noise(ROWS, COLUMNS, 3), COLOUR | {"PhotometricInterpretation": "RGB"}, (0, 0, 0)),
    "planes": (noise(2, 3, ROWS, COLUMNS), COLOUR | {
        "PhotometricInterpretation": "RGB", "PlanarConfiguration": 1, "frames": 2}, (0, 0, 0)),
    "ybr": (noise(ROWS, COLUMNS, 3), COLOUR | {"PhotometricInterpretation": "YBR_FULL"}, (0, 128, 128)),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_boxes_are_black_in_every_frame_and_nothing_else_changes(
    session: Session, intake: Intake, tmp_path: Path, kind: str
) -> None:
    pixels, said, black = KINDS[kind]
    before, after = rewritten(session, intake, tmp_path, image(pixels, **said))  # type: ignore[arg-type]
    frames = int(before.get("NumberOfFrames", 1))
    was, now = (pixel_array(one, raw=True).reshape(frames, ROWS, COLUMNS, -1) for one in (before, after))
    if black == (-1000,):
        black = (int(was.min()),)
    inside = mask()
    assert (now[:, inside] == np.array(black)).all()
    assert (now[:, ~inside] == was[:, ~inside]).all()
    assert after.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert (after.BurnedInAnnotation, after.ImageType[0]) == ("NO", "DERIVED")
    assert after.DerivationDescription == "Writing in the picture blacked out by hand"
    assert "113101" in [one.CodeValue for one in after.DeidentificationMethodCodeSequence]
    assert after.SOPInstanceUID == before.SOPInstanceUID


def test_a_palette_takes_its_darkest_entry(session: Session, intake: Intake, tmp_path: Path) -> None:
    made = dataset(
        Rows=ROWS, Columns=COLUMNS, BitsAllocated=8, BitsStored=8, HighBit=7, Modality="US",
        PhotometricInterpretation="PALETTE COLOR", WindowCenter=None, WindowWidth=None,
    )
    ramp = np.roll(np.arange(256, dtype=np.uint16) * 257, 40).tobytes()
    for colour in ("Red", "Green", "Blue"):
        setattr(made, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(made, f"{colour}PaletteColorLookupTableData", ramp)
    before, after = rewritten(session, intake, tmp_path, written(made, noise(ROWS, COLUMNS).tobytes()))
    assert (after.pixel_array[mask()] == 40).all()
    assert (after.pixel_array[~mask()] == before.pixel_array[~mask()]).all()


@pytest.mark.parametrize(("syntax", "encode", "photometric"), [
    ("1.2.840.10008.1.2.4.50", lambda frame: imagecodecs.jpeg8_encode(frame, level=95), "YBR_FULL_422"),
    ("1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode, "RGB"),
    ("1.2.840.10008.1.2.4.90",
     lambda frame: imagecodecs.jpeg2k_encode(frame, reversible=True, codecformat="J2K"), "YBR_RCT"),
    ("1.2.840.10008.1.2.5", rle, "RGB"),
])
def test_compressed_frames_are_written_anew_without_loss(
    session: Session, intake: Intake, tmp_path: Path, syntax: str, encode: Any, photometric: str
) -> None:
    frames = [noise(ROWS, COLUMNS, 3), 255 - noise(ROWS, COLUMNS, 3)]
    coded = [bytes(encode(one)) for one in frames]
    made = dataset(
        Rows=ROWS, Columns=COLUMNS, BitsAllocated=8, BitsStored=8, HighBit=7, Modality="US", NumberOfFrames=2,
        SamplesPerPixel=3, PlanarConfiguration=0, PhotometricInterpretation=photometric, WindowCenter=None,
        WindowWidth=None,
    )
    made.add_new(0x7FE00010, "OB", encapsulate(coded))
    made["PixelData"].is_undefined_length = True
    data = written(made, None, syntax)
    before, after = rewritten(session, intake, tmp_path, data)
    layout = Layout(syntax, ROWS, COLUMNS, 3, photometric, 0, 8, 8, 7, signed=False)
    now = pixel_array(after, raw=True)
    for frame, one in zip(now, coded, strict=True):
        assert (frame[~mask()] == stored(layout, one)[~mask()]).all()
        assert (frame[mask()] == 0).all()
    assert after.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.5"
    assert after.PhotometricInterpretation == "RGB"
    assert (after.get("LossyImageCompression") == "01") == (syntax == "1.2.840.10008.1.2.4.50")
    assert before.StudyDescription == after.StudyDescription


@given(values=st.lists(st.integers(0, 65535), min_size=35, max_size=35), deep=st.booleans())
def test_run_lengths_come_back_as_they_were(values: list[int], deep: bool) -> None:
    frame = np.array(values, np.uint16).astype(np.uint16 if deep else np.uint8).reshape(5, 7)
    bits = 16 if deep else 8
    layout = Layout("1.2.840.10008.1.2.5", 5, 7, 1, "MONOCHROME2", 0, bits, bits, bits - 1, signed=False)
    assert (stored(layout, rle(frame)) == frame).all()


boxes = st.builds(Rectangle, st.integers(-5, 40), st.integers(-5, 40), st.integers(1, 40), st.integers(1, 40))


@given(regions=st.lists(boxes, min_size=1, max_size=5))
def test_outside_the_regions_covers_all_that_they_do_not_and_once(regions: list[Rectangle]) -> None:
    covered = np.zeros((ROWS, COLUMNS), int)
    for one in regions:
        part = one.within(COLUMNS, ROWS)
        if part is not None:
            covered[part.top : part.bottom, part.left : part.right] = 1
    if not covered.any():
        assert outside(regions, COLUMNS, ROWS) == []
        return
    black = np.zeros((ROWS, COLUMNS), int)
    for one in outside(regions, COLUMNS, ROWS):
        black[one.top : one.bottom, one.left : one.right] += 1
    assert (black == 1 - covered).all()


def test_regions_of_an_ultrasound_are_suggested(session: Session, intake: Intake, tmp_path: Path) -> None:
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 4, 6
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 19, 15
    row = hold(session, intake, tmp_path, image(
        noise(ROWS, COLUMNS), SequenceOfUltrasoundRegions=Sequence([region]), **MONO))[0]
    found = Reviewer(intake, WORKER).suggestion(row)
    assert found == outside([Rectangle(4, 6, 16, 10)], COLUMNS, ROWS)
    assert sum(one.width * one.height for one in found) == ROWS * COLUMNS - 160


def test_a_held_image_is_in_no_stack_until_it_was_looked_at(session: Session, intake: Intake, tmp_path: Path) -> None:
    row = hold(session, intake, tmp_path, image(noise(ROWS, COLUMNS), **MONO))[0]
    assert stack(session, SERIES) == []
    before = row.digest
    looked = Reviewer(intake, WORKER).looked(held_stack(session, IMAGE, [STUDY]), row, [])
    assert replace_held(session, [looked], AT) == [before]
    assert len(stack(session, SERIES)) == 1
    assert held_in(session, [STUDY]) == []
    row = session.get_one(Instance, IMAGE)
    assert (row.digest, row.before_blackout, row.burned_in) == (looked.kept.digest, before, False)
    with pytest.raises(InstanceNotFound):
        held_stack(session, IMAGE, [STUDY])
    with intake.vault.open(row.digest) as file:
        after = pydicom.dcmread(file)
    assert after.BurnedInAnnotation == "NO"
    assert after.get("ImageType") is None


def test_what_two_people_say_at_once_is_said_once(session: Session, intake: Intake, tmp_path: Path) -> None:
    row = hold(session, intake, tmp_path, image(noise(ROWS, COLUMNS), **MONO))[0]
    before, reviewer = row.digest, Reviewer(intake, WORKER)
    pictures = held_stack(session, IMAGE, [STUDY])
    one, other = reviewer.looked(pictures, row, BOXES), reviewer.looked(pictures, row, [])
    assert replace_held(session, [one], AT) == [before]
    assert replace_held(session, [other], AT) == [other.kept.digest]
    assert session.get_one(Instance, IMAGE).digest == one.kept.digest
