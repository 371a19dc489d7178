"""The proposed operation in the referral form: six lines of vertebrae, one an intervention, and what marks the plan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from agenda.errors import Invalid
from agenda.levels import RARE, VERTEBRAE, spoken, vertebrae
from agenda.plans import (
    FEATURES,
    INTERVENTIONS,
    Intervention,
    Stage,
    SurgicalPlan,
    keep_plan,
    parse_plan,
    plan_of,
    revision_of,
)
from agenda.triggers import Fired, mandatory

PREFIX = "plan."
LABELS: Mapping[Intervention, str] = {
    "decompression-posterior": "Decompress", "fusion-posterior": "Fuse", "instrumentation-posterior": "Screws and rods",
    "decompression-anterior": "Decompress", "fusion-anterior": "Fuse", "instrumentation-anterior": "Cages and plates",
}

SIGNED = frozenset({"signed", "delivered", "followed_up", "closed"})
PARTS = {"lumbar": "Lumbar", "thoracic": "Thoracic", "cervical": "Cervical", "all": "Whole spine"}
_ENDS = {"lumbar": ("T11", "S2"), "thoracic": ("T1", "L2"), "cervical": ("C1", "T3"), "all": ("C1", "S2")}


def changes_at(state: str, stage: Stage) -> bool:
    """The board's plan stands as it was signed; what was performed is known only afterwards."""
    return (state in SIGNED) == (stage == "performed")


def rows_of(part: str, plans: Iterable[SurgicalPlan], known: tuple[str, ...] | None) -> list[str]:
    """The vertebrae of a part of the spine, and all that a plan names; known: those this patient has."""
    first, last = _ENDS[part]
    shown = set(VERTEBRAE[VERTEBRAE.index(first) : VERTEBRAE.index(last) + 1])
    shown &= set(known) if known else set(VERTEBRAE) - RARE
    named = {name for plan in plans for name in plan.interventions}
    return [name for name in VERTEBRAE if name in shown | named]


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A plan as the form shows it."""

    plan: SurgicalPlan
    lines: Mapping[Intervention, str]
    """Intervention → vertebrae as a surgeon writes them."""
    marked: frozenset[str]
    """Features ticked."""
    revision: int
    mandatory: tuple[Fired, ...]


def shown_plan(session: Session, case_id: str, typed: Mapping[str, str]) -> ShownPlan:
    """The proposed plan; what was typed and refused stands where it was typed."""
    plan = plan_of(session, case_id, "proposed")
    lines = {
        one: typed.get(PREFIX + one, spoken(name for name, done in plan.interventions.items() if one in done))
        for one in INTERVENTIONS
    }
    ticked = {key for key in FEATURES if typed.get(f"{PREFIX}feature.{key}")}
    waiting = any(name.startswith(PREFIX) for name in typed)
    return ShownPlan(
        plan, lines, frozenset(ticked) if waiting else plan.features, revision_of(session, case_id, "proposed"),
        mandatory(session, case_id),
    )


def save_plan(session: Session, case_id: str, texts: Mapping[str, str], actor_id: str, at: datetime) -> None:
    """Keep the plan that was sent; nothing where the form held none.

    Raises Invalid naming ``plan.<intervention>`` or plan, NotNow where somebody else changed it meanwhile.
    """
    if PREFIX + "revision" not in texts:
        return
    grid: dict[str, list[str]] = {}
    for one in INTERVENTIONS:
        for name in vertebrae(PREFIX + one, texts.get(PREFIX + one, "")):
            grid.setdefault(name, []).append(one)
    features = [key for key in FEATURES if texts.get(f"{PREFIX}feature.{key}")]
    plan = parse_plan(grid, features)
    shown = texts[PREFIX + "revision"]
    if not shown.isdecimal():
        raise Invalid("plan", "This form was not made here; load the page again.")
    keep_plan(session, case_id, "proposed", plan, actor_id, at, shown=int(shown))
