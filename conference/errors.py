"""What can go wrong in a conference, by whose fault it is.

ConferenceError
├── ProtocolError          a peer broke the room protocol                  (socket closes with 4001, no details)
├── RecordBroken           a room's log does not verify; says where        (500; an operator's business)
├── Fenced                 another process has taken the room over         (the room is closed here)
└── RoomUnavailable        the outcome of a write is unknown; ask again    (503)

What a person may not do, or not now, is no error: it is a value, `conference.room.refused.Refused`.
"""


class ConferenceError(Exception):
    """Any error of this package; its text is a sentence for a person."""


class ProtocolError(ConferenceError):
    """A peer sent what the protocol does not allow; raised at the parser only."""


class RecordBroken(ConferenceError):
    """A room's log does not verify."""

    def __init__(self, room_id: str, seq: int, reason: str) -> None:
        super().__init__(f"The log of room {room_id} is broken at {seq}: {reason}")
        self.room_id = room_id
        self.seq = seq
        self.reason = reason


class Fenced(ConferenceError):
    """The room's lease is another's: nothing was written."""


class RoomUnavailable(ConferenceError):
    """It is not known whether a command took effect; the client asks again with the same command id."""
