"""Congestion feedback, read back by a decoder that shares no code with the writer."""

from hypothesis import given
from hypothesis import strategies as st

from conference.media.arrivals import Arrivals


def decoded(body: bytes) -> dict[int, int]:
    """Sequence number → arrival in units of 250 µs, from one feedback."""
    base, count = int.from_bytes(body[:2], "big"), int.from_bytes(body[2:4], "big")
    clock = int.from_bytes(body[4:7], "big") * 256
    symbols: list[int] = []
    at = 8
    while len(symbols) < count:
        chunk = int.from_bytes(body[at : at + 2], "big")
        at += 2
        if chunk & 0x8000:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> 13] * (chunk & 0x1FFF)
    found = {}
    for number, symbol in enumerate(symbols[:count]):
        if symbol:
            clock += int.from_bytes(body[at : at + symbol], "big", signed=symbol == 2)
            at += symbol
            found[(base + number) & 0xFFFF] = clock
    assert at == len(body)
    return found


def test_arrivals_are_told_with_their_times_and_gaps():
    arrivals = Arrivals()
    times = {65534: 10.0, 65535: 10.0025, 1: 10.2, 12: 10.1}
    for number, at in times.items():
        arrivals.note(number, at)
    (packet,) = arrivals.feedback(1, 2)
    assert decoded(packet.body) == {number: round(at * 4000) for number, at in times.items()}


def test_a_long_run_and_a_repeated_number():
    arrivals = Arrivals()
    for number in range(100):
        arrivals.note(number, 1 + number / 1000)
    arrivals.note(50, 9.0)
    (packet,) = arrivals.feedback(1, 2)
    assert decoded(packet.body) == {number: int((1 + number / 1000) * 4000) for number in range(100)}


def test_far_numbers_make_packets_of_their_own_and_each_is_counted():
    arrivals = Arrivals()
    arrivals.note(1, 1.0)
    arrivals.note(3000, 1.1)
    first, second = arrivals.feedback(1, 2)
    assert [first.body[7], second.body[7]] == [0, 1]
    assert arrivals.feedback(1, 2) == []


def test_a_number_of_long_ago_is_left_out():
    arrivals = Arrivals()
    arrivals.note(20_000, 1.0)
    arrivals.note(2_000, 1.1)
    (packet,) = arrivals.feedback(1, 2)
    assert set(decoded(packet.body)) == {20_000}


@given(steps=st.lists(st.tuples(st.integers(1, 3), st.sampled_from([0, 1, 254, 255, 256, 4000, -3])), max_size=20))
def test_whatever_comes_together_is_told_with_its_times(steps: list[tuple[int, int]]) -> None:
    arrivals = Arrivals()
    number, ticks, told = 500, 40_000, {}
    for gap, step in [(1, 0), *steps]:
        number, ticks = number + gap, ticks + step
        told[number] = ticks
        arrivals.note(number, (ticks + 0.5) / 4000)
    (packet,) = arrivals.feedback(1, 2)
    assert decoded(packet.body) == told


def test_a_step_that_is_too_long_to_be_told_is_made_up_for_in_the_next() -> None:
    arrivals = Arrivals()
    for number, at in ((1, 1.0), (2, 11.0), (3, 11.001)):
        arrivals.note(number, at)
    (packet,) = arrivals.feedback(1, 2)
    assert decoded(packet.body) == {1: 4000, 2: 4000 + 32767, 3: 44_004}
