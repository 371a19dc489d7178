"""The browser offers exactly the rights in a room that the policy gives; its words are generated elsewhere."""

import re
from pathlib import Path

from conference.policy import _ROOM, RoomAction

RIGHTS = Path(__file__).parents[2] / "web" / "client" / "src" / "room" / "rights.ts"


def test_the_client_offers_the_rights_of_the_policy():
    table = re.findall(r"^  '?([a-z-]+)'?: \[(.*?)\],$", RIGHTS.read_text("utf-8"), re.MULTILINE)
    offered = {name: set(re.findall(r"'(\w+)'", roles)) for name, roles in table}
    assert offered == {action.value: set(_ROOM[action]) for action in RoomAction}
