"""Kept numberings of a case: proposed, accepted, never overwritten; and whether they carry a plan that names levels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlmodel import JSON, Field, Session, SQLModel, UniqueConstraint, select

from agenda.columns import instant
from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.ids import new_id
from agenda.levels import in_order
from agenda.numbering import Anchor, Method, Numbering, checked, named_in, refusal, relabelled
from agenda.plans import plan_of

NumberingState = Literal["missing", "assumed", "proposed", "accepted", "contested"]
LEVEL_OPTIONS = frozenset({"surgical", "interventional"})
"""Options whose words can name the level of a procedure."""


class NumberingScheme(SQLModel, table=True):
    """One version of how a case's vertebrae are counted; a change is a new one."""

    __table_args__ = (UniqueConstraint("case_id", "version"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    version: int
    method: str
    """A key of METHODS."""
    ribs: int
    lumbar: int
    castellvi: str = ""
    frame_of_reference: str
    series_instance_uid: str
    anchors: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    why: str
    by_id: str = Field(foreign_key="person.id")
    at: datetime = instant()
    accepted_by_id: str | None = Field(default=None, foreign_key="person.id")
    accepted_at: datetime | None = instant(default=None, nullable=True)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a case's numbering stands."""

    accepted: NumberingScheme | None
    """In force: the latest that was accepted."""
    proposed: NumberingScheme | None
    """A later one that waits."""

    @property
    def latest(self) -> NumberingScheme | None:
        """The last one made."""
        return self.proposed or self.accepted

    @property
    def state(self) -> NumberingState:
        """`contested`: one is in force, and the one that waits would give a name of it to another bone."""
        if self.latest is None:
            return "missing"
        if self.accepted is None:
            return "assumed" if self.latest.method == "assumed" else "proposed"
        return "contested" if self.contested else "accepted"

    @property
    def contested(self) -> tuple[str, ...]:
        """The names that would mean another bone if the one that waits were accepted."""
        if self.accepted is None or self.proposed is None:
            return ()
        return in_order(relabelled(numbering_of(self.accepted), numbering_of(self.proposed)))


def propose(
    session: Session, case_id: str, numbering: Numbering, series_instance_uid: str, why: str, actor_id: str,
    at: datetime, *, shown: int,
) -> NumberingScheme:
    """Keep a new version. `shown`: the latest version its author knew, 0 for none.

    Raises Invalid naming the field, NotNow ``numbering-changed`` where somebody else made one meanwhile.
    """
    sound = checked(numbering)
    before = versions(session, case_id)
    if shown != len(before):
        raise NotNow("numbering-changed", "Somebody else numbered the vertebrae meanwhile; look at that first.")
    if before and not why.strip():
        raise Invalid("why", "Say why the numbering is changed.")
    made = NumberingScheme(
        case_id=case_id, version=len(before) + 1, method=sound.method, ribs=sound.ribs, lumbar=sound.lumbar,
        castellvi=sound.castellvi, frame_of_reference=sound.frame_of_reference,
        series_instance_uid=series_instance_uid, why=why.strip(), by_id=actor_id, at=at,
        anchors=[
            {"vertebra": one.vertebra, "sop_instance_uid": one.sop_instance_uid, "frame": one.frame,
             "point": list(one.point), "at": list(one.at)} for one in sound.anchors
        ],
    )
    session.add(made)
    session.flush()
    return made


def accept(session: Session, case_id: str, version: int, actor_id: str, at: datetime) -> NumberingScheme:
    """Put the latest version in force; raises NotNow for an assumed one or one that is not the latest."""
    rows = versions(session, case_id)
    found = next((row for row in rows if row.version == version), None)
    if found is None:
        raise ItemNotFound(str(version))
    if found.version != len(rows):
        raise NotNow("numbering-changed", "There is a later numbering; look at that one.")
    if found.method == "assumed":
        raise NotNow("numbering-assumed", "An assumed numbering cannot be accepted: count the vertebrae first.")
    if found.accepted_at is None:
        found.accepted_by_id, found.accepted_at = actor_id, at
        session.add(found)
        session.flush()
    return found


def versions(session: Session, case_id: str) -> list[NumberingScheme]:
    """Every version, oldest first."""
    rows = session.exec(select(NumberingScheme).where(NumberingScheme.case_id == case_id))
    return sorted(rows, key=lambda row: row.version)


def standing(session: Session, case_id: str) -> Standing:
    """What is in force and what waits."""
    rows = versions(session, case_id)
    accepted = next((row for row in reversed(rows) if row.accepted_at is not None), None)
    latest = rows[-1] if rows else None
    return Standing(accepted, latest if latest is not accepted else None)


def in_force_at(session: Session, case_id: str, at: datetime) -> NumberingScheme | None:
    """The version that was in force at an instant."""
    rows = [row for row in versions(session, case_id) if row.accepted_at is not None and row.accepted_at <= at]
    return max(rows, key=lambda row: row.version, default=None)


def numbering_of(row: NumberingScheme) -> Numbering:
    """The row as the pure functions take it."""
    anchors = tuple(
        Anchor(one["vertebra"], one["sop_instance_uid"], one["frame"],
               (one["point"][0], one["point"][1]), (one["at"][0], one["at"][1], one["at"][2]))
        for one in row.anchors
    )
    return Numbering(cast(Method, row.method), row.ribs, row.lumbar, row.castellvi, row.frame_of_reference, anchors)


def levels_named(session: Session, case_id: str, option: str, texts: Iterable[str]) -> tuple[str, ...]:
    """The vertebrae a recommendation is about: those of the board's plan, and those its words name for a procedure."""
    if option not in LEVEL_OPTIONS:
        return ()
    return in_order({*plan_of(session, case_id, "board").interventions, *named_in(texts)})


def signing_refusal(session: Session, case_id: str, option: str, texts: Iterable[str]) -> str:
    """Why a recommendation that names levels cannot be signed now; empty where it can."""
    stands = standing(session, case_id)
    accepted = numbering_of(stands.accepted) if stands.accepted else None
    named = levels_named(session, case_id, option, texts)
    return refusal(named, accepted, proposed=stands.proposed is not None, contested=stands.contested)


def relabelled_since(session: Session, case_id: str, at: datetime, named: Sequence[str]) -> tuple[str, ...]:
    """Which of these levels mean another bone than they did at an instant; empty where none does."""
    before, after = in_force_at(session, case_id, at), standing(session, case_id).accepted
    if before is None or after is None or before.id == after.id:
        return ()
    changed = relabelled(numbering_of(before), numbering_of(after))
    return in_order(name for name in named if name in changed)
