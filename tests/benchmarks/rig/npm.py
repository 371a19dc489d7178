"""Peers that npm brings, each in a folder of its own beside the repository's other test folders."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.benchmarks.rig.processes import Missing
from tests.conftest import ROOT

_PLACE = Path(os.environ.get("CONSILIUM_TEST_PEERS", ROOT / ".tests-peers"))


def fetched(package: str, version: str) -> Path:
    """The folder of a package at exactly this version, with what it needs beside it; installed if it is not there."""
    place = _PLACE / f"{package.replace('/', '+')}@{version}"
    found = place / "node_modules" / package
    if found.is_dir():
        return found
    if shutil.which("npm") is None:
        raise Missing(f"{package} comes with npm, which is not installed.")
    place.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["npm", "install", "--prefix", str(place), "--ignore-scripts", "--no-audit", "--no-fund", "--no-save",
         "--loglevel=error", f"{package}@{version}"],
        capture_output=True, text=True, check=False,
    )
    if done.returncode != 0 or not found.is_dir():
        raise Missing(f"npm could not bring {package}@{version}.")
    return found
