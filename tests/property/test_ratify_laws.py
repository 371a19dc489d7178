"""Laws of the class of a case, for any opinions."""

from hypothesis import given
from hypothesis import strategies as st

from agenda.agreement import panel
from agenda.ratify import FEWEST_VOICES, Voice, classify

OPTIONS = ("fusion", "therapy", "wait")
DISCIPLINES = ("surgery", "radiology", "therapy", "pain")
VOICES = st.lists(
    st.builds(
        Voice, st.sampled_from(DISCIPLINES), st.sampled_from(OPTIONS),
        st.fixed_dictionaries({key: st.integers(1, 9) for key in OPTIONS}),
    ),
    max_size=8,
)
REQUIRED = st.frozensets(st.sampled_from(DISCIPLINES), max_size=4)


@given(VOICES, REQUIRED)
def test_missing_depends_on_who_spoke_and_never_on_what_was_said(voices: list[Voice], required: frozenset[str]) -> None:
    missing = classify(voices, OPTIONS, required) == "missing"
    assert missing == (not required <= {one.discipline for one in voices} or len(voices) < FEWEST_VOICES)


@given(VOICES, REQUIRED, st.randoms(use_true_random=False))
def test_the_class_does_not_depend_on_who_spoke_first(voices: list[Voice], required: frozenset[str], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = random.sample(voices, len(voices))
    assert classify(shuffled, OPTIONS, required) == classify(voices, OPTIONS, required)


@given(VOICES, REQUIRED)
def test_what_is_agreed_is_settled_for_every_option_and_all_prefer_the_same(
    voices: list[Voice], required: frozenset[str]
) -> None:
    found = classify(voices, OPTIONS, required)
    if found == "missing":
        return
    settled = all(panel([one.ratings[key] for one in voices]).settled for key in OPTIONS)
    assert (found == "agreed") == (settled and len({one.preferred for one in voices}) == 1)


@given(st.lists(st.sampled_from(DISCIPLINES), min_size=3, max_size=8), st.integers(1, 3), st.integers(7, 9))
def test_one_who_prefers_another_option_is_enough_for_discussion(spoke: list[str], low: int, high: int) -> None:
    alike = {"fusion": low, "therapy": high, "wait": low}
    voices = [Voice(code, "therapy", alike) for code in spoke]
    assert classify(voices, OPTIONS, frozenset(spoke)) == "agreed"
    one_other = [*voices[1:], Voice(spoke[0], "wait", alike)]
    assert classify(one_other, OPTIONS, frozenset(spoke)) == "split"
