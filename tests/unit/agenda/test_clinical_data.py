"""Every file of clinical data names its source, and every rule of it says whether it was found in one."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agenda.grading import gradings
from agenda.instruments.engine import instruments
from agenda.scores.engine import scores
from agenda.sources import cited, sources
from agenda.suggestions import rules
from agenda.triggers import triggers
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


def test_a_reader_gets_a_citation_and_never_a_number_or_a_file_of_ours() -> None:
    kept = [*instruments().values(), *scores().values(), *gradings().values(), *triggers(), *rules()]
    changes = [each for one in instruments().values() for each in one.thresholds]
    texts = [one.source for one in [*kept, *changes]]
    assert len(texts) > 80
    assert [text for text in texts if re.search(r"\bS\d\d|CLINICAL|PRODUCT|F:", text) or not text] == []
    assert cited("S84, table 2") == f"{sources()['S84']}, table 2"
    with pytest.raises(KeyError):
        cited("S12")
