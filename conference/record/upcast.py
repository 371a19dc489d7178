"""Old events in today's words: a log that was once written replays for ever.

Each step takes the JSON value of an event as one version wrote it and gives it as the next version writes it. The
stored payload is never rewritten: digests cover it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from conference.room.events import Event
from conference.wire.codec import events

SCHEMA = 1
"""Version that new events are written in. Raise it with every change of an event's shape, and add a step."""

Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: Mapping[int, Step] = {}
"""Version → how an event of that version becomes one of the next."""


def event_of(schema: int, payload: str, steps: Mapping[int, Step] = STEPS, current: int = SCHEMA) -> Event:
    """The event of a stored payload; raises ProtocolError when no version ever wrote it."""
    if schema == current:
        return events.read(payload)
    value: dict[str, Any] = json.loads(payload)
    for version in range(schema, current):
        value = steps[version](value)
    return events.read(json.dumps(value))
