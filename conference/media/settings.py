"""The [conference.media] section of the configuration; frozen, passed as an argument at composition."""

from pydantic import BaseModel, ConfigDict, Field


class MediaSettings(BaseModel):
    """Voice and video of meetings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    enabled: bool = False
    """Start the media process beside the server. Off: meetings are without voice and video."""
    listen: tuple[str, ...] = ("127.0.0.1",)
    """Addresses to listen on by UDP, IPv4 or IPv6."""
    port: int = Field(default=0, ge=0, le=65_535)
    """UDP port; 0 takes a free one. Open it in the firewall."""
    advertise: tuple[str, ...] = ()
    """Addresses browsers reach the port at, where they differ from those listened on (behind NAT)."""
