import itertools

import pytest

from agenda.errors import Invalid
from agenda.scores.engine import ClinicianScore, scores, total

INTACT = {"morphology": "compression", "ligaments": "intact", "neurology": "intact"}


def worst(score: ClinicianScore) -> dict[str, str]:
    return {item.key: max(item.choices, key=lambda choice: choice.points).key for item in score.items}


def best(score: ClinicianScore) -> dict[str, str]:
    return {item.key: min(item.choices, key=lambda choice: choice.points).key for item in score.items}


@pytest.mark.parametrize(("key", "most"), [("sins", 18), ("tlics", 10), ("slic", 10), ("tl-aosis", 13)])
def test_the_worst_of_everything_is_the_end_of_the_scale(key: str, most: int) -> None:
    score = scores()[key]
    assert total(score, worst(score)).points == most == score.most


def test_sins_of_nothing_is_stable() -> None:
    assert total(scores()["sins"], best(scores()["sins"])).label == "stable"


@pytest.mark.parametrize(("changed", "points", "label"), [
    ({}, 0, "stable"),
    ({"location": "junctional", "pain": "mechanical"}, 6, "stable"),
    ({"location": "junctional", "pain": "mechanical", "lesion": "mixed"}, 7,
     "potentially unstable; surgical consultation"),
    ({"location": "junctional", "pain": "mechanical", "lesion": "lytic", "alignment": "translation",
      "posterolateral": "unilateral"}, 13, "unstable; surgical consultation"),
    ({"pain": "occasional"}, 1, "stable"),
])
def test_sins(changed: dict[str, str], points: int, label: str) -> None:
    found = total(scores()["sins"], best(scores()["sins"]) | changed)
    assert (found.points, found.label, found.status) == (points, label, "verified")


@pytest.mark.parametrize(("chosen", "points", "label"), [
    (INTACT, 1, "usually non-operative"),
    (INTACT | {"morphology": "burst", "ligaments": "suspected"}, 4, "either"),
    (INTACT | {"morphology": "burst", "neurology": "cauda"}, 5, "usually operative"),
    (INTACT | {"morphology": "burst", "neurology": "complete"}, 4, "either"),
])
def test_tlics(chosen: dict[str, str], points: int, label: str) -> None:
    found = total(scores()["tlics"], chosen)
    assert (found.points, found.label) == (points, label)


def test_tl_aosis_of_a_complete_burst_with_incomplete_cord_and_doubtful_ligaments_is_ten() -> None:
    found = total(scores()["tl-aosis"], {"morphology": "A4", "neurology": "N3", "modifier": "M1"})
    assert (found.points, found.label, found.status) == (10, "usually operative", "verified")


@pytest.mark.parametrize(("key", "grade", "label"), [
    ("asia", "C", "C"), ("frankel", "E", "E"), ("nurick", "5", "5"), ("mrc", "4", "4"),
])
def test_a_scale_of_one_item_is_its_grade_and_unverified(key: str, grade: str, label: str) -> None:
    found = total(scores()[key], {"grade": grade})
    assert (found.label, found.status) == (label, "unverified")


def test_one_point_from_memory_makes_the_total_unverified() -> None:
    found = total(scores()["tl-aosis"], {"morphology": "C", "neurology": "N0", "modifier": "none"})
    assert (found.points, found.status) == (8, "unverified")


def test_slic_counts_continuing_compression_only_with_a_deficit() -> None:
    chosen = {"morphology": "burst", "ligaments": "indeterminate", "neurology": "root", "continuing": "yes"}
    assert total(scores()["slic"], chosen).points == 5
    assert total(scores()["slic"], chosen).status == "unverified"
    with pytest.raises(Invalid, match="contradicts neurology intact"):
        total(scores()["slic"], chosen | {"neurology": "intact"})


@pytest.mark.parametrize(("chosen", "field", "says"), [
    ({"morphology": "burst", "ligaments": "intact"}, "neurology", "needs neurology"),
    (INTACT | {"neurology": "odd"}, "neurology", "is one of intact, root"),
    (INTACT | {"colour": "red"}, "colour", "no item 'colour'"),
])
def test_what_cannot_be_added_up_names_the_item(chosen: dict[str, str], field: str, says: str) -> None:
    with pytest.raises(Invalid, match=says) as raised:
        total(scores()["tlics"], chosen)
    assert raised.value.field == field


@pytest.mark.parametrize("one", scores().values(), ids=lambda one: one.key)
def test_the_bands_cover_the_scale_without_a_gap(one: ClinicianScore) -> None:
    assert one.source
    assert (one.bands[0].low, one.bands[-1].high) == (0, one.most)
    assert all(low.high + 1 == high.low for low, high in itertools.pairwise(one.bands))
