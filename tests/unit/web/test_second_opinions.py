"""A case answered without a meeting, from triage to the signed letter, by forms alone."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import Session

from agenda.cases import case, history
from agenda.clinical import spine
from agenda.conferences import upcoming
from agenda.notices.queue import notices
from agenda.service_clock import in_days, running_time, service_clock
from conference.outcome.letter import letter_of
from tests.unit.web.application import AT, PASSWORD, hashed
from tests.unit.web.desk import Desk, a_desk, a_submitted_case, a_triaged_case
from web.auth.passwords import keep_password
from web.clock import now

SECRET = "Xylocopa"
OPINION = {f"rating-{option.key}": "7" for option in spine().options} | {
    "preferred": "watchful", "confidence": "85", "comment": f"Wait and see, {SECRET}",
}
EVERYBODY = ("chair", "coordinator", "radiologist", "trainee", "referrer", "stranger", "administrator")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("second")) as made:
        made.do(keep_password, "chair", hashed(), AT)
        yield made


def ask(desk: Desk, case_id: str, days: str = "7"):  # type: ignore[no-untyped-def]
    return desk.as_("coordinator").post("/second-opinions", data={"case": case_id, "days": days})


@pytest.fixture
def asked(desk: Desk) -> tuple[str, str]:
    """The address of a fresh second opinion, and its case."""
    case_id = desk.do(a_triaged_case)
    answer = ask(desk, case_id)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"], case_id


def opine(desk: Desk, asked: tuple[str, str], *people: str) -> None:
    key = asked[0].rpartition("/")[2]
    for person in people:
        answer = desk.as_(person).post(f"/conferences/{key}/cases/{asked[1]}/opinion", data=OPINION)
        assert (answer.status_code, answer.headers.get("location")) == (303, asked[0]), answer.text


def told(desk: Desk, kind: str, case_id: str) -> list[str | None]:
    return sorted(str(one.person_id) for one in desk.read(notices) if one.kind == kind and one.case_id == case_id)


def do(desk: Desk, person: str, asked: tuple[str, str], **fields: str):  # type: ignore[no-untyped-def]
    return desk.as_(person).post(asked[0], data=fields)


def test_asking_tells_the_disciplines_and_is_no_sitting(desk: Desk, asked: tuple[str, str]) -> None:
    key = asked[0].rpartition("/")[2]
    assert told(desk, "opinion-asked", asked[1]) == ["chair", "radiologist"]
    assert key not in {one.id for one in desk.read(upcoming, ["spine"], now())}
    assert asked[0] not in desk.as_("coordinator").get("/conferences").text
    assert desk.as_("coordinator").get(f"/conferences/{key}").headers["location"] == asked[0]
    assert desk.as_("chair").get(f"/conferences/{key}/room").headers["location"] == asked[0]
    assert "Opinions sealed" in desk.as_("radiologist").get(asked[0]).text


@pytest.mark.parametrize("days", ["0", "61", "soon"])
def test_a_due_date_lies_within_two_months(desk: Desk, days: str) -> None:
    answer = ask(desk, desk.do(a_triaged_case), days)
    assert answer.status_code == 422
    assert "1 to 60 days" in answer.text


def test_a_case_that_is_not_triaged_is_refused(desk: Desk) -> None:
    assert ask(desk, desk.do(a_submitted_case)).status_code == 409


def test_opinions_stay_sealed_until_the_last_required_one_opens_them_all(desk: Desk, asked: tuple[str, str]) -> None:
    opine(desk, asked, "radiologist")
    for person in EVERYBODY:
        if person == "radiologist":
            continue
        page = desk.as_(person).get(asked[0])
        assert page.status_code == (200 if person in ("chair", "coordinator", "trainee") else 403), person
        assert SECRET not in page.text
        assert "85 % sure" not in page.text
    assert told(desk, "opinions-open", asked[1]) == []
    opine(desk, asked, "chair")
    page = desk.as_("trainee").get(asked[0]).text
    assert page.count(SECRET) == 2
    assert "Opinions open" in page
    assert told(desk, "opinions-open", asked[1]) == ["chair"]


def test_the_coordinator_closes_a_round_that_stays_incomplete(desk: Desk, asked: tuple[str, str]) -> None:
    assert do(desk, "coordinator", asked, act="close-round").status_code == 409
    opine(desk, asked, "radiologist")
    assert do(desk, "radiologist", asked, act="close-round").status_code == 409, "members do not run it"
    assert do(desk, "coordinator", asked, act="close-round").status_code == 303
    assert SECRET in desk.as_("coordinator").get(asked[0]).text


def test_words_closings_signature_and_letter(desk: Desk, asked: tuple[str, str]) -> None:
    opine(desk, asked, "radiologist", "chair")
    asking = re.findall(r'name="(answer-[^"]+)"', desk.as_("chair").get(asked[0]).text)
    answers = dict.fromkeys(asking, "It is the disc.")
    assert answers
    draft = {"act": "draft", "revision": "0", "outcome": "consensus", "option": "watchful", "rationale": "It improves."}
    assert do(desk, "radiologist", asked, **draft).status_code == 303
    unanswered = do(desk, "chair", asked, act="read-back", revision="1")
    assert unanswered.status_code == 409
    assert "Not answered yet" in unanswered.text
    assert do(desk, "chair", asked, **(draft | {"revision": "1"} | answers)).status_code == 303
    assert do(desk, "chair", asked, act="read-back", revision="2").status_code == 303
    assert told(desk, "words-ready", asked[1]) == ["chair", "radiologist"]
    sign = {"password": PASSWORD}
    early = desk.as_("chair").post(f"{asked[0]}/sign", data=sign)
    assert early.status_code == 409
    assert "Not signable yet" in early.text
    dissent = {"act": "attest", "revision": "2", "closing": "dissent"}
    assert do(desk, "radiologist", asked, **dissent).status_code == 409, "a dissent says why"
    assert do(desk, "radiologist", asked, **dissent, reason="The images say more.").status_code == 303
    assert do(desk, "chair", asked, act="attest", revision="2", closing="concur").status_code == 303
    assert desk.as_("chair").post(f"{asked[0]}/sign", data={"password": "wrong"}).status_code == 422
    signed = desk.as_("chair").post(f"{asked[0]}/sign", data=sign)
    assert signed.status_code == 303, signed.text
    page = desk.as_("radiologist").get(asked[0]).text
    assert "Signed" in page
    assert "The images say more." in page
    assert desk.read(case, asked[1]).state in ("recommended", "signed", "delivered")


def test_a_discipline_that_stays_silent_is_marked_absent_with_a_reason(desk: Desk, asked: tuple[str, str]) -> None:
    opine(desk, asked, "radiologist", "chair")
    do(desk, "chair", asked, act="draft", revision="0", outcome="deferred", rationale="Wait.")
    absent = {"act": "absent", "discipline": "neuroradiology"}
    assert do(desk, "coordinator", asked, **absent, reason="").status_code == 409
    assert do(desk, "coordinator", asked, **absent, reason="On leave").status_code == 303
    assert do(desk, "chair", asked, act="nonsense").status_code == 422


def test_the_referrer_sees_the_clock_and_it_stands_while_the_board_waits_for_them(
    desk: Desk, asked: tuple[str, str]
) -> None:
    page = desk.as_("referrer").get(f"/cases/{asked[1]}").text
    assert "First looked at" in page
    assert "running for" in page
    desk.read(_clock_laws, asked[1])


def _clock_laws(session: Session, case_id: str) -> None:
    found, changes = case(session, case_id), history(session, case_id)
    assert found.submitted_at is not None
    later = found.submitted_at + timedelta(days=9)
    clock = service_clock(found, changes, None, later)
    assert clock is not None
    assert (in_days(clock.decided), in_days(clock.opened)) == ("not yet", "not yet")
    assert 8.9 < clock.so_far < 9.1
    waits = changes[-1].model_copy(update={"state": "needs_info", "at": found.submitted_at + timedelta(days=1)})
    back = changes[-1].model_copy(update={"state": "submitted", "at": found.submitted_at + timedelta(days=5)})
    assert running_time([waits, back], found.submitted_at, later) == timedelta(days=5)
    assert running_time([waits], found.submitted_at, later) == timedelta(days=1)
    assert letter_of(session, case_id) is None
