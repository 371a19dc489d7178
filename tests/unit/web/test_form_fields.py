"""Every field of the referral form: bad input gets a sentence beside the field, and what was typed stays.

What is bad is said here for each field by name; the names come from the form itself, so a field that is added without
its bad input fails the first test.
"""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

import pytest

from agenda.cases import case, questions, treatments
from agenda.drafts import drafts
from agenda.outcomes import scores_of
from agenda.plans import INTERVENTIONS, plan_of
from agenda.referrals import field_text
from agenda.surgeries import surgeries
from tests.unit.web.desk import Desk, a_complete_draft, a_desk, a_draft
from web.cases.rows import ROWS
from web.routes.case_form import form_fields

HTMX = {"HX-Request": "true"}
LONG = "x" * 9000
FIELDS = {
    "patient_family_name": LONG, "patient_given_name": "A\x07da", "patient_born_on": "2999-01-01",
    "patient_sex": "X", "patient_id": LONG, "summary": LONG, "goal": LONG, "activities": LONG, "unacceptable": LONG,
    "urgency": "tomorrow",
}
ROW = {
    "question": {"kind": "level", "discipline": "neuroradiology", "text": "Which level is it?"},
    "treatment": {"kind": "injection", "description": "TFESI", "response": "better", "started_on": "2025-03"},
    "surgery": {"kind": "fusion", "levels": "L4-L5", "done_on": "2019"},
    "score": {"instrument": "odi", "taken_on": "2026-01-05", "total": "16", "answered": "9", "score": ""},
}
"""A row that can be kept."""
BAD = {
    "question": {"kind": "gossip", "discipline": "astrology", "text": "x" * 501},
    "treatment": {
        "kind": "leeches", "description": "", "started_on": "long ago", "ended_on": "2024-01-01", "amount": LONG,
        "response": "fine", "response_percent": "lots", "stopped_because": LONG,
    },
    "surgery": {
        "kind": "haircut", "levels": "L9", "done_on": "2999", "approach": "sideways", "implant": LONG,
        "outcome": "splendid", "infection": "perhaps", "description": LONG,
    },
    "score": {"instrument": "iq", "taken_on": "never", "total": "51", "answered": "3", "score": "lots"},
}
ADDED = [(kind, name, text) for kind, fields in BAD.items() for name, text in fields.items()]
LISTED = {"question": questions, "treatment": treatments, "surgery": surgeries, "score": scores_of}


def bad_text(name: str) -> str:
    """What a field that saves itself refuses."""
    group = name.partition(".")[0]
    grouped = {"red_flag": "maybe", "exam": "2999-01-01" if name.endswith("-on") else LONG}
    return grouped.get(group, FIELDS.get(name, ""))


class Names(HTMLParser):
    """The names of what can be typed, chosen or ticked in a page, with what stands in each."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, str] = {}
        self.kinds: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name")
        if name and tag in ("input", "select", "textarea"):
            self.kinds[name] = found.get("type") or tag
            self.shown.setdefault(name, found.get("value") or "")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("fields")) as made:
        yield made


def names_in(page: str) -> Names:
    found = Names()
    found.feed(page)
    return found


def beside(page: str, name: str) -> str:
    """What is said as wrong within the field of this name."""
    at = re.search(rf'name="{re.escape(name)}"', page)
    assert at is not None, name
    starts = max(page.rfind('<div class="field', 0, at.start()), page.rfind('<fieldset class="field', 0, at.start()))
    ends = min(found for found in (page.find('<div class="field', at.end()), page.find("<section", at.end()), len(page))
               if found > 0)
    return " ".join(unescape(one) for one in re.findall(r'<p class="error"[^>]*>.*?</svg>(.*?)</p>', page[starts:ends]))


def test_every_field_of_the_page_has_its_bad_input_here(desk: Desk) -> None:
    page = desk.as_("referrer").get(f"/cases/{desk.do(a_draft)}/edit").text
    found = {name for name, kind in names_in(page).kinds.items() if kind not in ("hidden", "submit", "file")}
    rows = {f"new-{kind}.{name}" for kind, name, _ in ADDED}
    plan = {f"plan.{one}" for one in INTERVENTIONS} | {name for name in found if name.startswith("plan.feature.")}
    assert found == set(form_fields()) | rows | plan
    assert {kind: set(fields) for kind, fields in BAD.items()} == {kind: set(one.fields) for kind, one in ROWS.items()}


@pytest.mark.parametrize("name", form_fields())
def test_a_field_refuses_what_is_bad_beside_itself_and_keeps_all_else(desk: Desk, name: str) -> None:
    case_id, bad = desk.do(a_draft), bad_text(name)
    other = "summary" if name != "summary" else "goal"
    path, browser = f"/cases/{case_id}/edit", desk.as_("referrer")
    answer = browser.post(path, data={name: bad, other: "Kept", "do": "save"})
    assert answer.status_code == 422
    assert len(beside(answer.text, name)) > 10
    if names_in(answer.text).kinds[name] != "radio":
        assert bad in unescape(answer.text)
    found = desk.read(case, case_id)
    assert field_text(found, other) == "Kept"
    assert field_text(found, name) in ("", "routine")
    alone = browser.post(f"/cases/{case_id}/fields", data={name: bad}, headers=HTMX)
    assert 'class="error"' in alone.text


@pytest.mark.parametrize(("kind", "name", "bad"), ADDED, ids=[f"{kind}.{name}" for kind, name, _ in ADDED])
def test_a_new_row_refuses_what_is_bad_beside_it_and_waits_as_it_was_typed(
    desk: Desk, kind: str, name: str, bad: str
) -> None:
    case_id, browser = desk.do(a_draft), desk.as_("referrer")
    typed = {f"new-{kind}.{field}": text for field, text in _with(kind, name, bad).items()}
    answer = browser.post(f"/cases/{case_id}/edit", data=typed | {"summary": "Kept", "do": f"add-{kind}"})
    assert answer.status_code == 422
    assert len(beside(answer.text, f"new-{kind}.{name}")) > 10
    assert desk.read(LISTED[kind], case_id) == []
    assert desk.read(case, case_id).summary == "Kept"
    again = names_in(browser.get(f"/cases/{case_id}/edit").text)
    for field, text in typed.items():
        if again.kinds[field] != "select":
            assert again.shown[field] == text[:8000]


@pytest.mark.parametrize(("kind", "name", "bad"), ADDED, ids=[f"{kind}.{name}" for kind, name, _ in ADDED])
def test_a_row_that_stands_refuses_what_is_bad_beside_it_and_stands(
    desk: Desk, kind: str, name: str, bad: str
) -> None:
    case_id, browser = desk.do(a_draft), desk.as_("referrer")
    good = {f"new-{kind}.{field}": text for field, text in ROW[kind].items()}
    assert browser.post(f"/cases/{case_id}/edit", data=good | {"do": f"add-{kind}"}).status_code == 303
    before = [one.model_dump() for one in desk.read(LISTED[kind], case_id)]
    prefix = f"{kind}.{before[0]['id']}."
    typed = {prefix + field: text for field, text in _with(kind, name, bad).items()}
    answer = browser.post(f"/cases/{case_id}/fields", data=typed, headers=HTMX)
    assert f'data-about="{prefix}{name}"' in answer.text
    assert [one.model_dump() for one in desk.read(LISTED[kind], case_id)] == before
    again = browser.get(f"/cases/{case_id}/edit").text
    if names_in(again).kinds[prefix + name] != "select":
        assert names_in(again).shown[prefix + name] == bad[:8000]
    assert len(beside(browser.post(f"/cases/{case_id}/edit", data=typed | {"do": "save"}).text, prefix + name)) > 10


def _with(kind: str, name: str, bad: str) -> dict[str, str]:
    extra = {"response": "better"} if (kind, name) == ("treatment", "response_percent") else {}
    if (kind, name) == ("score", "score"):
        extra = {"total": "", "answered": ""}
    return ROW[kind] | extra | {name: bad}


@pytest.mark.parametrize("name", INTERVENTIONS)
def test_a_line_of_the_plan_refuses_what_is_no_vertebra(desk: Desk, name: str) -> None:
    case_id, browser = desk.do(a_draft), desk.as_("referrer")
    typed = {f"plan.{one}": "" for one in INTERVENTIONS} | {"plan.revision": "0", f"plan.{name}": "L9"}
    for answer in (
        browser.post(f"/cases/{case_id}/edit", data=typed | {"do": "save"}),
        browser.get(f"/cases/{case_id}/edit"),
    ):
        assert names_in(answer.text).shown[f"plan.{name}"] == "L9"
    assert len(beside(browser.post(f"/cases/{case_id}/edit", data=typed | {"do": "save"}).text, f"plan.{name}")) > 10
    assert not desk.read(plan_of, case_id, "proposed")


def test_what_was_typed_into_a_new_row_waits_until_it_is_added_and_is_added_once(desk: Desk) -> None:
    case_id, browser = desk.do(a_draft), desk.as_("referrer")
    path = f"/cases/{case_id}/edit"
    key = names_in(browser.get(path).text).shown["new-treatment.key"]
    typed = {"new-treatment.key": key, "new-treatment.kind": "injection", "new-treatment.description": "TFESI"}
    noted = browser.post(f"/cases/{case_id}/fields", data=typed, headers=HTMX)
    assert "not added yet" in noted.text
    shown = names_in(browser.get(path).text).shown
    assert (shown["new-treatment.description"], shown["new-treatment.key"]) == ("TFESI", key)
    assert desk.read(treatments, case_id) == []
    for _ in range(2):
        browser.post(path, data=typed | {"do": "add-treatment"})
    browser.post(f"/cases/{case_id}/fields", data=typed, headers=HTMX)  # a save that was overtaken by the button
    assert [one.description for one in desk.read(treatments, case_id)] == ["TFESI"]
    assert names_in(browser.get(path).text).shown["new-treatment.description"] == ""
    assert names_in(browser.get(path).text).shown["new-treatment.key"] != key


def test_what_was_typed_and_never_added_goes_with_the_case(desk: Desk) -> None:
    case_id, browser = desk.do(a_complete_draft), desk.as_("referrer")
    before = len(desk.read(treatments, case_id))
    typed = {"new-treatment.kind": "injection", "new-treatment.description": "TFESI", "do": "submit"}
    half = browser.post(f"/cases/{case_id}/edit", data={**typed, "new-treatment.kind": ""})
    assert (half.status_code, desk.read(case, case_id).state) == (422, "draft")
    assert browser.post(f"/cases/{case_id}/edit", data=typed).status_code == 303
    assert len(desk.read(treatments, case_id)) == before + 1
    assert [name for name in desk.read(drafts, case_id) if not name.startswith("added-")] == []


def test_a_row_that_was_changed_elsewhere_is_not_overwritten_unseen(desk: Desk) -> None:
    case_id, browser = desk.do(a_draft), desk.as_("referrer")
    path, added = f"/cases/{case_id}/edit", {f"new-treatment.{name}": text for name, text in ROW["treatment"].items()}
    browser.post(path, data=added | {"do": "add-treatment"})
    prefix = f"treatment.{desk.read(treatments, case_id)[0].id}."
    stale = names_in(browser.get(path).text).shown[f"{prefix}shown"]
    base = {prefix + name: text for name, text in ROW["treatment"].items()} | {f"{prefix}started_on": "2025-03-01"}
    theirs = base | {f"{prefix}description": "Theirs", f"{prefix}shown": stale}
    assert "Saved" in browser.post(f"/cases/{case_id}/fields", data=theirs, headers=HTMX).text
    mine = base | {f"{prefix}description": "Mine", f"{prefix}shown": stale}
    answer = browser.post(f"/cases/{case_id}/fields", data=mine, headers=HTMX)
    assert "It now says: “Theirs”" in unescape(answer.text)
    assert desk.read(treatments, case_id)[0].description == "Theirs"
    again = names_in(answer.text).shown[f"{prefix}shown"]
    browser.post(f"/cases/{case_id}/fields", data=mine | {f"{prefix}shown": again}, headers=HTMX)
    assert desk.read(treatments, case_id)[0].description == "Mine"
