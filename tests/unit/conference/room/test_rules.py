"""Every rule has a test, and every quoted rule exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
RULES = ROOT / "conference" / "room" / "RULES.md"


def rules() -> set[str]:
    return set(re.findall(r"^- \*\*(R\d+)\*\* ", RULES.read_text("utf-8"), re.MULTILINE))


def quoted() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for name in re.findall(r"def test_((?:R\d+_)+)", path.read_text("utf-8")):
            found |= set(re.findall(r"R\d+", name))
    return found


def test_every_rule_is_tested() -> None:
    assert rules() - quoted() == set()


def test_every_quoted_rule_exists() -> None:
    assert quoted() - rules() == set()


def test_rules_are_numbered_once() -> None:
    numbers = re.findall(r"^- \*\*(R\d+)\*\* ", RULES.read_text("utf-8"), re.MULTILINE)
    assert len(numbers) == len(set(numbers)) > 50
