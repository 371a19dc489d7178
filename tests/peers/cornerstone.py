"""Cornerstone3D as npm has it, in a page of ours that shows a stack in memory on its CPU path.

``python -m tests.peers.cornerstone`` installs what `cornerstone_page/package-lock.json` names, digest by digest, and
bundles the page with the client's own bundler.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tests.conftest import ROOT

VERSION = "5.14.0"
_PAGE = Path(__file__).parent / "cornerstone_page"
_PLACE = Path(os.environ.get("CONSILIUM_TEST_CORNERSTONE", ROOT / ".tests-cornerstone"))
_BUNDLER = ROOT / "web" / "client" / "node_modules" / ".bin" / "vite"


def fetch() -> Path:
    """The folder of the built page, made unless it is there; raises OSError or CalledProcessError when it cannot be."""
    built = _PLACE / VERSION
    index = built / "index.html"
    if index.is_file() and index.stat().st_mtime > (_PAGE / "page.js").stat().st_mtime:
        return built
    _PLACE.mkdir(exist_ok=True)
    for file in _PAGE.iterdir():
        shutil.copyfile(file, _PLACE / file.name)
    install = ["npm", "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(install, check=True, cwd=_PLACE, stdout=subprocess.DEVNULL)
    bundle = [str(_BUNDLER), "build", "--outDir", VERSION, "--base", "./", "--logLevel", "error"]
    subprocess.run(bundle, check=True, cwd=_PLACE, stdout=subprocess.DEVNULL)
    return built


if __name__ == "__main__":
    print(fetch())
