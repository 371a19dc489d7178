"""The sources of the clinical data, as a reader can look them up."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import cast

_NUMBER = re.compile(r"\bS\d{2,3}[a-z]?\b")


@cache
def sources() -> Mapping[str, str]:
    """Number → citation, read once."""
    text = files("agenda").joinpath("sources.toml").read_text(encoding="utf-8")
    return cast(Mapping[str, str], tomllib.loads(text)["sources"])


def cited(text: str) -> str:
    """The text with the numbers of sources written out; raises KeyError for a number that is not listed."""
    return _NUMBER.sub(lambda found: sources()[found[0]], text)
