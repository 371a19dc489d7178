"""start: from `consilium demo` to the first page, with the demo still to be made and with one that is there.

The limit is what somebody who tries a program for the first time waits for; there is no peer.
"""

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.conftest import ROOT
from tests.ports import free_port

_LIMIT_S = 20.0
_PATIENCE_S = 180.0


def run(*, short: bool) -> Iterator[Figure]:
    """A folder that is not there yet, then the same folder again."""
    made, again = [], []
    for _ in range(1 if short else 3):
        with tempfile.TemporaryDirectory() as home:
            folder = Path(home) / "demo"
            made.append(_first_page(folder))
            again.append(_first_page(folder))
    yield Figure("start: demo made and first page / limit", statistics.median(made), _LIMIT_S, "s", 1.0)
    yield Figure("start: demo that is there / limit", statistics.median(again), _LIMIT_S, "s", 1.0)


def _first_page(folder: Path) -> float:
    """Seconds until the sign-in page has come whole."""
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "web", "demo", "--dir", str(folder), "--port", str(port)], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        while time.perf_counter() - began < _PATIENCE_S:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
                    answer.read()
                    return time.perf_counter() - began
            except OSError:
                if process.poll() is not None:
                    break
                time.sleep(0.02)
        raise RuntimeError("the demo did not come up")
    finally:
        process.terminate()
        process.wait(30)
