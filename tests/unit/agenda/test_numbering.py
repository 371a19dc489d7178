"""Counting vertebrae: places between marks, contradictions, what a new count relabels, and what may be signed."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.numbering import Anchor, Numbering, checked, labels, named_in, present, refusal, relabelled
from agenda.numberings import accept, in_force_at, propose, relabelled_since, signing_refusal, standing, versions
from agenda.plans import keep_plan, parse_plan
from tests.unit.agenda.desk import AT, a_submitted_case

FRAME = "1.2.3.4"


def anchor(vertebra: str, z: float, y: float = 0.0) -> Anchor:
    return Anchor(vertebra, "1.2.3", 1, (10.0, 10.0), (0.0, y, z))


def numbering(*anchors: Anchor, ribs: int = 12, lumbar: int = 5, method: str = "t1", frame: str = FRAME) -> Numbering:
    return Numbering(method, ribs, lumbar, "", frame, anchors)  # type: ignore[arg-type]


def spine(*, ribs: int = 12, lumbar: int = 5, shift: int = 0, first: int = 15, bones: int = 10) -> Numbering:
    """Every bone of a stretch marked, 30 mm apart; `shift` calls each bone by the name so many further down."""
    names = present(ribs, lumbar)
    marks = [anchor(names[first + bone + shift], -30.0 * bone) for bone in range(bones - shift)]
    return numbering(*marks, ribs=ribs, lumbar=lumbar)


NORMAL = numbering(anchor("L1", 0.0), anchor("S1", -150.0, 20.0))


def test_places_between_two_marks_are_interpolated_and_nothing_beyond() -> None:
    found = labels(checked(NORMAL))
    assert [one.vertebra for one in found] == ["L1", "L2", "L3", "L4", "L5", "S1"]
    assert [one.marked for one in found] == [True, False, False, False, False, True]
    assert found[3].at == pytest.approx((0.0, 12.0, -90.0))


def test_a_sixth_lumbar_vertebra_is_placed_where_the_count_has_one() -> None:
    found = labels(numbering(anchor("L5", 0.0), anchor("S1", -60.0), lumbar=6))
    assert [(one.vertebra, one.at[2]) for one in found] == [("L5", 0.0), ("L6", -30.0), ("S1", -60.0)]


@pytest.mark.parametrize(("made", "field"), [
    (numbering(anchor("L1", 0.0)), "anchors"),
    (numbering(anchor("L1", 0.0), anchor("L1", -40.0)), "anchors"),
    (numbering(anchor("L1", -40.0), anchor("L2", 0.0)), "anchors"),
    (numbering(anchor("L1", 0.0), anchor("L5", -10.0)), "anchors"),
    (numbering(anchor("L1", 0.0), anchor("L6", -150.0)), "anchors"),
    (numbering(anchor("L1", 0.0), anchor("L5", -120.0), lumbar=4), "anchors"),
    (numbering(anchor("T13", 0.0), anchor("L5", -150.0)), "anchors"),
    (numbering(anchor("X1", 0.0), anchor("L5", -150.0)), "anchors"),
    (replace(NORMAL, frame_of_reference=""), "anchors"), (replace(NORMAL, ribs=9), "ribs"),
    (replace(NORMAL, lumbar=7), "lumbar"), (replace(NORMAL, castellvi="V"), "castellvi"),
    (numbering(*NORMAL.anchors, method="guessed"), "method"),
])
def test_a_count_that_contradicts_itself_is_refused(made: Numbering, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked(made)
    assert caught.value.field == field


@given(st.data())
def test_labels_run_down_the_spine_without_a_gap(data: st.DataObject) -> None:
    ribs, lumbar = data.draw(st.sampled_from((11, 12, 13))), data.draw(st.sampled_from((4, 5, 6)))
    names = present(ribs, lumbar)
    chosen = sorted(data.draw(st.sets(st.integers(0, len(names) - 1), min_size=2, max_size=6)))
    heights = st.floats(5.0, 45.0)
    z, marks, before = 0.0, [], chosen[0]
    for place in chosen:
        z -= sum(data.draw(heights) for _ in range(place - before))
        marks.append(anchor(names[place], z, data.draw(st.floats(-40.0, 40.0))))
        before = place
    found = labels(checked(numbering(*reversed(marks), ribs=ribs, lumbar=lumbar)))
    assert tuple(one.vertebra for one in found) == names[chosen[0] : chosen[-1] + 1]
    assert all(upper.at[2] > lower.at[2] for upper, lower in pairwise(found))
    assert {one.vertebra for one in found if one.marked} == {mark.vertebra for mark in marks}


@given(st.integers(0, 9), st.floats(-10.0, 10.0))
def test_moving_one_mark_within_its_bone_relabels_nothing(bone: int, by: float) -> None:
    before = spine()
    one = before.anchors[bone]
    moved = replace(one, at=(one.at[0], one.at[1] + by, one.at[2] + by))
    after = replace(before, anchors=(*before.anchors[:bone], moved, *before.anchors[bone + 1 :]))
    assert relabelled(before, after) == frozenset()


@given(st.integers(13, 19))
def test_a_bone_more_relabels_exactly_what_is_below_it(first: int) -> None:
    """The same bones, marked twice: counted with thirteen ribs, all below the twelfth carry another name."""
    before, after = spine(first=first, bones=5), spine(first=first, bones=5, ribs=13)
    bones = {mark.at: mark.vertebra for mark in before.anchors}
    expected = {bones[mark.at] for mark in after.anchors if bones[mark.at] != mark.vertebra}
    assert relabelled(before, after) & set(bones.values()) == expected


def test_a_lumbar_vertebra_more_leaves_those_above_alone() -> None:
    before, after = spine(bones=11, first=15), spine(bones=11, first=15, lumbar=6)
    assert relabelled(before, after) >= {"L6", "S1"}
    assert relabelled(before, after) & {"T12", "L1", "L4", "L5", "C7"} == frozenset()


def test_every_name_one_further_down_is_every_name_relabelled() -> None:
    assert {f"L{number}" for number in range(1, 5)} <= relabelled(spine(), spine(shift=1))


def test_places_in_another_frame_of_reference_prove_nothing() -> None:
    assert "L4" in relabelled(NORMAL, replace(NORMAL, frame_of_reference="9.9"))


@pytest.mark.parametrize(("text", "named"), [
    ("Decompress L4-L5", ("L4", "L5")), ("Fusion L3–S1", ("L3", "L4", "L5", "S1")), ("at L4/5", ("L4", "L5")),
    ("C5 to C7", ("C5", "C6", "C7")), ("L5/S1 and T12", ("T12", "L5", "S1")), ("denervation of L6", ("L6",)),
    ("weakness of the L5 root", ()), ("S1 radiculopathy", ()), ("bright on T2", ()), ("T1 weighted", ()),
    ("Concordant.", ()), ("L9", ()), ("HL4", ()),
])
def test_levels_named_in_words_are_found(text: str, named: tuple[str, ...]) -> None:
    assert named_in([text]) == named


def test_what_names_no_level_needs_no_numbering() -> None:
    assert refusal((), None, proposed=False) == ""
    assert "nobody has numbered" in refusal(("L4",), None, proposed=False)
    assert "not been accepted" in refusal(("L4",), None, proposed=True)
    assert "only assumed" in refusal(("L4",), replace(NORMAL, method="assumed"), proposed=False)
    assert "L6" in refusal(("L5", "L6"), NORMAL, proposed=False)
    assert refusal(("L4", "L5"), NORMAL, proposed=False) == ""
    assert "names L5, but a later numbering" in refusal(("L4", "L5"), NORMAL, proposed=True, contested=("L5", "S1"))
    assert refusal(("L4",), NORMAL, proposed=True, contested=("L5", "S1")) == ""


def test_a_case_carries_levels_only_after_somebody_accepted_a_count(session: Session) -> None:
    case_id = a_submitted_case(session).id
    words = ("Decompress L4-L5.",)
    assert "nobody" in signing_refusal(session, case_id, "surgical", words)
    assert signing_refusal(session, case_id, "rehabilitation", words) == ""
    assumed = replace(NORMAL, method="assumed")
    propose(session, case_id, assumed, "1.2", "", "chair", AT, shown=0)
    with pytest.raises(NotNow, match="count"):
        accept(session, case_id, 1, "radiologist", AT)
    with pytest.raises(Invalid, match="why"):
        propose(session, case_id, NORMAL, "1.2", " ", "chair", AT, shown=1)
    with pytest.raises(NotNow):
        propose(session, case_id, NORMAL, "1.2", "late", "chair", AT, shown=0)
    propose(session, case_id, NORMAL, "1.2", "Counted from T1", "chair", AT, shown=1)
    assert "not been accepted" in signing_refusal(session, case_id, "surgical", words)
    with pytest.raises(NotNow):
        accept(session, case_id, 1, "radiologist", AT)
    with pytest.raises(ItemNotFound):
        accept(session, case_id, 7, "radiologist", AT)
    accept(session, case_id, 2, "radiologist", AT)
    assert signing_refusal(session, case_id, "surgical", words) == ""
    assert [row.accepted_by_id for row in versions(session, case_id)] == [None, "radiologist"]


def test_a_numbering_is_missing_assumed_proposed_accepted_or_contested(session: Session) -> None:
    case_id = a_submitted_case(session).id

    def state_after(made: Numbering, shown: int) -> str:
        propose(session, case_id, made, "1.2", "Counted", "chair", AT, shown=shown)
        return standing(session, case_id).state

    assert standing(session, case_id).state == "missing"
    assert state_after(replace(NORMAL, method="assumed"), 0) == "assumed"
    assert state_after(NORMAL, 1) == "proposed"
    accept(session, case_id, 2, "chair", AT)
    assert standing(session, case_id).state == "accepted"
    assert state_after(replace(NORMAL, castellvi="IIa"), 2) == "accepted"
    assert state_after(numbering(anchor("L1", 0.0), anchor("L6", -150.0), lumbar=6), 3) == "contested"
    assert standing(session, case_id).contested == ("L6", "S1", "S2")
    assert "calls another bone so" in signing_refusal(session, case_id, "surgical", ("Fuse L5-S1.",))
    assert signing_refusal(session, case_id, "surgical", ("Decompress L3-L4.",)) == ""
    assert state_after(replace(NORMAL, frame_of_reference="9.9"), 4) == "contested"


def test_the_boards_grid_names_levels_too(session: Session) -> None:
    case_id = a_submitted_case(session).id
    keep_plan(session, case_id, "board", parse_plan({"L4": ("decompression-posterior",)}, ()), "chair", AT)
    assert "L4" in signing_refusal(session, case_id, "surgical", ("Concordant.",))
    assert signing_refusal(session, case_id, "psychological", ("Concordant.",)) == ""


def test_a_later_count_names_the_signed_levels_it_relabels(session: Session) -> None:
    case_id = a_submitted_case(session).id
    later = AT + timedelta(days=2)
    propose(session, case_id, spine(bones=11), "1.2", "", "chair", AT, shown=0)
    accept(session, case_id, 1, "radiologist", AT)
    signed_at = AT + timedelta(days=1)
    assert relabelled_since(session, case_id, signed_at, ("L5", "S1")) == ()
    propose(session, case_id, spine(bones=11, lumbar=6), "1.2", "There are six", "chair", later, shown=1)
    assert relabelled_since(session, case_id, signed_at, ("L5", "S1")) == ()
    assert standing(session, case_id).proposed is not None
    accept(session, case_id, 2, "radiologist", later)
    assert relabelled_since(session, case_id, signed_at, ("L5", "S1")) == ("S1",)
    before = in_force_at(session, case_id, signed_at)
    assert before is not None
    assert before.version == 1
