"""Reports, PDFs, presentation states and segmentations: what is read of them, and what hostile ones come to."""

import io
import warnings
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from imaging.display import sr, work
from imaging.display.kinds import kind_of
from imaging.display.presentation import presentation
from imaging.display.segmentation import NoSegmentation, mask, segmentation
from imaging.display.values import Document, Presentation, Report, Segmentation
from tests.unit.imaging.display.made import PDF, code, encapsulated, item, number, segments, state
from tests.unit.imaging.samples import written

KINDS: dict[str, Any] = {
    "report": Report, "document": Document, "presentation": Presentation, "segmentation": Segmentation,
}


def saved(found: Dataset, tmp_path: Path) -> str:
    (tmp_path / "object.dcm").write_bytes(written(found, None))
    return str(tmp_path / "object.dcm")


def test_a_report_is_read_from_top_to_bottom() -> None:
    found = Dataset()
    found.ConceptNameCodeSequence = code("Imaging Measurement Report")
    found.ContentDate, found.CompletionFlag = "20261121", "COMPLETE"
    image = Dataset()
    image.ReferencedSOPInstanceUID, image.ReferencedFrameNumber = "1.2.3", 4
    found.ContentSequence = [
        item("CONTAINER", "Measurements", ContentSequence=[
            item("NUM", "Cobb angle", MeasuredValueSequence=number("34.2", "deg")),
            item("NUM", "Mean", MeasuredValueSequence=number("-119.1", "[hnsf'U]")),
            item("UIDREF", "Tracking Unique Identifier", UID="1.2.3"),
            item("IMAGE", "Source", ReferencedSOPSequence=[image]),
            item("CODE", "Finding", ConceptCodeSequence=code("Scoliosis")),
        ]),
        item("PNAME", "Observer", PersonName="Reader^Ada"), item("DATE", "Study Date", Date="20261103"),
        item("TIME", "Study Time", Time="143205.12"),
    ]
    report = sr.report(found)
    assert report.title == "Imaging Measurement Report"
    assert ("Written on", "21 Nov 2026") in report.said
    assert [(one.depth, one.kind, one.name, one.value, one.unit) for one in report.items] == [
        (0, "heading", "Measurements", "", ""), (1, "measurement", "Cobb angle", "34.2", "°"),
        (1, "measurement", "Mean", "-119.1", "HU"),
        (1, "image", "Source", "", ""), (1, "text", "Finding", "Scoliosis", ""),
        (0, "text", "Observer", "Reader Ada", ""), (0, "text", "Study Date", "3 Nov 2026", ""),
        (0, "text", "Study Time", "14:32:05", ""),
    ]
    assert (report.items[3].sop_instance_uid, report.items[3].frame) == ("1.2.3", 4)


def test_a_report_without_end_is_cut_and_says_so() -> None:
    deep = item("TEXT", "last", TextValue="x")
    for _ in range(200):
        deep = item("CONTAINER", "deeper", ContentSequence=[deep])
    found = Dataset()
    found.ContentSequence = [deep]
    report = sr.report(found)
    assert report.cut
    assert max(one.depth for one in report.items) <= sr.DEEPEST
    found.ContentSequence = [item("TEXT", "again", TextValue="y" * 9000)] * (sr.MOST_ITEMS + 5)
    report = sr.report(found)
    assert report.cut
    assert len(report.items) == sr.MOST_ITEMS
    assert len(report.items[0].value) == 4000


@pytest.mark.parametrize("name", ["reportsi.dcm", "test-SR.dcm"])
def test_reports_of_others(name: str) -> None:
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"pydicom ships no {name} here")
    _, payload = work.facts(str(path), "report")
    assert msgspec.json.decode(payload, type=Report).items


def pixels(png: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_a_binary_segmentation_is_a_coloured_mask_on_its_image() -> None:
    found = segments()
    said = segmentation(found)
    assert [(one.number, one.label) for one in said.segments] == [(1, "Disc L4-L5")]
    assert said.segments[0].colour == "#ff0000"
    assert [(one.segment, one.sop_instance_uid) for one in said.frames] == [(1, "1.2.3.0"), (1, "1.2.3.1")]
    first, second = pixels(mask(found, 1)), pixels(mask(found, 2))  # the second begins within a byte
    assert np.argwhere(first[..., 3]).tolist() == [[1, 2]]
    assert np.argwhere(second[..., 3]).tolist() == [[2, 4]]
    assert first[1, 2].tolist() == [255, 0, 0, 255]


def test_a_label_map_has_a_colour_for_each_label_and_none_for_the_ground() -> None:
    found = segments("LABELMAP", 1)
    found.BitsAllocated, found.BitsStored, found.HighBit, found.PixelRepresentation = 8, 8, 7, 0
    found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
    values = np.zeros((3, 5), np.uint8)
    values[0, 0], values[2, 4] = 1, 7
    found.PixelData = values.tobytes() + b"\0"
    assert np.argwhere(pixels(mask(found, 1))[..., 3]).tolist() == [[0, 0]]


def test_a_segmentation_that_is_cut_short_or_has_no_frame_says_so() -> None:
    found = segments()
    found.PixelData = b"\0"
    with pytest.raises(NoSegmentation, match="cut short"):
        mask(found, 2)
    with pytest.raises(NoSegmentation, match="no such frame"):
        mask(found, 3)
    found.Rows = found.Columns = 65535
    with pytest.raises(NoSegmentation, match="size"):
        segmentation(found)
    del found.PerFrameFunctionalGroupsSequence
    found.Rows = found.Columns = 4
    with pytest.raises(NoSegmentation, match="nothing"):
        segmentation(found)


def test_a_presentation_state_says_what_to_draw_and_how_to_show() -> None:
    said = presentation(state())
    drawn, window, area = said.parts
    assert [(one.kind, one.points, one.text) for one in drawn.graphics] == [
        ("polyline", [(1.0, 2.0), (3.0, 4.5)], ""), ("text", [(7.0, 8.0)], "L4"),
    ]
    assert drawn.images == [("1.2.3", [])]
    assert window.window == (40.0, 400.0)
    assert area.area == (10.0, 20.0, 110.0, 120.0)
    assert (said.label, said.rotation, said.flipped, said.inverted) == ("KEY", 90, True, False)
    assert said.shutter == [(2.0, 3.0), (90.0, 3.0), (90.0, 80.0), (2.0, 80.0)]


def test_what_a_state_says_wrongly_is_left_out() -> None:
    found = state()
    found.GraphicAnnotationSequence[0].GraphicObjectSequence[0].GraphicType = "SPIRAL"
    found.GraphicAnnotationSequence[0].ReferencedImageSequence[0].ReferencedSOPInstanceUID = "no uid at all"
    found.SoftcopyVOILUTSequence[0].WindowWidth = 0
    found.ShutterShape = "CIRCULAR"
    said = presentation(found)
    assert [one.kind for one in said.parts[0].graphics] == ["text"]
    assert said.parts[0].images == []
    assert all(one.window is None for one in said.parts)
    assert said.shutter == []


def test_a_pdf_is_pages_and_its_own_bytes(tmp_path: Path) -> None:
    path = saved(encapsulated(PDF), tmp_path)
    _, payload = work.facts(path, "document")
    assert msgspec.json.decode(payload, type=Document) == Document("Letter", 1)
    _, picture = work.part(path, "document", 1)
    width, height = Image.open(io.BytesIO(picture)).size
    assert width == 2 * height
    assert work.part(path, "document", 0)[1].startswith(PDF)
    assert work.part(path, "document", 2) == ({"reason": "There is no such page."}, b"")


@pytest.mark.parametrize("data", [b"<html>alert(1)</html>", b"%PDF-1.4\nnothing more", b""])
def test_what_is_no_pdf_says_so(data: bytes, tmp_path: Path) -> None:
    said, payload = work.facts(saved(encapsulated(data), tmp_path), "document")
    assert said["reason"].endswith(".")
    assert payload == b""


def test_every_object_of_the_collection_is_shown_or_says_why(shared_data: Path) -> None:
    shown: dict[str, int] = {}
    for path in sorted([*shared_data.glob("rt_seg_sr/*.dcm"), *shared_data.glob("derived_objects/*.dcm")]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kind = kind_of(str(dcmread(path, stop_before_pixels=True, force=True).get("SOPClassUID", "")))
        if kind is None:
            continue
        said, payload = work.facts(str(path), kind)
        if "reason" in said:
            assert str(said["reason"]).endswith(".")
            continue
        msgspec.json.decode(payload, type=KINDS[kind])
        shown[kind] = shown.get(kind, 0) + 1
        if kind in ("segmentation", "document"):
            part = work.part(str(path), kind, 1)
            assert part[1] or part[0]["reason"]
    assert set(shown) == set(KINDS)
