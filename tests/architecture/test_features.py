"""The feature table says what works, and what proves it exists."""

import re

from tests.conftest import ROOT

ROWS = [
    f"{letter}{number}"
    for letter, last in zip("ABCDEFGHIJ", (10, 3, 6, 5, 8, 7, 6, 6, 4, 4), strict=True)
    for number in range(1, last + 1)
]
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
        named = re.findall(r"`(tests/[^`:]+)(?:::([^`]+))?`", row["proof"])
        assert named or row["state"] == "not yet", f"{row['id']} claims {row['state']} and names no test"
        for path, name in named:
            assert (ROOT / path).exists(), f"{row['id']} names {path}, which does not exist"
            if name:
                text = (ROOT / path).read_text("utf-8")
                assert f"def {name}(" in text, f"{row['id']} names {path}::{name}, which is not there"
