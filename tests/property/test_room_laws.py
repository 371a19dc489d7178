"""Laws of the room, held against random conversations.

`replay(log) == state` alone is a weak law: both sides use `evolve`, so a wrong `evolve` agrees with itself. The
invariants below read the log with their own eyes, and every viewer's projection is folded by `tests.replica`, which
shares no code with the room. The planted faults that these laws are known to catch are in
`tests/property/test_room_faults.py`. `CONSILIUM_STEPS` makes it longer: the release gate is 10 000 steps.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.room_machine import RoomConversation

STEPS = int(os.environ.get("CONSILIUM_STEPS", "1250"))
_LENGTH = 50
"""Steps of one conversation."""


def test_R61_R31_R34_R41_R51_the_laws_hold_for_random_conversations() -> None:
    run_state_machine_as_test(
        RoomConversation,
        settings=settings(
            max_examples=STEPS // _LENGTH,
            stateful_step_count=_LENGTH,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
