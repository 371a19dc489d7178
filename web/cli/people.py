"""`consilium user …` and `consilium token`."""

from pathlib import Path

from rich.console import Console
from rich.table import Table as Grid
from sqlmodel import Session, select

from agenda.boards import Board, roles_of
from agenda.people import Site, people
from web.cli.place import find, order, reading
from web.cli.say import say, say_json
from web.upkeep.orders import Json


def add(fields: Json, config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Add a person; prints their link."""
    made = order(find(config, folder), "user.add", fields, _silent)
    _link(made, f"{made['name']} was added as {made['email']}.", as_json=as_json)


def reset(email: str, config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Give a person a link for a new password."""
    made = order(find(config, folder), "user.reset", {"email": email}, _silent)
    _link(made, f"{made['name']} was signed out everywhere.", as_json=as_json)


def disable(email: str, config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Take a person's access away."""
    made = order(find(config, folder), "user.disable", {"email": email}, _silent)
    if as_json:
        say_json(made)
    else:
        say(f"{made['name']} has no access any more.")


def token(email: str, name: str, days: int, config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Print a bearer token on the last line."""
    fields = {"email": email, "name": name, "days": days}
    made = order(find(config, folder), "token.issue", fields, _silent)
    if as_json:
        say_json(made)
        return
    say(f"Acts as {made['email']} until {made['expires_at']}. Send it as: Authorization: Bearer …")
    say(str(made["token"]))


def listing(config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Everybody, on a table or as JSON."""
    with reading(find(config, folder)) as session:
        rows = _rows(session)
    if as_json:
        say_json(rows)
        return
    shown = Grid("Name", "E-mail", "Standing", "Discipline", "Site", "Seats", box=None, pad_edge=False)
    for row in rows:
        name = f"{row['name']} (disabled)" if row["disabled"] else str(row["name"])
        shown.add_row(name, *(str(row[key] or "") for key in ("email", "standing", "discipline", "site", "seats")))
    Console().print(shown)


def _rows(session: Session) -> list[dict[str, object]]:
    sites = {site.id: site.name for site in session.exec(select(Site))}
    boards = {board.id: board.name for board in session.exec(select(Board))}
    return [
        {
            "id": one.id, "name": one.name, "email": one.email, "standing": one.standing,
            "discipline": one.discipline, "site": sites[one.site_id], "disabled": one.disabled_at is not None,
            "seats": ", ".join(f"{role} of {boards[board]}" for board, role in roles_of(session, one.id).items()),
        }
        for one in people(session)
    ]


def _link(made: Json, sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json(made)
        return
    say(f"{sentence} This link, good once and until {made['link_until']}, lets them choose a password:")
    say(str(made["link"]))


def _silent(_what: str, _share: float) -> None:
    """These orders take no time."""
