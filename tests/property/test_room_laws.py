"""Laws of the room, held against random conversations.

`replay(log) == state` alone is a weak law: both sides use `evolve`, so a wrong `evolve` agrees with itself. The
invariants below read the log with their own eyes, and every viewer's projection is folded by `tests.replica`, which
shares no code with the room. The planted faults that these laws are known to catch are in
`tests/property/test_room_faults.py`.
"""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.room_machine import RoomConversation


def test_R61_R31_R34_R41_R51_the_laws_hold_for_random_conversations() -> None:
    run_state_machine_as_test(
        RoomConversation,
        settings=settings(
            max_examples=25,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
