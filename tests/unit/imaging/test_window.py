"""Windowing equals the formulas of PS3.3 C.11.2 for any rescale, window, sign and depth."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.pixels.window import Function, Lut, Rendering, Window, auto_window, display, windowed


def by_the_standard(stored: int, how: Rendering) -> float:
    """PS3.3 C.11.2.1.2.1, C.11.2.1.3.1 and C.11.2.1.3.2 written out, ymin = 0 and ymax = 255."""
    assert how.window is not None
    x, c, w = stored * how.slope + how.intercept, how.window.centre, how.window.width
    if how.window.function == "SIGMOID":
        exponent = -4 * (x - c) / w
        y = 0.0 if exponent > 700 else 255 / (1 + math.exp(max(exponent, -700)))
    elif how.window.function == "LINEAR_EXACT":
        y = 0.0 if x <= c - w / 2 else 255.0 if x > c + w / 2 else ((x - c) / w + 0.5) * 255
    elif x <= c - 0.5 - (w - 1) / 2:
        y = 0.0
    elif x > c - 0.5 + (w - 1) / 2:
        y = 255.0
    else:
        y = ((x - (c - 0.5)) / (w - 1) + 0.5) * 255
    return 255 - y if how.inverted else y


renderings = st.builds(
    Rendering,
    slope=st.floats(-10, 10).filter(lambda slope: abs(slope) > 1e-3),
    intercept=st.floats(-5_000, 5_000),
    window=st.builds(
        Window,
        centre=st.floats(-70_000, 70_000),
        width=st.floats(1, 100_000),
        function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
    ),
    inverted=st.booleans(),
)


@given(st.data(), renderings, st.integers(1, 16), st.booleans())
def test_any_rendering_is_the_formula_of_the_standard(
    data: st.DataObject, how: Rendering, bits: int, signed: bool
) -> None:
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    values = data.draw(st.lists(st.integers(low, high), min_size=1, max_size=8))
    stored = np.array(values, dtype=np.int16 if signed else np.uint16)
    shown = display(stored, how)
    for value, grey in zip(values, shown, strict=True):
        assert abs(float(grey) - by_the_standard(value, how)) <= 0.5 + 1e-6


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2"])
@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_the_table_gives_the_same_numbers_as_the_formula(kind: str, function: Function) -> None:
    info = np.iinfo(kind)
    stored = np.random.default_rng(1).integers(info.min, info.max, (160, 120), dtype=kind, endpoint=True)
    how = Rendering(1.7, -100.0, Window(40.0, 350.0, function=function), inverted=True, padding=(-5, 3))
    assert np.array_equal(windowed(stored, how), display(stored, how))


def test_a_width_of_one_is_a_step_and_not_a_division_by_zero() -> None:
    shown = display(np.array([9, 10], dtype=np.uint8), Rendering(window=Window(10.0, 1.0)))
    assert shown.tolist() == [0, 255]


def test_padding_is_black_even_when_the_image_is_inverted() -> None:
    stored = np.array([-2000, 0, 100], dtype=np.int16)
    how = Rendering(window=Window(50.5, 101.0), inverted=True, padding=(-2000, -2000))
    assert display(stored, how).tolist() == [0, 255, 0]


def test_a_voi_table_clamps_below_its_first_and_above_its_last_entry() -> None:
    how = Rendering(voi_lut=Lut(10, (0, 128, 255), 8))
    assert display(np.array([0, 10, 11, 12, 99], dtype=np.uint8), how).tolist() == [0, 0, 128, 255, 255]


def test_the_window_wins_over_a_table() -> None:
    how = Rendering(window=Window(0.5, 2.0), voi_lut=Lut(0, (9, 9), 8))
    assert display(np.array([-5, 5], dtype=np.int16), how).tolist() == [0, 255]


def test_neither_window_nor_table_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="needs a window"):
        display(np.zeros(1, dtype=np.uint8), Rendering())


def test_the_automatic_window_leaves_padding_and_outliers_out() -> None:
    stored = np.concatenate([np.arange(1000), np.full(5_000, -2000)]).astype(np.int16)
    stored[0] = 32_000
    window = auto_window(stored, Rendering(padding=(-2000, -2000)))
    low = window.centre - 0.5 - (window.width - 1) / 2
    high = window.centre - 0.5 + (window.width - 1) / 2
    assert low == pytest.approx(np.percentile(np.r_[np.arange(1, 1000), 32_000], 1))
    assert high < 1_000


@pytest.mark.parametrize("stored", [np.full(9, 7, dtype=np.uint8), np.array([np.nan, np.inf])])
def test_an_image_without_contrast_still_has_a_window(stored: np.ndarray) -> None:
    assert auto_window(stored, Rendering()).width > 0
