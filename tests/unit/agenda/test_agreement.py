import pytest

from agenda.agreement import Opined, band, fleiss_kappa, iqv, pairwise_disagreement, panel, percentile, split_first

WORKED = [4, 5, 6, *[7] * 5, *[8] * 5, *[9] * 2]
"""The published example that fixes the constant."""
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]


def test_the_published_example_gives_its_published_figures() -> None:
    found = panel(WORKED)
    assert (found.median, found.p30, found.p70, found.ipr) == (7, 7, 8, 1)
    assert found.ipras == pytest.approx(6.10)
    assert found.band == "appropriate"
    assert not found.disagreement


def test_the_constant_alone_stands_at_the_centre() -> None:
    found = panel([1, 1, 1, 1, 5, 9, 9, 9, 9])
    assert found.ipras == pytest.approx(2.35)
    assert found.disagreement
    assert found.classic == "disagreement"


def test_percentiles_lie_between_the_nearest_ranks() -> None:
    assert percentile([1, 9], 30) == pytest.approx(3.4)
    assert percentile([5], 70) == 5


@pytest.mark.parametrize(("median", "expected"), [
    (1, "inappropriate"), (3, "inappropriate"), (3.5, "uncertain"), (6, "uncertain"), (6.5, "appropriate"),
])
def test_a_median_between_two_thirds_belongs_to_the_higher(median: float, expected: str) -> None:
    assert band(median) == expected


@pytest.mark.parametrize(("size", "outside", "expected"), [
    (8, 2, "agreement"), (8, 3, "neither"), (10, 2, "agreement"), (10, 3, "neither"), (11, 3, "agreement"),
    (13, 4, "neither"), (14, 4, "agreement"), (16, 4, "agreement"), (16, 5, "neither"), (4, 1, "agreement"),
    (5, 2, "neither"), (3, 1, "neither"), (20, 5, "agreement"),
])
def test_agreement_by_panel_size(size: int, outside: int, expected: str) -> None:
    assert panel([8] * (size - outside) + [5] * outside).classic == expected


@pytest.mark.parametrize(("size", "each", "expected"), [
    (9, 3, "disagreement"), (9, 2, "neither"), (12, 4, "disagreement"), (12, 3, "neither"),
    (15, 5, "disagreement"), (15, 4, "neither"), (3, 1, "disagreement"),
])
def test_disagreement_by_panel_size(size: int, each: int, expected: str) -> None:
    assert panel([1] * each + [9] * each + [5] * (size - 2 * each)).classic == expected


@pytest.mark.parametrize("ratings", [[], [0], [10], [5, 5, 0]])
def test_what_is_no_rating_is_refused(ratings: list[int]) -> None:
    with pytest.raises(ValueError, match="rating"):
        panel(ratings)


def test_two_raters_who_differ_disagree_in_every_pair() -> None:
    assert pairwise_disagreement([1, 1]) == 1
    assert pairwise_disagreement([3, 0]) == 0
    assert pairwise_disagreement([2, 2]) == pytest.approx(2 / 3)
    assert pairwise_disagreement([1]) == 0


def test_variation_counts_choices_nobody_took() -> None:
    assert iqv([5, 5]) == 1
    assert iqv([5, 0, 0]) == 0
    assert iqv([5, 5, 0]) == pytest.approx(0.75)
    with pytest.raises(ValueError, match="two choices"):
        iqv([4])


def test_kappa_of_the_textbook_table() -> None:
    assert fleiss_kappa(FLEISS) == pytest.approx(0.210, abs=0.0005)


def test_kappa_has_no_value_when_all_chose_the_same() -> None:
    assert fleiss_kappa([[3, 0], [3, 0]]) is None
    with pytest.raises(ValueError, match="raters"):
        fleiss_kappa([[3, 0], [2, 0]])


def test_the_split_comes_first_and_the_settled_is_ratified() -> None:
    both = frozenset({"physiatry", "spine-surgery"})
    settled = Opined("settled", {"operate": [8] * 8}, both, both)
    absent = Opined("absent", {"operate": [8] * 8}, both, frozenset({"physiatry"}))
    torn = Opined("torn", {"operate": [1] * 4 + [9] * 4, "watch": [5] * 8}, both, both)
    mild = Opined("mild", {"operate": [4, 5, 6, 7, 8, 8, 9, 9]}, both, both)
    unheard = Opined("unheard", {}, both, frozenset())
    assert split_first([settled, absent, unheard, mild, torn]).ratify == ("settled",)
    assert split_first([settled, absent, unheard, mild, torn]).discuss == ("torn", "mild", "absent", "unheard")
