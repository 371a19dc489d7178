"""Laws of the joint text, held against random lives; the planted faults they are known to catch stand at the end."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import Session

from conference.live.texts import Texts
from conference.text import document, store
from conference.text.document import EMPTY, TextDocument
from conference.text.update import Update
from tests.property.faults import Faults
from tests.property.text_walk import walk


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_R99_R91_any_order_loss_repetition_and_compaction_leads_to_the_same_words(seed: int) -> None:
    walk(seed)


FAULTS = Faults(AssertionError, ValueError, IndexError)


@FAULTS.plant
def an_update_with_a_gap_is_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Update, "builds_on", lambda self, known: True)


@FAULTS.plant
def a_removal_is_not_kept(patch: pytest.MonkeyPatch) -> None:
    original = TextDocument._keep
    patch.setattr(TextDocument, "_keep", lambda self, new: EMPTY if new[:1] == b"\x00" else original(self, new))


@FAULTS.plant
def a_rebuilt_document_lacks_what_was_merged(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TextDocument, "_keep", lambda self, new: new)


@FAULTS.plant
def what_was_refused_stays_in_the_document(patch: pytest.MonkeyPatch) -> None:
    original = TextDocument._rebuild
    patch.setattr(TextDocument, "_rebuild", lambda self: None if hasattr(self, "_doc") else original(self))


@FAULTS.plant
def the_last_writer_wins(patch: pytest.MonkeyPatch) -> None:
    """Each update replaces the words by those of whoever sent it."""

    def merge(self: TextDocument, data: bytes, fields: Any) -> bytes:
        theirs = TextDocument([data]).words(["minutes"])["minutes"]
        with self._doc.transaction():
            document._rewrite(self._field("minutes"), theirs)
        return self._keep(self._new)

    patch.setattr(TextDocument, "merge", merge)


@FAULTS.plant
def a_compaction_covers_one_update_too_many(patch: pytest.MonkeyPatch) -> None:
    original = store.compact

    def compact(session: Session, room: str, epoch: int, case: Any, seq: int, whole: bytes) -> None:
        original(session, room, epoch, case, seq + 1, whole)

    patch.setattr(store, "compact", compact)


@FAULTS.plant
def a_compaction_keeps_what_was_there_before_the_last_update(patch: pytest.MonkeyPatch) -> None:
    original = store.compact

    def compact(session: Session, room: str, epoch: int, case: Any, seq: int, whole: bytes) -> None:
        kept = store.texts(session, room)[case].updates[:-1]
        original(session, room, epoch, case, seq, TextDocument(kept).whole())

    patch.setattr(store, "compact", compact)


@FAULTS.plant
def a_compaction_is_not_read_again(patch: pytest.MonkeyPatch) -> None:
    original = store.texts

    def texts(session: Session, room: str) -> dict[Any, store.Stored]:
        found = original(session, room)
        for one in found.values():
            one.updates = one.updates[-one.loose :] if one.loose else []
        return found

    patch.setattr(store, "texts", texts)


@FAULTS.plant
def the_last_of_a_turn_is_not_shown(patch: pytest.MonkeyPatch) -> None:
    original = Texts.committed
    patch.setattr(Texts, "committed", lambda self: {case: found[:-1] for case, found in original(self).items()})


@FAULTS.plant
def the_last_of_a_turn_is_not_written(patch: pytest.MonkeyPatch) -> None:
    original = store.append
    patch.setattr(
        store, "append", lambda session, room, epoch, typed: original(session, room, epoch, typed[:-1])
    )


@FAULTS.plant
def everything_is_typed_by_the_chair(patch: pytest.MonkeyPatch) -> None:
    original = store.append

    def append(session: Session, *rest: Any) -> None:
        original(session, *rest)
        session.connection().execute(update(store._TEXTS).values(author="ada"))

    patch.setattr(store, "append", append)


@FAULTS.plant
def whoever_comes_back_is_given_nothing(patch: pytest.MonkeyPatch) -> None:
    original = Texts.since
    patch.setattr(Texts, "since", lambda self, case, state: (original(self, case, state)[0], EMPTY))


@FAULTS.plant
def an_update_is_numbered_twice(patch: pytest.MonkeyPatch) -> None:
    original = Texts._stage

    def stage(self: Texts, kept: Any, typed: store.Typed) -> None:
        original(self, kept, typed)
        if typed.content != EMPTY and kept.seq % 7 == 0:
            kept.seq += 1

    patch.setattr(Texts, "_stage", stage)


@FAULTS.plant
def a_draft_takes_the_minutes_along(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(document, "MINUTES", "no field of this name")


@pytest.mark.parametrize("name", FAULTS.names)
def test_the_laws_catch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS.caught(name, monkeypatch, _live_many)


def _live_many() -> None:
    for seed in range(30):
        walk(seed)


def test_there_are_at_least_twelve() -> None:
    assert len(FAULTS.names) >= 12
