"""Presence: last value wins, flushed a bounded number of times a second."""

from conference.live.presence import Presence


def test_a_lone_move_after_silence_is_due_at_once() -> None:
    presence = Presence()
    assert presence.due() is None
    presence.move("bo", {"seen": 1})
    assert presence.due() == float("-inf")


def test_flushes_keep_a_gap_and_a_crowd_a_longer_one() -> None:
    presence = Presence()
    presence.move("bo", {"seen": 1})
    presence.flush(100.0)
    presence.move("bo", {"seen": 2})
    assert presence.due() == 100.016
    for number in range(10):
        presence.move(f"p{number}", {"seen": 1})
    assert presence.due() == 100.033


def test_a_flush_carries_the_newest_of_each_key_once() -> None:
    presence = Presence()
    presence.move("bo", {"seen": 1, "pointer": None})
    presence.move("bo", {"seen": 2})
    assert presence.flush(0.0) == {"bo": {"seen": 2, "pointer": None}}
    assert presence.flush(1.0) == {}
    presence.move("bo", {"draft": None})
    assert presence.flush(2.0) == {"bo": {"draft": None}}
    assert presence.everybody() == {"bo": {"seen": 2, "pointer": None, "draft": None}}


def test_whoever_left_is_told_as_gone_once() -> None:
    presence = Presence()
    presence.gone("bo")
    assert presence.due() is None
    presence.move("bo", {"seen": 1})
    presence.gone("bo")
    assert presence.flush(0.0) == {"bo": None}
    assert presence.everybody() == {}
