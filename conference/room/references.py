"""Marks named in prose: `[#1a2b3c4d]`, the beginning of a mark's identity, which stays when its value changes. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from conference.room.state import CaseState
from conference.room.text_fields import MINUTES, words_of
from conference.room.values import MarkId, Recommendation, Typed

_LETTERS = 8
_REFERENCE = re.compile(rf"\[#([0-9A-Za-z-]{{1,{_LETTERS}}})\]")


def reference(mark: MarkId) -> str:
    """How prose names this mark."""
    return f"[#{mark[:_LETTERS]}]"


def named_in(prose: str, marks: Iterable[MarkId]) -> tuple[MarkId, ...]:
    """The marks that prose names, in its order, each once; a reference that fits several names none."""
    by = _by_reference(marks)
    return tuple(dict.fromkeys(by[found] for found in _REFERENCE.findall(prose) if found in by))


def spoken(prose: str, names: Mapping[MarkId, str]) -> str:
    """The prose with the names of marks where it refers to them; what names no mark of these stays as it is."""
    by = _by_reference(names)
    return _REFERENCE.sub(lambda found: names[by[found[1]]] if found[1] in by else found[0], prose)


def citing(words: Recommendation, case: CaseState, typed: Typed | None) -> Recommendation:
    """The recommendation that cites, after the marks it cites already, those its words or the minutes name (R117)."""
    prose = [*words_of(words).values(), (typed or {}).get(MINUTES, "")]
    named = named_in("\n".join(prose), case.marks)
    return replace(words, cited=(*words.cited, *(mark for mark in named if mark not in words.cited)))


def _by_reference(marks: Iterable[MarkId]) -> dict[str, MarkId]:
    found: dict[str, MarkId] = {}
    shared: set[str] = set()
    for mark in marks:
        key = mark[:_LETTERS]
        if key in found:
            shared.add(key)
        found[key] = mark
    return {key: mark for key, mark in found.items() if key not in shared}
