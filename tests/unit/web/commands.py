"""The command line run in this process, and an installation to run it on."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from agenda.boards import Board
from agenda.cases import Case
from agenda.people import Site, add_person
from web.clock import now


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.out)
        return found


Run = Callable[..., Ran]


def settle(session: Session) -> None:
    """A site, a board, two people and a case."""
    session.add(Site(id="s", name="Prairie Creek", time_zone="America/Denver"))
    session.add(Board(id="b", name="Spine", time_zone="America/Denver"))
    session.flush()
    add_person(session, name="Root Example", email="root@x.example", standing="administrator", site_id="s")
    ada = add_person(session, name="Ada Example", email="ada@x.example", standing="referrer", site_id="s")
    session.add(Case(
        id="c" * 32, number=1042, board_id="b", referrer_id=ada.id, created_at=now(),
        patient_family_name="Fictional", patient_given_name="Ada", patient_born_on=date(1961, 4, 2), patient_sex="F",
    ))
