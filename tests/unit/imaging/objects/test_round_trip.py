"""What goes out comes back: every kind of mark through a report and through a presentation state."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from imaging.objects.codes import level_of
from imaging.objects.shapes import graphic, mark
from imaging.objects.uids import tracking_uid
from imaging.objects.values import Annotation
from tests.unit.imaging.objects.orders import (
    FIRST,
    SECOND,
    SHAPES,
    VALUES,
    WORDS,
    annotation,
    every_kind,
    objects,
    only,
    order,
    read_back,
)
from tests.unit.imaging.samples import slice_of

ULTRASOUND = "1.2.840.10008.5.1.4.1.1.3.1"
"""Ultrasound Multi-frame Image."""
FINITE = st.floats(0, 16, width=32)
POINT = st.tuples(FINITE, FINITE)
COUNTS = {"freehand": (3, 40), "path": (3, 40)}


def test_every_kind_comes_back_from_a_report(tmp_path: Path) -> None:
    marks = every_kind()
    found = read_back(tmp_path, only(order(tmp_path, marks), "report"))
    assert found.skipped == ()
    assert found.author == "Müller Ana"
    assert found.software == "Consilium"
    for sent, back in zip(marks, found.marks, strict=True):
        assert (back.kind, back.points, back.text) == (sent.kind, sent.points, sent.text)
        assert (back.sop_instance_uid, back.frame) == (sent.sop_instance_uid, 1)
        assert back.tracking_uid == tracking_uid(sent.identity)
        assert [(one.name, one.value, one.unit) for one in back.values] == [
            (one.name, one.value, one.unit) for one in sent.values]


def test_every_shape_comes_back_from_a_presentation_state(tmp_path: Path) -> None:
    marks = tuple(one for one in every_kind() if one.kind != "spinopelvic")
    found = read_back(tmp_path, only(order(tmp_path, marks), "presentation"))
    assert found.skipped == ()
    back = {one.tracking_uid: one for one in found.marks}
    assert len(back) == len(found.marks) == len(marks)
    for sent in marks:
        one = back[tracking_uid(sent.identity)]
        assert (one.kind, one.points, one.sop_instance_uid) == (sent.kind, sent.points, sent.sop_instance_uid)
        assert WORDS.get(sent.kind, "") in one.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from(sorted(SHAPES)))
def test_any_mark_keeps_its_kind_and_points_as_a_graphic(data: st.DataObject, kind: str) -> None:
    least, most = COUNTS.get(kind, (len(SHAPES[kind]),) * 2)
    points = data.draw(st.lists(POINT, min_size=least, max_size=most, unique=True))
    shape, drawn = graphic(kind, points)
    back = mark(kind, shape, drawn)
    assert back is not None
    assert back[0] == kind
    assert sorted(back[1]) == sorted(points) if kind == "ellipse" else back[1] == tuple(points)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_marks_come_back_from_a_report_as_they_went(data: st.DataObject, tmp_path: Path) -> None:
    kinds = data.draw(st.lists(st.sampled_from(sorted(SHAPES)), min_size=1, max_size=5))
    text = st.text(st.characters(categories=["L", "N"]), max_size=30)
    marks = []
    for number, kind in enumerate(kinds):
        points = data.draw(st.lists(POINT, min_size=len(SHAPES[kind]), max_size=len(SHAPES[kind]), unique=True))
        value = data.draw(st.floats(0, 1e4))
        values = tuple(replace(one, value=value) for one in VALUES.get(kind, ()))
        marks.append(replace(annotation(number, kind), points=tuple(points), text=data.draw(text), values=values))
    found = read_back(tmp_path, only(order(tmp_path, tuple(marks)), "report"))
    for sent, back in zip(marks, found.marks, strict=True):
        assert (back.kind, sorted(back.points)) == (sent.kind, sorted(sent.points))
        assert [one.value for one in back.values] == pytest.approx([one.value for one in sent.values], rel=1e-9)
        assert back.text == sent.text or (not sent.text and level_of(back.text) is None)


def test_a_box_and_its_axes_are_one_ellipse() -> None:
    assert graphic("ellipse", ((2, 3), (10, 7)))[1] == [(2, 5), (10, 5), (6, 3), (6, 7)]
    assert graphic("rectangle", ((2, 3), (10, 7)))[1][:-1] == [(2, 3), (10, 3), (10, 7), (2, 7)]


@pytest.mark.parametrize(("words", "meaning"), [
    ("L4", "L4 vertebra"), ("disc L4/5 narrow", "Level of L4/L5 intervertebral disc"),
    ("L5-S1", "Level of L5/S1 intervertebral disc"), ("C7–T1", "Level of C7/T1 intervertebral disc"),
    ("L9", None), ("bright on T2", None), ("T2/T3", "Level of T2/T3 intervertebral disc"), ("MRL4", None), ("", None),
])
def test_a_level_that_words_name_is_coded(words: str, meaning: str | None) -> None:
    found = level_of(words)
    assert (found.meaning if found else None) == meaning


def test_a_mark_that_names_a_level_means_the_vertebra_even_where_mr_has_a_weighting() -> None:
    found = level_of("T2", named=True)
    assert found is not None
    assert found.meaning == "T2 vertebra"


def _said(content: bytes) -> Dataset:
    return dcmread(io.BytesIO(content))


def test_the_same_content_is_the_same_object_and_another_is_another(tmp_path: Path) -> None:
    first = objects(order(tmp_path, every_kind()))
    assert [one.content for one in objects(order(tmp_path, every_kind()))] == [one.content for one in first]
    moved = (replace(every_kind()[0], points=((0.0, 0.0), *SHAPES["cobb"][1:])), *every_kind()[1:])
    changed = {one.kind: one.sop_instance_uid for one in objects(order(tmp_path, moved))}
    same = {one.kind for one in first if changed[one.kind] == one.sop_instance_uid}
    assert same == {"keys", "letter"}


def test_patient_and_study_are_the_images_own(tmp_path: Path) -> None:
    said = {"PatientName": "Ñandú^José", "SpecificCharacterSet": "ISO_IR 100", "AccessionNumber": "A-7"}
    for one in objects(order(tmp_path, every_kind(), **said)):
        made = _said(one.content)
        assert str(made.PatientName) == "Ñandú^José"
        assert (made.PatientID, made.AccessionNumber, made.StudyInstanceUID) == (
            "MRN-7", "A-7", "1.2.826.0.1.3680043.9.2.1")
        assert made.SeriesInstanceUID != "1.2.826.0.1.3680043.9.3.1"
        assert made.SeriesDescription.startswith("Conference")


def test_what_is_malformed_in_a_header_does_not_spoil_an_object(tmp_path: Path) -> None:
    asked = order(tmp_path, every_kind())
    for place in tmp_path.glob("*.dcm"):
        place.write_bytes(place.read_bytes().replace(b"19710304", b"1971-3-4").replace(b"20261001", b"October1"))
    for one in objects(asked):
        assert _said(one.content).PatientBirthDate == ""


def test_slices_that_are_rescaled_differently_get_a_presentation_state_each(tmp_path: Path) -> None:
    asked = order(tmp_path, every_kind(), RescaleSlope=2, RescaleIntercept=0)
    (tmp_path / "2.dcm").write_bytes(slice_of(2, RescaleSlope=3, RescaleIntercept=-7, WindowCenter=[40, 300],
                                              WindowWidth=[80, 1500]))
    made = [_said(one.content) for one in objects(replace(asked, kinds=("presentation",), windows=()))]
    assert [(one.RescaleSlope, one.RescaleIntercept) for one in made] == [(2, 0), (3, -7)]
    assert made[1].SoftcopyVOILUTSequence[0].WindowCenter == 40
    assert len({one.SOPInstanceUID for one in made}) == 2


def test_a_frame_of_an_old_multi_frame_image_is_named(tmp_path: Path) -> None:
    marks = tuple(replace(one, sop_instance_uid=FIRST, frame=3) for one in every_kind())
    asked = order(tmp_path, marks, SOPClassUID=ULTRASOUND, Modality="US", NumberOfFrames=4)
    for kind in ("report", "presentation"):
        found = read_back(tmp_path, only(replace(asked, key_images=()), kind))
        assert {(one.sop_instance_uid, one.frame) for one in found.marks} == {(FIRST, 3)}
        assert found.skipped == ()


def test_colour_images_get_no_grayscale_presentation_state(tmp_path: Path) -> None:
    asked = order(tmp_path, every_kind(), SamplesPerPixel=3, PhotometricInterpretation="RGB")
    assert {one.kind for one in objects(asked)} == {"report", "keys", "letter"}


def test_deidentified_studies_stay_so(tmp_path: Path) -> None:
    said = {"PatientName": "Subject-4", "PatientIdentityRemoved": "YES", "DeidentificationMethod": "Consilium 1"}
    made = objects(order(tmp_path, every_kind(), **said))
    assert {one.kind for one in made} == {"report", "presentation", "keys"}  # the letter names the patient
    for one in made:
        assert b"ller" not in one.content  # nor is anybody named who drew
        if one.kind != "keys":
            assert _said(one.content).PatientIdentityRemoved == "YES"


def test_a_presentation_state_shows_the_series_as_it_was_shown(tmp_path: Path) -> None:
    made = _said(only(order(tmp_path, every_kind()), "presentation"))
    (voi,) = made.SoftcopyVOILUTSequence
    assert (voi.WindowCenter, voi.WindowWidth) == (120, 300)
    (area,) = made.DisplayedAreaSelectionSequence
    assert list(area.DisplayedAreaBottomRightHandCorner) == [16, 16]
    texts = [text.UnformattedTextValue for one in made.GraphicAnnotationSequence
             for text in one.get("TextObjectSequence", ())]
    assert "23.5°" in texts


def test_key_images_are_named_in_their_order(tmp_path: Path) -> None:
    made = _said(only(order(tmp_path, every_kind()), "keys"))
    images = [one.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for one in made.ContentSequence
              if one.ValueType == "IMAGE"]
    assert images == [SECOND, FIRST]
    assert made.ConceptNameCodeSequence[0].CodeMeaning == "For Conference"


def test_the_letter_is_whole(tmp_path: Path) -> None:
    made = _said(only(order(tmp_path, ()), "letter"))
    assert made.EncapsulatedDocument[: made.EncapsulatedDocumentLength] == b"%PDF-1.7 a letter"
    assert made.DocumentTitle == "Spine board, 26 November 2026"


def test_a_mark_nobody_could_measure_still_has_its_place(tmp_path: Path) -> None:
    plain = tuple(Annotation(one.identity, one.kind, FIRST, 1, one.points) for one in every_kind())
    found = read_back(tmp_path, only(order(tmp_path, plain), "report"))
    assert [(one.kind, one.points) for one in found.marks] == [(one.kind, one.points) for one in plain]
