"""Units of reports are read by people: no code of a dictionary, no brace, no bracket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.display.units import readable


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("{pixels}", "pixels"), ("{pixels2}", "pixels²"), ("1", ""), ("{ratio}", ""), ("deg", "°"), ("[deg]", "°"),
        ("[hnsf'U]", "HU"), ("mm", "mm"), ("mm2", "mm²"), ("cm3", "cm³"), ("ml", "mL"), ("%", "%"), ("g", "g"),
        ("{SUVbw}g/ml", "g/mL (SUVbw)"), ("mm{diameter}", "mm (diameter)"), ("{H.B.}/min", "H.B./min"),
        ("/min", "/min"),
        ("mm[Hg]", "mmHg"), ("m[H2O]", "mH2O"), ("kg/m2", "kg/m²"), ("um2/s", "µm²/s"), ("10*-6.mm2/s", "×10⁻⁶ mm²/s"),
        ("10*3/ul", "×10³/µL"), ("s-1", "s⁻¹"), ("mGy.cm", "mGy cm"), ("Cel", "°C"), ("[in_i]", "in"),
        ("[iU]/l", "IU/L"),
        ("{no_units}", "no units"), ("furlongs", "furlongs"),
    ],
)  # fmt: skip
def test_units_are_written_as_by_hand(code: str, said: str) -> None:
    assert readable(code) == said


def test_a_number_of_a_dictionary_is_told_by_its_meaning() -> None:
    assert readable("258669008", "millimetre") == "millimetre"
    assert readable("cm", "Length Unit") == "cm"


@given(st.text(max_size=60))
def test_whatever_stands_there_is_read(code: str) -> None:
    readable(code, "")
