"""Losses that are asked for, and the report a sender gets."""

from conference.media.reception import Reception


def stream(*sequences: int, repairs: bool = True) -> Reception:
    reception = Reception(9, 90_000, repairs=repairs)
    for count, sequence in enumerate(sequences):
        reception.note(sequence, sequence * 900, count / 100)
    return reception


def test_gaps_are_asked_for_at_once_and_again_until_given_up():
    reception = stream(65534, 1)
    assert reception.missing(0.02) == (65535, 0)
    assert reception.missing(0.05) == ()
    assert reception.missing(0.09) == (65535, 0)
    assert reception.missing(1.2) == ()
    assert reception.missing(0.3) == ()


def test_no_gap_is_asked_for_more_than_eight_times():
    reception = stream(1, 3)
    assert sum(len(reception.missing(0.02 + step / 10)) for step in range(10)) == 8


def test_what_came_late_or_again_is_not_missing():
    reception = stream(1, 5)
    reception.note(3, 2700, 0.1)
    assert reception.recovered(4)
    assert not reception.recovered(4)
    assert not reception.recovered(500)
    assert reception.missing(0.2) == (2,)
    assert not stream().recovered(1)


def test_a_jump_is_no_loss_and_voices_are_not_asked_for():
    assert stream(1, 400).missing(0.1) == ()
    assert stream(1, 4, repairs=False).missing(0.1) == ()


def test_a_long_list_is_asked_for_in_parts():
    reception = stream(1, 300)
    assert len(reception.missing(0.1)) == 120
    assert len(reception.missing(0.1)) == 120


def test_the_report_counts_over_the_wrap():
    reception = stream(65534, 65535, 1, 2)
    reception.sender_report(0x0001_0002_0003_0004, 1.0)
    block = reception.block(3.0)
    assert block is not None
    assert (block.fraction_lost, block.lost, block.highest) == (256 // 5, 1, 65538)
    assert (block.last_report, block.delay) == (0x00020003, 131_072)
    again = reception.block(4.0)
    assert again is not None
    assert (again.fraction_lost, again.lost) == (0, 1)


def test_before_the_first_packet_there_is_no_report():
    assert stream().block(1.0) is None


def test_jitter_is_nothing_on_a_steady_line_and_grows_on_another():
    steady, shaky = stream(*range(50)), Reception(9, 90_000, repairs=True)
    for sequence in range(50):
        shaky.note(sequence, sequence * 900, sequence / 100 + sequence % 2 * 0.01)
    calm, unsettled = steady.block(1.0), shaky.block(1.0)
    assert calm is not None
    assert unsettled is not None
    assert calm.jitter <= 1
    assert 700 < unsettled.jitter <= 900


def test_a_timestamp_that_wraps_is_no_jitter():
    reception = Reception(9, 90_000, repairs=True)
    reception.note(1, 0xFFFFFFFF, 1.0)
    reception.note(2, 899, 1.01)
    block = reception.block(1.1)
    assert block is not None
    assert block.jitter == 0
