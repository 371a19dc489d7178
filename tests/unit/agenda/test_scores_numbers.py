from dataclasses import replace

import pytest

from agenda.errors import Invalid
from agenda.scores.numbers import (
    Spinopelvic,
    gap,
    graded,
    lordosis_target,
    meyerding,
    mjoa,
    opioid_mme,
    srs_schwab,
    start_back,
)

UPRIGHT = Spinopelvic(incidence=50, slope=38.5, lordosis=60, low_lordosis=39, global_tilt=9, age=40)


@pytest.mark.parametrize(("doses", "mg"), [
    ({"oxycodone": 40}, 60.0), ({"fentanyl-transdermal": 25}, 60.0), ({"tramadol": 200, "codeine": 60}, 49.0),
    ({"hydromorphone": 8}, 40.0), ({"methadone": 10}, 47.0), ({}, 0.0),
])
def test_morphine_equivalents_of_a_day(doses: dict[str, float], mg: float) -> None:
    found = opioid_mme(doses)
    assert (found.mg_per_day, found.version) == (mg, "CDC 2022")


@pytest.mark.parametrize("doses", [{"aspirin": 100}, {"morphine": -1}, {"morphine": float("nan")}])
def test_a_drug_or_dose_the_table_cannot_take_is_named(doses: dict[str, float]) -> None:
    with pytest.raises(Invalid) as raised:
        opioid_mme(doses)
    assert raised.value.field in doses


@pytest.mark.parametrize(("value", "mark"), [
    (0, "severe"), (11, "severe"), (12, "moderate"), (14, "moderate"), (15, "mild"), (17, "mild"), (18, "no deficit"),
])
def test_mjoa_bands(value: int, mark: str) -> None:
    assert graded("mjoa", value).mark == mark


def test_mjoa_adds_its_four_parts() -> None:
    parts = {"upper-motor": 4, "lower-motor": 5, "upper-sensory": 2, "sphincter": 3}
    assert (mjoa(parts).value, mjoa(parts).mark) == (14, "moderate")
    with pytest.raises(Invalid, match="sphincter, 0 to 3"):
        mjoa(parts | {"sphincter": 4})
    with pytest.raises(Invalid, match="upper motor"):
        mjoa({})


@pytest.mark.parametrize(("whole", "sub", "risk"), [
    (5, 4, "high"), (5, 3, "medium"), (3, 3, "low"), (4, 4, "high"), (4, 0, "medium"), (9, 5, "high"), (0, 0, "low"),
])
def test_start_back(whole: int, sub: int, risk: str) -> None:
    assert start_back(whole, sub) == risk


@pytest.mark.parametrize(("whole", "sub"), [(3, 4), (9, 4), (5, 6), (-1, -1)])
def test_start_back_that_cannot_be_is_refused(whole: int, sub: int) -> None:
    with pytest.raises(Invalid, match="subscale"):
        start_back(whole, sub)


@pytest.mark.parametrize(("slip", "grade"), [
    (1, "I"), (25, "I"), (25.1, "II"), (50, "II"), (75, "III"), (100, "IV"), (101, "V"),
])
def test_meyerding(slip: float, grade: str) -> None:
    found = meyerding(slip)
    assert found is not None
    assert (found.mark, found.status) == (grade, "unverified" if grade == "V" else "verified")


def test_no_slip_has_no_grade() -> None:
    assert meyerding(0) is None
    with pytest.raises(Invalid, match="not negative"):
        meyerding(-3)


@pytest.mark.parametrize(("thoracic", "lumbar", "curve"), [(40, 20, "T"), (20, 40, "L"), (40, 40, "D"), (30, 30, "N")])
def test_schwab_curves(thoracic: float, lumbar: float, curve: str) -> None:
    found = srs_schwab(thoracic=thoracic, lumbar=lumbar, incidence_less_lordosis=5, sva_cm=1, tilt=15)
    assert (found.curve, found.pi_ll, found.sva, found.tilt) == (curve, "0", "0", "0")


@pytest.mark.parametrize(("scale", "values"), [
    ("schwab-pi-ll", (9.9, 10, 20, 20.1)), ("schwab-sva", (3.9, 4, 9.5, 9.6)), ("schwab-pt", (19.9, 20, 30, 30.1)),
])
def test_schwab_modifiers(scale: str, values: tuple[float, ...]) -> None:
    assert [graded(scale, value).mark for value in values] == ["0", "+", "+", "++"]


def test_gap_of_a_proportioned_spine_is_nothing() -> None:
    assert (gap(UPRIGHT).value, gap(UPRIGHT).mark, gap(UPRIGHT).status) == (0, "proportioned", "unverified")


@pytest.mark.parametrize(("changed", "points", "mark"), [
    ({"age": 60}, 1, "proportioned"),
    ({"slope": 20.0}, 3, "moderately disproportioned"),
    ({"lordosis": 30.0, "low_lordosis": 18.0}, 3, "moderately disproportioned"),
    ({"global_tilt": 28.0, "slope": 20.0, "age": 70}, 7, "severely disproportioned"),
])
def test_gap(changed: dict[str, float], points: int, mark: str) -> None:
    found = gap(replace(UPRIGHT, **changed))  # type: ignore[arg-type]
    assert (found.value, found.mark) == (points, mark)


def test_gap_needs_a_lordosis() -> None:
    with pytest.raises(Invalid, match="lordosis"):
        gap(replace(UPRIGHT, lordosis=0))


@pytest.mark.parametrize(("incidence", "age", "degrees"), [(50, 40, 53.7), (60, 70, 52.8), (0, 0, 32.9)])
def test_lordosis_to_be_expected(incidence: float, age: float, degrees: float) -> None:
    found = lordosis_target(incidence, age)
    assert (found.value, found.status) == (degrees, "verified")


@pytest.mark.parametrize(("angle", "mark"), [(13.9, "normal"), (14, "raised"), (20, "raised"), (20.1, "severe")])
def test_the_t1_pelvic_angle_is_unverified(angle: float, mark: str) -> None:
    assert (graded("tpa", angle).mark, graded("tpa", angle).status) == (mark, "unverified")
