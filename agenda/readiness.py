"""Readiness: a board's policy against the facts of a case, item by item. Pure.

A policy is data: required items with a maximum age and the roles that may waive them. 27–52 % of discussions reach no
decision, mostly because something is missing; this is asked before the meeting.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, cast

from agenda.errors import Invalid

State = Literal["current", "stale", "missing", "waived"]


@dataclass(frozen=True, slots=True)
class Required:
    """One item of a policy."""

    key: str
    label: str
    ask: str
    """What the referrer is asked with one click."""
    field: str
    """The section or field of the form where it is answered."""
    max_age_days: int | None = None
    """None: never stale."""
    questions: frozenset[str] = frozenset()
    """Kinds of question it is needed for; empty: all."""
    waived_by: frozenset[str] = frozenset()
    """Board roles that may waive it; empty: nobody."""
    external_rule: bool = False
    """The limit is a payer's or another outsider's rule, not medicine; shown as such."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What the case has to show for one item."""

    detail: str
    as_of: date | None = None
    """The day it describes; None: it has no age."""


@dataclass(frozen=True, slots=True)
class WaivedBy:
    """Who let an item go, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """One item with its state and the reason in a sentence."""

    item: Required
    state: State
    reason: str

    @property
    def met(self) -> bool:
        """True when this item does not hold the case back."""
        return self.state in ("current", "waived")


@dataclass(frozen=True, slots=True)
class Readiness:
    """Every item that applies to the case, in the policy's order."""

    items: tuple[Checked, ...]

    @property
    def ready(self) -> bool:
        """True when nothing holds the case back."""
        return all(item.met for item in self.items)

    @property
    def open(self) -> tuple[Checked, ...]:
        """What holds it back."""
        return tuple(item for item in self.items if not item.met)

    @property
    def percent(self) -> int:
        """Share of the items that are met, 0 to 100, rounded down; 100 without items."""
        return 100 if not self.items else 100 * sum(item.met for item in self.items) // len(self.items)


def check(
    policy: tuple[Required, ...], facts: Mapping[str, Fact], waivers: Mapping[str, WaivedBy],
    question_kinds: frozenset[str], today: date,
) -> Readiness:
    """The policy's items that these kinds of question call for, each current, stale, missing or waived.

    A waiver counts only where the fact is missing or stale: what is there and current needs none. With no question yet,
    items for particular kinds do not apply.
    """
    applying = (item for item in policy if not item.questions or item.questions & question_kinds)
    return Readiness(tuple(_checked(item, facts.get(item.key), waivers.get(item.key), today) for item in applying))


def _checked(item: Required, fact: Fact | None, waiver: WaivedBy | None, today: date) -> Checked:
    if fact is not None and not _stale(item, fact, today):
        return Checked(item, "current", fact.detail)
    if waiver is not None:
        return Checked(item, "waived", f"Waived by {waiver.name}: {waiver.reason}")
    if fact is None:
        return Checked(item, "missing", f"{item.label} is missing.")
    if fact.as_of is None:
        return Checked(item, "stale", f"{fact.detail}; its date is not known, the limit is {item.max_age_days} days.")
    age = (today - fact.as_of).days
    return Checked(item, "stale", f"{fact.detail}; {age} days old, the limit is {item.max_age_days}.")


def _stale(item: Required, fact: Fact, today: date) -> bool:
    if item.max_age_days is None:
        return False
    return fact.as_of is None or today - fact.as_of > timedelta(days=item.max_age_days)


def policy_from(data: Mapping[str, object]) -> tuple[Required, ...]:
    """A policy out of its data (`items` or `item`: a list of tables); raises Invalid naming the item and the key."""
    rows = data.get("item", data.get("items", []))
    if not isinstance(rows, list):
        raise Invalid("policy", "A policy is a list of items.")
    policy = tuple(_required(row, number) for number, row in enumerate(rows, 1))
    keys = [item.key for item in policy]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise Invalid("policy", f"The item {twice!r} stands twice in the policy.")
    return policy


def _required(row: object, number: int) -> Required:
    if not isinstance(row, dict):
        raise Invalid("policy", f"Item {number} is not a table.")
    table = cast(dict[str, object], row)
    for key in ("key", "label", "ask", "field"):
        if not isinstance(table.get(key), str) or not table[key]:
            raise Invalid("policy", f"Item {number} needs {key!r}, a text.")
    age = table.get("max_age_days")
    if age is not None and (not isinstance(age, int) or isinstance(age, bool) or age < 1):
        raise Invalid("policy", f"Item {number}: max_age_days is a whole number of days, at least 1.")
    return Required(
        key=str(table["key"]), label=str(table["label"]), ask=str(table["ask"]), field=str(table["field"]),
        max_age_days=age, questions=_texts(table, "questions", number), waived_by=_texts(table, "waived_by", number),
        external_rule=table.get("external_rule") is True,
    )


def _texts(table: dict[str, object], key: str, number: int) -> frozenset[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise Invalid("policy", f"Item {number}: {key} is a list of texts.")
    return frozenset(cast(list[str], value))
