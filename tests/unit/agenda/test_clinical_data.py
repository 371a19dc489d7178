"""Every file of clinical data names its source, and every rule of it says whether it was found in one."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

FILES = sorted((ROOT / "agenda").rglob("*.toml"))
RULES = {"instrument", "score", "flag", "trigger", "scale"}
"""Lists whose entries decide something a reader relies on."""


def entries(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rules of a file with their keys."""
    for name, rows in tomllib.loads(path.read_text("utf-8")).items():
        if name in RULES:
            named = rows.items() if isinstance(rows, dict) else ((row["key"], row) for row in rows)
            yield from ((f"{name} {key}", row) for key, row in named)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_names_its_source(path: Path) -> None:
    assert tomllib.loads(path.read_text("utf-8"))["source"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_rule_is_verified_or_says_that_it_is_not(path: Path) -> None:
    wrong = [key for key, row in entries(path) if row.get("status") not in ("verified", "unverified")]
    assert wrong == []


def test_what_comes_from_memory_is_never_called_verified() -> None:
    rows = [(key, row) for path in FILES for key, row in entries(path)]
    assert len(rows) > 60
    assert [key for key, row in rows if "memory" in str(row.get("source")) and row["status"] == "verified"] == []
