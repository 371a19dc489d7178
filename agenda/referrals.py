"""Referrals: how a case is written, sent to its board, sent back and answered. The form's verbs, without the form.

Every field is checked on its own and kept on its own: one wrong field never loses the others, and two tabs collide only
where both changed the same field.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256

from sqlmodel import Field as Column
from sqlmodel import Session, SQLModel, col, select

from agenda.boards import board
from agenda.cases import Case, case, change_state, next_number, questions, studies_of, treatments
from agenda.clinical import Content, spine
from agenda.columns import instant
from agenda.days import past_day
from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.ids import new_id
from agenda.lifecycle import EDITABLE, label
from agenda.people import person


class CaseMessage(SQLModel, table=True):
    """One message in the thread of a case: a note, a question to the referrer about a field, or the answer to it."""

    id: str = Column(default_factory=new_id, primary_key=True)
    case_id: str = Column(foreign_key="case.id", index=True)
    at: datetime = instant()
    author_id: str = Column(foreign_key="person.id")
    kind: str
    """note, ask or answer."""
    field: str = ""
    """For an ask: the field or section of the form it is about."""
    text: str
    settled_at: datetime | None = instant(default=None, nullable=True)
    """For an ask: when it was answered; the referrer's clock stands between `at` and this."""
    shown: str = ""
    """For an ask: digest of what stood in its field when it was asked."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a save: fields kept, fields refused with a sentence, fields somebody else changed meanwhile."""

    revision: int
    kept: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    """Field → sentence."""
    conflicts: Mapping[str, str] = field(default_factory=dict)
    """Field → what stands there now, changed in another tab or by somebody else after this page was loaded."""


def start_case(session: Session, referrer_id: str, board_id: str, at: datetime, *, case_id: str | None = None) -> Case:
    """Begin a draft. `case_id` is minted with the form, so that a form sent twice makes one case.

    Raises Invalid naming the field; NotNow where the identity belongs to somebody else's case.
    """
    board(session, board_id)
    person(session, referrer_id)
    if case_id is not None:
        if len(case_id) != 32 or not set(case_id) <= set("0123456789abcdef"):
            raise Invalid("case", "This form was not made here; start a new one.")
        there = session.get(Case, case_id)
        if there is not None:
            if there.referrer_id != referrer_id:
                raise NotNow("case-exists", "This form was used already; start a new one.")
            return there
    made = Case(
        id=case_id or new_id(), number=next_number(session), board_id=board_id, referrer_id=referrer_id, created_at=at
    )
    session.add(made)
    session.flush()
    return made


def save_fields(
    session: Session, case_id: str, fields: Mapping[str, str], revisions: Mapping[str, int], at: datetime
) -> Saved:
    """Keep every field that can be kept. `revisions`: field → the case's revision when that field was shown.

    Names: the columns of the form, ``red_flag.<key>`` (yes, no or empty), ``exam.<key>``. Another name is Invalid.
    """
    found = case(session, case_id)
    kept: set[str] = set()
    refused: dict[str, str] = {}
    conflicts: dict[str, str] = {}
    for name, text in fields.items():
        before = field_text(found, name)
        if text.strip().replace("\r\n", "\n") == before:
            continue
        if found.field_revisions.get(name, 0) > revisions.get(name, found.revision):
            conflicts[name] = before
            continue
        try:
            _keep(found, name, text.strip().replace("\r\n", "\n"), at)
        except Invalid as error:
            refused[name] = error.reason
            continue
        kept.add(name)
    if kept:
        found.revision += 1
        found.field_revisions = found.field_revisions | dict.fromkeys(kept, found.revision)
        session.add(found)
        session.flush()
    return Saved(found.revision, frozenset(kept), refused, conflicts)


def field_text(found: Case, name: str) -> str:
    """What stands in a field, as its form shows it; raises Invalid for a field there is not."""
    group, _, key = name.partition(".")
    if group == "red_flag" and key in {flag.key for flag in spine().red_flags}:
        return {True: "yes", False: "no"}.get(found.red_flags.get(key), "")  # type: ignore[arg-type]
    if group == "exam" and key in {entry.key for entry in spine().examination}:
        return found.examination.get(key, "")
    if name not in _PARSERS:
        raise Invalid(name, "There is no such field.")
    value: object = getattr(found, name)
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _keep(found: Case, name: str, text: str, at: datetime) -> None:
    group, _, key = name.partition(".")
    if group == "red_flag":
        if text not in ("yes", "no", ""):
            raise Invalid(name, "Answer yes or no.")
        answers = {flag: answer for flag, answer in found.red_flags.items() if flag != key}
        found.red_flags = answers if not text else answers | {key: text == "yes"}
    elif group == "exam":
        if key == "examined-on" and text:
            text = past_day(name, text, at, "The examination cannot be in the future.").isoformat()
        _at_most(name, text, 500)
        found.examination = {line: said for line, said in found.examination.items() if line != key} | (
            {key: text} if text else {}
        )
    else:
        setattr(found, name, _PARSERS[name](name, text, at))


def _at_most(name: str, text: str, limit: int) -> str:
    if len(text) > limit:
        raise Invalid(name, f"At most {limit} characters; this has {len(text)}.")
    return text


def _line(limit: int) -> Callable[[str, str, datetime], str]:
    def parse(name: str, text: str, _at: datetime) -> str:
        if any(ord(letter) < 32 and letter != "\n" for letter in text):
            raise Invalid(name, "This holds characters that cannot be printed.")
        return _at_most(name, text, limit)

    return parse


def _born_on(name: str, text: str, at: datetime) -> date | None:
    return past_day(name, text, at, "A date of birth cannot be in the future.") if text else None


def _choice(*allowed: str) -> Callable[[str, str, datetime], str]:
    def parse(name: str, text: str, _at: datetime) -> str:
        if text not in allowed:
            raise Invalid(name, f"Choose one of: {', '.join(one for one in allowed if one)}.")
        return text

    return parse


_PARSERS: Mapping[str, Callable[[str, str, datetime], str | date | None]] = {
    "patient_family_name": _line(64),  # PS3.5 6.2: 64 characters per component group of a person name
    "patient_given_name": _line(64),
    "patient_born_on": _born_on,
    "patient_sex": _choice("F", "M", "O", ""),
    "patient_id": _line(64),
    "summary": _line(8000),
    "goal": _line(1000),
    "activities": _line(1000),
    "unacceptable": _line(1000),
    "urgency": _choice("routine", "soon", "urgent"),
}


def what_is_missing(session: Session, found: Case, content: Content | None = None) -> dict[str, str]:
    """Field → sentence, for all that keeps a draft from being submitted; empty when it can go."""
    content = content or spine()
    missing: dict[str, str] = {}
    if not found.patient_family_name:
        missing["patient_family_name"] = "The patient's family name is needed."
    if found.patient_born_on is None:
        missing["patient_born_on"] = "The date of birth is needed: images are matched by it."
    if not found.patient_sex:
        missing["patient_sex"] = "The sex is needed: images are matched by it."
    if not questions(session, found.id):
        missing["questions"] = "Ask at least one question; the board answers each."
    for flag in content.red_flags:
        if flag.key not in found.red_flags:
            missing[f"red_flag.{flag.key}"] = "Answer yes or no."
    return missing


def editable(session: Session, case_id: str) -> Case:
    """The case, if its form can be changed now; raises NotNow."""
    found = case(session, case_id)
    if found.state not in EDITABLE:
        raise NotNow("case-state", f"Case {found.number} is {label(found.state).lower()}; its form is closed.")
    return found


def messages(session: Session, case_id: str) -> list[CaseMessage]:
    """The thread, oldest first."""
    return list(session.exec(
        select(CaseMessage).where(CaseMessage.case_id == case_id).order_by(col(CaseMessage.at), col(CaseMessage.id))
    ))


def open_asks(session: Session, case_id: str) -> list[CaseMessage]:
    """Questions to the referrer without an answer yet, oldest first."""
    return [one for one in messages(session, case_id) if one.kind == "ask" and one.settled_at is None]


def say(
    session: Session, case_id: str, author_id: str, text: str, at: datetime, *, kind: str = "note", about: str = ""
) -> CaseMessage:
    """Add to the thread; raises Invalid when there is nothing to say or too much."""
    said = text.strip()
    if not said:
        raise Invalid("text", "Write something first.")
    _at_most("text", said, 4000)
    case(session, case_id)
    message = CaseMessage(case_id=case_id, at=at, author_id=author_id, kind=kind, field=about, text=said)
    session.add(message)
    session.flush()
    return message


def send_back(session: Session, case_id: str, about: str, note: str, actor_id: str, at: datetime) -> CaseMessage:
    """Ask the referrer about one field; the case waits for the answer and the board's clock stands.

    A case on an agenda or later keeps its place: the question then stands in the thread alone.
    """
    found = case(session, case_id)
    message = say(session, case_id, actor_id, note, at, kind="ask", about=about)
    message.shown = standing(session, found, about)
    session.add(message)
    if found.state in ("submitted", "triaged", "ready", "rolled_over"):
        change_state(session, found, "needs_info", actor_id, at, note.strip())
    return message


def answer(session: Session, case_id: str, text: str, actor_id: str, at: datetime) -> CaseMessage:
    """Answer everything asked; a case that waited for it goes back to its board."""
    message = say(session, case_id, actor_id, text, at, kind="answer")
    _settle(session, open_asks(session, case_id), at)
    _back_to_the_board(session, case_id, "Answered", actor_id, at)
    return message


def answer_ask(session: Session, case_id: str, ask_id: str, text: str, actor_id: str, at: datetime) -> CaseMessage:
    """Answer one question in words; the case goes on waiting while another is open.

    Raises ItemNotFound, or Invalid where nothing was said.
    """
    ask = next((one for one in open_asks(session, case_id) if one.id == ask_id), None)
    if ask is None:
        raise ItemNotFound(ask_id)
    message = say(session, case_id, actor_id, text, at, kind="answer", about=ask.field)
    _settle(session, [ask], at)
    _back_to_the_board(session, case_id, "Answered", actor_id, at)
    return message


def _settle(session: Session, asks: list[CaseMessage], at: datetime) -> None:
    for ask in asks:
        ask.settled_at = at
        session.add(ask)
    session.flush()


def _back_to_the_board(session: Session, case_id: str, note: str, actor_id: str, at: datetime) -> None:
    found = case(session, case_id)
    if found.state == "needs_info" and not open_asks(session, case_id):
        change_state(session, found, "submitted", actor_id, at, note)


def standing(session: Session, found: Case, about: str) -> str:
    """Digest of what stands in a field or section now; of the whole form where the ask names none that is known."""
    sections: dict[str, object] = {
        "red_flags": found.red_flags, "examination": found.examination,
        "questions": [one.model_dump(mode="json") for one in questions(session, found.id)],
        "treatments": [one.model_dump(mode="json") for one in treatments(session, found.id)],
        "images": studies_of(session, found.id),
    } | {name: str(getattr(found, name) or "") for name in _PARSERS}
    content = sections.get(about, sections)
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def withdraw(session: Session, case_id: str, reason: str, actor_id: str, at: datetime) -> Case:
    """Take a case back before it is presented; it stays in the record with its reason."""
    found = case(session, case_id)
    if not reason.strip():
        raise Invalid("reason", "Say why; the board sees it.")
    change_state(session, found, "withdrawn", actor_id, at, reason.strip())
    return found


def resubmitted(session: Session, found: Case, actor_id: str, at: datetime) -> None:
    """A sent-back case goes to the board again once each open question is answered.

    What was changed since it was asked about counts as answered. Raises Invalid naming ``ask.<id>`` for the first that
    is not; those that are stay answered.
    """
    asks = open_asks(session, found.id)
    _settle(session, [one for one in asks if standing(session, found, one.field) != one.shown], at)
    for one in open_asks(session, found.id):
        raise Invalid(f"ask.{one.id}", "Nothing was changed here since the board asked. Correct or answer it.")
    change_state(session, found, "submitted", actor_id, at, "Sent again")
