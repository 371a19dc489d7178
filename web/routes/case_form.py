"""The referral form: every field saves itself, every button saves everything first, and nothing typed is lost.

One form holds the whole page, so that it works without scripts: whichever button is pressed, all fields arrive and are
kept, then the button's own thing is done. With scripts each field is sent by itself when it changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agenda.alarms import Alarm, alarm_of, confirm, raise_if_flagged, stopping, submit
from agenda.boards import board
from agenda.cases import Case, Question, TreatmentTried, case, questions, treatments
from agenda.clinical import spine
from agenda.errors import Invalid, NotNow
from agenda.lifecycle import EDITABLE, WITH_THE_BOARD, label
from agenda.people import disciplines
from agenda.questions import add_question, edit_question, remove_question
from agenda.referrals import Saved, field_text, open_asks, save_fields
from agenda.treatments import FIELDS as TREATMENT_FIELDS
from agenda.treatments import add_treatment, edit_treatment, remove_treatment
from conference.policy import Action, Actor
from web.access import actor, demand, in_session, note_read, reading
from web.case_facts import study_facts, thumbs
from web.clock import now
from web.pages import page, redirect, status_for
from web.resources import case_resource

PLAIN_FIELDS = (
    "patient_family_name", "patient_given_name", "patient_born_on", "patient_sex", "patient_id", "summary", "goal",
    "activities", "unacceptable", "urgency",
)


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

    def refuse(self, error: Invalid, prefix: str = "", typed: Mapping[str, str] | None = None) -> None:
        """Keep a refusal beside its field, with everything typed around it."""
        self.errors[prefix + error.field] = error.reason
        self.typed |= {prefix + name: text for name, text in (typed or {}).items()}


def form_fields() -> list[str]:
    """Every field of the form that saves itself."""
    return [
        *PLAIN_FIELDS, *(f"red_flag.{flag.key}" for flag in spine().red_flags),
        *(f"exam.{entry.key}" for entry in spine().examination),
    ]


def _editable_by(session: Session, who: Actor, case_id: str) -> Case:
    demand(who, Action.CASE_EDIT, case_resource(session, case_id))
    found = case(session, case_id)
    if found.state not in EDITABLE | WITH_THE_BOARD | {"scheduled"}:
        raise NotNow("case-state", f"Case {found.number} is {label(found.state).lower()}; its form is closed.")
    return found


def _sent(texts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, int]]:
    """The fields that arrived, and the revision at which each was shown."""
    fields = {name: texts[name] for name in form_fields() if name in texts}
    revisions = {
        name: int(texts[f"revision.{name}"]) for name in fields if texts.get(f"revision.{name}", "").isdecimal()
    }
    return fields, revisions


def _save(session: Session, who: Actor, case_id: str, texts: Mapping[str, str], at: datetime) -> tuple[Saved, Outcome]:
    found = _editable_by(session, who, case_id)
    fields, revisions = _sent(texts)
    saved = save_fields(session, case_id, fields, revisions, at)
    raise_if_flagged(session, found, who.person_id, at)
    held = {*saved.refused, *saved.conflicts}
    return saved, Outcome(dict(saved.refused), saved.conflicts, {name: fields[name] for name in held})


def _press(session: Session, who: Actor, case_id: str, texts: Mapping[str, str], at: datetime) -> Outcome:
    _, outcome = _save(session, who, case_id, texts, at)
    found = case(session, case_id)
    _save_rows(session, found, texts, at, outcome)
    act, _, key = texts.get("do", "save").partition(":")
    match act:
        case "add-question":
            _try(outcome, "new-question.", _group(texts, "new-question."), partial(_add_question, session, found))
        case "remove-question":
            remove_question(session, found, key)
        case "add-treatment":
            adding = partial(_add_treatment, session, found, at)
            _try(outcome, "new-treatment.", _group(texts, "new-treatment."), adding)
        case "remove-treatment":
            remove_treatment(session, found, key)
        case "confirm":
            said = {"action_taken": texts.get("action_taken", "")}
            _try(outcome, "", said, partial(_confirm, session, who, found, at))
        case "submit" if not outcome.errors and not outcome.conflicts:
            _send(session, who, found, at, outcome)
        case _:
            pass
    return outcome


def _save_rows(session: Session, found: Case, texts: Mapping[str, str], at: datetime, outcome: Outcome) -> None:
    removing = texts.get("do", "").partition(":")[2]
    for question in questions(session, found.id):
        typed = _group(texts, f"question.{question.id}.")
        if typed and question.id != removing:
            _try(outcome, f"question.{question.id}.", typed, partial(_edit_question, session, found, question.id))
    for row in treatments(session, found.id):
        typed = _group(texts, f"treatment.{row.id}.")
        if typed and row.id != removing:
            editing = partial(_edit_treatment, session, found, row.id, at)
            _try(outcome, f"treatment.{row.id}.", typed, editing)


def _try(outcome: Outcome, prefix: str, typed: dict[str, str], act: "partial[None]") -> None:
    try:
        act(typed)
    except Invalid as error:
        outcome.refuse(error, prefix, typed)


def _group(texts: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}


def _add_question(session: Session, found: Case, typed: Mapping[str, str]) -> None:
    add_question(session, found, **_question(typed))


def _edit_question(session: Session, found: Case, question_id: str, typed: Mapping[str, str]) -> None:
    edit_question(session, found, question_id, **_question(typed))


def _question(typed: Mapping[str, str]) -> dict[str, str]:
    return {name: typed.get(name, "") for name in ("kind", "discipline", "text")}


def _add_treatment(session: Session, found: Case, at: datetime, typed: Mapping[str, str]) -> None:
    add_treatment(session, found, typed, at)


def _edit_treatment(session: Session, found: Case, row_id: str, at: datetime, typed: Mapping[str, str]) -> None:
    edit_treatment(session, found, row_id, typed, at)


def _confirm(session: Session, who: Actor, found: Case, at: datetime, typed: Mapping[str, str]) -> None:
    confirm(session, found.id, typed["action_taken"], who.person_id, at)


def _send(session: Session, who: Actor, found: Case, at: datetime, outcome: Outcome) -> None:
    demand(who, Action.CASE_SUBMIT, case_resource(session, found.id))
    try:
        submit(session, found.id, who.person_id, at)
    except Invalid as error:
        outcome.errors[error.field] = error.reason
    except NotNow as error:
        outcome.stop = error.reason
    else:
        outcome.sent = True


@dataclass(frozen=True, slots=True)
class Value:
    """One field as the page shows it."""

    text: str
    error: str = ""
    conflict: str | None = None
    """What stands there now, when somebody else changed it meanwhile."""
    revision: int = 0


def _view(session: Session, who: Actor, case_id: str, outcome: Outcome) -> dict[str, Any]:
    found = _editable_by(session, who, case_id)
    values = {
        name: Value(
            outcome.typed.get(name, field_text(found, name)), outcome.errors.get(name, ""),
            outcome.conflicts.get(name), found.revision,
        )
        for name in form_fields()
    }
    rows = _rows(questions(session, case_id), treatments(session, case_id), outcome)
    alarm: Alarm | None = alarm_of(session, case_id) if stopping(found) else None
    return {
        "case": found, "values": values, "outcome": outcome, "content": spine(), "rows": rows,
        "board": board(session, found.board_id), "stopping": stopping(found), "alarm": alarm,
        "asks": open_asks(session, case_id), "studies": study_facts(session, case_id),
        "thumbs": thumbs(session, case_id), "disciplines": [(one.code, one.name) for one in disciplines(session)],
        "may_submit": found.state in EDITABLE and found.referrer_id == who.person_id,
    }


def _rows(asked: list[Question], tried: list[TreatmentTried], outcome: Outcome) -> dict[str, list[dict[str, str]]]:
    def shown(prefix: str, stored: Mapping[str, object]) -> dict[str, str]:
        return {name: outcome.typed.get(prefix + name, _text(value)) for name, value in stored.items()}

    question_names = ("kind", "discipline", "text")
    return {
        "questions": [
            {"id": one.id} | shown(f"question.{one.id}.", {name: getattr(one, name) for name in question_names})
            for one in asked
        ],
        "treatments": [
            {"id": row.id} | shown(f"treatment.{row.id}.", {name: getattr(row, name) for name in TREATMENT_FIELDS})
            for row in tried
        ],
        "new": [
            shown("new-question.", dict.fromkeys(question_names, "")),
            shown("new-treatment.", dict.fromkeys(TREATMENT_FIELDS, "")),
        ],
    }


def _text(value: object) -> str:
    return "" if value is None else str(value)


async def _texts(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def edit(request: Request) -> Response:
    """The form as it stands."""
    case_id = request.path_params["case_id"]
    view = await reading(request, _view, actor(request), case_id, Outcome())
    await note_read(request, Action.CASE_READ, f"case {case_id}")
    return page(request, "cases/edit.html", **view)


async def press(request: Request) -> Response:
    """Any button of the form: everything is kept, then the button does its own thing."""
    case_id, who, texts = request.path_params["case_id"], actor(request), await _texts(request)
    outcome = await in_session(request, "case.edit", _press, who, case_id, texts, now())
    if outcome.sent:
        return redirect(request, f"/cases/{case_id}?sent=1")
    bad = bool(outcome.errors or outcome.conflicts or outcome.stop)
    if not bad and "hx-request" not in request.headers:
        return redirect(request, f"/cases/{case_id}/edit{_anchor(texts.get('do', ''))}")
    view = await reading(request, _view, who, case_id, outcome)
    return page(request, "cases/edit.html", status_for(request, 422 if bad else 200), **view)


def _anchor(act: str) -> str:
    for name in ("question", "treatment"):
        if name in act:
            return f"#{name}s"
    return ""


async def save_field(request: Request) -> Response:
    """One field that changed: kept, refused with a sentence, or somebody else changed it. Answers with its note."""
    case_id, texts = request.path_params["case_id"], await _texts(request)
    at = now()
    saved, outcome = await in_session(request, "case.edit", _save, actor(request), case_id, texts, at)
    names = _sent(texts)[0]
    if "hx-request" not in request.headers:
        return redirect(request, f"/cases/{case_id}/edit")
    reload = any(name.startswith("red_flag.") for name in saved.kept)
    notes = {
        name: Value(text, outcome.errors.get(name, ""), outcome.conflicts.get(name), saved.revision)
        for name, text in names.items()
    }
    answer = page(
        request, "cases/_notes.html", case_id=case_id, notes=notes, kept=saved.kept, at=at,
    )
    if reload:
        answer.headers["HX-Trigger"] = "red-flags-changed"
    return answer


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/edit", edit, methods=["GET"]),
    Route("/cases/{case_id}/edit", press, methods=["POST"]),
    Route("/cases/{case_id}/fields", save_field, methods=["POST"]),
]
