"""The shape of the tree: size of files, purity of templates, icons that exist."""

import re
import subprocess
from pathlib import Path

from tests.conftest import ROOT

TOP = {"agenda", "conference", "imaging", "web", "tests", "config.toml", "pyproject.toml", "README.md", "LICENSE"}
LIMIT = 420


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_the_top_level_is_the_agreed_one() -> None:
    top = {path.relative_to(ROOT).parts[0] for path in _tracked()}
    assert {name for name in top if not name.startswith(".")} <= TOP


def test_no_file_of_ours_is_too_long() -> None:
    files = _tracked("*.py", "*.ts", "*.css", "*.html")
    long = {
        str(path.relative_to(ROOT)): lines
        for path in files
        if "versions" not in path.parts and ".gen." not in path.name
        and (lines := path.read_text("utf-8").count("\n")) > LIMIT
    }
    assert long == {}


def test_templates_hold_no_inline_style_script_or_handler() -> None:
    handler, script = r"""\son[a-z]+\s*=\s*["']""", r"""<script(?![^>]*\b(src|type="application/json"))"""
    bad = re.compile(rf"""\sstyle\s*=|{handler}|<style|{script}|javascript:""")
    found = {str(path.relative_to(ROOT)): match.group() for path in _tracked("*.html")
             if (match := bad.search(path.read_text("utf-8")))}
    # The copy to take along is one file for reading without a server; it brings its sheet and a policy of its own.
    assert found == {"web/templates/packet/offline.html": "<style"}


def test_every_icon_a_template_names_is_in_the_sprite() -> None:
    known = set(re.findall(r"'([a-z0-9-]+)'", (ROOT / "web/client/src/icons.ts").read_text("utf-8")))
    used = {
        (path.name, name)
        for path in _tracked("web/templates/**/*.html", "web/templates/*.html")
        for name in re.findall(r"""\bicon\(\s*["']([a-z0-9-]+)["']""", path.read_text("utf-8"))
    }
    assert {entry for entry in used if entry[1] not in known} == set()


def test_every_link_of_our_documents_leads_to_a_file() -> None:
    lost = []
    for path in _tracked("*.md"):
        targets = re.findall(r"\]\((?![a-z]+:)([^)#\s]+)", path.read_text("utf-8"))
        lost += [(str(path.relative_to(ROOT)), one) for one in targets if not (path.parent / one).exists()]
    assert lost == []


def test_no_browser_test_waits_for_a_promise_that_counts_as_true() -> None:
    """`wait_for_function` takes the promise of an asynchronous function for true: `tests.browser.until` asks it."""
    waits = re.compile(r"""wait_for_function\(\s*f?["']+\s*async\b""")
    assert [path.name for path in _tracked("tests/**/*.py") if waits.search(path.read_text("utf-8"))] == []
