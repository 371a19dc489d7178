"""Signing by HTTP: who may, what it takes, and what stands afterwards."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from agenda.cases import case
from agenda.ids import CaseId, ConferenceId, PersonId
from conference.outcome.bundle import verify
from conference.outcome.signing import SignedRecord
from conference.room import commands as c
from conference.room.refused import Refused
from conference.room.values import CommandId, Participant, Recommendation, Stance
from tests.unit.web.application import PASSWORD
from tests.unit.web.desk import Desk, a_desk, a_sitting
from web.auth.passwords import keep_password
from web.clock import now

CHAIR = Participant(PersonId("chair"), "Dr Chair", "spine-surgery", "chair")
RADIOLOGIST = Participant(PersonId("radiologist"), "Dr Radiologist", "neuroradiology", "member")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("sign")) as made:
        made.do(lambda session: [keep_password(session, who, password_hash, now()) for who in ("chair", "radiologist")])
        yield made


class Meeting:
    """A sitting with one case, driven through the room itself."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        sitting, (case_id,) = desk.do(a_sitting, 1)
        self.sitting, self.case = ConferenceId(sitting), CaseId(case_id)

    def say(self, who: Participant | None, command: c.Command) -> None:
        rooms = self.desk.app.state.services.rooms
        portal = self.desk.browser.portal
        assert portal is not None
        answer = portal.call(rooms.execute, self.sitting, who, CommandId(str(uuid4())), command)
        assert not isinstance(answer, Refused), answer

    def read_back(self) -> None:
        questions = self.desk.read(_question_ids, self.case)
        for who in (CHAIR, RADIOLOGIST):
            self.say(None, c.Join(who))
        self.say(CHAIR, c.OpenConference())
        self.say(CHAIR, c.CallCase(self.case))
        words = Recommendation("majority", "surgical", "Concordant.", dict.fromkeys(questions, "Yes."), (), "", "")
        self.say(CHAIR, c.DraftRecommendation(self.case, 0, words))
        self.say(CHAIR, c.StateNonOperative(self.case, "declined", "Wants it done.", ()))
        self.say(CHAIR, c.ReadBack(self.case, 1))

    def close(self, needs: str = "") -> None:
        """Both disciplines take a stance and close; needs: what it would take for the radiologist, who is against."""
        against = Stance("against", needs) if needs else Stance("for", "")
        for who, stance in ((CHAIR, Stance("for", "")), (RADIOLOGIST, against)):
            self.say(who, c.TakeStances(self.case, {"surgical": stance}))
        self.say(CHAIR, c.Attest(self.case, 1, "concur", ""))
        self.say(RADIOLOGIST, c.Attest(self.case, 1, "dissent", "The images do not show it."))

    def sign(self, who: str, **changes: Any) -> Any:
        path = f"/conferences/{self.sitting}/cases/{self.case}/sign"
        order = {"revision": 1, "password": PASSWORD} | changes
        return self.desk.as_(who).post(path, json=order, headers={"Accept": "application/json"})


def _question_ids(session: Session, case_id: str) -> list[Any]:
    from agenda.cases import questions

    return [question.id for question in questions(session, case_id)]


def _records(session: Session, case_id: str) -> list[SignedRecord]:
    return list(session.exec(select(SignedRecord).where(SignedRecord.case_id == case_id)))


@pytest.fixture
def meeting(desk: Desk) -> Meeting:
    return Meeting(desk)


def test_a_signed_recommendation_stands_and_verifies_offline(meeting: Meeting) -> None:
    meeting.read_back()
    meeting.close()
    answer = meeting.sign("chair")
    assert answer.status_code == 200, answer.text
    content = meeting.desk.as_("referrer").get(f"/cases/{meeting.case}/signed.json").content
    assert verify(content).genuine
    record = json.loads(json.loads(content)["record"])
    assert [one["closing"] for one in record["attestations"]] == ["dissent", "concur"]
    assert meeting.desk.read(case, meeting.case).state == "signed"


def test_the_referrers_first_look_is_the_receipt_and_nobody_elses(meeting: Meeting) -> None:
    meeting.read_back()
    meeting.close()
    assert meeting.sign("chair").status_code == 200
    meeting.desk.as_("radiologist").get(f"/cases/{meeting.case}/letter")
    assert meeting.desk.read(case, meeting.case).state == "signed"
    page = meeting.desk.as_("referrer").get(f"/cases/{meeting.case}/letter")
    assert "The images do not show it." in page.text
    assert meeting.desk.read(case, meeting.case).state == "delivered"
    assert meeting.desk.as_("stranger").get(f"/cases/{meeting.case}/letter").status_code == 403


@pytest.mark.parametrize(
    ("who", "changes", "status"),
    [
        ("chair", {"password": "something else"}, 401),
        ("chair", {"revision": 2}, 409),
        ("chair", {"meaning": "I like it"}, 422),
        ("chair", {"surprise": 1}, 422),
        ("radiologist", {}, 409),
        ("coordinator", {}, 403),
        ("referrer", {}, 403),
    ],
)
def test_what_does_not_sign_leaves_nothing_in_force(meeting: Meeting, who: str, changes: Any, status: int) -> None:
    meeting.read_back()
    meeting.close()
    assert meeting.sign(who, **changes).status_code == status
    assert [one.seq for one in meeting.desk.read(_records, meeting.case) if one.seq is not None] == []
    assert meeting.desk.as_("referrer").get(f"/cases/{meeting.case}/letter").status_code == 404


def test_a_discipline_that_has_not_closed_keeps_the_pen_away(meeting: Meeting) -> None:
    meeting.read_back()
    answer = meeting.sign("chair")
    assert answer.status_code == 409
    assert answer.json()["code"]
    assert meeting.desk.as_("chair").get(f"/cases/{meeting.case}/signed.json").status_code == 404
