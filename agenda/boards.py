"""Boards: standing teams with a charter, a policy and members."""

from collections.abc import Iterable
from functools import cache
from typing import Literal
from zoneinfo import available_timezones

from sqlmodel import JSON, Field, Session, SQLModel, UniqueConstraint, col, select

from agenda.errors import BoardNotFound, Invalid
from agenda.ids import new_id
from agenda.people import Discipline, Person

BoardRole = Literal["chair", "coordinator", "core", "extended", "deputy", "observer"]


class Board(SQLModel, table=True):
    """A standing team that meets."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    charter: str = ""
    time_zone: str
    """IANA name; the board's own clock."""
    required_disciplines: list[str] = Field(default_factory=list, sa_type=JSON)
    """Disciplines without which a recommendation is only provisional."""
    deidentify: bool = False
    """Whether images sent to its cases are de-identified unless their sender says otherwise."""
    policy: dict[str, object] = Field(default_factory=dict, sa_type=JSON)
    """Readiness policy as data: required item → {max_age_days, who may waive}. Shape: `agenda.readiness`."""


class Membership(SQLModel, table=True):
    """A person's place on a board."""

    __table_args__ = (UniqueConstraint("board_id", "person_id"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    board_id: str = Field(foreign_key="board.id", index=True)
    person_id: str = Field(foreign_key="person.id", index=True)
    role: str
    """One of BoardRole."""
    on_call: bool = False
    """Is paged when a red flag is raised; while nobody of a board is marked, its chair and coordinators are."""


def board(session: Session, board_id: str) -> Board:
    """One board; raises BoardNotFound."""
    found = session.get(Board, board_id)
    if found is None:
        raise BoardNotFound(board_id)
    return found


def boards(session: Session) -> list[Board]:
    """Every board, by name."""
    return list(session.exec(select(Board).order_by(col(Board.name))).all())


@cache
def time_zones() -> tuple[str, ...]:
    """The IANA names of every time zone this machine knows, in order."""
    return tuple(sorted(available_timezones()))


def add_board(
    session: Session, *, name: str, charter: str, time_zone: str, required_disciplines: Iterable[str]
) -> Board:
    """Add a board; raises Invalid naming the field: name, charter, time_zone or required."""
    added = Board(name="", time_zone="")
    return _fill(session, added, name, charter, time_zone, required_disciplines)


def change_board(
    session: Session, board_id: str, *, name: str, charter: str, time_zone: str, required_disciplines: Iterable[str]
) -> Board:
    """Change a board; raises BoardNotFound, or Invalid naming the field: name, time_zone or required."""
    return _fill(session, board(session, board_id), name, charter, time_zone, required_disciplines)


def _fill(
    session: Session, found: Board, name: str, charter: str, time_zone: str, required_disciplines: Iterable[str]
) -> Board:
    wanted, zone, required = " ".join(name.split()), time_zone.strip(), list(dict.fromkeys(required_disciplines))
    if not wanted:
        raise Invalid("name", "A board needs a name.")
    for field, text, most in (("name", wanted, 120), ("charter", charter.strip(), 4000)):
        if len(text) > most:
            raise Invalid(field, f"At most {most} characters; this has {len(text)}.")
    if any(one.name.casefold() == wanted.casefold() and one.id != found.id for one in boards(session)):
        raise Invalid("name", "Another board has this name.")
    if zone not in time_zones():
        raise Invalid("time_zone", f"There is no time zone {zone!r}; write it like America/Denver.")
    for code in required:
        if session.get(Discipline, code) is None:
            raise Invalid("required", f"There is no discipline {code!r}.")
    found.name, found.charter, found.time_zone, found.required_disciplines = wanted, charter.strip(), zone, required
    session.add(found)
    session.flush()
    return found


def prefer_deidentified(session: Session, board_id: str, *, wanted: bool) -> None:
    """Say whether images sent to a board's cases are de-identified by default; raises BoardNotFound."""
    found = board(session, board_id)
    found.deidentify = wanted
    session.add(found)


def members(session: Session, board_id: str) -> list[tuple[Membership, Person]]:
    """The members of a board with their people, by name."""
    rows = session.exec(
        select(Membership, Person).where(Membership.person_id == Person.id, Membership.board_id == board_id)
        .order_by(col(Person.name))
    )
    return list(rows.all())


def on_call(session: Session, board_id: str) -> list[Person]:
    """Who is paged: the members marked on call, else the chair and the coordinators; only who has access."""
    seated = [(seat, person) for seat, person in members(session, board_id) if person.disabled_at is None]
    marked = [person for seat, person in seated if seat.on_call]
    return marked or [person for seat, person in seated if seat.role in ("chair", "coordinator")]


def put_on_call(session: Session, board_id: str, person_ids: Iterable[str]) -> None:
    """Mark exactly these members as on call; nobody: the chair and the coordinators are. Raises Invalid."""
    wanted, seated = set(person_ids), members(session, board_id)
    if not wanted <= {person.id for _, person in seated}:
        raise Invalid("on_call", "Only members of the board can be on call.")
    for seat, person in seated:
        seat.on_call = person.id in wanted
        session.add(seat)
    session.flush()


def roles_of(session: Session, person_id: str) -> dict[str, str]:
    """Board identity → role, for every board the person sits on."""
    rows = session.exec(select(Membership).where(Membership.person_id == person_id)).all()
    return {row.board_id: row.role for row in rows}


def seat(session: Session, board_id: str, person_id: str, role: str) -> Membership:
    """Give a person a place on a board, or change the place they have; raises Invalid naming the field."""
    if role not in ("chair", "coordinator", "core", "extended", "deputy", "observer"):
        raise Invalid("role", "A member is chair, coordinator, core, extended, deputy or observer.")
    found = session.exec(
        select(Membership).where(Membership.board_id == board_id, Membership.person_id == person_id)
    ).one_or_none()
    if found is None:
        found = Membership(board_id=board_id, person_id=person_id, role=role)
    found.role = role
    session.add(found)
    session.flush()
    return found


def unseat(session: Session, board_id: str, person_id: str) -> None:
    """End a person's place on a board."""
    found = session.exec(
        select(Membership).where(Membership.board_id == board_id, Membership.person_id == person_id)
    ).one_or_none()
    if found is not None:
        session.delete(found)
