"""Clinical scores and classifications of a case: each answer kept with who gave it and when, none changed later.

A correction is a new entry that replaces an old one; taking one back is an entry without answers that says why. Both
are kept, so that what stood in a packet can always be explained.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import JSON, Field, Session, SQLModel, col, select

from agenda.cases import Case, case
from agenda.columns import instant
from agenda.days import past_day
from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.ids import new_id
from agenda.levels import spoken, vertebrae
from agenda.lifecycle import label
from agenda.people import Person
from agenda.policies import key_of
from agenda.readiness import Fact
from agenda.scores.readings import Part, Reading, checked, come_to, parts
from agenda.scores.sheets import Sheet, sheets

LIMIT = 200
"""Entries of one case, replaced ones among them."""
LONGEST = 300
OVER = frozenset({"closed", "declined", "withdrawn"})
"""States in which nothing more is entered."""


class ClinicalScore(SQLModel, table=True):
    """One entry: a filled sheet, or that an earlier one was taken back."""

    __tablename__ = "clinical_score"
    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    sheet: str
    """Key of a sheet."""
    answers: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    """Item → answer; empty where an entry was taken back."""
    level: str = ""
    """Where it is, as a surgeon writes it; empty: not said."""
    as_of: date
    """The day it describes."""
    value: float | None = None
    """The number it came to, if it is one."""
    said: str = ""
    """What it came to, as it was computed when it was entered."""
    band: str = ""
    status: str = ""
    """verified or unverified, as the rules were when it was entered."""
    replaces: str | None = Field(default=None, foreign_key="clinical_score.id", unique=True)
    """The entry this one stands for now; one entry is replaced once."""
    why: str = ""
    """Why an entry was corrected or taken back."""
    by_id: str = Field(foreign_key="person.id")
    at: datetime = instant()


@dataclass(frozen=True, slots=True)
class Given:
    """One entry as a reader sees it."""

    row: ClinicalScore
    sheet: Sheet
    by: str
    parts: tuple[Part, ...]
    earlier: tuple["Given", ...] = ()
    """What it replaced, the newest first."""

    @property
    def taken_back(self) -> bool:
        """Nothing stands any more, but for the reason."""
        return not self.row.answers

    @property
    def source(self) -> str:
        """Who entered it, about which day, and whose rule it is."""
        checked_ = "" if self.row.status == "verified" else ", unverified: check it before relying on it"
        return f"Entered by {self.by}, {self.row.as_of.isoformat()}; scored by {self.sheet.source}{checked_}"

    @property
    def text(self) -> str:
        """``9 of 18, potentially unstable; at T8: location junctional (3), pain mechanical (3), …``."""
        said = ", ".join(one for one in (self.row.said, self.row.band) if one)
        answered = "; ".join(
            f"{one.label}: {one.text}" + (f" ({one.adds})" if one.adds else "") for one in self.parts
        )
        return f"{said}{f' at {self.row.level}' if self.row.level else ''}. {answered}"


class Unfit(Invalid):
    """Several fields cannot be taken; `wrong`: field → sentence. As an Invalid it names the first."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        field, reason = next(iter(wrong.items()))
        super().__init__(field, reason)
        self.wrong = wrong


def filled(sheet: Sheet, typed: Mapping[str, str], at: datetime) -> tuple[dict[str, str], str, date, Reading]:
    """Answers, level, day and what they come to; raises Unfit naming every field that is wrong or missing."""
    answers, wrong = checked(sheet, typed)
    level, as_of = "", at.date()
    try:
        level = spoken(vertebrae("level", typed.get("level", ""))) if sheet.placed else ""
    except Invalid as error:
        wrong[error.field] = error.reason
    try:
        as_of = past_day("as_of", typed.get("as_of", "").strip(), at, "It cannot describe a day in the future.")
    except Invalid as error:
        wrong[error.field] = error.reason
    if wrong:
        raise Unfit(wrong)
    try:
        return answers, level, as_of, come_to(sheet, answers)
    except Invalid as error:
        raise Unfit({error.field: error.reason}) from None


def sheet_of(key: str) -> Sheet:
    """One sheet; raises ItemNotFound."""
    found = sheets().get(key)
    if found is None:
        raise ItemNotFound(key)
    return found


def enter(
    session: Session, case_id: str, key: str, typed: Mapping[str, str], by_id: str, at: datetime, *,
    replaces: str | None = None,
) -> ClinicalScore:
    """Keep a filled sheet, in place of an earlier entry where one is named.

    Raises Unfit, ItemNotFound, NotNow ``score-replaced`` where somebody else corrected that entry meanwhile.
    """
    found, sheet = _open(session, case_id), sheet_of(key)
    why = _why(typed) if replaces else ""
    answers, level, as_of, came = filled(sheet, typed, at)
    if replaces:
        _standing(session, case_id, replaces, sheet.key)
    return _add(session, found, ClinicalScore(
        case_id=case_id, sheet=sheet.key, answers=answers, level=level, as_of=as_of, value=came.value, said=came.said,
        band=came.band, status=came.status, replaces=replaces, why=why, by_id=by_id, at=at,
    ))


def take_back(session: Session, case_id: str, entry_id: str, why: str, by_id: str, at: datetime) -> ClinicalScore:
    """Say that an entry does not stand, and why; raises Invalid naming why, ItemNotFound, NotNow."""
    found, said = _open(session, case_id), " ".join(why.split())
    if not said:
        raise Invalid("why", "Say why it does not stand.")
    old = _standing(session, case_id, entry_id)
    return _add(session, found, ClinicalScore(
        case_id=case_id, sheet=old.sheet, level=old.level, as_of=at.date(), replaces=old.id, why=_why({"why": said}),
        by_id=by_id, at=at,
    ))


def _why(typed: Mapping[str, str]) -> str:
    why = " ".join(typed.get("why", "").split())
    if len(why) > LONGEST:
        raise Unfit({"why": f"At most {LONGEST} characters; this has {len(why)}."})
    return why


def _open(session: Session, case_id: str) -> Case:
    found = case(session, case_id)
    if found.state in OVER:
        raise NotNow("case-state", f"Case {found.number} is {label(found.state).lower()}; nothing more is entered.")
    return found


def _standing(session: Session, case_id: str, entry_id: str, sheet: str = "") -> ClinicalScore:
    row = session.get(ClinicalScore, entry_id)
    if row is None or row.case_id != case_id or (sheet and row.sheet != sheet) or not row.answers:
        raise ItemNotFound(entry_id)
    if session.exec(select(ClinicalScore.id).where(ClinicalScore.replaces == entry_id)).first():
        raise NotNow("score-replaced", "Somebody else corrected this entry meanwhile. Look at theirs, then correct it.")
    return row


def _add(session: Session, found: Case, row: ClinicalScore) -> ClinicalScore:
    if len(_rows(session, found.id)) >= LIMIT:
        raise NotNow("too-many-scores", f"A case has at most {LIMIT} entries.")
    session.add(row)
    session.flush()
    return row


def _rows(session: Session, case_id: str) -> list[ClinicalScore]:
    return list(session.exec(
        select(ClinicalScore).where(ClinicalScore.case_id == case_id)
        .order_by(col(ClinicalScore.at), col(ClinicalScore.id))
    ))


def given(session: Session, case_id: str) -> tuple[Given, ...]:
    """Every entry that nothing replaced, with what it replaced; in the order of the sheets, then by day."""
    rows = {row.id: row for row in _rows(session, case_id)}
    replaced = {row.replaces for row in rows.values()}
    names = {one.id: one.name for one in session.exec(
        select(Person).where(col(Person.id).in_({row.by_id for row in rows.values()}))
    )}
    order = list(sheets())
    last = sorted(
        (row for row in rows.values() if row.id not in replaced),
        key=lambda row: (order.index(row.sheet), row.as_of, row.at),
    )
    return tuple(_told(row, rows, names) for row in last)


def _told(row: ClinicalScore, rows: Mapping[str, ClinicalScore], names: Mapping[str, str]) -> Given:
    earlier, before = list[Given](), row.replaces
    while before is not None:
        earlier.append(_entry(rows[before], names))
        before = rows[before].replaces
    return _entry(row, names, tuple(earlier))


def _entry(row: ClinicalScore, names: Mapping[str, str], earlier: tuple[Given, ...] = ()) -> Given:
    sheet = sheets()[row.sheet]
    return Given(row, sheet, names[row.by_id], parts(sheet, row.answers) if row.answers else (), earlier)


def standing(session: Session, case_id: str) -> tuple[Given, ...]:
    """The entries that stand: neither replaced nor taken back."""
    return tuple(one for one in given(session, case_id) if not one.taken_back)


def score_values(session: Session, case_id: str) -> dict[str, float]:
    """Sheet → the highest number that stands, for the rules that ask for one."""
    found: dict[str, float] = {}
    for one in standing(session, case_id):
        if one.row.value is not None:
            found[one.sheet.key] = max(one.row.value, found.get(one.sheet.key, one.row.value))
    return found


def score_facts(session: Session, case_id: str) -> dict[str, Fact]:
    """What readiness is told: an item of the policy that is named as a score is met by it, with its day."""
    found: dict[str, Fact] = {}
    for one in sorted(standing(session, case_id), key=lambda one: one.row.as_of):
        told = Fact(f"{one.sheet.short} {one.row.said}", one.row.as_of)
        found |= dict.fromkeys(policy_keys(one.sheet), told)
    return found


def policy_keys(sheet: Sheet) -> Iterable[str]:
    """How an item of a policy is keyed that is named as this score, by its short or its full name."""
    return {sheet.key, key_of(sheet.short), key_of(sheet.name)}
