"""The browser's hand-written words of the room are those of the machine: names, fields and rights."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

from conference.policy import _ROOM, RoomAction
from conference.room import values
from conference.room.commands import HOST_ONLY, Command
from conference.room.events import Event
from conference.room.plain import kebab

CLIENT = Path(__file__).parents[2] / "web" / "client" / "src"
PROTOCOL = (CLIENT / "protocol.ts").read_text("utf-8")
SHARED = (
    values.ActionItem, values.CaseBrief, values.Mark, values.Measured, values.Opinion, values.Option,
    values.QuestionAsked, values.Recommendation, values.Signature, values.Viewport,
)


def _union(name: str) -> dict[str, set[str]]:
    """Members of a TypeScript union told apart by `type`, with their other fields."""
    found = re.search(rf"export type {name} =(.*?)\n\n", PROTOCOL, re.DOTALL)
    assert found is not None, name
    members = re.findall(r"\{\s*type: '([a-z-]+)';?(.*?)\}(?=\s*(?:\||;))", found[1], re.DOTALL)
    return {kind: set(re.findall(r"(\w+)\??:", rest)) for kind, rest in members}


def _interface(name: str) -> set[str]:
    found = re.search(rf"export interface {name} \{{(.*?)\n\}}", PROTOCOL, re.DOTALL)
    assert found is not None, name
    return set(re.findall(r"readonly (\w+)\??:", found[1]))


def test_the_client_asks_exactly_what_may_come_from_a_wire():
    kinds = [kind for kind in get_args(Command) if kind not in HOST_ONLY]
    taken = {kebab(kind.__name__): {one.name for one in fields(kind)} for kind in kinds}
    assert _union("Command") == taken


def test_the_client_knows_every_event_and_its_fields():
    shown = {kebab(kind.__name__): {one.name for one in fields(kind)} for kind in get_args(Event)}
    shown["opinions-revealed"].add("opinions")
    shown["opinion-sealed"] = shown["opinion-given"] - {"opinion"}
    shown["sealed"] = set()
    assert _union("ShownEvent") == shown


def test_the_client_spells_every_value_as_the_machine_does():
    for kind in SHARED:
        assert _interface(kind.__name__) == {one.name for one in fields(kind)}, kind.__name__


def test_the_client_offers_the_rights_of_the_policy():
    text = (CLIENT / "room" / "rights.ts").read_text("utf-8")
    table = re.findall(r"^  '?([a-z-]+)'?: \[(.*?)\],$", text, re.MULTILINE)
    offered = {name: set(re.findall(r"'(\w+)'", roles)) for name, roles in table}
    assert offered == {action.value: set(_ROOM[action]) for action in RoomAction}
