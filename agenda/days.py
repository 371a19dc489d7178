"""Days as people write them in a form: whole dates, or only a month or a year where nobody remembers more. Pure."""

from datetime import date, datetime

from agenda.errors import Invalid

EARLIEST = 1900


def past_day(field: str, written: str, at: datetime, future: str, *, vague: bool = False) -> date:
    """A day up to the one of `at`; `vague`: ``2019`` and ``2019-06`` are taken for their first day.

    Raises Invalid naming the field; `future` is the sentence for a day to come.
    """
    whole = {4: f"{written}-01-01", 7: f"{written}-01"}.get(len(written), written) if vague else written
    try:
        day = date.fromisoformat(whole)
    except ValueError:
        shape = "a year, year-month or year-month-day, e.g. 2019-06" if vague else "year-month-day, e.g. 1964-03-27"
        raise Invalid(field, f"Write the date as {shape}.") from None
    if day > at.date():
        raise Invalid(field, future)
    if day.year < EARLIEST:
        raise Invalid(field, f"The year must be {EARLIEST} or later.")
    return day
