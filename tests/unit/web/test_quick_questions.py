"""A quick question on a shared case: asked, told, answered, shown, taken to the board."""

from collections.abc import Iterator

import pytest

from agenda.cases import questions
from agenda.notices.queue import notices
from agenda.quick_questions import quick_question
from agenda.referrals import messages
from tests.unit.web.desk import Desk, a_desk, a_sitting, a_triaged_case

TEXT = "A plateau after eight weeks: would an injection help?"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("quick")) as made:
        yield made


@pytest.fixture(scope="module")
def case_id(desk: Desk) -> str:
    return desk.do(a_triaged_case)


def ask(desk: Desk, case_id: str, person: str = "chair", **fields: str):  # type: ignore[no-untyped-def]
    sent = {"to": "discipline:neuroradiology", "text": TEXT} | fields
    return desk.as_(person).post(f"/cases/{case_id}/quick-questions", data=sent)


@pytest.fixture
def asked(desk: Desk, case_id: str) -> str:
    answer = ask(desk, case_id)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_the_asked_discipline_is_told_and_finds_it_on_its_page(desk: Desk, asked: str) -> None:
    told = [one for one in desk.read(notices) if one.data.get("question") == asked.rpartition("/")[2]]
    assert [(one.kind, one.person_id) for one in told] == [("quick-question", "radiologist")]
    assert TEXT not in str([one.data for one in told])
    assert asked in desk.as_("radiologist").get("/").text
    assert "You asked" in desk.as_("chair").get("/").text


def test_an_answer_goes_to_who_asked_and_asking_on_opens_it_again(desk: Desk, asked: str) -> None:
    key = asked.rpartition("/")[2]
    assert desk.as_("radiologist").post(f"{asked}/answers", data={"text": "Yes, at L5."}).status_code == 303
    assert desk.read(quick_question, key).state == "answered"
    told = [one.kind for one in desk.read(notices) if one.data.get("question") == key and one.person_id == "chair"]
    assert told == ["quick-answer"]
    page = desk.as_("chair").get(asked).text
    assert "Yes, at L5." in page
    assert "Answered" in page
    assert desk.as_("chair").post(f"{asked}/answers", data={"text": "Which side?"}).status_code == 303
    assert desk.read(quick_question, key).state == "open"


def test_the_policy_says_who_reads_and_who_answers(desk: Desk, asked: str, case_id: str) -> None:
    for person, reads, answers in (
        ("referrer", 200, 303), ("trainee", 200, 403), ("stranger", 403, 403), ("administrator", 403, 403),
    ):
        assert desk.as_(person).get(asked).status_code == reads, person
        assert desk.as_(person).post(f"{asked}/answers", data={"text": "Hm."}).status_code == answers, person
    for person in ("trainee", "stranger"):
        assert ask(desk, case_id, person).status_code == 403, person


@pytest.mark.parametrize(("field", "wrong", "sentence"), [
    ("text", "", "Write it in a sentence or two."), ("text", "x" * 501, "At most 500 characters; this has 501."),
    ("to", "", "Choose whom you ask"), ("to", "person:stranger", "Choose whom you ask"),
    ("image", "1.2.3", "Choose one of the images"), ("mark", "m1", "Choose one of the marks"),
])
def test_a_wrong_field_is_refused_and_keeps_what_was_typed(
    desk: Desk, case_id: str, field: str, wrong: str, sentence: str
) -> None:
    answer = ask(desk, case_id, **{field: wrong})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert field == "text" or TEXT in answer.text


def test_one_click_takes_it_to_the_board_with_its_thread(desk: Desk) -> None:
    _, (case_id,) = desk.do(a_sitting, 1)
    asked = ask(desk, case_id).headers["location"]
    desk.as_("radiologist").post(f"{asked}/answers", data={"text": "The board should see this."})
    for _ in range(2):
        assert desk.as_("radiologist").post(f"{asked}/board").status_code == 303, "twice is the same as once"
    assert [one.text for one in desk.read(questions, case_id)].count(TEXT) == 1
    quoted = desk.read(messages, case_id)[-1].text
    assert "Dr Chair: " + TEXT in quoted
    assert "Dr Radiologist: The board should see this." in quoted
    assert desk.as_("chair").post(f"{asked}/answers", data={"text": "Late"}).status_code == 409
    assert "With the board" in desk.as_("chair").get(asked).text


def test_a_case_with_all_its_questions_says_so(desk: Desk) -> None:
    case_id = desk.do(a_triaged_case)
    for number in range(4):
        asked = ask(desk, case_id, text=f"Question {number}?").headers["location"]
        assert desk.as_("chair").post(f"{asked}/board").status_code == 303
    last = ask(desk, case_id, text="One more?").headers["location"]
    answer = desk.as_("chair").post(f"{last}/board")
    assert answer.status_code == 422
    assert "At most 5 questions" in answer.text
