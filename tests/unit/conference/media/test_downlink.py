"""Camera layers follow the line: down at once, up by trial with growing patience."""

from conference.media.downlink import Downlink


def test_loss_brings_the_low_layer_and_a_clean_line_the_high_one_after_five_seconds():
    line = Downlink()
    assert line.try_high(0.0)
    line.reported(0.05, 1.0)
    assert line.try_high(1.0)
    line.reported(0.2, 2.0)
    assert not line.try_high(2.0)
    line.reported(0.0, 3.0)
    assert not line.try_high(6.9)
    assert line.try_high(7.0)


def test_a_failed_trial_doubles_the_patience_up_to_a_minute():
    line = Downlink()
    at = 0.0
    holds = []
    for _ in range(6):
        line.reported(0.5, at)
        line.reported(0.0, at)
        started = at
        while not line.try_high(at):
            at += 1
        holds.append(at - started)
    assert holds == [5, 10, 20, 40, 60, 60]


def test_a_line_that_still_loses_stays_low():
    line = Downlink()
    line.reported(0.5, 0.0)
    line.reported(0.05, 1.0)
    assert not line.try_high(100.0)


def sending(rate: float) -> Downlink:
    """A line on which so many bit/s have been sent for a second, up to second 1."""
    line = Downlink()
    line.sent(1_000, 0.0)
    line.sent(1_000 + round(rate / 8), 1.0)
    return line


def test_an_estimate_that_falls_below_what_is_sent_brings_the_low_layer_before_anything_is_lost():
    line = sending(1_600_000)
    line.estimated(900_000, 1.1)
    assert line.try_high(1.1)
    line.estimated(765_000, 1.3)
    assert not line.try_high(1.3)
    line.reported(0.0, 1.4)
    assert not line.try_high(6.2)
    assert line.try_high(6.3)


def test_an_estimate_that_only_starts_low_or_falls_a_little_changes_nothing():
    line = sending(1_600_000)
    for rate in (180_000, 190_000, 200_000, 195_000):  # growing by eight parts in a hundred a second
        line.estimated(rate, 1.1)
    assert line.try_high(1.1)
    line = sending(400_000)
    line.estimated(440_000, 1.1)
    line.estimated(331_000, 1.3)  # measured on a perfect line of a busy machine
    assert line.try_high(1.3)


def test_packets_missed_again_and_again_bring_the_low_layer_before_the_report():
    line = Downlink()
    for number in range(6):
        line.missed(3, 1_000 + 8 * number, 10.0 + 0.05 * number)
    assert not line.try_high(10.25)
    assert line.try_high(15.25)


def test_one_gap_or_a_few_lost_by_chance_change_nothing():
    line = Downlink()
    line.missed(40, 1_000, 10.0)
    line.missed(1, 1_060, 10.6)
    for number in range(40):
        line.missed(1, 2_000 + 10 * number, 11.0 + 0.06 * number)
    assert line.try_high(14.0)


def test_a_line_that_carried_the_high_layer_for_a_minute_is_tried_again_soon():
    line = Downlink()
    for at in (0.0, 5.0, 100.0):
        line.reported(0.5, at)
        line.reported(0.0, at)
        assert not line.try_high(at + 4.9)
        assert line.try_high(at + 5.0) == (at != 5.0)
        assert line.try_high(at + 10.0)
