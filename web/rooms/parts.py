"""What follows at once, in this process, when somebody's part in a room changes: their other sockets ask again.

A guest who was put out hears no word of the next case, and whoever lost the right to speak is not heard: the call asks
the policy again, which asks the room.
"""

import asyncio
from collections.abc import Sequence

from conference.room import events as e
from conference.room.recorded import Recorded
from web.sockets.open import OpenSockets

_PARTS = (e.RoleAssigned, e.GuestPutOut, e.CaseCalled, e.ConferenceEnded)


class Parts:
    """Listens to every room of this process."""

    def __init__(self, sockets: OpenSockets) -> None:
        self._sockets = sockets
        self._asking: set[asyncio.Task[None]] = set()

    def heard(self, room_id: str, recorded: Sequence[Recorded]) -> None:
        """Have the room's sockets ask again where a part has changed."""
        if any(isinstance(one.event, _PARTS) for one in recorded):
            task = asyncio.create_task(self._sockets.check_resource(room_id))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
