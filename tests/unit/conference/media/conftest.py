"""Sockets for what is tested with real datagrams."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

HOSTS = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]


@pytest.fixture(params=HOSTS, ids=["IPv4", "IPv6"])
def sockets(request: pytest.FixtureRequest) -> Iterator[list[socket.socket]]:
    """Three that are bound on this machine: the one that is tested, and two beyond it."""
    family, host = request.param
    with ExitStack() as stack:
        made = [stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in range(3)]
        for one in made:
            one.bind((host, 0))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)  # nobody reads until all is sent
            one.settimeout(5)
        yield made
