"""A board's readiness policy over time: the board edits it, every version is kept, and none is changed afterwards.

An item the referral form has no field for (a cotinine test, a DEXA scan) is met by evidence somebody on the board saw
and wrote down with its date.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import cast

from sqlmodel import JSON, Field, Session, SQLModel, UniqueConstraint, col, select

from agenda.boards import board
from agenda.cases import case
from agenda.clinical import spine
from agenda.columns import instant
from agenda.days import past_day
from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.ids import new_id
from agenda.readiness import Fact, Required, policy_from

FORM_ITEMS = frozenset({"patient", "question", "history", "goal", "red-flags", "examination", "imaging", "tried"})
"""Items the referral form itself answers; every other item is met by evidence."""
WAIVERS = ("chair", "coordinator", "core")
"""Roles a policy may give the right to waive."""
LIMIT = 40


class PolicyVersion(SQLModel, table=True):
    """One version of a board's policy, as it was in force from `at` on."""

    __table_args__ = (UniqueConstraint("board_id", "version"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    board_id: str = Field(foreign_key="board.id", index=True)
    version: int
    items: list[dict[str, object]] = Field(default_factory=list, sa_type=JSON)
    note: str = ""
    """Why it was changed."""
    by_id: str = Field(foreign_key="person.id")
    at: datetime = instant()


class Evidence(SQLModel, table=True):
    """What somebody on the board saw for one item of the policy, with the day it describes."""

    __table_args__ = (UniqueConstraint("case_id", "item"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    item: str
    detail: str
    as_of: date
    by_id: str = Field(foreign_key="person.id")
    at: datetime = instant()


def versions(session: Session, board_id: str) -> list[PolicyVersion]:
    """Every version a board made, newest first; empty while it uses its field's own policy."""
    return list(session.exec(
        select(PolicyVersion).where(PolicyVersion.board_id == board_id).order_by(col(PolicyVersion.version).desc())
    ))


def current_version(session: Session, board_id: str) -> int:
    """The number of the version in force; 0 is the policy the field of medicine brings."""
    kept = versions(session, board_id)
    return kept[0].version if kept else 0


def items_in_force(session: Session, board_id: str) -> tuple[Required, ...]:
    """The policy in force."""
    found = board(session, board_id)
    return policy_from(found.policy) if found.policy else spine().policy


def save_policy(
    session: Session, board_id: str, rows: Sequence[Mapping[str, object]], note: str, actor_id: str, at: datetime, *,
    shown: int,
) -> PolicyVersion:
    """Put a new version in force. `shown`: the version it was edited from.

    Raises Invalid naming the field (``item.<row>.<key>`` counted from 0, or policy), NotNow ``policy-changed``.
    """
    if shown != current_version(session, board_id):
        raise NotNow("policy-changed", "Somebody else changed the policy meanwhile; look at it and change it again.")
    if not rows:
        raise Invalid("policy", "A policy needs at least one item.")
    if len(rows) > LIMIT:
        raise Invalid("policy", f"At most {LIMIT} items.")
    if len(note.strip()) > 300:
        raise Invalid("note", "At most 300 characters.")
    items = [_checked(row, number) for number, row in enumerate(rows)]
    policy_from({"item": items})
    kept = PolicyVersion(
        board_id=board_id, version=shown + 1, items=items, note=note.strip(), by_id=actor_id, at=at
    )
    found = board(session, board_id)
    found.policy = {"version": kept.version, "item": items}
    session.add_all([kept, found])
    session.flush()
    return kept


def restore_policy(
    session: Session, board_id: str, version: int, actor_id: str, at: datetime, *, shown: int
) -> PolicyVersion:
    """Put an earlier version in force again, as a new version; 0 is the field's own. Raises ItemNotFound."""
    note = f"As in version {version}" if version else "As the field of medicine brings it"
    if version == 0:
        return save_policy(session, board_id, [as_row(one) for one in spine().policy], note, actor_id, at, shown=shown)
    wanted = next((one for one in versions(session, board_id) if one.version == version), None)
    if wanted is None:
        raise ItemNotFound(str(version))
    return save_policy(session, board_id, wanted.items, note, actor_id, at, shown=shown)


def as_row(item: Required) -> dict[str, object]:
    """An item as a policy stores it."""
    row: dict[str, object] = {"key": item.key, "label": item.label, "ask": item.ask, "field": item.field}
    if item.max_age_days is not None:
        row["max_age_days"] = item.max_age_days
    for key, names in (("questions", item.questions), ("waived_by", item.waived_by)):
        if names:
            row[key] = sorted(names)
    if item.external_rule:
        row["external_rule"] = True
    return row


def evidence_of(session: Session, case_id: str) -> dict[str, Fact]:
    """Item → what was seen for it."""
    rows = session.exec(select(Evidence).where(Evidence.case_id == case_id)).all()
    return {row.item: Fact(row.detail, row.as_of) for row in rows}


def record_evidence(
    session: Session, case_id: str, item: str, detail: str, as_of: str, actor_id: str, at: datetime
) -> Evidence:
    """Write down what was seen for an item the form has no field for; raises Invalid naming item, detail or as_of."""
    found = case(session, case_id)
    policy = items_in_force(session, found.board_id)
    if item in FORM_ITEMS or item not in {one.key for one in policy}:
        raise Invalid("item", "The referral form answers this item; ask the referrer for it.")
    said = " ".join(detail.split())
    if not said or len(said) > 200:
        raise Invalid("detail", "Say what you saw, in at most 200 characters.")
    day = past_day("as_of", as_of.strip(), at, "It cannot describe a day in the future.")
    row = session.exec(select(Evidence).where(Evidence.case_id == case_id, Evidence.item == item)).one_or_none()
    row = row or Evidence(case_id=case_id, item=item, detail="", as_of=day, by_id=actor_id, at=at)
    row.detail, row.as_of, row.by_id, row.at = said, day, actor_id, at
    session.add(row)
    session.flush()
    return row


def _checked(row: Mapping[str, object], number: int) -> dict[str, object]:
    label, ask = str(row.get("label", "")).strip(), str(row.get("ask", "")).strip()
    if not label or len(label) > 100:
        raise Invalid(f"item.{number}.label", "Name the item in at most 100 characters.")
    if len(ask) > 300:
        raise Invalid(f"item.{number}.ask", "At most 300 characters.")
    key = str(row.get("key", "")) or key_of(label)
    kept: dict[str, object] = {
        "key": key, "label": label, "ask": ask or f"Please send: {label}.",
        "field": str(row.get("field", "")) or ("evidence" if key not in FORM_ITEMS else key),
    }
    age = row.get("max_age_days")
    if age not in (None, ""):
        if not str(age).isascii() or not str(age).isdigit() or not 1 <= int(str(age)) <= 3650:
            raise Invalid(f"item.{number}.max_age_days", "The age is a whole number of days, 1 to 3650.")
        kept["max_age_days"] = int(str(age))
    kinds = {entry.key for entry in spine().questions}
    for name, allowed in (("questions", kinds), ("waived_by", set(WAIVERS))):
        chosen = sorted(set(cast(list[str], row.get(name, []))))
        if set(chosen) - allowed:
            raise Invalid(f"item.{number}.{name}", "Choose from what is offered.")
        if chosen:
            kept[name] = chosen
    if row.get("external_rule"):
        kept["external_rule"] = True
    return kept


def key_of(label: str) -> str:
    """What an item is keyed by that a board named so."""
    letters = "".join(letter if letter.isalnum() else "-" for letter in label.casefold())
    return "-".join(part for part in letters.split("-") if part)[:60]
