from datetime import UTC, date, datetime

import pytest

from agenda.days import past_day
from agenda.errors import Invalid

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.mark.parametrize(("written", "vague", "day"), [
    ("2026-11-20", False, date(2026, 11, 20)), ("2019", True, date(2019, 1, 1)), ("2019-06", True, date(2019, 6, 1)),
    ("1900-01-01", True, date(1900, 1, 1)),
])
def test_a_day_is_read_as_it_is_remembered(written: str, vague: bool, day: date) -> None:
    assert past_day("on", written, AT, "Not yet.", vague=vague) == day


@pytest.mark.parametrize(("written", "vague", "reason"), [
    ("2026-11-21", False, "Not yet."), ("2019", False, "year-month-day"), ("1899", True, "1900"),
    ("soon", True, "2019-06"), ("2019-13", True, "2019-06"), ("", False, "year-month-day"),
])
def test_what_is_no_past_day_is_said(written: str, vague: bool, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as refused:
        past_day("on", written, AT, "Not yet.", vague=vague)
    assert refused.value.field == "on"
