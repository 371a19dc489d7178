"""Split first: which cases of a sitting everybody agrees on before it begins, and which get the live minutes.

A class says something about sealed opinions, so it is made once, by one act, when every required discipline has spoken,
and is never computed again: an opinion given or replaced afterwards sends the case to discussion whatever it says, and
nobody can learn another's rating by trying what changes the class (web/docs/decisions/0011-split-first.md).

Sources: RAND/UCLA (`agenda.agreement`); at least three voices and one preferred option for all are this product's own,
stricter than the manual, because whoever is ratified unheard has no second chance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Field, Session, SQLModel, UniqueConstraint, select

from agenda.agreement import panel
from agenda.cases import case
from agenda.columns import instant
from agenda.conferences import conference, items, move_item, set_minutes
from agenda.errors import NotNow
from agenda.ids import new_id
from agenda.undo import undoable

Class = Literal["missing", "agreed", "split"]
"""Opinions of required disciplines are missing; agreed with every required discipline; anything else."""
FEWEST_VOICES = 3
"""With fewer the class would tell each voice what the other said."""
READ_OUT_MINUTES = 2
"""What a case on the ratify list takes."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What the arithmetic needs of one sealed opinion."""

    discipline: str
    preferred: str
    ratings: Mapping[str, int]


class SortedCase(SQLModel, table=True):
    """The class of one case of a sitting, made once for a round of opinions."""

    __table_args__ = (UniqueConstraint("conference_id", "case_id", "round"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    conference_id: str = Field(foreign_key="conference.id", index=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    round: int
    agreed: bool
    as_of: int
    """Number of the room's last record then: an opinion after it sends the case to discussion."""
    minutes: int
    """What the case had on the agenda before."""
    by_id: str = Field(foreign_key="person.id")
    at: datetime = instant()
    pulled_by: str | None = Field(default=None, foreign_key="person.id")
    pulled_at: datetime | None = instant(default=None, nullable=True)


@dataclass(frozen=True, slots=True)
class Standing:
    """One case as its room has it: the round that runs, the class it would get, and the last opinion's number."""

    round: int
    sorted: Class
    head: int
    """Number of the room's last record."""
    last_opinion: int
    """Number of the record of the latest opinion on this case; 0: none."""


def classify(voices: Sequence[Voice], options: Sequence[str], required: frozenset[str]) -> Class:
    """The class of a case from its sealed opinions. Pure.

    *missing* says nothing of what any opinion holds: it counts disciplines and voices only.
    """
    if not required <= {one.discipline for one in voices} or len(voices) < FEWEST_VOICES or not options:
        return "missing"
    ratings = [[one.ratings[key] for one in voices if key in one.ratings] for key in options]
    rated = all(len(given) == len(voices) for given in ratings)
    alike = len({one.preferred for one in voices}) == 1
    return "agreed" if rated and alike and all(panel(given).settled for given in ratings) else "split"


def sort_cases(
    session: Session, conference_id: str, standings: Mapping[str, Standing], actor_id: str, at: datetime
) -> int:
    """Make the classes that can be made now and put the agenda in the split-first order, as one step to undo.

    The ratify list comes first, at two minutes each; then what is discussed, then what misses opinions, each in the
    sequence it had: the degree of split is never shown. Gives how many cases have a class. Raises NotNow.
    """
    sitting = conference(session, conference_id)
    if sitting.state in ("ended", "cancelled"):
        raise NotNow("conference-over", f"This sitting is {sitting.state}; its agenda stays as it was.")
    listed = [one for one in items(session, conference_id) if one.case_id is not None]
    for item in listed:
        standing = standings.get(str(item.case_id))
        if standing is not None and standing.sorted != "missing":
            _keep(session, conference_id, str(item.case_id), standing, item.minutes, actor_id, at)
    agreed, known = ratified(session, conference_id, standings), sorted_cases(session, conference_id, standings)
    if not known:
        raise NotNow("opinions-missing", "No case has an opinion of every required discipline yet.")
    place = {item.id: 0 if item.case_id in agreed else 1 if item.case_id in known else 2 for item in listed}
    with undoable(session, conference_id, actor_id, at, "the split-first order"):
        for index, item in enumerate(sorted(listed, key=lambda one: place[one.id])):
            move_item(session, conference_id, item.id, index, conference(session, conference_id).revision)
            if item.case_id in agreed and item.minutes > READ_OUT_MINUTES:
                set_minutes(session, conference_id, item.id, READ_OUT_MINUTES)
    return len(known)


def sorted_cases(session: Session, conference_id: str, standings: Mapping[str, Standing]) -> dict[str, SortedCase]:
    """Case → its class in the running round, for those that have one."""
    rows = session.exec(select(SortedCase).where(SortedCase.conference_id == conference_id))
    return {
        row.case_id: row for row in rows
        if row.case_id in standings and standings[row.case_id].round == row.round
    }


def ratified(session: Session, conference_id: str, standings: Mapping[str, Standing]) -> frozenset[str]:
    """The cases to be read out in one go: agreed, not pulled, and no opinion since."""
    return frozenset(
        key for key, row in sorted_cases(session, conference_id, standings).items()
        if row.agreed and row.pulled_at is None and standings[key].last_opinion <= row.as_of
    )


def pull(
    session: Session, conference_id: str, case_id: str, standings: Mapping[str, Standing], actor_id: str, at: datetime
) -> None:
    """Anybody's one tap: the case is discussed after all, with the minutes it had. Twice is the same as once."""
    row = sorted_cases(session, conference_id, standings).get(case_id)
    if row is None or not row.agreed:
        raise NotNow("not-on-the-list", f"Case {case(session, case_id).number} is not on the ratify list.")
    if row.pulled_at is not None:
        return
    row.pulled_by, row.pulled_at = actor_id, at
    session.add(row)
    item = next((one for one in items(session, conference_id) if one.case_id == case_id), None)
    if item is not None and item.minutes < row.minutes:
        with undoable(session, conference_id, actor_id, at, "a case pulled into discussion"):
            set_minutes(session, conference_id, item.id, row.minutes)


def _keep(
    session: Session, conference_id: str, case_id: str, standing: Standing, minutes: int, actor_id: str, at: datetime
) -> None:
    there = session.exec(select(SortedCase.id).where(
        SortedCase.conference_id == conference_id, SortedCase.case_id == case_id, SortedCase.round == standing.round,
    )).first()
    if there is None:
        session.add(SortedCase(
            conference_id=conference_id, case_id=case_id, round=standing.round, agreed=standing.sorted == "agreed",
            as_of=standing.head, minutes=minutes, by_id=actor_id, at=at,
        ))
        session.flush()
