"""The referral form: every field saves itself, every button saves everything first, and nothing typed is lost.

One form holds the whole page, so that it works without scripts: whichever button is pressed, all fields arrive and are
kept, then the button's own thing is done. With scripts each field is sent by itself when it changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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
from agenda.drafts import added_last, drafts
from agenda.errors import Invalid, NotNow
from agenda.ids import new_id
from agenda.instruments.engine import instruments
from agenda.lifecycle import EDITABLE, WITH_THE_BOARD, label
from agenda.outcomes import measured, scores_of
from agenda.people import disciplines, person
from agenda.plans import FEATURES, revision_of
from agenda.referrals import Saved, answer_ask, field_text, open_asks, save_fields
from agenda.suggestions import fitting_boards, who_should_see
from agenda.surgeries import APPROACHES, KINDS, OUTCOMES
from conference.policy import Action, Actor
from web.access import actor, demand, in_session, note_read, reading
from web.cases.facts import study_facts, thumbs
from web.cases.plan import LABELS, shown_plan
from web.cases.plan import PREFIX as PLAN
from web.cases.rows import ROWS, row_id, text_of
from web.cases.saving import (
    Outcome,
    add_row,
    attempt,
    digest,
    group,
    has_text,
    keep_the_plan,
    remove_row,
    save_rows,
    texts_of,
)
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


def _keep_all(
    session: Session, who: Actor, case_id: str, texts: Mapping[str, str], at: datetime
) -> tuple[Saved, Outcome]:
    """Everything that arrived: fields, rows and the plan, each on its own."""
    saved, outcome = _save(session, who, case_id, texts, at)
    found = case(session, case_id)
    save_rows(session, found, texts, at, outcome)
    keep_the_plan(session, who, found, texts, at, outcome)
    return saved, outcome


def _press(session: Session, who: Actor, case_id: str, texts: Mapping[str, str], at: datetime) -> Outcome:
    _, outcome = _keep_all(session, who, case_id, texts, at)
    found = case(session, case_id)
    act, _, key = texts.get("do", "save").partition(":")
    doing, _, name = act.partition("-")
    if name in ROWS and doing == "add":
        add_row(session, found, name, texts, at, outcome)
    elif name in ROWS and doing == "remove":
        remove_row(session, found, name, key)
    elif act == "answer":
        said = {"text": texts.get(f"answer.{key}.text", "")}
        attempt(outcome, f"answer.{key}.", said, partial(_answer, session, who, found, key, at))
        outcome.sent = found.state == "submitted"
    elif act == "confirm":
        said = {"action_taken": texts.get("action_taken", "")}
        attempt(outcome, "", said, partial(_confirm, session, who, found, at))
    elif act == "submit":
        for one in ROWS:  # what was typed and never added goes with the case, or is refused where it stands
            if has_text(group(texts, f"new-{one}.")):
                add_row(session, found, one, texts, at, outcome)
        if not outcome.errors and not outcome.conflicts and not outcome.stop:
            _send(session, who, found, at, outcome)
    return outcome


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
    waiting = drafts(session, case_id)
    outcome.typed = waiting | outcome.typed
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
        "rows": _rows(session, case_id, outcome),
        "row_fields": {name: list(kind.fields) for name, kind in ROWS.items()},
        "plan": shown_plan(session, case_id, outcome.typed),
        **_suggested(session, found), "measured": measured(scores_of(session, case_id)), **_OFFERED,
        "board": board(session, found.board_id), "stopping": stopping(found), "alarm": alarm,
        "alarm_minutes": minutes_open(alarm, now()) if alarm else 0,
        "alarm_by": person(session, alarm.answered_by).name if alarm and alarm.answered_by else "",
        "asks": [one for asks in open_now.values() for one in asks], "asked": asked, "sections_asked": _SHOWN_AT,
        "studies": study_facts(session, case_id),
        "thumbs": thumbs(session, case_id), "disciplines": [(one.code, one.name) for one in disciplines(session)],
        "waiting": waiting, "may_submit": found.state in EDITABLE and found.referrer_id == who.person_id,
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
            {"id": row_id(row), "shown": digest(texts_of(kind, row))} | {
                field: outcome.typed.get(f"{name}.{row_id(row)}.{field}", text_of(row, field)) for field in kind.fields
            }
            for row in kind.listed(session, case_id)
        ]
        fresh = {field: outcome.typed.get(f"new-{name}.{field}", "") for field in kind.fields}
        shown[name] = [*kept, {"id": "", "key": _key(outcome, name, added_last(session, case_id, name))} | fresh]
    return shown


def _key(outcome: Outcome, name: str, last: str) -> str:
    """What makes a row that is added twice one row: minted with the form, kept while the row waits."""
    waiting = outcome.typed.get(f"new-{name}.key", "")
    return waiting if waiting and waiting != last else new_id()


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
    """One field or row that changed: kept, refused with a sentence, or changed elsewhere. Answers with its note."""
    case_id, texts = request.path_params["case_id"], await _texts(request)
    at = now()
    saved, outcome = await in_session(request, "case.edit", _keep_all, actor(request), case_id, texts, at)
    names = _sent(texts)[0]
    if "hx-request" not in request.headers:
        return redirect(request, f"/cases/{case_id}/edit")
    if not names:
        return await _row_note(request, case_id, texts, outcome, at)
    reload = any(name.startswith("red_flag.") for name in saved.kept)
    notes = {
        name: Value(text, outcome.errors.get(name, ""), outcome.conflicts.get(name), saved.revision)
        for name, text in names.items()
    }
    kept = names.keys() - saved.refused.keys() - saved.conflicts.keys()
    answer = page(request, "cases/_notes.html", case_id=case_id, notes=notes, kept=kept, at=at)
    if reload:
        answer.headers["HX-Trigger"] = "red-flags-changed"
    return answer


async def _row_note(
    request: Request, case_id: str, texts: Mapping[str, str], outcome: Outcome, at: datetime
) -> Response:
    """What became of one row, or of the plan: the note under it, which carries what the form must send next time."""
    parts = next(iter(texts), "").split(".")
    prefix = ".".join(parts[:2 if parts[0] in ROWS else 1]) + "."
    stamp = prefix + ("key" if parts[0].startswith("new-") else "revision" if prefix == PLAN else "shown")
    stamps = await reading(request, _stamps, case_id)
    said = {name: text for name, text in outcome.errors.items() if name.startswith(prefix)}
    if prefix == PLAN and outcome.stop:
        said[f"{PLAN}revision"] = outcome.stop
    return page(
        request, "cases/_row_note.html", prefix=prefix, stamp=stamp, value=stamps.get(stamp, texts.get(stamp, "")),
        errors=said, at=at, unadded=prefix.startswith("new-"),
    )


def _stamps(session: Session, case_id: str) -> dict[str, str]:
    """What the rows and the plan look like now, as the form sends it back."""
    rows = {
        f"{name}.{row_id(row)}.shown": digest(texts_of(kind, row))
        for name, kind in ROWS.items() for row in kind.listed(session, case_id)
    }
    return rows | {f"{PLAN}revision": str(revision_of(session, case_id, "proposed"))}


routes: list[BaseRoute] = [
    Route("/cases/{case_id}/edit", edit, methods=["GET"]),
    Route("/cases/{case_id}/edit", press, methods=["POST"]),
    Route("/cases/{case_id}/fields", save_field, methods=["POST"]),
]
