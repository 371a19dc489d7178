"""`python -m conference.media`: the media process on its own.

The secret that join tokens are signed with is in the environment, CONSILIUM_MEDIA_SECRET, as at least 64 hexadecimal
digits: arguments are visible to every user of the machine. When everything listens, one JSON line on the standard
output says where.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from conference import heap
from conference.media.control import ControlServer
from conference.media.server import MediaServer
from conference.media.signalling import Address

_SECRET = "CONSILIUM_MEDIA_SECRET"  # noqa: S105 — the name of a variable


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 2 where the configuration cannot be."""
    parser = argparse.ArgumentParser(prog="python -m conference.media", description="Forwards voices and pictures.")
    parser.add_argument("--listen", action="append", metavar="HOST", help="address to bind, repeatable [127.0.0.1]")
    parser.add_argument("--port", type=int, default=0, help="UDP port [a free one]")
    parser.add_argument("--advertise", action="append", default=[], metavar="HOST", help="address browsers reach us at")
    parser.add_argument("--control", type=Path, required=True, metavar="PATH", help="Unix socket for the web process")
    parser.add_argument("--with-parent", action="store_true", help="end when the standard input does")
    given = parser.parse_args(arguments)
    try:
        secret = bytes.fromhex(os.environ.get(_SECRET, ""))
    except ValueError:
        secret = b""
    if len(secret) < 32:
        sys.stderr.write(f"{_SECRET} must hold at least 64 hexadecimal digits.\n")
        return 2
    listen = tuple(Address(host, given.port) for host in given.listen or ["127.0.0.1"])
    try:
        with asyncio.Runner(loop_factory=_loop()) as runner:
            server = MediaServer(secret, listen, tuple(given.advertise))
            runner.run(_serve(server, given.control, given.with_parent))
    except OSError as error:
        sys.stderr.write(f"The media process cannot listen: {error}.\n")
        return 2
    return 0


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one: a turn of the loop is for one or two packets, so its price counts for each."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


async def _serve(server: MediaServer, path: Path, with_parent: bool) -> None:
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    if with_parent:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _read, stopping)
    control = ControlServer(server, path)
    try:
        server.start()
        await control.start()
        heap.settle()
        told = {"control": str(path), "udp": [[one.host, one.port] for one in await server.addresses()]}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        await stopping.wait()
    finally:
        await control.close()
        await server.close()


def _read(stopping: asyncio.Event) -> None:
    """The parent holds the other end of our standard input: when that ends, however it ends, so do we."""
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stopping.set()


if __name__ == "__main__":
    sys.exit(main())
