from datetime import timedelta

import pytest
from sqlmodel import Session

from agenda.alarms import submit
from agenda.cases import case, history, questions, treatments
from agenda.errors import Invalid, ItemNotFound, NotNow
from agenda.ids import new_id
from agenda.questions import LIMIT, add_question, edit_question, remove_question
from agenda.referrals import (
    answer,
    answer_ask,
    field_text,
    messages,
    open_asks,
    save_fields,
    send_back,
    start_case,
    what_is_missing,
    withdraw,
)
from agenda.treatments import add_treatment, edit_treatment, remove_treatment
from tests.unit.agenda.desk import AT, a_complete_draft, a_draft, a_sitting, a_submitted_case, a_triaged_case


def test_a_form_sent_twice_makes_one_case(session: Session) -> None:
    key = new_id()
    first = start_case(session, "referrer", "spine", AT, case_id=key)
    assert start_case(session, "referrer", "spine", AT, case_id=key) is first
    with pytest.raises(NotNow):
        start_case(session, "chair", "spine", AT, case_id=key)
    with pytest.raises(Invalid):
        start_case(session, "referrer", "spine", AT, case_id="../etc")


def test_case_numbers_follow_each_other(session: Session) -> None:
    assert [a_draft(session).number for _ in range(3)] == [1001, 1002, 1003]


@pytest.mark.parametrize(("name", "text", "sentence"), [
    ("patient_born_on", "27.03.1964", "Write the date as year-month-day, e.g. 1964-03-27."),
    ("patient_born_on", "2026-11-21", "A date of birth cannot be in the future."),
    ("patient_born_on", "1899-12-31", "The year must be 1900 or later."),
    ("patient_sex", "X", "Choose one of: F, M, O."),
    ("urgency", "now", "Choose one of: routine, soon, urgent."),
    ("patient_id", "9" * 65, "At most 64 characters; this has 65."),
    ("patient_family_name", "Os\x00ei", "This holds characters that cannot be printed."),
    ("red_flag.infection", "maybe", "Answer yes or no."),
    ("exam.examined-on", "2027-01-01", "The examination cannot be in the future."),
    ("exam.motor", "x" * 501, "At most 500 characters; this has 501."),
])
def test_each_field_refuses_with_its_own_sentence_and_the_others_are_kept(
    session: Session, name: str, text: str, sentence: str
) -> None:
    made = a_draft(session)
    saved = save_fields(session, made.id, {name: text, "goal": "Walk"}, {}, AT)
    assert dict(saved.refused) == {name: sentence}
    assert (saved.kept, made.goal) == ({"goal"}, "Walk")


def test_an_unknown_field_is_refused(session: Session) -> None:
    with pytest.raises(Invalid):
        save_fields(session, a_draft(session).id, {"state": "signed"}, {}, AT)


def test_a_red_flag_answer_can_be_taken_back(session: Session) -> None:
    made = a_draft(session, red_flag__infection="no")
    assert made.red_flags == {"infection": False}
    save_fields(session, made.id, {"red_flag.infection": ""}, {}, AT)
    assert made.red_flags == {}
    assert field_text(made, "red_flag.infection") == ""


def test_two_tabs_collide_only_on_the_same_field(session: Session) -> None:
    made = a_draft(session, goal="Walk", summary="Pain")
    shown = {"goal": made.revision, "summary": made.revision}
    save_fields(session, made.id, {"goal": "Walk my dog"}, shown, AT)
    other = save_fields(session, made.id, {"goal": "Run", "summary": "Leg pain"}, shown, AT)
    assert dict(other.conflicts) == {"goal": "Walk my dog"}
    assert (made.goal, made.summary) == ("Walk my dog", "Leg pain")
    assert save_fields(session, made.id, {"goal": "Run"}, {"goal": other.revision}, AT).kept == {"goal"}


def test_saving_what_stands_there_changes_nothing(session: Session) -> None:
    made = a_draft(session, goal="Walk\nand run")
    assert save_fields(session, made.id, {"goal": "Walk\r\nand run "}, {"goal": 0}, AT).revision == made.revision == 1


def test_what_is_missing_is_said_field_by_field(session: Session) -> None:
    assert set(what_is_missing(session, a_draft(session))) >= {
        "patient_family_name", "patient_born_on", "patient_sex", "questions", "red_flag.cauda-equina"
    }
    assert what_is_missing(session, a_complete_draft(session)) == {}


def test_questions_are_added_edited_and_removed_in_order(session: Session) -> None:
    made = a_draft(session)
    for text in ("One?", "Two?", "Three?"):
        add_question(session, made, kind="level", discipline="neuroradiology", text=text)
    first, second, _ = questions(session, made.id)
    edit_question(session, made, second.id, kind="diagnosis", discipline="physiatry", text=" 2? ")
    remove_question(session, made, first.id)
    assert [(one.position, one.text) for one in questions(session, made.id)] == [(0, "2?"), (1, "Three?")]


@pytest.mark.parametrize(("field", "wrong"), [("kind", "vibe"), ("discipline", "astrology"), ("text", " ")])
def test_a_question_names_the_field_that_is_wrong(session: Session, field: str, wrong: str) -> None:
    asked = {"kind": "level", "discipline": "neuroradiology", "text": "Which?"} | {field: wrong}
    with pytest.raises(Invalid) as refused:
        add_question(session, a_draft(session), **asked)
    assert refused.value.field == field


def test_the_same_question_twice_and_too_many_are_refused(session: Session) -> None:
    made = a_draft(session)
    for number in range(LIMIT):
        add_question(session, made, kind="level", discipline="neuroradiology", text=f"{number}?")
        if number == 0:
            with pytest.raises(Invalid, match="already"):
                add_question(session, made, kind="level", discipline="neuroradiology", text="0?")
    with pytest.raises(Invalid, match="At most 5"):
        add_question(session, made, kind="level", discipline="neuroradiology", text="One more?")


def test_treatments_are_rows_with_months_or_days(session: Session) -> None:
    made = a_draft(session)
    row = add_treatment(session, made, {
        "kind": "injection", "description": "TFESI L5", "started_on": "2026-03", "response": "better",
        "response_percent": "60 %",
    }, AT)
    assert (str(row.started_on), row.response_percent) == ("2026-03-01", 60)
    edit_treatment(session, made, row.id, {"kind": "injection", "description": "TFESI L5", "response": "same"}, AT)
    assert (row.started_on, row.response, row.response_percent) == (None, "same", None)
    remove_treatment(session, made, row.id)
    assert treatments(session, made.id) == []


@pytest.mark.parametrize(("field", "fields"), [
    ("kind", {"kind": "magic"}), ("description", {"description": ""}), ("response", {"response": "meh"}),
    ("started_on", {"started_on": "spring"}), ("started_on", {"started_on": "2027-01-01"}),
    ("ended_on", {"started_on": "2026-05", "ended_on": "2026-04"}), ("response_percent", {"response_percent": "30"}),
    ("response_percent", {"response": "better", "response_percent": "130"}), ("amount", {"amount": "x" * 301}),
])
def test_a_treatment_names_the_field_that_is_wrong(session: Session, field: str, fields: dict[str, str]) -> None:
    typed = {"kind": "surgery", "description": "L4/5 laminectomy"} | fields
    with pytest.raises(Invalid) as refused:
        add_treatment(session, a_draft(session), typed, AT)
    assert refused.value.field == field


def test_sending_back_and_answering_are_kept_in_thread_and_history(session: Session) -> None:
    made = a_submitted_case(session)
    send_back(session, made.id, "goal", "What does the patient want?", "coordinator", AT)
    assert (made.state, [ask.field for ask in open_asks(session, made.id)]) == ("needs_info", ["goal"])
    answer(session, made.id, "To walk", "referrer", AT + timedelta(days=1))
    assert (made.state, open_asks(session, made.id)) == ("submitted", [])
    assert [one.kind for one in messages(session, made.id)] == ["ask", "answer"]
    assert [one.state for one in history(session, made.id)] == ["submitted", "needs_info", "submitted"]


def test_a_question_about_a_scheduled_case_leaves_it_on_the_agenda(session: Session) -> None:
    from agenda.conferences import place

    made = a_triaged_case(session)
    place(session, a_sitting(session).id, made.id, "coordinator", AT)
    send_back(session, made.id, "images", "Please send the MR.", "coordinator", AT)
    assert made.state == "scheduled"
    assert len(open_asks(session, made.id)) == 1


def test_withdrawing_takes_a_reason_and_is_final(session: Session) -> None:
    made = a_submitted_case(session)
    with pytest.raises(Invalid):
        withdraw(session, made.id, "  ", "referrer", AT)
    withdraw(session, made.id, "Better by itself", "referrer", AT)
    assert (case(session, made.id).state, history(session, made.id)[-1].note) == ("withdrawn", "Better by itself")
    with pytest.raises(NotNow, match="withdrawn"):
        withdraw(session, made.id, "Again", "referrer", AT)


def test_each_ask_is_answered_by_itself_and_the_case_waits_for_the_rest(session: Session) -> None:
    made = a_submitted_case(session)
    first = send_back(session, made.id, "goal", "What does the patient want?", "coordinator", AT)
    second = send_back(session, made.id, "treatments", "What was tried?", "coordinator", AT)
    answer_ask(session, made.id, first.id, "To walk", "referrer", AT + timedelta(hours=1))
    assert (made.state, [one.id for one in open_asks(session, made.id)]) == ("needs_info", [second.id])
    with pytest.raises(Invalid, match="Write something"):
        answer_ask(session, made.id, second.id, " ", "referrer", AT)
    answer_ask(session, made.id, second.id, "Nothing yet", "referrer", AT + timedelta(hours=2))
    assert made.state == "submitted"
    assert [one.field for one in messages(session, made.id) if one.kind == "answer"] == ["goal", "treatments"]
    with pytest.raises(ItemNotFound):
        answer_ask(session, made.id, second.id, "Again", "referrer", AT)


def test_sending_again_settles_what_was_changed_and_names_what_was_not(session: Session) -> None:
    made = a_submitted_case(session)
    send_back(session, made.id, "goal", "What does the patient want?", "coordinator", AT)
    rest = send_back(session, made.id, "treatments", "What was tried?", "coordinator", AT)
    save_fields(session, made.id, {"goal": "Carry my grandchild"}, {}, AT)
    with pytest.raises(Invalid) as refused:
        submit(session, made.id, "referrer", AT + timedelta(hours=1))
    assert refused.value.field == f"ask.{rest.id}"
    assert (made.state, [one.id for one in open_asks(session, made.id)]) == ("needs_info", [rest.id])
    add_treatment(session, made, {"kind": "injection", "description": "TFESI L5"}, AT)
    assert submit(session, made.id, "referrer", AT + timedelta(hours=2)).state == "submitted"
    assert open_asks(session, made.id) == []
