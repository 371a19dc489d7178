"""Browser tests drive the Chromium of the machine; they are skipped with a reason where there is none."""

from typing import Any

import pytest

from tests.chromium import found_chromium

FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """How to start the browser."""
    found = found_chromium()
    if found is None:
        pytest.skip("needs Chromium on the PATH")
    return {**browser_type_launch_args, "executable_path": found, "args": FLAGS}
