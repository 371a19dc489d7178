"""Every source has its own allowance for a second; strangers without number do not fill the memory."""

from conference.media import allowance
from conference.media.allowance import Allowance


def test_each_source_may_so_often_until_the_next_second():
    often = Allowance(2)
    assert [often.take("a"), often.take("a"), often.take("a"), often.take("b")] == [True, True, False, True]
    often.renew()
    assert often.take("a")


def test_more_sources_than_can_be_remembered_wait_for_the_next_second(monkeypatch):
    monkeypatch.setattr(allowance, "_SOURCES", 3)
    often = Allowance(2)
    assert [often.take(source) for source in "abcd"] == [True, True, True, False]
    assert often.take("a")
    often.renew()
    assert often.take("d")
