"""Faults planted into forwarding, one at a time: the laws of `test_media_forwarder` must catch each.

A law that catches nothing is decoration. Each entry says what is broken and how; to add one, break something real.
"""

from random import Random
from typing import Any, Final

import pylibsrtp
import pytest

from conference.media import forwarder
from conference.media.forwarder import Switchboard, Track
from conference.media.rtp import ahead
from conference.media.slot import Incoming, Slot
from tests.property.faults import Faults
from tests.property.test_media_forwarder import World

FAULTS: Final = Faults(AssertionError, pylibsrtp.Error)
WALKS: Final = 40
"""How many walks a fault may survive."""
STARTS: Final = ([1, 65_400, 30_000], [65_535, 65_535, 1], [30_000, 30_000, 30_000], [65_400, 1, 65_535])
"""Where the three senders' sequence numbers begin."""


def _segments(patch: pytest.MonkeyPatch, **wrong: int) -> None:
    """Every segment begins with these numbers instead of the right ones."""
    original = Slot.begin

    def begin(self: Slot, packet: Incoming, at: float) -> None:
        original(self, packet, at)
        assert self._segment is not None
        self._segment = self._segment._replace(**wrong)

    patch.setattr(Slot, "begin", begin)


@FAULTS.plant
def sequence_numbers_are_not_rewritten_at_a_switch(patch: pytest.MonkeyPatch) -> None:
    _segments(patch, shift=0)


@FAULTS.plant
def timestamps_are_not_continued_at_a_switch(patch: pytest.MonkeyPatch) -> None:
    _segments(patch, time=0)


@FAULTS.plant
def a_switch_takes_one_number_back(patch: pytest.MonkeyPatch) -> None:
    original = Slot.begin

    def begin(self: Slot, packet: Incoming, at: float) -> None:
        original(self, packet, at)
        assert self._segment is not None
        self._segment = self._segment._replace(shift=self._segment.shift - 1)

    patch.setattr(Slot, "begin", begin)


@FAULTS.plant
def a_packet_from_before_the_switch_is_sent_after_it(patch: pytest.MonkeyPatch) -> None:
    original = Slot.numbered

    def numbered(slots: list[Slot], packet: Incoming, at: float) -> list[tuple[Slot, bytearray]]:
        for one in slots:
            if one._segment is not None and packet.number < one._segment.first:
                one._segment = one._segment._replace(first=packet.number)
        return original(slots, packet, at)

    patch.setattr(Slot, "numbered", staticmethod(numbered))


@FAULTS.plant
def a_retransmission_goes_out_under_the_number_of_the_picture(patch: pytest.MonkeyPatch) -> None:
    original = Slot.retransmission

    def retransmission(self: Slot, packet: Incoming, at: float) -> bytearray:
        data = original(self, packet, at)
        data[8:12] = self.ssrc.to_bytes(4, "big")
        data[2:4] = data[20:22]
        return data

    patch.setattr(Slot, "retransmission", retransmission)


@FAULTS.plant
def retransmissions_are_not_numbered(patch: pytest.MonkeyPatch) -> None:
    original = Slot.retransmission

    def retransmission(self: Slot, packet: Incoming, at: float) -> bytearray:
        number = self._retransmission
        data = original(self, packet, at)
        self._retransmission = number
        return data

    patch.setattr(Slot, "retransmission", retransmission)


@FAULTS.plant
def pictures_keep_their_numbers(patch: pytest.MonkeyPatch) -> None:
    _segments(patch, picture=0, base_layer=0)


@FAULTS.plant
def what_is_missed_is_looked_for_in_another_segment(patch: pytest.MonkeyPatch) -> None:
    def wanted(self: Slot, sequence: int) -> int | None:
        if self._segment is None:
            return None
        return self._number + ahead(sequence, self._number & 0xFFFF) - self._segment.shift

    patch.setattr(Slot, "wanted", wanted)


@FAULTS.plant
def the_answer_is_another_packet_of_the_cache(patch: pytest.MonkeyPatch) -> None:
    original = Slot.wanted

    def wanted(self: Slot, sequence: int) -> int | None:
        number = original(self, sequence)
        return None if number is None else number - 1

    patch.setattr(Slot, "wanted", wanted)


@FAULTS.plant
def a_picture_is_entered_between_key_frames(patch: pytest.MonkeyPatch) -> None:
    original = forwarder.describe
    patch.setattr(forwarder, "describe", lambda payload: original(payload)._replace(key=True))


@FAULTS.plant
def duplicates_are_forwarded(patch: pytest.MonkeyPatch) -> None:
    class Forgetful(list[Any]):
        def __getitem__(self, _: Any) -> None:
            return None

    original = Track.__init__

    def init(self: Track, *, video: bool) -> None:
        original(self, video=video)
        self._seen = Forgetful(self._seen)

    patch.setattr(Track, "__init__", init)


@FAULTS.plant
def the_old_sender_stays_on_the_slot(patch: pytest.MonkeyPatch) -> None:
    original = Switchboard.receive

    def receive(self: Switchboard, track: Track, *given: Any) -> list[forwarder.Sent]:
        others = [(old, list(old.slots)) for old in set(self._on.values()) if old is not track]
        sent = original(self, track, *given)
        for old, slots in others:
            old.slots[:] = slots
        return sent

    patch.setattr(Switchboard, "receive", receive)


@pytest.mark.parametrize("name", FAULTS.names)
def test_the_laws_catch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS.caught(name, monkeypatch, _walk_all)


def test_without_a_fault_every_walk_is_lawful() -> None:
    assert _walk_all() > 1_000


def _walk_all() -> int:
    """How many packets were sent and found lawful."""
    sent = 0
    for seed in range(WALKS):
        world = World(seed % 3 != 0, STARTS[seed % len(STARTS)])
        chance = Random(seed)
        for _ in range(400):
            world.step(chance)
        for listener in world.listeners:
            listener.judge()
            sent += len(listener.sent)
    return sent
