"""Golden logs: `python -m tests.room_golden NAME [AS]` writes tests/data/room/golden/AS-VERSION.json once, never again.

AS is a new name for a sitting that has grown since its log was written, e.g. by new kinds of events.

A golden log is what a version wrote, with what its full projection said. Later versions may say more of it, never
something else. Sittings are those of `tests.room_vectors`.
"""

import json
import sys
from pathlib import Path
from typing import Any

from conference.record.log import GENESIS, record_digest
from conference.record.upcast import SCHEMA
from conference.room.canonical import canonical_text
from conference.room.plain import tagged
from conference.room.visibility import Sight, project
from tests import room_vectors
from tests.rooms import Table

FOLDER = Path(__file__).parent / "data" / "room" / "golden"


def rows(table: Table) -> list[dict[str, Any]]:
    """The rows that a host would have stored."""
    made: list[dict[str, Any]] = []
    previous = GENESIS
    for one in table.log:
        event = tagged(one.event)
        row = {
            "room_id": "room-1", "seq": one.seq, "command_id": f"command-{one.seq}", "index": 0, "actor": one.actor,
            "kind": event["type"], "at": one.at, "schema": SCHEMA, "payload": canonical_text(event),
            "previous": previous, "epoch": 1,
        }  # fmt: skip
        previous = record_digest(row)
        made.append({**row, "digest": previous})
    return made


def golden(table: Table) -> dict[str, Any]:
    """A golden log of what the room writes today."""
    return {
        "origin": f"written by schema {SCHEMA}; never regenerate: an old log replays for ever",
        "rows": rows(table),
        "projection": project(table.state, Sight(None, None)),
    }


if __name__ == "__main__":
    name = sys.argv[1]
    target = FOLDER / f"{sys.argv[2] if len(sys.argv) > 2 else name}-{SCHEMA}.json"
    if target.exists():
        sys.exit(f"{target} is golden: it is never written again.")
    made = golden(getattr(room_vectors, name.replace("-", "_"))())
    target.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
