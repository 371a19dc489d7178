"""The care path: offered, accepted or declined with a reason, reminded, and always one name that has the ball."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from agenda import care
from agenda.cases import case
from agenda.errors import Invalid, NotNow
from agenda.notices.queue import Notice
from conference.room import commands as c
from conference.room.values import ActionItem, Recommendation
from tests.unit.web.application import deed
from tests.unit.web.desk import Desk, a_desk, a_submitted_case
from tests.unit.web.test_recommendation import CHAIR, RADIOLOGIST, Meeting, _question_ids
from web.auth.passwords import keep_password
from web.clock import now
from web.database import Database
from web.post.mail import compose
from web.services import Services

JSON = {"Accept": "application/json"}
ACTIONS = (
    ActionItem("Flexion films", "Dr Radiologist", "2026-12-14"), ActionItem("Refer to therapy", "dr referrer", ""),
    ActionItem("Call the insurer", "Somebody Else", ""),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("care")) as made:
        made.do(lambda session: [keep_password(session, who, password_hash, now()) for who in ("chair", "radiologist")])
        yield made


@pytest.fixture
def meeting(desk: Desk) -> Meeting:
    """A signed recommendation with three actions: two of people known here."""
    made = Meeting(desk)
    for who in (CHAIR, RADIOLOGIST):
        made.say(None, c.Join(who))
    made.say(CHAIR, c.OpenConference())
    made.say(CHAIR, c.CallCase(made.case))
    answers = dict.fromkeys(desk.read(_question_ids, made.case), "Yes.")
    words = Recommendation("majority", "surgical", "Concordant.", answers, ACTIONS, "", "")
    made.say(CHAIR, c.DraftRecommendation(made.case, 0, words))
    made.say(CHAIR, c.StateNonOperative(made.case, "declined", "Wants it done.", ()))
    made.say(CHAIR, c.ReadBack(made.case, 1))
    made.close()
    assert made.sign("chair").status_code == 200
    return made


def listed(meeting: Meeting) -> list[care.CareStep]:
    return meeting.desk.read(care.steps, meeting.case)


def ball(meeting: Meeting) -> care.Ball:
    return meeting.desk.read(lambda session: care.ball_of(session, case(session, meeting.case)))


def act(meeting: Meeting, who: str, step: care.CareStep, doing: str, **texts: str) -> Any:
    path = f"/cases/{meeting.case}/care/{step.id}"
    return meeting.desk.as_(who).post(path, data={"act": doing} | texts, headers=JSON)


def notices(session: Session, case_id: str, kind: str) -> list[Notice]:
    return list(session.exec(select(Notice).where(Notice.case_id == case_id, Notice.kind == kind)))


def test_the_actions_of_the_letter_are_offered_to_whom_they_name_once(meeting: Meeting) -> None:
    found = {step.text: step for step in listed(meeting)}
    assert (found["Flexion films"].owner_id, found["Flexion films"].state) == ("radiologist", "offered")
    assert found["Flexion films"].due_on == date(2026, 12, 14)
    assert found["Refer to therapy"].owner_id == "referrer"
    assert (found["Call the insurer"].owner_id, found["Call the insurer"].owner_name) == (None, "Somebody Else")
    told = meeting.desk.read(notices, meeting.case, "handoff")
    assert sorted(str(one.person_id) for one in told) == ["radiologist", "referrer"]
    source = found["Flexion films"].source.rpartition(":")[0]
    again = [{"text": one.text, "owner": one.owner, "due": one.due} for one in ACTIONS]
    meeting.desk.do(care.lay_out, meeting.case, source, again, "chair", now())
    assert len(listed(meeting)) == 3


def test_the_ball_stays_with_the_giver_until_it_is_accepted(meeting: Meeting) -> None:
    films = listed(meeting)[0]
    assert (ball(meeting).person_id, films.text) == ("chair", "Flexion films")
    assert "has not answered" in ball(meeting).why
    assert act(meeting, "radiologist", films, "accept").status_code == 303
    assert (ball(meeting).person_id, ball(meeting).due_on) == ("radiologist", date(2026, 12, 14))
    assert [str(one.person_id) for one in meeting.desk.read(notices, meeting.case, "handoff-answer")] == ["chair"]


def test_a_step_is_declined_with_a_reason_and_handed_on(meeting: Meeting) -> None:
    films = listed(meeting)[0]
    assert act(meeting, "radiologist", films, "decline").status_code == 422
    assert act(meeting, "radiologist", films, "decline", note="On leave until January.").status_code == 303
    assert ball(meeting).person_id == "chair"
    assert "has declined" in ball(meeting).why
    assert act(meeting, "coordinator", films, "offer", owner="referrer").status_code == 303
    assert act(meeting, "referrer", listed(meeting)[0], "accept").status_code == 303
    assert ball(meeting).person_id == "referrer"
    assert "On leave until January." not in meeting.desk.as_("chair").get(f"/cases/{meeting.case}/care").text


@pytest.mark.parametrize(("who", "doing", "status"), [
    ("referrer", "accept", 409), ("chair", "decline", 409), ("trainee", "done", 403), ("stranger", "accept", 403),
    ("trainee", "offer", 403), ("chair", "juggle", 422),
])
def test_nobody_answers_for_somebody_else(meeting: Meeting, who: str, doing: str, status: int) -> None:
    films = listed(meeting)[0]
    assert act(meeting, who, films, doing, note="x", owner="chair").status_code == status
    assert listed(meeting)[0].state == "offered"


def test_when_all_is_done_the_case_is_with_its_referrer(meeting: Meeting) -> None:
    for step in listed(meeting):
        assert act(meeting, "chair", step, "done", note="Went well.").status_code == 303
    assert ball(meeting).person_id == "referrer"
    assert act(meeting, "chair", listed(meeting)[0], "done").status_code == 409


def test_milestones_stand_before_and_after_an_operation(meeting: Meeting) -> None:
    home, due = f"/cases/{meeting.case}/care", f"{now() + timedelta(days=9):%Y-%m-%d}"
    wanted = {"kind": "before", "text": "Six weeks without smoking", "owner": "referrer", "due": due}
    assert meeting.desk.as_("chair").post(home, data=wanted).status_code == 303
    page = meeting.desk.as_("referrer").get(home).text
    assert "Milestone before an operation" in page
    assert "Six weeks without smoking" in page
    for changes, said in (({"kind": "x"}, "Choose what kind"), ({"text": ""}, "Say what is to be done"),
                          ({"owner": "stranger"}, "Choose somebody of the board"), ({"due": "soon"}, "year-month-day")):
        refused = meeting.desk.as_("chair").post(home, data=wanted | changes)
        assert refused.status_code == 422
        assert said in refused.text


def test_owners_are_reminded_before_a_day_and_each_week_after_it(meeting: Meeting) -> None:
    films = listed(meeting)[0]
    act(meeting, "radiologist", films, "accept")
    base = now().replace(year=2026, month=12, day=14, hour=12)
    counted = []
    for days in (-10, -3, -2, 1, 2, 8):
        meeting.desk.do(care.remind_owners, base + timedelta(days=days))
        counted.append(len(meeting.desk.read(notices, meeting.case, "action-due")))
    assert counted == [0, 1, 1, 2, 2, 3]


def test_who_does_not_answer_is_asked_once_more(meeting: Meeting) -> None:
    before = len(meeting.desk.read(notices, meeting.case, "handoff"))
    for days in (1, 3, 4):
        meeting.desk.do(care.remind_owners, now() + timedelta(days=days))
    assert len(meeting.desk.read(notices, meeting.case, "handoff")) == before + 2


def test_mails_name_the_case_and_nothing_of_the_patient_or_the_step(meeting: Meeting) -> None:
    act(meeting, "radiologist", listed(meeting)[0], "accept")
    made: Services = meeting.desk.app.state.services
    for kind in ("handoff", "handoff-answer"):
        for one in meeting.desk.read(notices, meeting.case, kind):
            text = compose(one, made.letterhead).as_string()
            assert f"/cases/{meeting.case}/care" in text
            assert "Featherstonehaugh" not in text
            assert "films" not in text


def test_the_referrer_sees_the_ball_on_the_tracker_and_offers_on_their_first_page(meeting: Meeting) -> None:
    assert "The ball is with" in meeting.desk.as_("referrer").get(f"/cases/{meeting.case}").text
    assert "Refer to therapy" in meeting.desk.as_("referrer").get("/").text


def test_before_the_letter_there_is_no_path(desk: Desk) -> None:
    waiting = desk.do(a_submitted_case)
    assert "begins with the letter" in desk.as_("chair").get(f"/cases/{waiting}/care").text
    wanted = care.Wanted("action", "Anything", "referrer", "")
    with pytest.raises(NotNow):
        desk.do(care.add, waiting, wanted, "chair", now())


DEEDS = st.lists(st.tuples(st.sampled_from(("accept", "decline", "done", "on")), st.integers(0, 5), st.integers(0, 3)))


@given(deeds=DEEDS)
def test_there_is_always_exactly_one_name_and_it_is_a_person(desk: Desk, deeds: list[tuple[str, int, int]]) -> None:
    """Whatever happens in whatever order; nothing is kept of it."""
    people = ("chair", "radiologist", "referrer", "coordinator")

    def play(session: Session) -> None:
        found = case(session, a_submitted_case(session))
        found.state = "delivered"
        for who in people[1:3]:
            care.add(session, found.id, care.Wanted("action", f"For {who}", who, ""), "chair", now())
        for doing, which, whom in deeds:
            listed = care.steps(session, found.id)
            step = listed[which % len(listed)]
            try:
                match doing:
                    case "accept":
                        care.accept(session, step, step.owner_id or "", now())
                    case "decline":
                        care.decline(session, step, "No.", step.owner_id or "", now())
                    case "done":
                        care.finish(session, step, "", now())
                    case _:
                        care.hand_on(session, step, people[whom], "chair", now())
            except (NotNow, Invalid):
                continue
            held = care.ball_of(session, found)
            assert held.person_id in people
            first = next((one for one in care.steps(session, found.id) if one.is_open), None)
            if first is not None:
                assert held.person_id == (first.owner_id if first.state == "accepted" else first.given_by)
            else:
                assert held.person_id == "referrer"

    made: Services = desk.app.state.services
    _undone(made.database, play)


class _Undone(Exception):
    """So that the transaction is taken back."""


def _undone(database: Database, work: Any) -> None:
    def run(session: Session) -> None:
        work(session)
        raise _Undone

    with pytest.raises(_Undone):
        database.write_now(deed(), run)
