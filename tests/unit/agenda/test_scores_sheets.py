"""Every sheet on which a score is entered: what it asks, what it refuses beside its field, and what it comes to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda.errors import Invalid
from agenda.scores.engine import scores
from agenda.scores.readings import checked, come_to, parts, so_far
from agenda.scores.sheets import Sheet, drugs, number_in, sheets

SINS = {"location": "junctional", "pain": "mechanical", "lesion": "lytic", "alignment": "normal", "collapse": "none",
        "posterolateral": "unilateral"}
LENKE = {
    "proximal-standing": "20", "proximal-bending": "10", "thoracic-standing": "55", "thoracic-bending": "30",
    "lumbar-standing": "35", "lumbar-bending": "12", "kyphosis-t2-t5": "10", "kyphosis-t5-t12": "25",
    "kyphosis-t10-l2": "0", "modifier": "B",
}
GAP = {"incidence": "50", "slope": "38.5", "lordosis": "60", "low-lordosis": "40", "global-tilt": "9", "age": "40"}
MJOA = {"upper-motor": "4", "lower-motor": "5", "upper-sensory": "2", "sphincter": "2"}
SCHWAB = {"thoracic": "20", "lumbar": "45", "incidence-less-lordosis": "15", "sva": "5", "tilt": "32"}
VECTORS = [
    ("sins", SINS, 9, "9 of 18", "potentially unstable; surgical consultation", "verified"),
    ("tlics", {"morphology": "burst", "ligaments": "suspected", "neurology": "root"}, 6, "6 of 10",
     "usually operative", "verified"),
    ("slic", {"morphology": "burst", "ligaments": "indeterminate", "neurology": "root", "continuing": "yes"}, 5,
     "5 of 10", "usually operative", "unverified"),
    ("tl-aosis", {"morphology": "A4", "neurology": "N3", "modifier": "M1"}, 10, "10 of 13", "usually operative",
     "verified"),
    ("tl-aosis", {"morphology": "C", "neurology": "N0", "modifier": "none"}, 8, "8 of 13", "usually operative",
     "unverified"),
    ("asia", {"grade": "C"}, 2, "Grade C", "", "unverified"),
    ("mrc", {"grade": "4"}, 4, "Grade 4", "", "unverified"),
    ("mjoa", MJOA, 13, "13 of 18", "moderate", "unverified"),
    ("start-back", {"total": "5", "psychosocial": "4"}, 5, "5 of 9, subscale 4", "high risk", "verified"),
    ("lenke", LENKE, None, "1BN", "type 1", "verified"),
    ("srs-schwab", SCHWAB, None, "L; PI − LL +, SVA +, PT ++", "", "verified"),
    ("gap", GAP, 0, "0 of 13", "proportioned", "unverified"),
    ("meyerding", {"slip": "30"}, 30, "Grade II, 30 %", "", "verified"),
    ("meyerding", {"slip": "120"}, 120, "Grade V, 120 %", "", "unverified"),
    ("meyerding", {"slip": "0"}, 0, "No slip", "", "verified"),
    ("tpa", {"angle": "-3"}, -3, "−3°", "normal", "unverified"),
    ("lordosis-target", {"incidence": "50", "age": "60"}, 49.1, "49.1°", "", "verified"),
    ("mme", {"0.drug": "oxycodone", "0.dose": "20", "0.times": "2", "1.drug": "fentanyl-transdermal", "1.dose": "25"},
     120, "120 mg of morphine a day, table CDC 2022", "", "verified"),
    ("mme", {"0.drug": "oxycodone", "0.dose": "20", "0.times": "2", "1.drug": "oxycodone", "1.dose": "5",
             "1.times": "4"}, 90, "90 mg of morphine a day, table CDC 2022", "", "verified"),
]


def known(sheet: Sheet) -> dict[str, str]:
    """Answers that the sheet takes."""
    return next(answers for key, answers, *_ in VECTORS if key == sheet.key)


@pytest.mark.parametrize(("key", "answers", "value", "said", "band", "status"), VECTORS)
def test_a_filled_sheet_comes_to_what_its_source_says(
    key: str, answers: dict[str, str], value: float | None, said: str, band: str, status: str
) -> None:
    kept, wrong = checked(sheets()[key], answers)
    assert wrong == {}
    came = come_to(sheets()[key], kept)
    assert (came.value, came.said, came.band, came.status) == (value, said, band, status)


def test_every_score_of_the_data_can_be_entered() -> None:
    assert scores().keys() <= sheets().keys()
    assert {"mme", "mjoa", "start-back", "lenke", "srs-schwab", "gap", "tpa", "lordosis-target", "meyerding"} == (
        sheets().keys() - scores().keys()
    )
    assert all(one.rule and one.source and one.short and one.group for one in sheets().values())
    assert all(item.picks or item.least < item.most for one in sheets().values() for item in one.items)


@pytest.mark.parametrize("key", [key for key, one in sheets().items() if not one.doses])
def test_an_incomplete_sheet_names_every_field_that_is_missing_or_wrong(key: str) -> None:
    sheet = sheets()[key]
    assert checked(sheet, {})[1].keys() == {item.key for item in sheet.items}
    for item in sheet.items:
        answers = {one.key: known_text for one in sheet.items if (known_text := _known(sheet).get(one.key))}
        kept, wrong = checked(sheet, answers | {item.key: "nonsense"})
        assert wrong.keys() == {item.key}
        assert len(wrong[item.key]) > 10
        assert kept.keys() == answers.keys() - {item.key}


def _known(sheet: Sheet) -> dict[str, str]:
    if any(key == sheet.key for key, *_ in VECTORS):
        return known(sheet)
    return {item.key: item.picks[0].key for item in sheet.items}


@pytest.mark.parametrize(("key", "item", "text"), [
    ("lenke", "thoracic-standing", "181"), ("gap", "age", "40.5"), ("gap", "age", "-1"), ("tpa", "angle", "1e2"),
    ("srs-schwab", "sva", "٣"), ("mjoa", "sphincter", "4"), ("meyerding", "slip", "NaN"),
])
def test_a_number_outside_its_limits_is_refused_with_them(key: str, item: str, text: str) -> None:
    sheet = sheets()[key]
    wrong = checked(sheet, known(sheet) | {item: text})[1]
    assert sheet.item(item).range in wrong[item]


@pytest.mark.parametrize(("key", "changed", "field"), [
    ("lenke", {"lumbar-bending": "36"}, "lumbar-bending"),
    ("lenke", {"thoracic-standing": "30", "thoracic-bending": "10"}, "modifier"),
    ("lenke", {"thoracic-standing": "30", "thoracic-bending": "10", "proximal-bending": "20", "kyphosis-t2-t5": "30",
               "modifier": "C"}, "proximal-bending"),
    ("gap", {"lordosis": "0"}, "lordosis"),
    ("slic", {"neurology": "intact"}, "continuing"),
    ("start-back", {"psychosocial": "0"}, "total"),
])
def test_answers_that_contradict_each_other_are_refused_at_a_field_that_is_there(
    key: str, changed: dict[str, str], field: str
) -> None:
    sheet = sheets()[key]
    answers, wrong = checked(sheet, known(sheet) | changed)
    assert wrong == {}
    with pytest.raises(Invalid) as refused:
        come_to(sheet, answers)
    assert refused.value.field == field
    assert field in {item.key for item in sheet.items}


@pytest.mark.parametrize(("row", "fields"), [
    ({"drug": "oxycodone"}, {"0.dose", "0.times"}), ({"dose": "20", "times": "2"}, {"0.drug"}),
    ({"drug": "heroin", "dose": "x", "times": "99"}, {"0.drug", "0.dose", "0.times"}),
    ({"drug": "fentanyl-transdermal", "dose": "25", "times": "3"}, {"0.times"}),
    ({"drug": "morphine", "dose": "0", "times": "2"}, {"0.dose"}), ({}, {"0.drug"}),
])
def test_a_row_of_opioids_is_refused_field_by_field(row: dict[str, str], fields: set[str]) -> None:
    wrong = checked(sheets()["mme"], {f"0.{name}": text for name, text in row.items()})[1]
    assert wrong.keys() == fields


def test_empty_rows_between_opioids_are_left_out_and_each_dose_is_said() -> None:
    tramadol = {"1.drug": "tramadol", "1.dose": "50", "1.times": "4"}
    typed = tramadol | {"5.drug": "codeine", "5.dose": "30,0", "5.times": "3"}
    kept, wrong = checked(sheets()["mme"], typed)
    assert wrong == {}
    said = [(one.label, one.text, one.adds) for one in parts(sheets()["mme"], kept)]
    assert said == [
        ("Tramadol", "50 mg, 4 times a day, factor 0.2", "40.0"),
        ("Codeine", "30 mg, 3 times a day, factor 0.15", "13.5"),
    ]
    assert come_to(sheets()["mme"], kept).value == 53.5


def test_half_a_sum_is_called_half() -> None:
    half = {"location": "junctional", "pain": "mechanical"}
    assert so_far(sheets()["sins"], half) == "2 of 6 answered, 6 points so far"
    assert so_far(sheets()["lenke"], {"modifier": "B"}) == "1 of 10 answered"


@given(st.dictionaries(st.integers(0, 11), st.tuples(
    st.sampled_from(sorted(drugs())), st.integers(1, 400), st.integers(1, 12),
), min_size=1))
def test_morphine_equivalents_are_the_sum_of_their_rows(rows: dict[int, tuple[str, int, int]]) -> None:
    typed = {}
    for row, (drug, dose, times) in rows.items():
        typed |= {f"{row}.drug": drug, f"{row}.dose": str(dose)}
        if not drugs()[drug].by_the_clock:
            typed[f"{row}.times"] = str(times)
    kept, wrong = checked(sheets()["mme"], typed)
    assert wrong == {}
    expected = 0.0
    for drug, dose, times in rows.values():
        expected += dose * (1 if drugs()[drug].by_the_clock else times) * drugs()[drug].factor
    assert come_to(sheets()["mme"], kept).value == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize(("text", "value"), [
    ("12.5", 12.5), (" 12,5 ", 12.5), ("−4", -4), ("", None), ("1e9", None), ("inf", None), ("1.2.3", None),
])
def test_a_number_is_read_with_a_point_or_a_comma(text: str, value: float | None) -> None:
    assert number_in(text) == value
