"""Objects of other makers: the dialect of dcmjs, the standard's own forms, and what is refused with a sentence."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from imaging.objects.reading import NotReadable, read_object
from imaging.objects.values import Reading

COMPREHENSIVE = "1.2.840.10008.5.1.4.1.1.88.33"
ENHANCED = "1.2.840.10008.5.1.4.1.1.88.22"
GRAYSCALE = "1.2.840.10008.5.1.4.1.1.11.1"
IMAGE = "1.2.3.4.5"


def code(value: str, scheme: str, meaning: str = "x") -> Dataset:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning
    return made


def item(kind: str, name: Dataset | None, *inside: Dataset, **said: object) -> Dataset:
    made = Dataset()
    made.ValueType = kind
    if name is not None:
        made.ConceptNameCodeSequence = [name]
    for keyword, value in said.items():
        setattr(made, keyword, value)
    if inside:
        made.ContentSequence = list(inside)
    return made


def image(frame: object = None, uid: str = IMAGE) -> Dataset:
    ref = Dataset()
    ref.ReferencedSOPInstanceUID = uid
    if frame is not None:
        ref.ReferencedFrameNumber = frame
    return item("IMAGE", None, ReferencedSOPSequence=[ref])


def scoord(shape: str, data: list[float], *sources: Dataset) -> Dataset:
    """Without a concept name, as dcmjs writes it."""
    return item("SCOORD", None, *(sources or (image(),)), GraphicType=shape, GraphicData=data)


def number(name: Dataset, value: str, unit: str, *inside: Dataset) -> Dataset:
    measured = Dataset()
    measured.NumericValue = value
    measured.MeasurementUnitsCodeSequence = [code(unit, "UCUM")]
    return item("NUM", name, *inside, MeasuredValueSequence=[measured])


def tool(name: str) -> Dataset:
    return item("TEXT", code("112039", "DCM", "Tracking Identifier"), TextValue=name)


def report(*groups: tuple[Dataset, ...], kind: str = ENHANCED, template: str = "1500") -> Dataset:
    made = item("CONTAINER", code("126000", "DCM"), item(
        "CONTAINER", code("126010", "DCM"),
        *(item("CONTAINER", code("125007", "DCM"), *group) for group in groups),
    ))
    made.SOPClassUID = kind
    made.Manufacturer, made.ManufacturerModelName = "OHIF", "Viewer"
    uses = Dataset()
    uses.TemplateIdentifier = template
    made.ContentTemplateSequence = [uses]
    return made


def read(*groups: tuple[Dataset, ...]) -> Reading:
    return read_object(report(*groups))


@pytest.mark.filterwarnings("ignore:The value length")  # CORNERSTONEFREETEXT is longer than a Code Value may be
def test_a_cobb_angle_of_ohif_is_read_with_its_words() -> None:
    finding = item("CODE", code("121071", "DCM"), ConceptCodeSequence=[
        code("CORNERSTONEFREETEXT", "CORNERSTONEJS", "upper curve")])
    found = read((
        tool("Cornerstone3DTools@^0.1.0:CobbAngle"), finding,
        number(code("285285000", "SCT"), "31.5", "deg", scoord("POLYLINE", [1, 2, 3, 4, 5, 6, 7, 8])),
    ))
    (mark,) = found.marks
    assert (mark.kind, mark.points) == ("cobb", ((1, 2), (3, 4), (5, 6), (7, 8)))
    assert (mark.sop_instance_uid, mark.frame, mark.text) == (IMAGE, 1, "upper curve")
    assert [(one.name, one.value, one.unit) for one in mark.values] == [("cobb", 31.5, "deg")]
    assert found.software == "OHIF Viewer"


@pytest.mark.parametrize(("name", "shape", "data", "kind", "points"), [
    ("cornerstoneTools@^4.0.0:Length", "POLYLINE", [1, 2, 3, 4], "length", ((1, 2), (3, 4))),
    ("Cornerstone3DTools@^0.1.0:Angle", "POLYLINE", [1, 2, 3, 4, 3, 4, 7, 8], "angle", ((1, 2), (3, 4), (7, 8))),
    ("Cornerstone3DTools@^0.1.0:EllipticalROI", "ELLIPSE", [1, 4, 9, 4, 5, 3, 5, 5], "ellipse",
     ((1, 4), (9, 4), (5, 3), (5, 5))),
    ("Cornerstone3DTools@^0.1.0:RectangleROI", "POLYLINE", [1, 1, 5, 1, 5, 3, 1, 3, 1, 1], "rectangle",
     ((1, 1), (5, 1), (5, 3), (1, 3))),
    ("Cornerstone3DTools@^0.1.0:PlanarFreehandROI", "POLYLINE", [1, 1, 5, 1, 5, 3, 1, 1], "freehand",
     ((1, 1), (5, 1), (5, 3))),
    ("Cornerstone3DTools@^0.1.0:ArrowAnnotate", "POLYLINE", [1, 1, 5, 1], "arrow", ((5, 1), (1, 1))),
    ("Cornerstone3DTools@^0.1.0:CircleROI", "CIRCLE", [5, 5, 8, 5], "ellipse", ((2, 5), (8, 5), (5, 2), (5, 8))),
    ("Cornerstone3DTools@^0.1.0:Probe", "POINT", [5, 5], "probe", ((5, 5),)),
    ("somebody's own", "POLYLINE", [1, 1, 2, 2, 4, 1], "path", ((1, 1), (2, 2), (4, 1))),
    ("somebody's own", "MULTIPOINT", [1, 1], "point", ((1, 1),)),
])
def test_the_tools_of_others_become_our_kinds(
    name: str, shape: str, data: list[float], kind: str, points: tuple[tuple[float, float], ...]
) -> None:
    (mark,) = read((tool(name), number(code("121211", "DCM"), "1", "mm", scoord(shape, data)))).marks
    assert (mark.kind, mark.points) == (kind, points)


def test_retired_codes_mean_what_they_meant() -> None:
    length = number(code("G-D7FE", "SRT"), "12.5", "mm", scoord("POLYLINE", [1, 2, 3, 4]))
    (mark,) = read((length,)).marks
    assert [(one.name, one.value) for one in mark.values] == [("length", 12.5)]


@pytest.mark.parametrize(("group", "sentence"), [
    ((item("SCOORD3D", None, GraphicType="POINT", GraphicData=[1.0, 2.0, 3.0]),), "patient coordinates"),
    ((number(code("121211", "DCM"), "1", "mm"),), "no coordinates"),
    ((scoord("POLYLINE", [1, 2, 3, 4], image(), image(uid="1.2.3")),), "on which one image"),
    ((scoord("POLYLINE", [1, 2, 3, 4], image([1, 2, 3])),), "on which one frame"),
    ((scoord("POLYLINE", [1, 2, 3]),), "fits no mark"),
    ((scoord("POLYLINE", [1, float("nan"), 3, 4]),), "fits no mark"),
    ((scoord("MULTIPOINT", [1, 2, 3, 4]),), "fits no mark"),
    ((scoord("HELIX", [1, 2, 3, 4]),), "fits no mark"),
])
def test_what_is_no_mark_is_left_out_with_its_reason(group: tuple[Dataset, ...], sentence: str) -> None:
    good = (number(code("121211", "DCM"), "1", "mm", scoord("POLYLINE", [1, 2, 3, 4])),)
    found = read(group, good)
    assert len(found.marks) == 1
    assert len(found.skipped) == 1
    assert sentence in found.skipped[0]


def _without_content(made: Dataset) -> None:
    del made.ContentSequence


def _of_another_kind(made: Dataset) -> None:
    made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"


def _of_another_template(made: Dataset) -> None:
    made.ContentTemplateSequence[0].TemplateIdentifier = "5000"


@pytest.mark.parametrize(("spoil", "sentence"), [
    (_without_content, "has no content"), (_of_another_kind, "neither"), (_of_another_template, "template 5000"),
])
def test_an_object_of_another_kind_is_refused_with_a_sentence(
    spoil: Callable[[Dataset], None], sentence: str
) -> None:
    made = report()
    spoil(made)
    with pytest.raises(NotReadable, match=sentence):
        read_object(made)


def test_a_report_of_ten_thousand_marks_gives_the_first_thousand() -> None:
    spot = (scoord("POINT", [1, 2]),)
    found = read(*(spot,) * 1500)
    assert len(found.marks) == 1000
    assert found.skipped == ("Only the first 1000 marks were read.",)


def test_an_outline_of_ten_thousand_points_is_thinned() -> None:
    ring = [float(one % 100) for one in range(20_000)]
    (mark,) = read((tool("Cornerstone3DTools@^0.1.0:PlanarFreehandROI"),
                    number(code("42798000", "SCT"), "1", "mm2", scoord("POLYLINE", ring)))).marks
    assert 400 < len(mark.points) <= 512


def graphic(units: str = "PIXEL", **said: object) -> Dataset:
    made = Dataset()
    made.GraphicAnnotationUnits, made.GraphicType, made.GraphicData = units, "POLYLINE", [1.0, 2.0, 3.0, 4.0]
    for keyword, value in said.items():
        setattr(made, keyword, value)
    return made


def words(text: str, units: str = "PIXEL") -> Dataset:
    made = Dataset()
    made.UnformattedTextValue, made.AnchorPoint, made.AnchorPointAnnotationUnits = text, [5.0, 6.0], units
    return made


def state(drawn: list[Dataset], texts: list[Dataset], images: int = 1) -> Dataset:
    layer = Dataset()
    layer.ReferencedImageSequence = [image().ReferencedSOPSequence[0] for _ in range(images)]
    layer.GraphicObjectSequence, layer.TextObjectSequence = drawn, texts
    made = Dataset()
    made.SOPClassUID = GRAYSCALE
    made.ContentCreatorName = "Okafor^Chidi"
    made.GraphicAnnotationSequence = [layer]
    return made


def test_a_presentation_state_of_others_gives_its_lines_and_words() -> None:
    found = read_object(state([graphic()], [words("stenosis\r\nhere")]))
    assert [(one.kind, one.points, one.text) for one in found.marks] == [
        ("length", ((1, 2), (3, 4)), ""), ("text", ((5, 6),), "stenosis here")]
    assert found.author == "Okafor Chidi"


@pytest.mark.parametrize(("made", "sentence"), [
    (state([graphic("DISPLAY")], []), "stick to the screen"),
    (state([], [words("x", "DISPLAY")]), "sticks to the screen"),
    (state([graphic()], [], images=2), "several images"),
])
def test_annotations_of_the_screen_or_of_many_images_are_left_out(made: Dataset, sentence: str) -> None:
    found = read_object(made)
    assert found.marks == ()
    assert sentence in found.skipped[0]


def test_what_words_hide_is_not_passed_on() -> None:
    found = read_object(state([], [words("a\x00b\u202e" + "x" * 900)]))
    assert found.marks[0].text.startswith("a b")
    assert len(found.marks[0].text) <= 500


def test_a_report_of_the_shared_data_is_read(shared_data: Path | None) -> None:
    if shared_data is None:
        pytest.skip("no shared data")
    from pydicom import dcmread

    read_all = 0
    for place in sorted((shared_data / "rt_seg_sr").rglob("*.dcm")):
        found = dcmread(place, force=True, stop_before_pixels=True)
        if str(found.get("SOPClassUID", "")) == COMPREHENSIVE:
            with contextlib.suppress(NotReadable):
                read_object(found)
            read_all += 1
    assert read_all
