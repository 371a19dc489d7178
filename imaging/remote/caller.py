"""Who asks an archive, and how patiently."""

from dataclasses import dataclass

from imaging.settings import FetchSettings


@dataclass(frozen=True, slots=True)
class Caller:
    """Our side of an association."""

    title: str
    """Our application entity title."""
    settings: FetchSettings
