import itertools

import pytest

from agenda.errors import Invalid
from agenda.instruments.engine import Instrument, change, entered, from_total, instruments, score

ODI = instruments()["odi"]


@pytest.mark.parametrize(("answers", "value", "band"), [
    ([2, 2, 2, 2, 2, 2, 2, 1, 1, 0], 32.0, "moderate"),
    ([2, 2, 2, 2, 2, 2, 2, 1, 1, None], 35.6, "moderate"),
    ([0] * 10, 0.0, "minimal"),
    ([1] * 10, 20.0, "minimal"),
    ([5] * 10, 100.0, "highest band"),
])
def test_odi_counts_only_what_was_answered(answers: list[int | None], value: float, band: str) -> None:
    found = score(ODI, answers)
    assert (found.value, found.band) == (value, band)


def test_odi_from_a_total() -> None:
    assert from_total(ODI, 16).value == 32.0
    assert from_total(ODI, 16, 9).value == 35.6


@pytest.mark.parametrize(("answers", "says"), [
    ([1] * 9, "has 10 items, not 9"), ([1] * 7 + [None] * 3, "needs 8 of 10"), ([6] + [1] * 9, "Item 1 .* 0 to 5"),
])
def test_answers_that_cannot_be_scored_say_why(answers: list[int | None], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        score(ODI, answers)


def test_a_total_beyond_the_answered_items_is_refused() -> None:
    with pytest.raises(Invalid, match="add up to 0 to 45"):
        from_total(ODI, 46, 9)


@pytest.mark.parametrize(("total", "band"), [
    (14, "none to mild"), (15, "moderate"), (25, "severe"), (35, "very severe"),
])
def test_ndi_in_percent(total: int, band: str) -> None:
    assert from_total(instruments()["ndi"], total).band == band


@pytest.mark.parametrize(("total", "band"), [
    (4, "none"), (5, "mild"), (14, "mild"), (15, "moderate"), (50, "very severe"),
])
def test_ndi_out_of_fifty_is_another_scale(total: int, band: str) -> None:
    found = from_total(instruments()["ndi-raw"], total)
    assert (found.value, found.band, found.unit) == (total, band, "points of 50")


def test_rmdq_is_the_sum_of_24() -> None:
    assert score(instruments()["rmdq"], [1] * 11 + [0] * 13).value == 11
    with pytest.raises(Invalid, match="24 of 24"):
        score(instruments()["rmdq"], [1] * 23 + [None])


def test_psfs_is_a_mean_of_what_the_patient_chose() -> None:
    assert score(instruments()["psfs"], [3, 4, 4, None, None]).value == 3.7


def test_a_score_made_elsewhere_keeps_to_its_scale() -> None:
    assert entered(instruments()["eq-5d-index"], 0.6187).value == 0.619
    with pytest.raises(Invalid, match="between -1 and 1"):
        entered(instruments()["eq-5d-index"], 1.2)
    with pytest.raises(Invalid, match="entered as a score"):
        score(instruments()["comi"], [1])


@pytest.mark.parametrize(("after", "judgement", "direction"), [
    (28, "within measurement error", "better"), (12, "important", "better"), (48, "important", "worse"),
    (30, "within measurement error", "unchanged"),
])
def test_odi_after_surgery(after: float, judgement: str, direction: str) -> None:
    found = change(ODI, 30, after, ODI.thresholds[0])
    assert (found.judgement, found.direction) == (judgement, direction)


def test_beyond_error_and_below_important_is_real() -> None:
    eq = instruments()["eq-5d-index"]
    assert change(eq, 0.2, 0.65, eq.thresholds[0]).judgement == "within measurement error"
    assert change(eq, 0.2, 0.69, eq.thresholds[0]).judgement == "important"
    wide = ODI.thresholds[0].__class__("p", "t", 18, 10, "s", "unverified")
    other = Instrument(**{name: getattr(ODI, name) for name in ODI.__slots__} | {"thresholds": (wide,)})
    assert [change(other, 50, 50 - by, wide).judgement for by in (9, 10, 17, 18)] == [
        "within measurement error", "real, below important", "real, below important", "important",
    ]


def test_without_a_detectable_change_only_importance_is_judged() -> None:
    copay = ODI.thresholds[1]
    assert [change(ODI, 40, 40 - by, copay).judgement for by in (12, 13)] == ["below important", "important"]


@pytest.mark.parametrize(("value", "band"), [
    (0, "severe"), (11, "severe"), (12, "moderate"), (14, "moderate"), (15, "mild"), (17, "mild"), (18, "no deficit"),
])
def test_mjoa_by_tetreault(value: float, band: str) -> None:
    assert entered(instruments()["mjoa"], value).band == band


@pytest.mark.parametrize(("before", "needed"), [(16, 1), (15, 1), (13, 2), (12, 2), (11, 3), (0, 3)])
def test_what_mjoa_must_gain_depends_on_where_it_began(before: float, needed: float) -> None:
    one = instruments()["mjoa"]
    made_for = [each.mic for each in one.thresholds if each.judges(one, before, before + 1)]
    assert made_for == [needed]


@pytest.mark.parametrize(("after", "judgement", "direction"), [
    (3.8, "important", "better"), (4.0, "below important", "better"), (6.3, "important", "worse"),
    (6.2, "below important", "worse"),
])
def test_comi_judges_a_gain_and_a_loss_apart(after: float, judgement: str, direction: str) -> None:
    one = instruments()["comi"]
    (made_for,) = [each for each in one.thresholds if each.judges(one, 6.0, after)]
    found = change(one, 6.0, after, made_for)
    assert (found.judgement, found.direction) == (judgement, direction)


@pytest.mark.parametrize(("key", "value", "band"), [
    ("start-back", 3, "low risk"), ("pcs", 29, "below the usual cut"), ("pcs", 30, "at or above the usual cut"),
    ("phq-9", 10, "moderate"), ("gad-7", 21, "severe"),
])
def test_bands_of_single_scores(key: str, value: float, band: str) -> None:
    assert entered(instruments()[key], value).band.startswith(band)  # type: ignore[union-attr]


@pytest.mark.parametrize(("key", "low", "high"), [
    ("hads-anxiety", 0, 21), ("paindetect", -1, 38), ("tsk", 17, 68), ("pseq", 0, 60), ("pgic", 1, 7),
    ("eq-vas", 0, 100), ("phq-2", 0, 6), ("nrs-arm", 0, 10), ("nrs-neck", 0, 10),
])
def test_a_scale_takes_its_ends_and_nothing_beyond(key: str, low: float, high: float) -> None:
    one = instruments()[key]
    assert (entered(one, low).value, entered(one, high).value) == (low, high)
    for outside in (low - 1, high + 1):
        with pytest.raises(Invalid, match="lies between"):
            entered(one, outside)


def test_thresholds_are_never_mixed() -> None:
    with pytest.raises(ValueError, match="another instrument"):
        change(ODI, 40, 20, instruments()["nrs-back"].thresholds[0])


@pytest.mark.parametrize("one", instruments().values(), ids=lambda one: one.key)
def test_the_data_hold_together(one: Instrument) -> None:
    assert one.source
    assert one.least < one.most
    assert all(threshold.population and threshold.treatment and threshold.source for threshold in one.thresholds)
    assert all(low.high == high.low for low, high in itertools.pairwise(one.bands))
    if one.bands:
        assert (one.bands[0].low, one.bands[-1].high) == (one.least, one.most)
        assert one.bands_source


@pytest.mark.parametrize("key", [
    "odi", "ndi", "ndi-raw", "eq-5d-index", "eq-vas", "promis-pf", "promis-pi", "promis-global-physical",
    "promis-global-mental", "sf-36-pcs", "sf-12-pcs", "comi", "start-back", "pseq", "pcs", "tsk", "hads-anxiety",
    "hads-depression", "paindetect",
])
def test_protected_measures_show_no_items(key: str) -> None:
    assert not instruments()[key].shows_items
