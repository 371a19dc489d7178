"""What a live room needs of the world outside; implemented by the composition root."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlmodel import Session

from agenda.ids import CaseId
from conference.room.values import FrameFacts, Point
from imaging.measure import Sampled

P = ParamSpec("P")
R = TypeVar("R")

Now = Callable[[], datetime]
"""The present instant, aware, in UTC."""

FrameFactsOf = Callable[[Session, CaseId, str, int], FrameFacts | None]
"""(session, case, SOP Instance UID, frame from 1) → facts; None: the case has no such image."""

PixelsOf = Callable[[FrameFacts, str, Sequence[Point]], Awaitable[Sampled | None]]
"""(frame, kind of mark, its points) → what the pixels under it are worth; raises imaging's errors."""


class Store(Protocol):
    """The database: every write through one writer, durable when `write` returns."""

    async def write(
        self, activity: str, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run `work(session, …)` in one transaction; committed and durable when this returns."""

    async def read(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work(session, …)` on a read-only connection."""


class Connection(Protocol):
    """One member's socket."""

    async def send(self, text: str) -> None:
        """Send one text message; waits while the peer does not read."""

    def send_frame(self, frame: bytes) -> bool:
        """Write a finished frame now; False: the peer lags, or this socket cannot."""

    async def close(self, code: int, reason: str) -> None:
        """Close with a code."""

    def abort(self) -> None:
        """Drop the socket at once: a peer that does not read would never see a close frame."""
