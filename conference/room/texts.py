"""The canonical text of projections, made anew only where the room has changed.

States, cases and marks are values: what is the same object reads the same. A room of thousands of marks then costs a
newcomer, and everybody at each mark, no more than joining texts that are there.
"""

import hashlib

from agenda.ids import CaseId, PersonId
from conference.room.canonical import canonical_object, canonical_text
from conference.room.plain import plain
from conference.room.state import EMPTY, CaseState, RoomState
from conference.room.values import Mark, MarkId
from conference.room.visibility import Sight, project_case, project_frame


class ProjectionTexts:
    """The texts of one room; gives the same bytes as `canonical_text(project(state, viewer))`."""

    def __init__(self) -> None:
        self._state = EMPTY
        self._whole: dict[Sight, tuple[str, str]] = {}
        self._cases: dict[tuple[CaseId, PersonId | None], tuple[CaseState, str]] = {}
        self._marks: dict[CaseId, dict[MarkId, tuple[Mark, str]]] = {}

    def text(self, state: RoomState, viewer: Sight) -> str:
        """The canonical JSON of the projection."""
        return self._of(state, viewer)[0]

    def digest(self, state: RoomState, viewer: Sight) -> str:
        """SHA-256 of that text, hex."""
        return self._of(state, viewer)[1]

    def _of(self, state: RoomState, viewer: Sight) -> tuple[str, str]:
        if state is not self._state:
            self._state, self._whole = state, {}
            for key in self._marks.keys() - state.cases.keys():
                del self._marks[key]
            self._cases = {key: kept for key, kept in self._cases.items() if state.cases.get(key[0]) is kept[0]}
        if viewer not in self._whole:
            text = self._made(state, viewer)
            self._whole[viewer] = text, hashlib.sha256(text.encode()).hexdigest()
        return self._whole[viewer]

    def _made(self, state: RoomState, viewer: Sight) -> str:
        members = {name: canonical_text(value) for name, value in project_frame(state, viewer).items()}
        cases = {str(key): self._case(key, case, viewer) for key, case in state.cases.items() if viewer.of(key)}
        return canonical_object({**members, "cases": canonical_object(cases)})

    def _case(self, key: CaseId, case: CaseState, viewer: Sight) -> str:
        kept = self._cases.get((key, viewer.author))
        if kept is not None:
            return kept[1]
        members = {name: canonical_text(value) for name, value in project_case(case, viewer).items()}
        text = canonical_object({**members, "marks": self._marks_of(key, case)})
        self._cases[key, viewer.author] = case, text
        return text

    def _marks_of(self, key: CaseId, case: CaseState) -> str:
        known = self._marks.get(key, {})
        now: dict[MarkId, tuple[Mark, str]] = {}
        for mark_id, mark in case.marks.items():
            kept = known.get(mark_id)
            now[mark_id] = kept if kept is not None and kept[0] is mark else (mark, canonical_text(plain(mark)))
        self._marks[key] = now
        return canonical_object({mark_id: text for mark_id, (_, text) in now.items()})
