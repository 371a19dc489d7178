"""Marks: where they lie, what they measure, whose they are."""

from math import inf, nan

import pytest

from conference.room import commands as c
from conference.room.values import FrameFacts, MarkId
from imaging.measure import Sampled
from tests.rooms import (
    CHAIR,
    HIP,
    IMAGE,
    KNEE,
    OBSERVER,
    SURGEON,
    THERAPIST,
    draw,
    frame,
    opened,
    read_back,
    signed,
    words,
)

A, B = (10.0, 10.0), (110.0, 10.0)


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        ("length", (A,)),
        ("length", (A, B, A)),
        ("angle", (A, B)),
        ("cobb", (A, B, A)),
        ("text", ()),
        ("freehand", (A, B)),
        ("freehand", (A,) * 513),
        ("ellipse", (A, B, A)),
        ("rectangle", (A,)),
        ("level", (A, B)),
        ("path", (A,)),
        ("probe", (A, B)),
        ("spinopelvic", (A, B, A, B, A)),
    ],
)
def test_R20_as_many_points_as_the_kind_takes(kind: str, points: tuple[tuple[float, float], ...]) -> None:
    assert opened().refused(SURGEON, draw(kind=kind, points=points, text="L4")) == "bad-points"


@pytest.mark.parametrize("point", [(-0.1, 5.0), (512.1, 5.0), (5.0, 513.0), (nan, 5.0), (5.0, inf), (-inf, 5.0)])
def test_R20_points_are_finite_and_inside(point: tuple[float, float]) -> None:
    assert opened().refused(SURGEON, draw(points=(A, point))) == "bad-points"


def test_R20_the_edge_is_inside() -> None:
    opened().do(SURGEON, draw(points=((0.0, 0.0), (512.0, 512.0))))


@pytest.mark.parametrize(
    "facts",
    [None, frame(KNEE), FrameFacts(IMAGE, 2, 512, 512, None, HIP), FrameFacts("1.2.3", 1, 512, 512, None, HIP)],
)
def test_R20_the_image_is_one_of_the_case(facts: FrameFacts | None) -> None:
    assert opened().refused(SURGEON, draw(), frame=facts) == "no-such-image"


def test_R20_a_text_mark_has_words_and_not_too_many() -> None:
    table = opened()
    assert table.refused(SURGEON, draw(kind="text", points=(A,), text="  ")) == "bad-text"
    assert table.refused(SURGEON, draw(kind="text", points=(A,), text="x" * 501)) == "too-long"


def test_R21_the_value_is_computed_from_points_and_spacing() -> None:
    table = opened()
    table.do(SURGEON, draw())
    measured = table.case.marks["m1"].measured
    assert (measured.value, measured.unit) == (50.0, "mm")  # 100 columns of 0.5 mm


def test_R21_without_trusted_spacing_there_are_no_millimetres() -> None:
    table = opened()
    table.do(SURGEON, draw(), frame=frame(spacing=None))
    assert (table.case.marks["m1"].measured.value, table.case.marks["m1"].measured.unit) == (100.0, "px")


def test_R21_a_cobb_angle_is_a_right_angle_on_pixels_that_are_not_square() -> None:
    table = opened()
    points = ((0.0, 0.0), (140.0, 100.0), (0.0, 200.0), (140.0, 100.0))  # ±45° at 0.5 × 0.7 mm
    table.do(SURGEON, draw(kind="cobb", points=points))
    assert table.case.marks["m1"].measured.value == pytest.approx(90.0)


def test_R21_points_that_measure_nothing_are_refused() -> None:
    assert opened().refused(SURGEON, draw(kind="angle", points=(A, A, B))) == "bad-points"


def test_R21_reshaping_measures_anew() -> None:
    table = opened()
    table.do(SURGEON, draw())
    table.do(SURGEON, c.Reshape(MarkId("m1"), 1, (A, (30.0, 10.0)), ""))
    assert table.case.marks["m1"].measured.value == 10.0
    assert table.case.marks["m1"].revision == 2


def test_R22_the_author_stands_in_the_mark_as_they_were() -> None:
    table = opened()
    table.do(SURGEON, draw())
    table.do(CHAIR, c.AssignRole(SURGEON.person_id, "observer"))
    mark = table.case.marks["m1"]
    assert (mark.author, mark.author_name, mark.discipline, mark.role) == (
        SURGEON.person_id,
        SURGEON.name,
        SURGEON.discipline,
        "member",
    )
    table.do(CHAIR, c.AssignRole(SURGEON.person_id, "chair"))
    table.do(SURGEON, draw("m2"))
    assert table.case.marks["m2"].role == "chair"  # and not the role given at the door


def test_R23_marks_go_on_the_case_on_the_table() -> None:
    table = opened()
    assert table.refused(SURGEON, draw(case=KNEE), frame=frame(KNEE)) == "not-on-table"
    table.do(CHAIR, draw(case=KNEE), frame=frame(KNEE))
    assert table.refused(OBSERVER, draw("m2")) == "not-permitted"


def test_R24_an_identity_is_used_once() -> None:
    table = opened()
    table.do(SURGEON, draw())
    assert table.refused(THERAPIST, draw()) == "duplicate-mark"
    table.do(SURGEON, c.Erase(MarkId("m1")))
    assert table.refused(SURGEON, draw()) == "duplicate-mark"


def test_R25_only_the_author_reshapes_and_from_what_they_saw() -> None:
    table = opened()
    table.do(SURGEON, draw())
    moved = c.Reshape(MarkId("m1"), 1, (A, (30.0, 10.0)), "")
    assert table.refused(CHAIR, moved) == "not-author"
    table.do(SURGEON, moved)
    assert table.refused(SURGEON, c.Reshape(MarkId("m1"), 1, (A, (40.0, 10.0)), "")) == "stale-revision"
    assert table.do(SURGEON, c.Reshape(MarkId("m1"), 2, (A, (30.0, 10.0)), "")).events == ()
    assert table.refused(SURGEON, c.Reshape(MarkId("m9"), 1, (A, B), "")) == "no-such-mark"


def test_R26_author_or_chair_erase_and_twice_is_once() -> None:
    table = opened()
    table.do(SURGEON, draw())
    assert table.refused(THERAPIST, c.Erase(MarkId("m1"))) == "not-author"
    table.do(CHAIR, c.Erase(MarkId("m1")))
    assert table.do(SURGEON, c.Erase(MarkId("m1"))).events == ()
    assert table.case.marks == {}


def test_R27_a_cited_mark_is_frozen_with_the_words() -> None:
    table = opened()
    table.do(SURGEON, draw())
    table.do(CHAIR, c.DraftRecommendation(HIP, 0, words(cited=(MarkId("m1"),))))
    table.do(CHAIR, c.ReadBack(HIP, 1))
    assert table.refused(SURGEON, c.Erase(MarkId("m1"))) == "cited"
    assert table.refused(SURGEON, c.Reshape(MarkId("m1"), 1, (A, (30.0, 10.0)), "")) == "cited"
    table.do(CHAIR, c.Reopen(HIP))
    table.do(SURGEON, c.Erase(MarkId("m1")))


def test_R28_a_signed_case_takes_no_mark() -> None:
    assert signed().refused(CHAIR, draw()) == "signed"


def test_R29_millimetres_say_where_they_come_from() -> None:
    table = opened()
    table.do(SURGEON, draw())
    table.do(SURGEON, draw("m2", kind="angle", points=(A, B, (110.0, 60.0))))
    assert (table.case.marks["m1"].measured.spacing, table.case.marks["m2"].measured.spacing) == ("pixel", None)


def test_R29_an_area_has_a_mean_where_its_pixels_could_be_read() -> None:
    table = opened()
    sampled = Sampled(41.5, 3.0, 30.0, 60.0, 200, "HU")
    table.do(SURGEON, draw(kind="rectangle", points=((10.0, 10.0), (20.0, 30.0))), sampled=sampled)
    table.do(SURGEON, draw("m2", kind="rectangle", points=((10.0, 10.0), (20.0, 30.0))))
    read, unread = (table.case.marks[mark].measured for mark in ("m1", "m2"))
    assert [(part.name, part.value, part.unit) for part in read.parts] == [
        ("mean", 41.5, "HU"), ("sd", 3.0, "HU"), ("min", 30.0, "HU"), ("max", 60.0, "HU"), ("pixels", 200, "count"),
    ]
    assert (read.value, read.spacing) == (unread.value, unread.spacing) == (70.0, "pixel")
    assert unread.parts == ()


def test_R29_a_probe_is_worth_what_the_pixel_is() -> None:
    table = opened()
    table.do(SURGEON, draw(kind="probe", points=(A,)), sampled=Sampled(-3.0, 0.0, -3.0, -3.0, 1, "stored"))
    table.do(SURGEON, draw("m2", kind="probe", points=(A,)))
    read = table.case.marks["m1"].measured
    assert (read.value, read.unit, read.spacing, read.parts) == (-3.0, "stored", None, ())
    assert table.case.marks["m2"].measured is None


def test_R21_a_spinopelvic_set_is_one_mark_with_all_its_values() -> None:
    table = opened()
    points = ((200.0, 300.0), (210.0, 300.0), (150.0, 200.0), (210.0, 230.0))
    table.do(SURGEON, draw(kind="spinopelvic", points=points))
    value = table.case.marks["m1"].measured
    said = {part.name: part.value for part in value.parts}
    assert value.value == pytest.approx(said["pt"] + said["ss"])
    assert set(said) == {"pt", "ss"}


def test_marks_are_drawn_while_words_are_read_back() -> None:
    read_back().do(SURGEON, draw())
