"""`consilium board …`."""

from pathlib import Path
from shlex import quote

from rich.console import Console
from rich.table import Table as Grid

from agenda.boards import Board, Membership, boards, members
from agenda.people import Person
from web.cli.place import find, order, reading
from web.cli.say import say, say_json
from web.upkeep.orders import Json


def add(fields: Json, config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Add a board; says how its members are seated."""
    made = order(find(config, folder), "board.add", fields, _silent)
    if as_json:
        say_json(made)
        return
    say(f"{made['name']} was added. Seat its members with")
    say(f"consilium user add … --board {quote(str(made['name']))} --role coordinator")


def listing(config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Every board with its members, on a table or as JSON."""
    with reading(find(config, folder)) as session:
        found = [(one, members(session, one.id)) for one in boards(session)]
    if as_json:
        say_json([_row(one, seated) for one, seated in found])
        return
    shown = Grid("Name", "Time zone", "Required", "Members", box=None, pad_edge=False)
    for one, seated in found:
        names = ", ".join(f"{place.role} {person.name}" for place, person in seated)
        shown.add_row(one.name, one.time_zone, ", ".join(one.required_disciplines), names)
    Console().print(shown)


def _row(one: Board, seated: list[tuple[Membership, Person]]) -> dict[str, object]:
    return {
        "id": one.id, "name": one.name, "charter": one.charter, "time_zone": one.time_zone,
        "required": one.required_disciplines,
        "members": [{"name": person.name, "role": place.role} for place, person in seated],
    }


def _silent(_what: str, _share: float) -> None:
    """These orders take no time."""
