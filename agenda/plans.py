"""Surgical plans: what is to be done to which vertebra, and how invasive that is.

A plan is a grid of vertebra × intervention. Its invasiveness index is the sum over all vertebrae of six interventions
(Mirza 2008, Spine 33:2651): decompression, fusion and instrumentation, each from the front and from the back. The same
grid holds what was proposed, what the board recommends and what was performed, so that they can be compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from sqlmodel import JSON, Field, Session, SQLModel, UniqueConstraint, select

from agenda.columns import instant
from agenda.errors import Invalid, NotNow
from agenda.ids import new_id
from agenda.levels import VERTEBRAE, in_order, runs, segments, spoken

Intervention = Literal[
    "decompression-anterior", "fusion-anterior", "instrumentation-anterior",
    "decompression-posterior", "fusion-posterior", "instrumentation-posterior",
]
INTERVENTIONS: tuple[Intervention, ...] = get_args(Intervention)
Stage = Literal["proposed", "board", "performed"]
STAGES: tuple[Stage, ...] = get_args(Stage)
FEATURES: Mapping[str, str] = {
    "three-column-osteotomy": "Three-column osteotomy",
    "anterior-revision": "Anterior revision at the same level",
    "scoliosis-over-75": "Correction of a scoliosis above 75°",
    "kyphosis-over-75": "Correction of a kyphosis above 75°",
    "severe-myelopathy": "Major correction with severe myelopathy",
    "osteoporosis": "The patient has osteoporosis",
}
"""What a plan may have beside its grid; rules that make a review mandatory ask for these."""


@dataclass(frozen=True, slots=True)
class SurgicalPlan:
    """Vertebra → what is done to it, and what marks the plan as a whole."""

    interventions: Mapping[str, frozenset[Intervention]] = field(default_factory=dict)
    features: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.interventions or self.features)

    @property
    def invasiveness(self) -> int:
        """The invasiveness index, a count without unit (Mirza 2008)."""
        return sum(len(done) for done in self.interventions.values())

    def vertebrae(self, kind: str) -> tuple[str, ...]:
        """The vertebrae with an intervention of this kind: decompression, fusion or instrumentation."""
        return in_order(name for name, done in self.interventions.items() if any(one.startswith(kind) for one in done))

    @property
    def fused_levels(self) -> int:
        """Motion segments inside the runs of fused vertebrae: L3 to S1 are three."""
        return segments(self.vertebrae("fusion"))

    def in_words(self) -> str:
        """``Decompression L3–L5; fusion L4–L5``; empty without interventions."""
        kinds = ((kind, self.vertebrae(kind)) for kind in ("decompression", "fusion", "instrumentation"))
        said = "; ".join(f"{kind} {spoken(names)}" for kind, names in kinds if names)
        return said[:1].upper() + said[1:]


@dataclass(frozen=True, slots=True)
class Difference:
    """How one plan departs from another."""

    added: Mapping[str, frozenset[Intervention]]
    dropped: Mapping[str, frozenset[Intervention]]
    invasiveness: int
    """After minus before."""

    def __bool__(self) -> bool:
        return bool(self.added or self.dropped)


class CasePlan(SQLModel, table=True):
    """A case's plan at one stage; what it was before stands in the audit."""

    __table_args__ = (UniqueConstraint("case_id", "stage"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    stage: str
    """One of STAGES."""
    grid: dict[str, list[str]] = Field(default_factory=dict, sa_type=JSON)
    features: list[str] = Field(default_factory=list, sa_type=JSON)
    revision: int = 0
    by_id: str = Field(foreign_key="person.id")
    at: datetime = instant()


def parse_plan(grid: Mapping[str, Iterable[str]], features: Iterable[str]) -> SurgicalPlan:
    """A plan from what was sent; raises Invalid naming the field: plan or features."""
    kept: dict[str, frozenset[Intervention]] = {}
    for name, wanted in grid.items():
        done = frozenset(wanted)
        if name not in VERTEBRAE:
            raise Invalid("plan", f"There is no vertebra {name!r}.")
        unknown = done - set(INTERVENTIONS)
        if unknown:
            raise Invalid("plan", f"There is no intervention {min(unknown)!r}.")
        if done:
            kept[name] = frozenset(one for one in INTERVENTIONS if one in done)
    _demand_neighbours(kept)
    marked = frozenset(features)
    if marked - set(FEATURES):
        raise Invalid("features", f"There is no feature {min(marked - set(FEATURES))!r}.")
    return SurgicalPlan({name: kept[name] for name in in_order(kept)}, marked)


def _demand_neighbours(grid: Mapping[str, frozenset[Intervention]]) -> None:
    fused = [name for name, done in grid.items() if any(one.startswith("fusion") for one in done)]
    alone = next((run[0] for run in runs(fused) if len(run) == 1), None)
    if alone is not None:
        raise Invalid("plan", f"{alone} is to be fused, but to no neighbour; mark the other vertebra as well.")


def plan_of(session: Session, case_id: str, stage: Stage) -> SurgicalPlan:
    """A case's plan at a stage; an empty one where nobody has made any."""
    row = _row(session, case_id, stage)
    return parse_plan(row.grid, row.features) if row else SurgicalPlan()


def revision_of(session: Session, case_id: str, stage: Stage) -> int:
    """How often the plan was changed; 0 where nobody has made any."""
    row = _row(session, case_id, stage)
    return row.revision if row else 0


def keep_plan(
    session: Session, case_id: str, stage: Stage, plan: SurgicalPlan, actor_id: str, at: datetime, *,
    shown: int | None = None,
) -> int:
    """Keep a plan and return its revision. `shown`: the revision it was made from.

    Raises NotNow ``plan-changed`` where somebody else changed it meanwhile.
    """
    row = _row(session, case_id, stage)
    grid: dict[str, list[str]] = {
        name: [one for one in INTERVENTIONS if one in done] for name, done in plan.interventions.items()
    }
    features = sorted(plan.features)
    if row is None:
        if not plan:
            return 0
        row = CasePlan(case_id=case_id, stage=stage, by_id=actor_id, at=at)
    if (row.grid, row.features) == (grid, features):
        return row.revision
    if shown is not None and shown != row.revision:
        raise NotNow("plan-changed", "Somebody else changed the plan meanwhile; look at it and change it again.")
    row.grid, row.features, row.by_id, row.at, row.revision = grid, features, actor_id, at, row.revision + 1
    session.add(row)
    session.flush()
    return row.revision


def difference(before: SurgicalPlan, after: SurgicalPlan) -> Difference:
    """What `after` adds to `before` and drops from it."""
    nothing: frozenset[Intervention] = frozenset()
    names = in_order({*before.interventions, *after.interventions})
    pairs = [(name, before.interventions.get(name, nothing), after.interventions.get(name, nothing)) for name in names]
    return Difference(
        {name: new - old for name, old, new in pairs if new - old},
        {name: old - new for name, old, new in pairs if old - new}, after.invasiveness - before.invasiveness,
    )


def _row(session: Session, case_id: str, stage: Stage) -> CasePlan | None:
    return session.exec(select(CasePlan).where(CasePlan.case_id == case_id, CasePlan.stage == stage)).one_or_none()
