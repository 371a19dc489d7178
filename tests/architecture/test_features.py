"""The feature table says what works, and what proves it exists."""

import re

from tests.conftest import ROOT

ROWS = [
    f"{letter}{number}"
    for letter, last in zip("ABCDEFGHIJ", (10, 3, 6, 5, 8, 7, 6, 6, 4, 4), strict=True)
    for number in range(1, last + 1)
]
PROMISES = {1, 2, 4, 5, 6, 10, 11, 12, 14, 22, 23, 24}
"""Those about the room and the record; figures beside them are measured by hand and dated."""
ROW = re.compile(r"^\| (?P<id>[A-J]\d+) \| (?P<what>[^|]+) \| (?P<state>[^|]+) \| (?P<proof>[^|]*) \|$", re.MULTILINE)


def _rows() -> list[dict[str, str]]:
    text = (ROOT / "web/docs/features.md").read_text("utf-8")
    return [{key: value.strip() for key, value in row.groupdict().items()} for row in ROW.finditer(text)]


def test_every_feature_has_its_row_in_order() -> None:
    assert [row["id"] for row in _rows()] == ROWS


def test_a_state_is_one_of_three() -> None:
    assert {row["state"] for row in _rows()} <= {"works", "part", "not yet"}


def test_what_is_claimed_names_a_test_that_exists() -> None:
    for row in _rows():
        assert _named(row["id"], row["proof"]) or row["state"] == "not yet", f"{row['id']} names no test"


def test_every_promise_of_the_page_names_a_test_that_exists() -> None:
    text = (ROOT / "web/docs/promises.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == sorted(PROMISES)
    for number, _, proof in rows:
        named = _named(f"promise {number}", proof)
        assert named, f"promise {number} names no test"
        assert all(name for _, name in named), f"promise {number} names a file and not the test in it"


def _named(who: str, proof: str) -> list[tuple[str, str]]:
    """The tests that a cell names, as (path, name or empty); fails where one is not there."""
    named: list[tuple[str, str]] = re.findall(r"`(tests/[^`:]+)(?:::([^`]+))?`", proof)
    for path, name in named:
        assert (ROOT / path).exists(), f"{who} names {path}, which does not exist"
        if name:
            text = (ROOT / path).read_text("utf-8")
            assert f"def {name}(" in text, f"{who} names {path}::{name}, which is not there"
    return named
