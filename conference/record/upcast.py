"""Old events in today's words: a log that was once written replays for ever.

Each step takes the JSON value of an event as one version wrote it and gives it as the next version writes it. The
stored payload is never rewritten: digests cover it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from conference.room.events import Event
from conference.wire.codec import events

SCHEMA = 3
"""Version that new events are written in. Raise it with every change of an event's shape, and add a step."""

Step = Callable[[dict[str, Any]], dict[str, Any]]


def _values_in_parts(value: dict[str, Any]) -> dict[str, Any]:
    """A measured value says where its millimetres come from, and has parts; formerly neither was written down."""
    holder = value.get("mark", value) if value["type"] == "drawn" else value
    if value["type"] in ("drawn", "reshaped") and holder["measured"] is not None:
        holder["measured"] |= {"spacing": None, "parts": []}
    return value


def _panes_on_a_screen(value: dict[str, Any]) -> dict[str, Any]:
    """A screen says how many panes it has and what is in each; formerly there was one."""
    if value["type"] == "shown":
        value["viewport"] |= {"layout": "1x1", "place": 0, "linked": True, "beside": []}
    return value


STEPS: Mapping[int, Step] = {1: _values_in_parts, 2: _panes_on_a_screen}
"""Version → how an event of that version becomes one of the next."""


def event_of(schema: int, payload: str, steps: Mapping[int, Step] = STEPS, current: int = SCHEMA) -> Event:
    """The event of a stored payload; raises ProtocolError when no version ever wrote it."""
    if schema == current:
        return events.read(payload)
    value: dict[str, Any] = json.loads(payload)
    for version in range(schema, current):
        value = steps[version](value)
    return events.read(json.dumps(value))
