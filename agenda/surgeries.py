"""Earlier operations on the spine: when, where, how, with what implant, and what came of it."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlmodel import Field, Session, SQLModel, col, select

from agenda.cases import Case
from agenda.days import past_day
from agenda.errors import Invalid, ItemNotFound
from agenda.ids import new_id
from agenda.levels import lumbar, spoken, vertebrae

LIMIT = 30
KINDS: Mapping[str, str] = {
    "decompression": "Decompression or discectomy", "fusion": "Fusion", "disc-replacement": "Disc replacement",
    "fixation": "Fixation without fusion", "augmentation": "Vertebroplasty or kyphoplasty",
    "stimulator": "Stimulator or pump", "other": "Other",
}
APPROACHES: Mapping[str, str] = {
    "posterior": "From the back", "anterior": "From the front", "lateral": "From the side", "combined": "Combined",
}
OUTCOMES: Mapping[str, str] = {"better": "Better", "same": "The same", "worse": "Worse"}
FIELDS = ("kind", "levels", "done_on", "approach", "implant", "outcome", "infection", "description")
"""The fields of a row, as the form and the API name them."""


class PriorSurgery(SQLModel, table=True):
    """One operation on this spine before the referral."""

    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    kind: str
    """A key of KINDS."""
    levels: str = ""
    """Vertebrae as written by the form's rule, e.g. ``L4–S1``; empty: not known."""
    done_on: date | None = None
    approach: str = ""
    implant: str = ""
    outcome: str = ""
    infection: str = ""
    """yes, no or empty: not known."""
    description: str = ""


def surgeries(session: Session, case_id: str) -> list[PriorSurgery]:
    """The operations, oldest first; those without a date stand first."""
    return list(session.exec(
        select(PriorSurgery).where(PriorSurgery.case_id == case_id).order_by(col(PriorSurgery.done_on))
    ))


def add_surgery(session: Session, found: Case, fields: Mapping[str, str], at: datetime) -> PriorSurgery:
    """Add a row; raises Invalid naming the field."""
    if len(surgeries(session, found.id)) >= LIMIT:
        raise Invalid("kind", f"At most {LIMIT} operations; write the rest in the history.")
    return _fill(session, PriorSurgery(case_id=found.id, kind=""), fields, at)


def edit_surgery(
    session: Session, found: Case, surgery_id: str, fields: Mapping[str, str], at: datetime
) -> PriorSurgery:
    """Change a row in place; raises Invalid naming the field, ItemNotFound."""
    return _fill(session, _of(session, found, surgery_id), fields, at)


def remove_surgery(session: Session, found: Case, surgery_id: str) -> None:
    """Take a row away; raises ItemNotFound."""
    session.delete(_of(session, found, surgery_id))
    session.flush()


def lumbar_fusion_before(rows: list[PriorSurgery]) -> bool:
    """Whether a lumbar vertebra was fused before; a fusion at an unknown level counts as one."""
    return any(row.kind == "fusion" and (not row.levels or lumbar(vertebrae("levels", row.levels))) for row in rows)


def _of(session: Session, found: Case, surgery_id: str) -> PriorSurgery:
    row = session.get(PriorSurgery, surgery_id)
    if row is None or row.case_id != found.id:
        raise ItemNotFound(surgery_id)
    return row


def _fill(session: Session, row: PriorSurgery, fields: Mapping[str, str], at: datetime) -> PriorSurgery:
    text = {name: fields.get(name, "").strip() for name in FIELDS}
    if text["kind"] not in KINDS:
        raise Invalid("kind", "Choose what kind of operation this was.")
    for name, allowed in (("approach", APPROACHES), ("outcome", OUTCOMES), ("infection", ("yes", "no"))):
        if text[name] and text[name] not in allowed:
            raise Invalid(name, "Choose one of the answers offered.")
    for name in ("implant", "description"):
        if len(text[name]) > 300:
            raise Invalid(name, f"At most 300 characters; this has {len(text[name])}.")
    levels, done_on = spoken(vertebrae("levels", text["levels"])), None
    if text["done_on"]:
        future = "An earlier operation cannot be in the future."
        done_on = past_day("done_on", text["done_on"], at, future, vague=True)
    for name in ("kind", "approach", "implant", "outcome", "infection", "description"):
        setattr(row, name, text[name])
    row.levels, row.done_on = levels, done_on
    session.add(row)
    session.flush()
    return row
