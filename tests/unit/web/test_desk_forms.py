"""Every form of the desk: bad input gets a sentence beside its field, what was typed stays, sent twice is done once.

The referral form and the clinical scores have tests of their own. What is bad is said here for each field by name; the
names come from the pages, so that a field added without its bad input fails the first test.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from sqlmodel import Session, func, select

from agenda.boards import Board, seat
from agenda.calendar.personal import Absence, StandIn
from agenda.conferences import AgendaItem, Conference, place
from agenda.people import Person
from agenda.policies import as_row, items_in_force, record_evidence, save_policy
from agenda.quick_questions import QuickMessage, QuickQuestion, ask
from agenda.referrals import CaseMessage
from agenda.triage import waive
from tests.unit.web.desk import Desk, a_desk, a_sitting, a_submitted_case, a_triaged_case
from web.auth.invitations import Invitation
from web.clock import now

LONG = "x" * 5000
SOON = (now() + timedelta(days=20)).date()
SKIPPED = {"hidden", "submit"}


@dataclass(frozen=True, slots=True)
class Form:
    """One form: where it stands, where it goes, what it takes, and what each of its fields refuses."""

    key: str
    who: str
    page: str
    action: str
    good: dict[str, str]
    bad: dict[str, str]
    marker: str = ""
    """What tells it from another form with the same action: the value of the button that sends it."""
    free: frozenset[str] = frozenset()
    """Fields that nothing can be wrong with: boxes that are ticked or not, and choices that may stay empty."""
    makes: type | None = None
    """The table that gets one row more; None: sent twice it says so, or does the same again."""
    extra: dict[str, str] = field(default_factory=dict)
    """Hidden fields and buttons."""


FORMS = (
    Form("person", "administrator", "/people/new", "/people",
         {"name": "Dr New", "email": "new@example.org", "standing": "member", "discipline": "", "site": "valley",
          "credentials": "MD"},
         {"name": LONG, "email": "nowhere", "standing": "king", "discipline": "astrology", "site": "moon",
          "credentials": LONG}, makes=Person),
    Form("seat of a person", "administrator", "/people/stranger", "/people/stranger/seat",
         {"board": "spine", "role": "core"}, {"board": "moon", "role": "king"}, marker="role-select"),
    Form("board", "administrator", "/boards/new", "/boards",
         {"name": "Pain board", "charter": "For pain", "time_zone": "America/Denver"},
         {"name": LONG, "charter": LONG, "time_zone": "Moon/Crater", "required": "astrology"}, makes=Board),
    Form("board, changed", "coordinator", "/boards/spine", "/boards/spine",
         {"name": "Spine board", "charter": "For spines", "time_zone": "America/Denver"},
         {"name": " ", "charter": LONG, "time_zone": "Moon/Crater", "required": "astrology"}),
    Form("seat on a board", "coordinator", "/boards/spine", "/boards/spine/seat",
         {"person": "trainee", "role": "observer"}, {"person": "nobody", "role": "king"}, marker="role-select"),
    Form("on call", "coordinator", "/boards/spine", "/boards/spine/on-call", {}, {"on_call": "stranger"}),
    Form("conference", "coordinator", "/conferences", "/conferences",
         {"title": "Extra sitting", "starts_at": f"{SOON}T08:00", "duration_min": "60", "chair": "chair"},
         {"title": LONG, "starts_at": "soon", "duration_min": "an hour", "chair": "stranger"},
         extra={"board": "spine"}, makes=Conference),
    Form("case on an agenda", "coordinator", "/conferences/{sitting}", "/conferences/{sitting}/items",
         {"case": "{ready}", "minutes": "10"}, {"case": "nothing", "minutes": "ten"}, marker="case",
         extra={"act": "case"}, makes=AgendaItem),
    Form("break", "coordinator", "/conferences/{sitting}", "/conferences/{sitting}/items",
         {"at_min": "20", "minutes": "5"}, {"at_min": "half", "minutes": "0"}, marker="break", extra={"act": "break"},
         makes=AgendaItem),
    Form("minutes", "coordinator", "/conferences/{sitting}", "/conferences/{sitting}/items/{item}",
         {"minutes": "12"}, {"minutes": "twelve"}, marker="minutes", extra={"act": "minutes"}),
    Form("time", "coordinator", "/conferences/{sitting}", "/conferences/{sitting}/time",
         {"starts_at": f"{SOON}T09:00", "duration_min": "90", "place": "Room 4"},
         {"starts_at": "noon", "duration_min": "long", "place": LONG}),
    Form("calendar reply", "coordinator", "/conferences/{published}", "/conferences/{published}/replies", {},
         {"reply": "not a calendar"}),
    Form("hours", "chair", "/calendar", "/calendar/hours", {"time_zone": "Europe/Berlin"},
         {"time_zone": "Moon/Crater"} | {f"d{day}{slot}_{end}": "25:00" for day in range(7) for slot in "ab"
                                         for end in ("from", "until")}),
    Form("absence", "chair", "/calendar", "/calendar/absences",
         {"first_day": f"{SOON}", "last_day": f"{SOON}", "note": "Skiing"},
         {"first_day": "Monday", "last_day": "2020-01-01", "note": LONG}, makes=Absence),
    Form("pattern", "coordinator", "/boards/spine/calendar", "/boards/spine/pattern",
         {"mode": "weeks", "weekday": "3", "every": "2", "first_day": f"{SOON}", "last_day": "", "begins": "08:00",
          "duration_min": "60", "title": "Spine board", "chair": "chair", "place": ""},
         {"every": "99", "ordinal": "none", "first_day": "Monday", "last_day": "Friday", "begins": "eight",
          "duration_min": "long", "title": LONG, "chair": "stranger", "place": LONG},
         free=frozenset({"mode", "weekday"}), extra={"act": "keep"}),
    Form("stand-in", "coordinator", "/boards/spine/calendar", "/boards/spine/stand-ins",
         {"member": "chair", "deputy": "deputy", "first_day": f"{SOON}", "last_day": f"{SOON}"},
         {"member": "nobody", "deputy": "nobody", "first_day": "Monday", "last_day": "Friday"}, makes=StandIn),
    Form("lane", "coordinator", "/triage", "/triage/{new}", {"lane": "full-discussion", "reason": ""},
         {"lane": "fast", "reason": " "}, marker="lane", extra={"act": "lane"}),
    Form("waiver", "coordinator", "/triage", "/triage/{new}", {"reason": "Seen elsewhere"}, {"reason": " "},
         marker="waive", extra={"act": "waive", "item": "examination"}),
    Form("evidence", "coordinator", "/triage", "/triage/{new}", {"detail": "T −2.1", "as_of": "2026-01-05"},
         {"detail": LONG, "as_of": "spring"}, marker="evidence", extra={"act": "evidence", "item": "dexa"}),
    Form("place", "coordinator", "/triage", "/triage/{waiting}", {"conference": "{sitting}", "minutes": "10"},
         {"minutes": "ten"}, marker="schedule", free=frozenset({"conference"}), extra={"act": "schedule"}),
    Form("second opinion", "coordinator", "/triage", "/second-opinions", {"days": "7"}, {"days": "0"},
         extra={"case": "{waiting}"}, marker="{waiting}"),
    Form("quick question", "chair", "/cases/{new}/quick-questions", "/cases/{new}/quick-questions",
         {"to": "discipline:neuroradiology", "text": "Which level?"}, {"to": "moon", "text": LONG},
         makes=QuickQuestion),
    Form("answer", "radiologist", "/quick-questions/{quick}", "/quick-questions/{quick}/answers", {"text": "L5"},
         {"text": " "}, makes=QuickMessage),
    Form("thread", "chair", "/cases/{new}", "/cases/{new}/thread", {"text": "Looks like L5"}, {"text": " "},
         extra={"act": "note"}, makes=CaseMessage),
    Form("withdrawal", "referrer", "/cases/{own}", "/cases/{own}/withdraw", {"reason": "Seen elsewhere"},
         {"reason": " "}),
    Form("guest", "chair", "/cases/{new}/guests", "/cases/{new}/guests",
         {"name": "Dr Guest", "email": "guest@example.org", "days": "3"},
         {"name": LONG, "email": "nowhere", "days": "a week"}, makes=Invitation),
)
FIELDS = [(form, name) for form in FORMS for name in form.bad]
ONCE = [form for form in FORMS if form.makes is not None]


class Forms(HTMLParser):
    """The forms of a page: action, the names in each with kind and what stands in them, and its HTML."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.found, self.starts = page, list[tuple[str, dict[str, str], dict[str, str], str]](), 0
        self.action, self.kinds, self.values, self.select = "", dict[str, str](), dict[str, str](), ""
        self.lines = [0]
        for line in page.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))
        self.feed(page)

    def at(self) -> int:
        line, column = self.getpos()
        return self.lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        name = found.get("name", "")
        if tag == "form":
            self.action, self.kinds, self.values, self.starts = found.get("action", ""), {}, {}, self.at()
        elif tag == "option" and "selected" in found:
            self.values[self.select] = found["value"]
        elif name and tag in ("input", "select", "textarea", "button"):
            self.kinds[name] = found.get("type") or tag
            self.select = name if tag == "select" else self.select
            self.values.setdefault(name, found.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.found.append((self.action, self.kinds, self.values, self.page[self.starts:self.at()]))
            self.kinds, self.values = {}, {}


@dataclass(frozen=True, slots=True)
class Held:
    """The application, and what the addresses of the forms stand for."""

    desk: Desk
    keys: dict[str, str]

    def fill(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: self.keys[found[1]], text)

    def get(self, form: Form) -> str:
        return str(self.desk.as_(form.who).get(self.fill(form.page)).text)

    def one(self, form: Form, page: str) -> tuple[dict[str, str], dict[str, str], str]:
        """The form in a page; its kinds, its values and its HTML."""
        wanted, marker = self.fill(form.action), self.fill(form.marker)
        for action, kinds, values, html in Forms(page).found:
            typed = {name for name, kind in kinds.items() if kind not in SKIPPED and kind != "button"}
            if action == wanted and set(form.good) <= typed and _marked(html, marker, form):
                return kinds, values, html
        raise AssertionError(f"{form.key}: no such form at {form.page}")

    def send(self, form: Form, changed: dict[str, str]) -> tuple[int, str]:
        data = {name: self.fill(text) for name, text in (form.extra | form.good | changed).items()}
        answer = self.desk.as_(form.who).post(self.fill(form.action), data=data)
        return answer.status_code, str(answer.text)

    def rows(self, table: type) -> int:
        return self.desk.read(lambda session: session.exec(select(func.count()).select_from(table)).one())


def _marked(html: str, marker: str, form: Form) -> bool:
    if marker == "role-select":
        return 'id="role"' in html
    item = form.extra.get("item")
    return (not marker or f'value="{marker}"' in html) and (item is None or f'name="item" value="{item}"' in html)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    with a_desk(tmp_path_factory.mktemp("forms")) as made:
        keys = made.do(_settle)
        made.as_("coordinator").post(f"/conferences/{keys['published']}/publish")
        yield Held(made, keys)


def _settle(session: Session) -> dict[str, str]:
    session.add(Person(id="deputy", name="Dr Deputy", email="deputy@example.org", standing="member", site_id="valley",
                       discipline="spine-surgery"))
    session.flush()
    seat(session, "spine", "deputy", "deputy")
    rows = [*map(as_row, items_in_force(session, "spine")), {"label": "DEXA"}]
    save_policy(session, "spine", rows, "", "coordinator", now(), shown=0)
    sitting, _ = a_sitting(session)
    item = place(session, sitting, a_triaged_case(session), "coordinator", now())
    new = a_submitted_case(session)
    ready = a_triaged_case(session)
    for policy_item in ("examination", "imaging"):
        waive(session, ready, policy_item, "Seen elsewhere", "chair", "chair", now())
    record_evidence(session, ready, "dexa", "T −1.0", "2026-01-05", "chair", now())
    return {
        "ready": ready, "sitting": sitting, "published": a_sitting(session, 1)[0], "item": item.id, "new": new,
        "waiting": a_triaged_case(session), "own": a_submitted_case(session),
        "quick": ask(session, new, "discipline:neuroradiology", "Which?", [], "chair", now()).id,
    }


def beside(html: str, name: str) -> str:
    """What is said as wrong within the field of this name."""
    at = html.index(f'name="{name}"')
    opens = [html.rfind(start, 0, at) for start in ('<div class="field', "<fieldset", "<form")]
    after = [html.find(start, at) for start in ('<div class="field', "<fieldset")]
    region = html[max(opens):min([one for one in after if one > 0], default=len(html))]
    return " ".join(unescape(one) for one in re.findall(r'<p class="error"[^>]*>.*?</svg>(.*?)</p>', region))


@pytest.mark.parametrize("form", FORMS, ids=[form.key for form in FORMS])
def test_every_field_of_a_form_has_its_bad_input_here(held: Held, form: Form) -> None:
    kinds, _, _ = held.one(form, held.get(form))
    typed = {name for name, kind in kinds.items() if kind not in SKIPPED and kind != "button"}
    assert typed == set(form.bad) | form.free


@pytest.mark.parametrize(("form", "name"), FIELDS, ids=[f"{form.key}: {name}" for form, name in FIELDS])
def test_a_field_refuses_what_is_bad_beside_itself_and_keeps_what_was_typed(held: Held, form: Form, name: str) -> None:
    changed = {name: form.bad[name]} | _with(form, name)
    status, page = held.send(form, changed)
    assert status == 422
    kinds, values, html = held.one(form, page)
    assert len(beside(html, name)) > 10
    for other, text in ({one: held.fill(said) for one, said in form.good.items()} | changed).items():
        if kinds.get(other) not in ("select", "checkbox", "radio", "textarea"):
            assert values[other] == text, other
        elif kinds[other] == "textarea" or (other not in form.bad or text != form.bad[other]):
            assert text.strip() in unescape(html), other


def _with(form: Form, name: str) -> dict[str, str]:
    """What else must be chosen for a field to count."""
    if form.key == "lane" and name == "reason":
        return {"lane": "standard-of-care"}
    if form.key == "pattern" and name == "ordinal":
        return {"mode": "month"}
    return {}


@pytest.mark.parametrize("form", ONCE, ids=[form.key for form in ONCE])
def test_a_form_sent_twice_is_done_once(held: Held, form: Form) -> None:
    assert form.makes is not None
    before = held.rows(form.makes)
    once = held.one(form, held.get(form))[1]["once"]
    assert held.send(form, form.bad | {"once": once})[0] == 422
    assert [held.send(form, {"once": once})[0] for _ in range(2)] in ([303, 303], [200, 303])
    assert held.rows(form.makes) == before + 1


def test_a_second_opinion_asked_twice_is_asked_once(held: Held) -> None:
    form = next(one for one in FORMS if one.key == "second opinion")
    before = held.rows(Conference)
    once = held.one(form, held.get(form))[1]["once"]
    assert [held.send(form, {"once": once})[0] for _ in range(2)] == [303, 303]
    assert held.rows(Conference) == before + 1
