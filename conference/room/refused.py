"""What a command becomes when the room will not carry it out: a value, not an exception."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refused:
    """A command the room will not carry out."""

    code: str
    """Stable, for programs; the codes are listed in ``web/docs/protocol.md``."""
    reason: str
    """A sentence for the person."""


TEXT_LIMIT = 500
"""Characters of a reason, a mark's text or a label."""
LONG_TEXT_LIMIT = 8_000
"""Characters of a rationale, a comment or an answer."""


def too_long(what: str, text: str, limit: int = TEXT_LIMIT) -> Refused | None:
    """A refusal when `text` has more characters than `limit`."""
    if len(text) <= limit:
        return None
    return Refused("too-long", f"{what} has {len(text)} characters; at most {limit} fit.")
