"""The [agenda] section of the configuration; frozen, passed as an argument at composition."""

from pydantic import BaseModel, ConfigDict, Field


class AgendaSettings(BaseModel):
    """Settings of this package."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    weeks_ahead: int = Field(default=26, ge=1, le=104)
    """How far ahead the sittings of a recurring board are laid out."""
    reminder_hours: tuple[int, ...] = (168, 24)
    """How long before a sitting reminders go out, in hours; empty: never."""
    page_minutes: int = Field(default=10, ge=1, le=240)
    """How often the on-call members of a board are paged until somebody acknowledges a red flag, in minutes."""
    cut_off_hours: int = Field(default=48, ge=0, le=336)
    """Cases that come onto an agenda later than this before the sitting are marked as late."""
