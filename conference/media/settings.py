"""The [conference.media] section of the configuration; frozen, passed as an argument at composition."""

import re
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_TURN: Final = re.compile(r"turns?:(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?(\?transport=(udp|tcp))?")
_SHORTEST_SECRET: Final = 64
SOCKET: Final = "media.sock"
"""The control socket of a media process beside the server, in the storage folder."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class TurnSettings(_Section):
    """Relay for browsers whose network lets no UDP through: coturn or any other with use-auth-secret."""

    uris: tuple[str, ...] = ()
    """Where it answers: "turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:443?transport=tcp"."""
    secret_file: str = ""
    """File whose only content is the secret it shares with us (static-auth-secret)."""
    lifetime_hours: int = Field(default=6, ge=1, le=24)
    """How long the name and password a browser gets with its ticket hold; longer than any sitting."""

    @field_validator("uris")
    @classmethod
    def _uris(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for uri in given:
            if not _TURN.fullmatch(uri):
                raise ValueError(f"{uri!r} is no turn: or turns: URI (RFC 7065)")
        return given

    @model_validator(mode="after")
    def _secret(self) -> Self:
        if self.uris and not self.secret_file:
            raise ValueError("uris need secret_file: the relay lets nobody in without")
        return self

    def secret(self) -> str:
        """The shared secret; raises OSError for a file that cannot be read, ValueError for an empty one."""
        text = Path(self.secret_file).read_text("utf-8").strip()
        if not text:
            raise ValueError(f"{self.secret_file} is empty")
        return text


class MediaSettings(_Section):
    """Voice and video of meetings."""

    enabled: bool = False
    """Voice and video in meetings, by a media process beside the server unless `url` says where one runs."""
    url: str = Field(default="", pattern=r"^(unix:///.+)?$")
    """Control socket of a media process you run yourself, unix:///run/consilium/media.sock; it outlives restarts."""
    secret_file: str = ""
    """File with the secret of that process, at least 64 hexadecimal digits: its CONSILIUM_MEDIA_SECRET."""
    listen: tuple[str, ...] = ("127.0.0.1",)
    """Addresses to listen on by UDP, IPv4 or IPv6."""
    port: int = Field(default=0, ge=0, le=65_535)
    """UDP port; 0 takes a free one. Open it in the firewall."""
    advertise: tuple[str, ...] = ()
    """Addresses browsers reach the port at, where they differ from those listened on (behind NAT)."""
    turn: TurnSettings = TurnSettings()
    """Relay for browsers whose network lets no UDP through."""

    @model_validator(mode="after")
    def _elsewhere(self) -> Self:
        if self.url and not self.secret_file:
            raise ValueError("url needs secret_file: the process elsewhere lets nobody in without")
        return self

    @property
    def socket(self) -> Path:
        """The path `url` names."""
        return Path(self.url.removeprefix("unix://"))

    def secret(self) -> bytes:
        """The secret of the process elsewhere; raises OSError or ValueError naming the file."""
        text = Path(self.secret_file).read_text("utf-8").strip()
        try:
            found = bytes.fromhex(text)
        except ValueError:
            found = b""
        if len(text) < _SHORTEST_SECRET or not found:
            raise ValueError(f"{self.secret_file} must hold at least {_SHORTEST_SECRET} hexadecimal digits")
        return found
