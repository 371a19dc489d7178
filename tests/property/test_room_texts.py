"""Remembered texts are those of the projection, after every event, for every viewer.

The faults at the end are known to be caught.
"""

from collections.abc import Callable

import pytest

from conference.room import texts
from conference.room.canonical import canonical_text
from conference.room.evolve import evolve
from conference.room.state import EMPTY, RoomState
from conference.room.texts import ProjectionTexts
from conference.room.visibility import Sight, project, projection_digest, sight
from tests.property.room_walk import walk
from tests.rooms import EVERYBODY


def _hold_for_all() -> None:
    for seed in range(6):
        _hold(seed)


def _hold(seed: int) -> None:
    state, remembered = EMPTY, ProjectionTexts()
    for one in walk(seed, 120).log:
        state = evolve(state, one)
        for viewer in {sight(state, person) for person in EVERYBODY}:
            assert remembered.text(state, viewer) == canonical_text(project(state, viewer))
            assert remembered.digest(state, viewer) == projection_digest(state, viewer)


@pytest.mark.parametrize("seed", range(6))
def test_remembered_texts_are_those_of_the_projection(seed: int) -> None:
    _hold(seed)


def _marks_known_by_name(patch: pytest.MonkeyPatch) -> None:
    """A reshaped mark keeps its old text."""
    original = ProjectionTexts._marks_of

    def by_name(self: ProjectionTexts, key: texts.CaseId, case: texts.CaseState) -> str:
        known = self._marks.get(key, {})
        self._marks[key] = {name: (mark, known[name][1]) for name, mark in case.marks.items() if name in known}
        return original(self, key, case)

    patch.setattr(ProjectionTexts, "_marks_of", by_name)


def _cases_known_for_ever(patch: pytest.MonkeyPatch) -> None:
    """What was once said of a case is said again."""
    original = ProjectionTexts._of

    def of(self: ProjectionTexts, state: RoomState, viewer: Sight) -> tuple[str, str]:
        kept = dict(self._cases)
        found = original(self, state, viewer)
        self._cases = {**self._cases, **{key: (state.cases[key[0]], text) for key, (_, text) in kept.items()
                                         if key[0] in state.cases}}
        return found

    patch.setattr(ProjectionTexts, "_of", of)


def _cases_without_their_author(patch: pytest.MonkeyPatch) -> None:
    """The author of a sealed opinion and everybody else are given one text."""
    original = ProjectionTexts._case

    def of(self: ProjectionTexts, key: texts.CaseId, case: texts.CaseState, viewer: Sight) -> str:
        for (other, author), (kept, text) in self._cases.items():
            if other == key and author != viewer.author and kept is case:
                return text
        return original(self, key, case, viewer)

    patch.setattr(ProjectionTexts, "_case", of)


@pytest.mark.parametrize("plant", [_marks_known_by_name, _cases_known_for_ever, _cases_without_their_author])
def test_the_planted_fault_is_caught(plant: Callable[[pytest.MonkeyPatch], None],
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        _hold_for_all()
