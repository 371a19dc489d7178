"""The protocol's page names every code there is."""

import re
from pathlib import Path

from conference.wire.codec import FROM_WIRE
from conference.wire.session import Close

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "web" / "docs" / "protocol.md").read_text("utf-8")


def test_every_refusal_code_is_listed_and_exists() -> None:
    used: set[str] = set()
    for path in (path for folder in ("room", "live") for path in (ROOT / "conference" / folder).glob("*.py")):
        used |= set(re.findall(r'Refused\(\s*"([a-z-]+)"', path.read_text("utf-8")))
    section = PAGE.split("## Refusal codes")[1].split("##")[0]
    assert set(re.findall(r"[a-z]+(?:-[a-z]+)*", section)) == used


def test_every_close_code_is_listed() -> None:
    section = PAGE.split("## Close codes")[1]
    assert {int(code) for code in re.findall(r"^\| (\d{4}) ", section, re.MULTILINE)} == set(Close)


def test_what_a_client_may_not_send_is_said() -> None:
    assert len(FROM_WIRE) > 15
    for name in ("join", "leave", "list-case", "unlist-case", "arrange-cases", "announce-images", "sign"):
        assert f"`{name}`" in PAGE
