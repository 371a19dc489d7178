"""The media process as the web process sees it: a child, started again when it dies, or one that runs by itself."""

import asyncio
import contextlib
import logging
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

from conference.media.remote import RemotePlane
from conference.media.tokens import Admission, mint

_log = logging.getLogger(__name__)
_PAUSE_S: Final = 1.0
_PATIENCE_S: Final = 10.0


class MediaChild:
    """Keeps one media process running beside this one; `plane` reaches it.

    `control` is the path of its socket, in a folder only this user can enter. The secret of the join tokens is drawn
    here and given to the child in its environment.
    """

    def __init__(self, control: Path, *, listen: tuple[str, ...], port: int, advertise: tuple[str, ...]) -> None:
        self.plane = RemotePlane(control)
        self._secret = secrets.token_bytes(32)
        self._arguments = ["--control", str(control), "--port", str(port), "--with-parent"]
        self._arguments += [word for host in listen for word in ("--listen", host)]
        self._arguments += [word for host in advertise for word in ("--advertise", host)]
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._listening: int | None = None
        self._news = asyncio.Condition()

    def token(self, admission: Admission, at: datetime) -> str:
        """A join token for this admission, valid from `at` for half a minute."""
        return mint(self._secret, admission, at)

    async def start(self) -> None:
        """Start keeping the process; does not wait for it."""
        self._keeping = asyncio.create_task(self._keep())

    async def ready(self, *, after: int | None = None) -> int:
        """Wait until a process listens, another one than `after` where that is given; its process id."""
        async with self._news:
            await self._news.wait_for(lambda: self._listening not in (None, after))
        assert self._listening is not None, "it was waited for"
        return self._listening

    async def stop(self) -> None:
        """End the process: by its own means within ten seconds, else at once."""
        await self.plane.close()
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _keep(self) -> None:
        while True:
            self._process = process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "conference.media", *self._arguments,
                env={"CONSILIUM_MEDIA_SECRET": self._secret.hex(), "PYTHONPATH": _import_root()},
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )
            assert process.stdout is not None, "it is a pipe"
            if await process.stdout.readline():
                await self._tell(process.pid)
            ended = await process.wait()
            await self._tell(None)
            _log.warning("media process ended", extra={"status": ended})
            await asyncio.sleep(_PAUSE_S)

    async def _tell(self, listening: int | None) -> None:
        async with self._news:
            self._listening = listening
            self._news.notify_all()


class MediaElsewhere:
    """A media process that somebody else runs; `plane` reaches it by its control socket, `secret` is shared with it."""

    def __init__(self, control: Path, secret: bytes) -> None:
        self.plane = RemotePlane(control)
        self._secret = secret

    def token(self, admission: Admission, at: datetime) -> str:
        """A join token for this admission, valid from `at` for half a minute."""
        return mint(self._secret, admission, at)

    async def start(self) -> None:
        """It runs already, or will; it is asked when somebody joins."""

    async def stop(self) -> None:
        """Let go of it; what it forwards goes on."""
        await self.plane.close()


def _import_root() -> str:
    """Where this package is imported from, so that the child finds the same one."""
    return str(Path(__file__).resolve().parents[2])
