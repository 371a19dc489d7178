from collections.abc import Iterator

import pytest

from agenda.alarms import alarm_of
from agenda.cases import case, cases_by, questions, treatments
from agenda.ids import new_id
from agenda.referrals import messages, save_fields
from tests.unit.web.desk import COMPLETE, Desk, a_complete_draft, a_desk, a_draft, a_sitting, a_submitted_case
from web.clock import now

HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("cases")) as made:
        yield made


def test_a_double_submit_makes_one_case(desk: Desk) -> None:
    browser, key = desk.as_("stranger"), new_id()
    answers = [browser.post("/cases/new", data={"board": "spine", "case": key}) for _ in range(2)]
    assert [answer.headers["location"] for answer in answers] == [f"/cases/{key}/edit"] * 2
    assert [one.id for one in desk.read(cases_by, "stranger")] == [key]


def test_a_case_needs_a_board_and_keeps_its_identity_when_refused(desk: Desk) -> None:
    key = new_id()
    answer = desk.as_("referrer").post("/cases/new", data={"board": "", "case": key})
    assert answer.status_code == 422
    assert "Choose the board" in answer.text
    assert key in answer.text


def test_the_form_shows_every_section_without_scripts(desk: Desk) -> None:
    answer = desk.as_("referrer").get(f"/cases/{desk.do(a_draft)}/edit")
    assert answer.status_code == 200
    for section in ("patient", "questions", "red-flags", "history", "treatments", "voice", "images", "send"):
        assert f'id="{section}"' in answer.text


def test_a_field_saves_itself_and_says_when(desk: Desk) -> None:
    case_id = desk.do(a_draft)
    answer = desk.as_("referrer").post(
        f"/cases/{case_id}/fields", data={"goal": "Walk my dog", "revision.goal": "0"}, headers=HTMX
    )
    assert "Saved" in answer.text
    assert 'name="revision.goal" value="1"' in answer.text
    assert desk.read(case, case_id).goal == "Walk my dog"


def test_a_refused_field_has_its_sentence_beside_it(desk: Desk) -> None:
    case_id = desk.do(a_draft)
    answer = desk.as_("referrer").post(
        f"/cases/{case_id}/fields", data={"patient_born_on": "yesterday"}, headers=HTMX
    )
    assert answer.status_code == 200
    assert "Write the date as year-month-day" in answer.text


def test_a_stale_tab_is_warned_and_nothing_is_lost(desk: Desk) -> None:
    case_id, browser = desk.do(a_draft), desk.as_("referrer")
    browser.post(f"/cases/{case_id}/fields", data={"goal": "Theirs", "revision.goal": "0"}, headers=HTMX)
    answer = browser.post(f"/cases/{case_id}/fields", data={"goal": "Mine", "revision.goal": "0"}, headers=HTMX)
    assert "Changed elsewhere meanwhile" in answer.text
    assert "Theirs" in answer.text
    whole = browser.post(
        f"/cases/{case_id}/edit", data={"goal": "Mine", "revision.goal": "0", "summary": "Kept", "do": "save"}
    )
    assert whole.status_code == 422
    assert "Mine" in whole.text
    assert "Theirs" in whole.text
    assert (desk.read(case, case_id).goal, desk.read(case, case_id).summary) == ("Theirs", "Kept")


def test_any_button_keeps_all_fields_and_a_wrong_row_keeps_what_was_typed(desk: Desk) -> None:
    case_id = desk.do(a_draft)
    answer = desk.as_("referrer").post(f"/cases/{case_id}/edit", data={
        "summary": "Leg pain", "new-question.kind": "level", "new-question.discipline": "",
        "new-question.text": "Which level is it?", "do": "add-question",
    })
    assert answer.status_code == 422
    assert "Choose the discipline that should answer." in answer.text
    assert 'value="Which level is it?"' in answer.text
    assert (desk.read(case, case_id).summary, desk.read(questions, case_id)) == ("Leg pain", [])


def test_questions_and_treatments_are_added_edited_and_removed(desk: Desk) -> None:
    case_id, browser = desk.do(a_draft), desk.as_("referrer")
    path = f"/cases/{case_id}/edit"
    asked = {"new-question.kind": "level", "new-question.discipline": "neuroradiology", "new-question.text": "Which?"}
    assert browser.post(path, data={**asked, "do": "add-question"}).headers["location"] == f"{path}#questions"
    question = desk.read(questions, case_id)[0]
    edited = {f"question.{question.id}.{name}": text for name, text in (
        ("kind", "level"), ("discipline", "neuroradiology"), ("text", "Which level?"),
    )}
    tried = {"new-treatment.kind": "injection", "new-treatment.description": "TFESI"}
    browser.post(path, data={**edited, **tried, "do": "add-treatment"})
    assert desk.read(questions, case_id)[0].text == "Which level?"
    row = desk.read(treatments, case_id)[0]
    browser.post(path, data={"do": f"remove-treatment:{row.id}"})
    browser.post(path, data={**edited, "do": f"remove-question:{question.id}"})
    assert (desk.read(questions, case_id), desk.read(treatments, case_id)) == ([], [])


def test_sending_an_incomplete_case_says_what_is_missing_there(desk: Desk) -> None:
    case_id = desk.do(a_draft, patient_family_name="Osei")
    answer = desk.as_("referrer").post(f"/cases/{case_id}/edit", data={"do": "submit"})
    assert answer.status_code == 422
    assert "The date of birth is needed" in answer.text
    assert desk.read(case, case_id).state == "draft"


def test_a_complete_case_is_sent_and_the_tracker_says_received(desk: Desk) -> None:
    case_id, browser = desk.do(a_complete_draft), desk.as_("referrer")
    answer = browser.post(f"/cases/{case_id}/edit", data={"do": "submit", "summary": "Typed last"})
    assert answer.headers["location"] == f"/cases/{case_id}?sent=1"
    page = browser.get(f"/cases/{case_id}?sent=1").text
    assert 'data-state="now" aria-current="step">Received' in page
    assert desk.read(case, case_id).summary == "Typed last"


def test_a_positive_red_flag_stops_the_form_and_is_acknowledged(desk: Desk) -> None:
    case_id, browser = desk.do(a_complete_draft), desk.as_("referrer")
    saved = browser.post(f"/cases/{case_id}/fields", data={"red_flag.infection": "yes"}, headers=HTMX)
    assert saved.headers["hx-trigger"] == "red-flags-changed"
    stopped = browser.post(f"/cases/{case_id}/edit", data={"do": "submit"})
    assert stopped.status_code == 422
    assert "Do not wait for the conference." in stopped.text
    browser.post(f"/cases/{case_id}/edit", data={"do": "confirm", "action_taken": "Sent to hospital"})
    assert browser.post(f"/cases/{case_id}/edit", data={"do": "submit"}).status_code == 303
    alarm = desk.read(alarm_of, case_id)
    assert alarm is not None
    assert "Do not wait for the conference" in desk.as_("chair").get("/").text
    desk.as_("chair").post(f"/cases/{case_id}/alarms/{alarm.id}", data={"note": "Called"})
    seen = desk.read(alarm_of, case_id)
    assert seen is not None
    assert (seen.answered_by, seen.answered_note) == ("chair", "Called")


def test_asking_and_answering_goes_back_and_forth(desk: Desk) -> None:
    case_id = desk.do(a_submitted_case)
    desk.as_("coordinator").post(f"/cases/{case_id}/send-back", data={"field": "goal", "text": "In their words?"})
    assert desk.read(case, case_id).state == "needs_info"
    page = desk.as_("referrer").get(f"/cases/{case_id}").text
    assert "The board waits for your answer: In their words?" in page
    desk.as_("referrer").post(f"/cases/{case_id}/thread", data={"act": "answer", "text": "To walk"})
    assert desk.read(case, case_id).state == "submitted"
    empty = desk.as_("referrer").post(f"/cases/{case_id}/thread", data={"act": "note", "text": " "})
    assert empty.status_code == 422
    assert "Write something first." in empty.text
    assert len(desk.read(messages, case_id)) == 2


def test_who_may_not_is_told_so(desk: Desk) -> None:
    case_id = desk.do(a_submitted_case)
    assert desk.as_("stranger").get(f"/cases/{case_id}").status_code == 403
    assert desk.as_("chair").get(f"/cases/{desk.do(a_draft)}").status_code == 403
    assert desk.as_("referrer").post(f"/cases/{case_id}/edit", data={"do": "save"}).status_code == 403
    assert desk.as_("radiologist").post(f"/cases/{case_id}/withdraw", data={"reason": "x"}).status_code == 403
    assert desk.as_("chair").get(f"/cases/{new_id()}").status_code == 404
    assert desk.as_("administrator").post("/cases/new", data={"board": "spine"}).status_code == 403


def test_withdrawing_takes_a_reason(desk: Desk) -> None:
    case_id, browser = desk.do(a_submitted_case), desk.as_("referrer")
    assert browser.post(f"/cases/{case_id}/withdraw", data={"reason": ""}).status_code == 422
    browser.post(f"/cases/{case_id}/withdraw", data={"reason": "Better"})
    assert desk.read(case, case_id).state == "withdrawn"


@pytest.mark.parametrize("person", ["chair", "coordinator", "radiologist", "referrer", "stranger", "administrator"])
def test_everybody_has_a_first_page_and_a_list(desk: Desk, person: str) -> None:
    desk.do(a_sitting, 2)
    browser = desk.as_(person)
    assert browser.get("/").status_code == 200
    assert browser.get("/cases").status_code == 200
    assert browser.get("/cases?show=open").status_code == 200


def test_a_patient_is_never_in_an_address(desk: Desk) -> None:
    case_id = desk.do(a_complete_draft)
    desk.do(save_fields, case_id, COMPLETE, {}, now())
    answer = desk.as_("referrer").post(f"/cases/{case_id}/edit", data={"do": "save"})
    assert "Featherstonehaugh" not in str(answer.headers)


def test_a_declined_case_says_why_and_a_member_can_call_it_in(desk: Desk) -> None:
    case_id = desk.do(a_submitted_case)
    desk.as_("coordinator").post(f"/triage/{case_id}", data={"act": "lane", "lane": "redirect", "reason": "A hip"})
    page = desk.as_("radiologist").get(f"/cases/{case_id}").text
    assert "Declined: Redirect. A hip" in page
    assert "Call it in" in page
    assert "Call it in" not in desk.as_("referrer").get(f"/cases/{case_id}").text
