"""The options grid: every way to treat stands beside every other. Rules R37 and R38."""

import re

from conference.policy import RoomAction
from conference.room import commands as c
from conference.room import events as e
from conference.room.refused import Refused, too_long
from conference.room.seats import Answer, denied, listed
from conference.room.state import RoomState
from conference.room.values import Participant

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MOST = 40
"""Options on one grid."""


def add_option(state: RoomState, who: Participant, command: c.AddOption) -> Answer:
    """Put another way to treat on the grid; nobody takes one off."""
    if refusal := denied(state, who, RoomAction.DRAFT):
        return refusal
    if state.phase == "ended":
        return Refused("ended", "This conference has ended.")
    case = listed(state, who, command.case)
    if isinstance(case, Refused):
        return case
    if case.signed is not None:
        return Refused("signed", "The recommendation of this case is signed; nothing of it changes any more.")
    option = command.option
    if option in case.options:
        return ()
    if not _KEY.fullmatch(option.key):
        return Refused("bad-option", "The key of an option is up to 64 lower-case letters, digits and hyphens.")
    if any(other.key == option.key for other in case.options):
        return Refused("duplicate-option", "An option with this key is on the grid.")
    if not option.label.strip():
        return Refused("bad-option", "An option needs a label.")
    if len(case.options) >= _MOST:
        return Refused("bad-option", f"A grid has at most {_MOST} options.")
    return too_long("The label", option.label) or (e.OptionAdded(command.case, option),)
