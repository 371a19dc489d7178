"""The [conference] section of the configuration; frozen, passed as an argument at composition."""

from pydantic import BaseModel, ConfigDict, Field

from conference.media.settings import MediaSettings


class ConferenceSettings(BaseModel):
    """Settings of this package."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    idle_close_s: float = Field(default=300.0, ge=1)
    """An open room without members leaves memory after this many seconds."""
    leave_grace_s: float = Field(default=4.0, ge=0)
    """A person counts as present for this many seconds after the last connection broke: a reconnect keeps the floor."""
    outbox_limit_bytes: int = Field(default=1_048_576, ge=65_536)
    """A member this far behind is cut and comes back with what is missing."""
    outbox_patience_s: float = Field(default=8.0, gt=0)
    """A member that takes nothing for this many seconds is cut."""
    resume_events: int = Field(default=2_000, ge=0)
    """A client missing more events than this gets the whole state instead."""
    messages_per_s: float = Field(default=60.0, gt=0)
    """Messages a second one connection may send on average."""
    messages_burst: int = Field(default=240, gt=0)
    """Messages one connection may send at once."""
    media: MediaSettings = MediaSettings()
    """Voice and video of meetings."""
