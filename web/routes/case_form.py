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

from agenda.alarms import Alarm, alarm_of, confirm, minutes_open, raise_if_flagged, stopping, submit
from agenda.boards import board
from agenda.cases import Case, case
from agenda.clinical import spine
from agenda.errors import Invalid, NotNow
from agenda.instruments.engine import instruments
from agenda.lifecycle import EDITABLE, WITH_THE_BOARD, label
from agenda.outcomes import measured, scores_of
from agenda.people import disciplines, person
from agenda.plans import FEATURES
from agenda.referrals import Saved, answer_ask, field_text, open_asks, save_fields
from agenda.suggestions import fitting_boards, who_should_see
from agenda.surgeries import APPROACHES, KINDS, OUTCOMES
from conference.policy import Action, Actor
from web.access import actor, demand, in_session, note_read, reading
from web.case_facts import study_facts, thumbs
from web.case_plan import LABELS, save_plan, shown_plan
from web.case_plan import PREFIX as PLAN
from web.case_rows import ROWS, RowKind, row_id, text_of
from web.clock import now
from web.pages import page, redirect, status_for
from web.resources import case_resource

PLAIN_FIELDS = (
    "patient_family_name", "patient_given_name", "patient_born_on", "patient_sex", "patient_id", "summary", "goal",
    "activities", "unacceptable", "urgency",
)
_SECTIONS = {"question": "questions", "treatment": "treatments", "surgery": "surgeries", "score": "scores"}
"""Kind of row → the section of the page it stands in."""
_OFFERED = {
    "surgery_kinds": list(KINDS.items()), "approaches": list(APPROACHES.items()), "outcomes": list(OUTCOMES.items()),
    "instruments": instruments(), "interventions": LABELS, "features": FEATURES,
}
"""What the page offers to choose from, beside the content of the field of medicine."""


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
    _save_plan(session, who, found, texts, at, outcome)
    act, _, key = texts.get("do", "save").partition(":")
    doing, _, name = act.partition("-")
    if name in ROWS and doing == "add":
        _try(outcome, f"new-{name}.", _group(texts, f"new-{name}."), partial(_add_row, session, found, ROWS[name], at))
    elif name in ROWS and doing == "remove":
        ROWS[name].remove(session, found, key)
    elif act == "answer":
        said = {"text": texts.get(f"answer.{key}.text", "")}
        _try(outcome, f"answer.{key}.", said, partial(_answer, session, who, found, key, at))
        outcome.sent = found.state == "submitted"
    elif act == "confirm":
        said = {"action_taken": texts.get("action_taken", "")}
        _try(outcome, "", said, partial(_confirm, session, who, found, at))
    elif act == "submit" and not outcome.errors and not outcome.conflicts and not outcome.stop:
        _send(session, who, found, at, outcome)
    return outcome


def _save_rows(session: Session, found: Case, texts: Mapping[str, str], at: datetime, outcome: Outcome) -> None:
    removing = texts.get("do", "").partition(":")[2]
    for name, kind in ROWS.items():
        for row in kind.listed(session, found.id):
            key = row_id(row)
            typed = _group(texts, f"{name}.{key}.")
            if typed and key != removing:
                _try(outcome, f"{name}.{key}.", typed, partial(_edit_row, session, found, kind, key, at))


def _save_plan(
    session: Session, who: Actor, found: Case, texts: Mapping[str, str], at: datetime, outcome: Outcome
) -> None:
    try:
        save_plan(session, found.id, texts, who.person_id, at)
    except Invalid as error:
        outcome.refuse(error, typed=_group(texts, PLAN, keep=True))
    except NotNow as error:
        outcome.stop = error.reason


def _try(outcome: Outcome, prefix: str, typed: dict[str, str], act: "partial[None]") -> None:
    try:
        act(typed)
    except Invalid as error:
        outcome.refuse(error, prefix, typed)


def _group(texts: Mapping[str, str], prefix: str, *, keep: bool = False) -> dict[str, str]:
    found = {name: text for name, text in texts.items() if name.startswith(prefix)}
    return found if keep else {name.removeprefix(prefix): text for name, text in found.items()}


def _add_row(session: Session, found: Case, kind: RowKind, at: datetime, typed: Mapping[str, str]) -> None:
    kind.add(session, found, typed, at)


def _edit_row(session: Session, found: Case, kind: RowKind, key: str, at: datetime, typed: Mapping[str, str]) -> None:
    kind.edit(session, found, key, typed, at)


def _confirm(session: Session, who: Actor, found: Case, at: datetime, typed: Mapping[str, str]) -> None:
    confirm(session, found.id, typed["action_taken"], who.person_id, at)


def _answer(session: Session, who: Actor, found: Case, ask: str, at: datetime, typed: Mapping[str, str]) -> None:
    demand(who, Action.CASE_SUBMIT, case_resource(session, found.id))
    answer_ask(session, found.id, ask, typed["text"], who.person_id, at)


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
class Asked:
    """One open question of the board about a field."""

    id: str
    text: str
    by: str
    at: datetime
    typed: str
    error: str


@dataclass(frozen=True, slots=True)
class Value:
    """One field as the page shows it."""

    text: str
    error: str = ""
    conflict: str | None = None
    """What stands there now, when somebody else changed it meanwhile."""
    revision: int = 0
    asks: tuple[Asked, ...] = ()


def _view(session: Session, who: Actor, case_id: str, outcome: Outcome) -> dict[str, Any]:
    found, asked = _editable_by(session, who, case_id), _asked(session, case_id, outcome)
    open_now = asked.copy()
    values = {
        name: Value(
            outcome.typed.get(name, field_text(found, name)), outcome.errors.get(name, ""),
            outcome.conflicts.get(name), found.revision, asked.pop(name, ()),
        )
        for name in form_fields()
    }
    alarm: Alarm | None = alarm_of(session, case_id) if stopping(found) else None
    return {
        "case": found, "values": values, "outcome": outcome, "content": spine(),
        "rows": _rows(session, case_id, outcome), "plan": shown_plan(session, case_id, outcome.typed),
        **_suggested(session, found), "measured": measured(scores_of(session, case_id)), **_OFFERED,
        "board": board(session, found.board_id), "stopping": stopping(found), "alarm": alarm,
        "alarm_minutes": minutes_open(alarm, now()) if alarm else 0,
        "alarm_by": person(session, alarm.answered_by).name if alarm and alarm.answered_by else "",
        "asks": [one for asks in open_now.values() for one in asks], "asked": asked, "sections_asked": _SHOWN_AT,
        "studies": study_facts(session, case_id),
        "thumbs": thumbs(session, case_id), "disciplines": [(one.code, one.name) for one in disciplines(session)],
        "may_submit": found.state in EDITABLE and found.referrer_id == who.person_id,
    }


_SHOWN_AT = ("questions", "red_flags", "examination", "treatments", "images")
"""Sections of the form a question can be about; one about anything else stands on top of the page."""


def _asked(session: Session, case_id: str, outcome: Outcome) -> dict[str, tuple[Asked, ...]]:
    """Field or section → the open questions about it."""
    found: dict[str, tuple[Asked, ...]] = {}
    for ask in open_asks(session, case_id):
        wrong = outcome.errors.get(f"answer.{ask.id}.text") or outcome.errors.get(f"ask.{ask.id}", "")
        one = Asked(
            ask.id, ask.text, person(session, ask.author_id).name, ask.at,
            outcome.typed.get(f"answer.{ask.id}.text", ""), wrong,
        )
        found[ask.field] = (*found.get(ask.field, ()), one)
    return found


def _suggested(session: Session, found: Case) -> dict[str, Any]:
    suggestions = who_should_see(session, found)
    return {
        "suggestions": suggestions, "fits": fitting_boards(session, [one.discipline for one in suggestions]),
    }


def _rows(session: Session, case_id: str, outcome: Outcome) -> dict[str, list[dict[str, str]]]:
    """Kind → its rows as the page shows them, with the empty one that adds another last."""
    shown: dict[str, list[dict[str, str]]] = {}
    for name, kind in ROWS.items():
        kept = [
            {"id": row_id(row)} | {
                field: outcome.typed.get(f"{name}.{row_id(row)}.{field}", text_of(row, field)) for field in kind.fields
            }
            for row in kind.listed(session, case_id)
        ]
        fresh = {field: outcome.typed.get(f"new-{name}.{field}", "") for field in kind.fields}
        shown[name] = [*kept, {"id": ""} | fresh]
    return shown


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
    name = act.partition(":")[0].partition("-")[2]
    return f"#{_SECTIONS[name]}" if name in _SECTIONS else ""


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
