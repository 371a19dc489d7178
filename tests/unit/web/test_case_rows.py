import re
from collections.abc import Iterator

import pytest

from agenda.cases import case
from agenda.outcomes import scores_of
from agenda.plans import plan_of
from agenda.surgeries import surgeries
from tests.unit.web.desk import Desk, a_desk, a_draft, a_sitting, a_submitted_case

FUSION = {
    "plan.revision": "0", "plan.fusion-posterior": "L4/5", "plan.decompression-posterior": "L4-L5",
    "plan.instrumentation-posterior": "L4-5", "plan.feature.osteoporosis": "1", "do": "save",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("rows")) as made:
        yield made


def test_an_operation_is_added_corrected_and_removed(desk: Desk) -> None:
    case_id, browser = desk.do(a_draft), desk.as_("referrer")
    url = f"/cases/{case_id}/edit"
    added = browser.post(url, data={
        "do": "add-surgery", "new-surgery.kind": "fusion", "new-surgery.levels": "l4/5", "new-surgery.done_on": "2019",
    })
    assert added.headers["location"].endswith("#surgeries")
    row = desk.read(surgeries, case_id)[0]
    wrong = browser.post(url, data={"do": "save", f"surgery.{row.id}.kind": "fusion", f"surgery.{row.id}.levels": "L9"})
    assert wrong.status_code == 422
    assert "There is no vertebra L9" in wrong.text
    assert 'value="L9"' in wrong.text
    assert [one.levels for one in desk.read(surgeries, case_id)] == ["L4–L5"]
    browser.post(url, data={"do": f"remove-surgery:{row.id}"})
    assert desk.read(surgeries, case_id) == []


def test_a_score_is_computed_from_its_total_and_no_question_is_shown(desk: Desk) -> None:
    case_id, browser = desk.do(a_draft), desk.as_("referrer")
    url = f"/cases/{case_id}/edit"
    new = {
        "do": "add-score", "new-score.instrument": "odi", "new-score.taken_on": "2026-01-02", "new-score.total": "16",
    }
    browser.post(url, data=new | {"new-score.answered": "9"})
    browser.post(url, data=new | {"new-score.taken_on": "2026-03-02", "new-score.answered": ""})
    assert [one.value for one in desk.read(scores_of, case_id)] == [35.6, 32.0]
    page = browser.get(f"/cases/{case_id}").text
    assert "35.6 %, moderate" in page
    assert "within measurement error" in page
    refused = browser.post(url, data=new | {"new-score.answered": "4"})
    assert refused.status_code == 422
    assert "needs 8 of 10 items" in refused.text


def test_a_plan_is_kept_compared_and_makes_the_review_mandatory(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("coordinator")
    url = f"/cases/{case_id}/edit"
    assert browser.post(url, data=FUSION).status_code == 303
    assert desk.read(plan_of, case_id, "proposed").invasiveness == 6
    assert "The board must discuss this in full" in browser.get(url).text
    late = browser.post(url, data=FUSION | {"plan.fusion-posterior": "L3-L5"})
    assert late.status_code == 422
    assert "Somebody else changed the plan meanwhile" in late.text
    wrong = browser.post(url, data=FUSION | {"plan.revision": "1", "plan.fusion-posterior": "L5"})
    assert "L5 is to be fused, but to no neighbour" in wrong.text
    assert re.search(r'name="plan.fusion-posterior"[^>]*value="L5"', wrong.text)
    triage = browser.get("/triage").text
    assert "Review is mandatory" in triage
    aside = browser.post(f"/triage/{case_id}", data={"act": "lane", "lane": "standard-of-care", "reason": "usual"})
    assert aside.status_code == 409
    assert "First lumbar fusion" in aside.text
    assert desk.read(case, case_id).state == "submitted"


def test_the_estimate_gives_its_reasons_and_the_minutes_offered(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("coordinator")
    desk.do(a_sitting)
    browser.post(f"/triage/{case_id}", data={"act": "lane", "lane": "full-discussion"})
    page = browser.get("/triage").text.split(f'id="case-{case_id}"')[1].split("</article>")[0]
    minutes = re.search(r'name="minutes"[^>]*value="(\d+)"', page)
    assert minutes
    assert f"Why {minutes[1]} minutes?" in page
    assert "for any case" in page
