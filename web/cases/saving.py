"""How the referral form is kept: its rows and its plan, each on its own, and what could not be kept beside its field.

A row that stands in the record is changed in place, unless somebody else changed it after this page was loaded. A row
that was not added yet, and what was refused, wait as drafts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256

from sqlmodel import Session, SQLModel

from agenda.cases import Case
from agenda.drafts import added_last, forget_draft, keep_draft, note_added
from agenda.errors import Invalid, NotNow
from conference.policy import Actor
from web.cases.plan import PREFIX as PLAN
from web.cases.plan import save_plan
from web.cases.rows import ROWS, RowKind, row_id, text_of

Texts = Mapping[str, str]


@dataclass(slots=True)
class Outcome:
    """What became of one press of a button: what was refused, where, and what was typed."""

    errors: dict[str, str] = field(default_factory=dict)
    """Name of a field → sentence."""
    conflicts: Mapping[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    """What to show instead of what is stored: refused and conflicting fields."""
    stop: str = ""
    """Why the case cannot be sent now."""
    sent: bool = False

    def refuse(self, error: Invalid, prefix: str = "", typed: Texts | None = None) -> None:
        """Keep a refusal beside its field, with everything typed around it."""
        self.errors[prefix + error.field] = error.reason
        self.typed |= {prefix + name: text for name, text in (typed or {}).items()}


def group(texts: Texts, prefix: str) -> dict[str, str]:
    """The fields of one row, without their prefix."""
    return {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}


def attempt(outcome: Outcome, prefix: str, typed: Mapping[str, str], act: Callable[[Texts], object]) -> bool:
    """Do something with what was typed; a refusal stands beside its field. True when it was done."""
    try:
        act(typed)
    except Invalid as error:
        outcome.refuse(error, prefix, typed)
        return False
    return True


def save_rows(session: Session, found: Case, texts: Texts, at: datetime, outcome: Outcome) -> None:
    """Keep every row that arrived, but for the one that is being removed."""
    removing = texts.get("do", "").partition(":")[2]
    for name, kind in ROWS.items():
        for row in kind.listed(session, found.id):
            key = row_id(row)
            typed = group(texts, f"{name}.{key}.")
            if typed and key != removing:
                _save_row(session, found, kind, row, f"{name}.{key}.", typed, at, outcome)
        if texts.get("do") != f"add-{name}":
            _keep_unadded(session, found, name, texts, at)


def _save_row(
    session: Session, found: Case, kind: RowKind, row: SQLModel, prefix: str, typed: dict[str, str], at: datetime,
    outcome: Outcome,
) -> None:
    shown = typed.pop("shown", "")
    stands = texts_of(kind, row)
    changed = {name: text for name, text in stands.items() if typed.get(name, text).strip() != text}
    if not changed:
        forget_draft(session, found.id, prefix)
        return
    if shown and shown != digest(stands):
        for name, text in changed.items():
            outcome.errors[prefix + name] = (
                f"Changed elsewhere meanwhile. It now says: “{text or 'nothing'}”. Save again to replace it."
            )
            outcome.typed[prefix + name] = typed[name]
        keep_draft(session, found.id, prefix, typed, at)
    elif attempt(outcome, prefix, stands | typed, partial(_edit, session, found, kind, row_id(row), at)):
        forget_draft(session, found.id, prefix)
    else:
        keep_draft(session, found.id, prefix, typed, at)


def _edit(session: Session, found: Case, kind: RowKind, key: str, at: datetime, typed: Texts) -> None:
    kind.edit(session, found, key, typed, at)


def _keep_unadded(session: Session, found: Case, name: str, texts: Texts, at: datetime) -> None:
    """What was typed into the empty row that adds another, unless that row was added meanwhile."""
    typed = group(texts, f"new-{name}.")
    key = typed.get("key", "")
    if not typed or (key and key == added_last(session, found.id, name)):
        return
    if has_text(typed):
        keep_draft(session, found.id, f"new-{name}.", typed, at)
    else:
        forget_draft(session, found.id, f"new-{name}.")


def has_text(typed: Texts) -> bool:
    """Whether somebody typed anything into a row that adds another."""
    return any(text.strip() for name, text in typed.items() if name != "key")


def add_row(session: Session, found: Case, name: str, texts: Texts, at: datetime, outcome: Outcome) -> None:
    """Add the row that was typed; pressed twice it is added once. A refused one waits as it was typed."""
    prefix, kind = f"new-{name}.", ROWS[name]
    typed = group(texts, prefix)
    key = typed.get("key", "")
    if key and key == added_last(session, found.id, name):
        return

    def act(written: Texts) -> None:
        kind.add(session, found, written, at)

    if attempt(outcome, prefix, typed, act):
        forget_draft(session, found.id, prefix)
        note_added(session, found.id, name, key, at)
    else:
        keep_draft(session, found.id, prefix, typed, at)


def remove_row(session: Session, found: Case, name: str, key: str) -> None:
    """Take a row away, with what was typed into it."""
    ROWS[name].remove(session, found, key)
    forget_draft(session, found.id, f"{name}.{key}.")


def keep_the_plan(session: Session, who: Actor, found: Case, texts: Texts, at: datetime, outcome: Outcome) -> None:
    """Keep the proposed operation; what was refused waits as it was typed."""
    typed = {name: text for name, text in texts.items() if name.startswith(PLAN) and name != f"{PLAN}revision"}
    try:
        save_plan(session, found.id, texts, who.person_id, at)
    except Invalid as error:
        outcome.refuse(error, typed=typed)
    except NotNow as error:
        outcome.stop = error.reason
        outcome.typed |= typed
    else:
        if f"{PLAN}revision" in texts:
            forget_draft(session, found.id, PLAN)
        return
    keep_draft(session, found.id, PLAN, group(typed, PLAN), at)


def texts_of(kind: RowKind, row: SQLModel) -> dict[str, str]:
    """A row as the form shows it."""
    return {name: text_of(row, name) for name in kind.fields}


def digest(stands: Texts) -> str:
    """What tells two states of a row apart."""
    return sha256("\x1f".join(stands.values()).encode()).hexdigest()[:16]
