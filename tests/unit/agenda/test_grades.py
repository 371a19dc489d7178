"""Blind double grading: what is sealed, what opens, what differs, and how far two disciplines agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from agenda.errors import Invalid, NotNow
from agenda.grades import differences, give_grade, opened, running_kappa, seen
from agenda.grading import agreement, grading, gradings, place, weighted_kappa
from tests.unit.agenda.desk import AT, a_submitted_case

# 91 couples (Hout, Duncan and Sobel 1987, printed in Agresti, Categorical Data Analysis). The R package vcd prints its
# kappa as 0.1293 and its linearly weighted kappa as 0.2374; scikit-learn 1.x gives 0.1293303, 0.2373806 and 0.3320456.
COUPLES = ((7, 7, 2, 3), (2, 8, 3, 7), (1, 5, 4, 9), (2, 8, 9, 14))
PAIRS = [(a, b) for a, row in enumerate(COUPLES) for b, count in enumerate(row) for _ in range(count)]
ranks = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40)


def give(session: Session, case_id: str, who: str, grade: str, **changes: str) -> None:
    discipline = {"chair": "spine-surgery", "radiologist": "neuroradiology"}.get(who, "physiatry")
    said = {"instrument": "schizas", "level": "L4-L5", "side": "", "discipline": discipline} | changes
    give_grade(session, case_id, grade=grade, grader_id=who, at=AT, **said)


@pytest.mark.parametrize(("weights", "value"), [
    ("none", 0.1293302540), ("linear", 0.2373806276), ("quadratic", 0.3320455862),
])
def test_kappa_of_the_printed_table(weights: str, value: float) -> None:
    assert weighted_kappa(PAIRS, 4, weights) == pytest.approx(value, abs=1e-9)  # type: ignore[arg-type]


def test_kappa_worked_by_hand() -> None:
    """Ten pairs on three steps: 8 alike, one a step apart, one two steps; margins 4, 3, 3 and 4, 4, 2."""
    pairs = [(0, 0)] * 4 + [(1, 1)] * 3 + [(2, 2)] * 1 + [(2, 1), (2, 1)]
    observed, chance = 2 * 10, 4 * 5 + 2 * 4 * 1 + 3 * 4 + 3 * 1 + 2 * 3 * 4 + 3 * 5
    assert weighted_kappa(pairs, 3, "linear") == pytest.approx(1 - observed / chance)


@given(ranks)
def test_kappa_is_one_for_twins_and_the_same_from_either_side(pairs: list[tuple[int, int]]) -> None:
    for weights in ("none", "linear", "quadratic"):
        kappa = weighted_kappa(pairs, 4, weights)  # type: ignore[arg-type]
        turned = weighted_kappa([(b, a) for a, b in pairs], 4, weights)  # type: ignore[arg-type]
        assert kappa is None or kappa == pytest.approx(turned)
        assert kappa is None or kappa <= 1.0
        twins = weighted_kappa([(a, a) for a, _ in pairs], 4, weights)  # type: ignore[arg-type]
        assert twins in (None, 1.0)


def test_a_rank_outside_the_steps_is_an_error() -> None:
    with pytest.raises(ValueError, match="rank"):
        weighted_kappa([(0, 4)], 4, "linear")


def test_fewer_than_ten_pairs_say_nothing() -> None:
    few = agreement(grading("lee-central"), [("0", "1")] * 9)
    assert (few.pairs, few.enough, few.linear) == (9, False, None)
    kinds = agreement(grading("modic"), [("0", "0"), ("1", "2")] * 5)
    assert (kinds.linear, kinds.quadratic) == (None, None)
    assert kinds.plain is not None


def test_every_instrument_has_a_source_and_whole_steps() -> None:
    assert list(gradings()) == [
        "schizas", "lee-central", "lee-foraminal", "pfirrmann", "modic", "meyerding", "escc", "pathria", "goutallier",
    ]
    for one in gradings().values():
        assert one.source
        assert one.status in ("verified", "unverified")
        assert sorted({choice.rank for choice in one.grades}) == list(range(one.steps))


def test_the_kinds_of_a_minor_stenosis_are_one_grade() -> None:
    assert grading("schizas").apart("A1", "A4") == 0
    assert grading("schizas").apart("A1", "C") == 2
    assert grading("modic").apart("0", "3") == 1


@pytest.mark.parametrize(("instrument", "level", "side", "field"), [
    ("schizas", "L4", "", "level"), ("schizas", "L3-L5", "", "level"), ("schizas", "C4-C5", "", "level"),
    ("escc", "T8-T9", "", "level"), ("escc", "S1", "", "level"), ("goutallier", "L4-L5", "", "side"),
    ("schizas", "L4-L5", "left", "side"), ("lee-foraminal", "L4-L5", "", "side"), ("schizas", "nonsense", "", "level"),
])
def test_a_place_that_cannot_be_graded_is_refused(instrument: str, level: str, side: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        place(grading(instrument), level, side)
    assert caught.value.field == field


def test_a_tumour_is_graded_at_a_vertebra() -> None:
    escc = grading("escc")
    assert place(escc, "T8", "") == ("T8", "")
    assert [one.key for one in escc.grades] == ["0", "1a", "1b", "1c", "2", "3"]
    assert (escc.apart("0", "1b"), escc.apart("1b", "2")) == (2, 2)


def test_neither_grader_nor_anybody_else_sees_a_grade_before_both_are_in(session: Session) -> None:
    case_id = a_submitted_case(session).id
    give(session, case_id, "radiologist", "C")
    (mine,), (theirs,) = seen(session, case_id, "radiologist"), seen(session, case_id, "chair")
    assert [one.grade for one in mine.grades] == ["C"]
    for viewer in ("chair", "coordinator", "referrer", ""):
        (shown,) = seen(session, case_id, viewer)
        assert [one.grade for one in shown.grades] == [None], viewer
    assert (theirs.opened, theirs.apart) == (False, None)
    assert opened(session, case_id) == ()
    give(session, case_id, "radiologist", "B")
    give(session, case_id, "chair", "D", level="L4/5")
    (both,) = seen(session, case_id, "referrer")
    assert [(one.discipline, one.grade) for one in both.grades] == [("neuroradiology", "B"), ("spine-surgery", "D")]
    assert [one.apart for one in differences(session, case_id)] == [2]
    with pytest.raises(NotNow, match="open"):
        give(session, case_id, "radiologist", "D")


def test_the_second_grade_is_another_disciplines(session: Session) -> None:
    case_id = a_submitted_case(session).id
    give(session, case_id, "radiologist", "C")
    with pytest.raises(NotNow, match="Your discipline"):
        give(session, case_id, "coordinator", "C", discipline="neuroradiology")
    with pytest.raises(Invalid):
        give(session, case_id, "coordinator", "C", discipline="")
    with pytest.raises(Invalid):
        give(session, case_id, "chair", "E")
    give(session, case_id, "chair", "C")
    assert differences(session, case_id) == ()


def test_a_boards_pairs_run_into_one_kappa_and_single_grades_into_none(session: Session) -> None:
    for number in range(10):
        case_id = a_submitted_case(session).id
        give(session, case_id, "radiologist", "B" if number % 2 else "C")
        give(session, case_id, "chair", "B" if number % 2 else "C")
        give(session, case_id, "chair", "D", level="L5-S1")
    ((key, found),) = running_kappa(session, "spine").items()
    assert key == ("schizas", "neuroradiology", "spine-surgery")
    assert (found.pairs, found.linear, found.quadratic) == (10, 1.0, 1.0)
    assert running_kappa(session, "elsewhere") == {}


def test_each_pair_of_disciplines_has_a_kappa_of_its_own(session: Session) -> None:
    for number in range(20):
        case_id = a_submitted_case(session).id
        second = "neurosurgery" if number % 2 else "spine-surgery"
        graded = "B" if number % 4 < 2 else "C"
        give(session, case_id, "radiologist", graded)
        apart = "C" if graded == "B" else "B"
        give(session, case_id, "chair", apart if second == "neurosurgery" else graded, discipline=second)
    found = running_kappa(session, "spine")
    assert {(first, second): (one.pairs, one.linear) for (_, first, second), one in found.items()} == {
        ("neuroradiology", "neurosurgery"): (10, -1.0), ("neuroradiology", "spine-surgery"): (10, 1.0),
    }
