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
