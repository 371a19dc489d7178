from dataclasses import replace

import pytest

from agenda.errors import Invalid
from agenda.scores.lenke import Curve, Lenke, Scoliosis, lenke

MAIN = Scoliosis(Curve(20, 10), Curve(55, 35), Curve(35, 15), 10, 25, 5, "A")
"""A main thoracic curve whose others straighten on bending."""
LUMBAR = Scoliosis(Curve(15, 5), Curve(30, 15), Curve(50, 30), 10, 25, 5, "C")
"""A lumbar curve whose thoracic one straightens."""


def read(found: Scoliosis, **changed: object) -> Lenke:
    return lenke(replace(found, **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(("found", "changed", "name"), [
    (MAIN, {}, "1AN"),
    (MAIN, {"modifier": "B", "kyphosis_t5_t12": 9}, "1B−"),
    (MAIN, {"modifier": "C", "kyphosis_t5_t12": 41}, "1C+"),
    (MAIN, {"kyphosis_t5_t12": 10}, "1AN"),
    (MAIN, {"kyphosis_t5_t12": 40}, "1AN"),
    (MAIN, {"proximal": Curve(35, 25)}, "2AN"),
    (MAIN, {"kyphosis_t2_t5": 20}, "2AN"),
    (MAIN, {"lumbar": Curve(45, 25), "modifier": "C"}, "3CN"),
    (MAIN, {"kyphosis_t10_l2": 20, "modifier": "C"}, "3CN"),
    (MAIN, {"proximal": Curve(35, 26), "lumbar": Curve(45, 30), "modifier": "C"}, "4CN"),
    (LUMBAR, {}, "5CN"),
    (LUMBAR, {"thoracic": Curve(45, 25)}, "6CN"),
    (LUMBAR, {"thoracic": Curve(45, 25), "proximal": Curve(30, 25)}, "4CN"),
    (LUMBAR, {"thoracic": Curve(50, 20)}, "3CN"),
])
def test_lenke_types(found: Scoliosis, changed: dict[str, object], name: str) -> None:
    assert str(read(found, **changed)) == name


@pytest.mark.parametrize(("changed", "field"), [
    ({"modifier": "A"}, "modifier"), ({"proximal": Curve(30, 25)}, "proximal"),
])
def test_curves_without_a_type_are_named(changed: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as raised:
        read(LUMBAR, **changed)
    assert raised.value.field == field


def test_the_rule_of_type_six_is_from_memory() -> None:
    assert read(LUMBAR).status == "verified"
    assert read(LUMBAR, thoracic=Curve(45, 25)).status == "unverified"
