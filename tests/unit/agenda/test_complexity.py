from hypothesis import given
from hypothesis import strategies as st

from agenda.complexity import ENOUGH, estimate, pace_of, weights

KEYS = [one.key for one in weights().factors]


def test_an_estimate_gives_its_reasons() -> None:
    found = estimate({"further-questions": 1, "mandatory": 1}, weights())
    assert found.minutes == 11
    assert [(one.minutes, one.reason) for one in found.reasons] == [
        (5, "any case"), (2, "each question after the first"), (4, "review is mandatory"),
    ]


@given(st.dictionaries(st.sampled_from(KEYS), st.integers(0, 50)), st.floats(0.5, 2))
def test_the_reasons_add_up_and_stay_within_the_limits(counts: dict[str, int], pace: float) -> None:
    found = estimate(counts, weights(), pace)
    assert sum(one.minutes for one in found.reasons) == found.minutes
    assert weights().least <= found.minutes <= weights().most


@given(st.dictionaries(st.sampled_from(KEYS), st.integers(0, 50)), st.sampled_from(KEYS))
def test_more_of_anything_never_takes_less_time(counts: dict[str, int], key: str) -> None:
    more = counts | {key: counts.get(key, 0) + 1}
    assert estimate(more, weights()).minutes >= estimate(counts, weights()).minutes


def test_a_board_s_pace_counts_once_it_has_enough_cases() -> None:
    assert pace_of([(20.0, 10)] * (ENOUGH - 1)) == 1.0
    assert pace_of([(15.0, 10)] * ENOUGH) == 1.5
    assert pace_of([(90.0, 10)] * ENOUGH) == 2.0
