"""The document of a joint text: letters are merged, everything else is refused and leaves it as it was."""

import random

import pytest
from pycrdt import Array, Map

from conference.text.document import DOCUMENT_LIMIT_BYTES, EMPTY, UPDATE_LIMIT_BYTES, TextDocument, TooLong
from conference.text.update import Malformed, clocks, read
from tests.hands import Hand

FIELDS = frozenset({"minutes", "rationale"})


def test_letters_are_merged_and_what_was_known_is_nothing_new() -> None:
    hand, document = Hand(), TextDocument()
    first = hand.type("héllo 😀")
    assert document.merge(first, FIELDS) == first
    assert document.merge(first, FIELDS) == EMPTY
    assert document.words(FIELDS) == {"minutes": "héllo 😀", "rationale": ""}


def test_two_hands_at_one_place_say_the_same_to_both() -> None:
    one, other, document = Hand(), Hand(), TextDocument()
    document.merge(one.type("one"), FIELDS)
    document.merge(other.type("two"), FIELDS)
    for hand in (one, other):
        hand.doc.apply_update(document.since(hand.doc.get_state()))
    assert str(one.text()) == str(other.text()) == document.words(FIELDS)["minutes"]


def test_R97_an_update_of_something_else_than_letters_in_these_fields_is_refused() -> None:
    evil = Hand()
    evil.doc.get("minutes", type=Map)["k"] = "v"
    evil.doc.get("list", type=Array).append(1)
    bold, embedded, elsewhere = Hand(), Hand(), Hand()
    bold.text().insert(0, "bold", {"b": True})
    embedded.text().insert_embed(0, {"src": "x"})
    elsewhere.type("elsewhere", "secret")
    document = TextDocument()
    for hand in (evil, bold, embedded, elsewhere):
        with pytest.raises(Malformed):
            document.merge(hand.doc.get_update(), FIELDS)
    for update in (b"", b"nonsense", b"\x00", b"\xff" * 20):
        with pytest.raises(Malformed):
            document.merge(update, FIELDS)
    assert document.state() == TextDocument().state()


def test_R97_an_update_that_builds_on_what_is_not_here_is_refused_whole() -> None:
    hand, document = Hand(), TextDocument()
    first, second, third = hand.type("a"), hand.type("b"), hand.delete(0, 1)
    for update in (second, third):
        with pytest.raises(Malformed):
            document.merge(update, FIELDS)
    for update in (first, second, third):
        document.merge(update, FIELDS)
    assert document.words(FIELDS)["minutes"] == "b"


def test_R97_what_is_too_long_leaves_nothing_behind() -> None:
    hand, document = Hand(), TextDocument()
    document.merge(hand.type("x" * 7_000, "rationale"), FIELDS)
    with pytest.raises(TooLong, match="8001 characters; at most 8000"):
        document.merge(hand.type("y" * 1_001, "rationale"), FIELDS)
    with pytest.raises(TooLong, match="One change"):
        document.merge(Hand().type("z" * (UPDATE_LIMIT_BYTES + 1)), FIELDS)
    assert document.words(FIELDS)["rationale"] == "x" * 7_000
    document.merge(Hand().type("y" * 1_000, "rationale"), FIELDS)
    assert sorted(document.words(FIELDS)["rationale"]) == sorted("x" * 7_000 + "y" * 1_000)


def test_R97_a_document_full_of_deleted_words_takes_no_more_until_it_is_made_one() -> None:
    hand, document = Hand(), TextDocument()

    def fill() -> None:
        for _ in range(DOCUMENT_LIMIT_BYTES // 10_000 + 2):
            document.merge(hand.type("x" * 10_000), FIELDS)
            document.merge(hand.delete(0, 10_000), FIELDS)

    with pytest.raises(TooLong, match="full"):
        fill()
    assert len(document.whole()) < 1_000


def test_one_update_holds_all_that_was_typed() -> None:
    hand, document = Hand(), TextDocument()
    for word in ("one ", "two ", "three"):
        document.merge(hand.type(word), FIELDS)
    document.merge(hand.delete(4, 4), FIELDS)
    again = TextDocument([document.whole()])
    assert again.words(FIELDS) == document.words(FIELDS) == {"minutes": "one three", "rationale": ""}
    assert again.state() == document.state()


def test_a_draft_written_as_a_whole_changes_the_least_and_no_minutes() -> None:
    hand, document = Hand(), TextDocument()
    document.merge(hand.type("keep"), FIELDS)
    document.merge(hand.type("Wait ten weeks 😀 then see", "rationale"), FIELDS)
    update = document.write({"rationale": "Wait six weeks 😀 then see"}, FIELDS)
    assert read(update, FIELDS).runs
    assert len(update) < 60
    hand.doc.apply_update(update)
    assert (str(hand.text()), str(hand.text("rationale"))) == ("keep", "Wait six weeks 😀 then see")
    assert document.write({"rationale": "Wait six weeks 😀 then see"}, FIELDS) == EMPTY


def test_a_state_vector_that_is_none_is_refused() -> None:
    document = TextDocument()
    assert document.since(b"\x00") == EMPTY
    for state in (b"", b"\x01", b"\x00\x00", b"\x01" + b"\xff" * 9):
        with pytest.raises(Malformed):
            document.since(state)
    assert clocks(b"\x01\x05\x07") == {5: 7}


def test_a_panic_of_the_library_is_a_refusal_and_the_document_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """As pyo3 raises it: no Exception, so that nobody catches it by accident."""

    hand, document = Hand(), TextDocument()
    document.merge(hand.type("kept"), FIELDS)

    def panic(_update: bytes) -> None:
        raise PanicException("index out of bounds")

    monkeypatch.setattr(document._doc, "apply_update", panic)
    with pytest.raises(Malformed):
        document.merge(hand.type("lost"), FIELDS)
    assert document.words(FIELDS)["minutes"] == "kept"


def test_R97_bytes_changed_at_random_are_merged_or_refused_and_never_break_the_document() -> None:
    chance, hand = random.Random(20261130), Hand()
    for _ in range(30):
        hand.type(chance.choice(["a", "héllo ", "😀 x"]))
        if chance.random() < 0.3:
            hand.delete(0, 1)
    taken = 0
    for _ in range(6_000):
        document = TextDocument([hand.doc.get_update()])
        update = bytearray(chance.choice(hand.said))
        for _ in range(chance.randint(1, 3)):
            update[chance.randrange(len(update))] = chance.choice([0, 1, 2, 127, 128, 255, chance.randrange(256)])
        try:
            document.merge(bytes(update), FIELDS)
        except Malformed:
            continue
        taken += 1
        assert TextDocument([document.whole()]).words(FIELDS) == document.words(FIELDS)
    assert 0 < taken < 3_000
