"""coturn from Debian, as our documentation configures it: package coturn."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.benchmarks.rig.processes import answers
from tests.ports import free_port

_START_S = 30.0


@contextmanager
def coturn(folder: Path, address: str, secret: str) -> Iterator[int]:
    """The relay on one address of this machine; it relays to that address alone. The port it answers at."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("needs coturn: apt-get install coturn")
    port = free_port()
    (folder / "turnserver.conf").write_text(f"""
listening-ip={address}
relay-ip={address}
listening-port={port}
realm=consilium.example
use-auth-secret
static-auth-secret={secret}
fingerprint
denied-peer-ip=0.0.0.0-255.255.255.255
allowed-peer-ip={address}
no-cli
no-tls
no-dtls
no-multicast-peers
userdb={folder / "turn.db"}
pidfile={folder / "turn.pid"}
log-file=stdout
""")
    with (folder / "turn.log").open("w") as log:
        process = subprocess.Popen([program, "-c", str(folder / "turnserver.conf")], stdout=log, stderr=log)
    try:
        until = time.monotonic() + _START_S
        while not answers(port, address):
            assert process.poll() is None, (folder / "turn.log").read_text()
            assert time.monotonic() < until, "coturn did not start"
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)
