import itertools

import pytest

from agenda.lifecycle import LABELS, ROOM_PATH, STATES, TRANSITIONS, label, may_become, steps_to, tracker


def test_every_state_has_a_row_and_a_label() -> None:
    assert set(TRANSITIONS) == set(STATES) == set(LABELS)


def test_every_state_can_be_reached_from_a_draft() -> None:
    reached, fresh = {"draft"}, ["draft"]
    while fresh:
        following = TRANSITIONS[fresh.pop()] - reached  # type: ignore[index]
        reached |= following
        fresh += following
    assert reached == set(STATES)


def test_only_a_closed_or_withdrawn_case_is_final() -> None:
    assert {state for state, following in TRANSITIONS.items() if not following} == {"closed", "withdrawn"}


@pytest.mark.parametrize("state", ["presented", "recommended", "signed", "delivered", "closed"])
def test_what_was_heard_cannot_be_withdrawn(state: str) -> None:
    assert not may_become(state, "withdrawn")


def test_the_room_path_is_made_of_edges() -> None:
    assert all(may_become(one, following) for one, following in itertools.pairwise(ROOM_PATH))
    assert may_become("triaged", "scheduled")


def test_steps_to_skip_readiness_and_never_go_back() -> None:
    assert steps_to("triaged", "presented") == ("scheduled", "presented")
    assert steps_to("scheduled", "signed") == ("presented", "recommended", "signed")
    assert steps_to("signed", "presented") == ()
    assert steps_to("closed", "signed") == ()
    assert steps_to("rolled_over", "presented") == ("scheduled", "presented")
    assert steps_to("draft", "presented") is None
    assert steps_to("withdrawn", "signed") is None


@pytest.mark.parametrize(("state", "shown"), [
    ("draft", "ahead ahead ahead ahead ahead"),
    ("submitted", "now ahead ahead ahead ahead"),
    ("needs_info", "done now ahead ahead ahead"),
    ("scheduled", "done done now ahead ahead"),
    ("signed", "done done done now ahead"),
    ("delivered", "done done done done done"),
    ("closed", "done done done done done"),
])
def test_the_tracker_tells_where_a_case_stands(state: str, shown: str) -> None:
    assert " ".join(step.state for step in tracker(state)) == shown


def test_labels_are_words() -> None:
    assert label("needs_info") == "Needs information"
