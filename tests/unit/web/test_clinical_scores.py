"""Clinical scores by HTTP: worked out while they are answered, refused field by field, corrected by a new entry."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from sqlmodel import Session

from agenda.boards import board
from agenda.cases import case
from agenda.clinical_scores import given, standing
from agenda.policies import as_row, current_version, items_in_force, save_policy
from agenda.scores.sheets import Sheet, sheets
from agenda.suggestions import who_should_see
from agenda.triggers import mandatory
from tests.unit.agenda.test_scores_sheets import LENKE, SINS
from tests.unit.web.desk import Desk, a_desk, a_draft, a_sitting, a_submitted_case
from web.cases.facts import readiness_now
from web.clock import now

DAY = "2026-01-05"
OPIOIDS = {"0.drug": "oxycodone", "0.dose": "20", "0.times": "2", "2.drug": "tramadol", "2.dose": "50", "2.times": "4"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("scores")) as made:
        yield made


def place(case_id: str, sheet: str = "") -> str:
    return f"/cases/{case_id}/clinical-scores" + (f"/{sheet}" if sheet else "")


def beside(page: str, name: str) -> str:
    """What is said as wrong beside a field."""
    found = re.search(rf'<p class="error" id="(?:wrong-)?{re.escape(name)}(?:-error)?">.*?</svg>(.*?)</p>', page)
    return unescape(found[1]) if found else ""


def names_in(page: str) -> set[str]:
    return set(re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', page)) - {"once", "corrects", "rows"}


def test_a_score_is_entered_and_stands_in_the_packet_with_its_source(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("chair")
    kept = browser.post(place(case_id, "sins"), data=SINS | {"as_of": DAY, "level": "t8", "do": "keep"})
    assert kept.headers["location"] == place(case_id) + "#given"
    row = desk.read(given, case_id)[0].row
    assert (row.value, row.said, row.level, row.by_id, row.answers) == (9, "9 of 18", "T8", "chair", SINS)
    told = unescape(browser.get(f"/cases/{case_id}").text)
    assert "9 of 18, potentially unstable; surgical consultation at T8. Location: Junctional" in told
    assert f"Entered by Dr Chair, {DAY}; scored by Fourney 2011" in told
    shown = unescape(browser.get(place(case_id)).text)
    assert "Verified" in shown
    assert "Bone lesion" in shown


def test_the_sum_is_worked_out_by_the_server_and_nothing_is_kept(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("radiologist")
    half = {"location": "junctional", "pain": "mechanical"}
    told = browser.post(place(case_id, "sins") + "/reading", data=half)
    assert "2 of 6 answered, 6 points so far" in told.text
    whole = browser.post(place(case_id, "sins") + "/reading", data=SINS)
    assert "9 of 18" in whole.text
    assert "Verified against its source" in whole.text
    slic = {"morphology": "burst", "ligaments": "intact", "neurology": "intact", "continuing": "yes"}
    assert "contradicts" in browser.post(place(case_id, "slic") + "/reading", data=slic).text
    page = browser.post(place(case_id, "sins"), data=SINS | {"do": "sum"})
    assert (page.status_code, "9 of 18" in page.text) == (200, True)
    assert len(re.findall(" checked", page.text)) == len(SINS)
    assert desk.read(given, case_id) == ()


@pytest.mark.parametrize("sheet", sheets().values(), ids=list(sheets()))
def test_every_field_of_every_sheet_refuses_what_is_bad_beside_itself_and_keeps_all_else(
    desk: Desk, sheet: Sheet
) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("chair")
    fresh = browser.get(place(case_id, sheet.key)).text
    rows = {f"{row}.{name}" for row in range(3) for name in ("drug", "dose", "times")} if sheet.doses else set[str]()
    level = {"level"} if sheet.placed else set[str]()
    assert names_in(fresh) == {item.key for item in sheet.items} | rows | level | {"as_of"}
    bad = dict.fromkeys(names_in(fresh), "nonsense")
    answer = browser.post(place(case_id, sheet.key), data=bad | {"do": "keep"})
    assert answer.status_code == 422
    for name in bad:
        assert len(beside(answer.text, name.replace(".", "-"))) > 10, name
    typed = {item.key for item in sheet.items if not item.picks} | level | {"as_of"}
    assert len(re.findall('value="nonsense"', answer.text)) == len(typed) + (6 if sheet.doses else 0)
    empty = browser.post(place(case_id, sheet.key), data={"as_of": DAY, "do": "keep"})
    for item in sheet.items:
        assert "Not answered yet" in beside(empty.text, item.key)
    assert desk.read(given, case_id) == ()


def test_opioids_are_listed_dose_by_dose(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("chair")
    more = browser.post(place(case_id, "mme"), data=OPIOIDS | {"rows": "3", "do": "row"})
    assert 'name="3.drug"' in more.text
    assert 'name="4.drug"' not in more.text
    assert "100 mg of morphine a day" in more.text
    browser.post(place(case_id, "mme"), data=OPIOIDS | {"as_of": DAY, "do": "keep"})
    one = desk.read(standing, case_id)[0]
    assert one.row.value == 100
    assert "Oxycodone: 20 mg, 2 times a day, factor 1.5 (60.0); Tramadol" in one.text
    assert "CDC 2022" in one.source


def test_contradicting_answers_are_refused_beside_their_field(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("chair")
    wrong = LENKE | {"thoracic-standing": "30", "thoracic-bending": "10", "as_of": DAY, "do": "keep"}
    answer = browser.post(place(case_id, "lenke"), data=wrong)
    assert answer.status_code == 422
    assert "modifier C alone" in beside(answer.text, "modifier")
    assert 'value="30"' in answer.text


def test_a_form_sent_twice_makes_one_entry(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("chair")
    key = re.search(r'name="once" value="([^"]+)"', browser.get(place(case_id, "asia")).text)
    assert key is not None
    sent = {"grade": "C", "as_of": DAY, "once": key[1], "do": "keep"}
    refused = browser.post(place(case_id, "asia"), data=sent | {"as_of": ""})
    assert refused.status_code == 422
    assert [browser.post(place(case_id, "asia"), data=sent).status_code for _ in range(2)] == [303, 303]
    assert len(desk.read(given, case_id)) == 1
    browser.post(place(case_id, "asia"), data=sent | {"once": "another"})
    assert len(desk.read(given, case_id)) == 2


def test_a_correction_is_a_new_entry_and_the_old_one_is_kept(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("radiologist")
    browser.post(place(case_id, "sins"), data=SINS | {"as_of": DAY, "do": "keep"})
    first = desk.read(given, case_id)[0].row.id
    form = browser.get(f"{place(case_id, 'sins')}?corrects={first}").text
    assert len(re.findall(" checked", form)) == len(SINS)
    assert f'value="{DAY}"' in form
    corrected = SINS | {"pain": "none", "as_of": DAY, "corrects": first, "why": "No pain at all", "do": "keep"}
    assert desk.as_("chair").post(place(case_id, "sins"), data=corrected).status_code == 303
    last, = desk.read(given, case_id)
    assert (last.row.value, last.row.why, [one.row.id for one in last.earlier]) == (6, "No pain at all", [first])
    assert len(desk.read(standing, case_id)) == 1
    late = browser.post(place(case_id, "sins"), data=corrected)
    assert late.status_code == 409
    assert "Somebody else corrected this entry meanwhile" in late.text
    assert late.text.count(" checked") == len(SINS)
    page = unescape(browser.get(place(case_id)).text)
    assert "1 earlier entry" in page
    assert "“No pain at all”" in page


def test_an_entry_is_taken_back_with_a_reason_and_leaves_the_packet(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("chair")
    browser.post(place(case_id, "nurick"), data={"grade": "3", "as_of": DAY, "do": "keep"})
    entry = desk.read(given, case_id)[0].row.id
    refused = browser.post(place(case_id), data={"entry": entry, "why": " "})
    assert refused.status_code == 422
    assert beside(refused.text, entry) == " Say why it does not stand."
    long = browser.post(place(case_id), data={"entry": entry, "why": "x" * 301})
    assert "x" * 301 in long.text
    assert browser.post(place(case_id), data={"entry": entry, "why": "Another patient"}).status_code == 303
    assert desk.read(standing, case_id) == ()
    assert "Grade 3" not in browser.get(f"/cases/{case_id}").text
    kept = unescape(browser.get(place(case_id)).text)
    assert "“Another patient”" in kept
    assert "Grade 3" in kept
    assert browser.post(place(case_id), data={"entry": entry, "why": "Again"}).status_code == 409
    assert browser.post(place(case_id), data={"entry": "nothing", "why": "Again"}).status_code == 404


def test_a_referrer_enters_scores_until_the_case_is_sent(desk: Desk) -> None:
    case_id, browser = desk.do(a_draft), desk.as_("referrer")
    assert browser.post(place(case_id, "asia"), data={"grade": "D", "as_of": DAY}).status_code == 303
    assert desk.read(standing, case_id)[0].by == "Dr Referrer"
    sent = desk.do(a_submitted_case)
    browser = desk.as_("referrer")
    refused = browser.post(place(sent, "asia"), data={"grade": "D", "as_of": DAY})
    assert refused.status_code == 403
    assert "its board enters the scores" in unescape(refused.text)
    assert "Enter a score" not in browser.get(place(sent)).text
    for who in ("trainee", "stranger"):
        assert desk.as_(who).post(place(sent, "asia"), data={"grade": "D", "as_of": DAY}).status_code == 403
    assert desk.read(given, sent) == ()


def test_sins_from_seven_on_makes_the_review_mandatory_and_suggests_a_surgeon(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("coordinator")
    stable = SINS | {"pain": "none", "as_of": DAY, "do": "keep"}
    browser.post(place(case_id, "sins"), data=stable)
    assert desk.read(mandatory, case_id) == ()
    browser.post(place(case_id, "sins"), data=stable | {"pain": "mechanical", "level": "L2"})
    because, = [one.because for one in desk.read(mandatory, case_id)]
    assert because.endswith("SINS of 7 or more: SINS is 9.")
    assert "SINS is 9" in browser.get("/triage").text
    aside = browser.post(f"/triage/{case_id}", data={"act": "lane", "lane": "standard-of-care", "reason": "usual"})
    assert aside.status_code == 409
    found = desk.read(lambda session: who_should_see(session, case(session, case_id)))
    reasons = [reason.text for one in found if one.discipline == "spine-surgery" for reason in one.reasons]
    assert any("SINS of 7 or more" in text for text in reasons)


def _ask_for_opioids(session: Session) -> None:
    rows = [*map(as_row, items_in_force(session, "spine")), {"label": "MME", "max_age_days": "90"}]
    save_policy(session, "spine", rows, "", "coordinator", now(), shown=current_version(session, "spine"))


def test_an_item_of_the_policy_that_is_named_as_a_score_is_met_by_it_with_its_age(desk: Desk) -> None:
    before = desk.read(lambda session: board(session, "spine").policy)
    desk.do(_ask_for_opioids)
    case_id, browser = desk.do(a_submitted_case), desk.as_("chair")

    def state() -> tuple[str, str]:
        ready = desk.read(lambda session: readiness_now(session, case(session, case_id), now()))
        return next((one.state, one.reason) for one in ready.items if one.item.key == "mme")

    assert state() == ("missing", "MME is missing.")
    browser.post(place(case_id, "mme"), data=OPIOIDS | {"as_of": "2020-01-05"})
    assert state()[0] == "stale"
    browser.post(place(case_id, "mme"), data=OPIOIDS | {"as_of": now().date().isoformat()})
    assert state() == ("current", "MME 100 mg of morphine a day, table CDC 2022")
    desk.do(lambda session: setattr(board(session, "spine"), "policy", before))


def test_the_room_is_told_the_scores_that_stand_and_a_published_packet_gets_a_version(desk: Desk) -> None:
    conference, (case_id,) = desk.do(a_sitting, 1)
    browser = desk.as_("chair")
    assert browser.post(f"/conferences/{conference}/publish").status_code == 303
    browser.post(place(case_id, "tl-aosis"), data={
        "morphology": "C", "neurology": "N0", "modifier": "none", "as_of": DAY, "level": "T12-L1", "do": "keep",
    })
    summary = browser.get(f"/cases/{case_id}/levels-summary.json").json()
    assert summary["scores"] == [{
        "name": "AO Spine Thoracolumbar Injury Score", "where": "T12–L1", "said": "8 of 13",
        "band": "usually operative", "verified": False, "source": f"Entered by Dr Chair, {DAY}; scored by "
        "GSJ 2016, 6:329, unverified: check it before relying on it",
    }]
    packet = unescape(browser.get(f"/conferences/{conference}/cases/{case_id}").text)
    assert "Version 2" in packet
    assert "8 of 13, usually operative at T12–L1" in packet
