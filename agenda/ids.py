"""The identities the agenda hands out; other packages hold them, never the rows behind them."""

from typing import NewType
from uuid import uuid4

SiteId = NewType("SiteId", str)
PersonId = NewType("PersonId", str)
BoardId = NewType("BoardId", str)
ConferenceId = NewType("ConferenceId", str)
CaseId = NewType("CaseId", str)
QuestionId = NewType("QuestionId", str)


def new_id() -> str:
    """A fresh random identity (UUID version 4, RFC 9562 section 5.4) for a row that has none yet."""
    return uuid4().hex
