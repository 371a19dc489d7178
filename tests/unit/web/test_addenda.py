"""Addenda by HTTP: who may, what it takes, what stays, who is told, and what the signed file says of it."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pypdfium2
import pytest
from sqlmodel import Session, select

from agenda.notices.queue import Notice
from conference.outcome.addenda import Addendum
from conference.outcome.bundle import opened as read
from conference.outcome.bundle import sealed_letter, verify
from conference.outcome.proof import prove
from conference.record.anchors import Anchored
from tests.unit.web.application import PASSWORD
from tests.unit.web.desk import Desk, a_desk
from tests.unit.web.test_recommendation import Meeting
from web.auth.passwords import keep_password
from web.clock import now

JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("addenda")) as made:
        made.do(lambda session: [
            keep_password(session, who, password_hash, now()) for who in ("chair", "radiologist", "trainee", "referrer")
        ])
        yield made


@pytest.fixture
def meeting(desk: Desk) -> Meeting:
    made = Meeting(desk)
    made.read_back()
    made.close()
    assert made.sign("chair").status_code == 200
    return made


def file_of(meeting: Meeting) -> bytes:
    return meeting.desk.as_("referrer").get(f"/cases/{meeting.case}/signed.json").content


def add(meeting: Meeting, who: str = "radiologist", **changes: Any) -> Any:
    order = {
        "reason": "new-findings", "text": "The new films show 4 mm of movement.", "password": PASSWORD,
        "amends": read(file_of(meeting)).digest,
    } | changes
    return meeting.desk.as_(who).post(f"/cases/{meeting.case}/addendum", json=order, headers=JSON)


def test_an_addendum_stands_beside_what_was_signed_and_the_dissent_stays(meeting: Meeting) -> None:
    before = read(file_of(meeting))
    answer = add(meeting)
    assert answer.status_code == 201, answer.text
    content = file_of(meeting)
    assert verify(content).genuine
    after = read(content)
    assert after.record == before.record
    assert [one.digest for one in after.addenda] == [answer.json()["digest"]]
    page = meeting.desk.as_("referrer").get(f"/cases/{meeting.case}/letter").text
    for said in ("4 mm of movement", "New findings", "authorship of this addendum", "The images do not show it.",
                 "Amended: 1 addendum"):
        assert said in page
    plain = meeting.desk.as_("referrer").get(f"/cases/{meeting.case}/letter/plain").text
    assert "What was added later" in plain


def test_a_second_addendum_amends_the_first(meeting: Meeting) -> None:
    first = add(meeting).json()
    assert add(meeting, text="Again.").json()["code"] == "stale"
    second = add(meeting, text="And a week later 5 mm.", amends=first["digest"])
    assert second.status_code == 201
    told = [json.loads(one.record) for one in read(file_of(meeting)).addenda]
    assert [one["amends"] for one in told] == [told[0]["record"], first["digest"]]
    assert meeting.desk.read(prove, Anchored()).flaws == ()


def test_each_edition_of_the_letter_is_kept_and_sealed(meeting: Meeting) -> None:
    letter = f"/cases/{meeting.case}/letter.pdf"
    first = meeting.desk.as_("referrer").get(letter).content
    assert add(meeting).status_code == 201
    second = meeting.desk.as_("referrer").get(letter).content
    assert meeting.desk.as_("chair").get(letter).content == second
    found = read(file_of(meeting))
    seals = [sealed_letter(found, one) for one in (first, second)]
    assert [one["edition"] for one in seals if one] == [0, 1]
    assert sealed_letter(found, second + b"\n") is None


def test_the_letter_prints_name_time_and_meaning_of_each_signature(meeting: Meeting) -> None:
    assert add(meeting).status_code == 201
    document = pypdfium2.PdfDocument(meeting.desk.as_("chair").get(f"/cases/{meeting.case}/letter.pdf").content)
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    for said in ("Signed electronically by Dr Chair", "approval of the joint recommendation", "Dr Radiologist",
                 "authorship of this addendum", "Addendum 1: New findings", "The images do not show it."):
        assert said in " ".join(text.split())


@pytest.mark.parametrize(("who", "changes", "status"), [
    ("radiologist", {"password": "something else"}, 401), ("radiologist", {"password": ""}, 422),
    ("radiologist", {"text": "  "}, 422), ("radiologist", {"reason": "because"}, 422),
    ("radiologist", {"text": "x" * 4001}, 422), ("radiologist", {"amends": "0" * 64}, 409),
    ("trainee", {}, 403), ("referrer", {}, 403), ("stranger", {}, 403), ("coordinator", {}, 403),
])
def test_what_is_not_signed_adds_nothing(meeting: Meeting, who: str, changes: Any, status: int) -> None:
    assert add(meeting, who, **changes).status_code == status
    assert read(file_of(meeting)).addenda == []


def test_a_page_keeps_what_was_typed_but_never_the_password(meeting: Meeting) -> None:
    typed = {"reason": "correction", "text": "Left, not right.", "password": "wrong", "amends": ""}
    page = meeting.desk.as_("chair").post(f"/cases/{meeting.case}/addendum", data=typed)
    assert page.status_code == 422
    assert "Left, not right." in page.text
    assert "wrong\"" not in page.text


def test_the_referrer_is_told_without_a_word_of_it_and_the_receipt_is_theirs(meeting: Meeting) -> None:
    add(meeting)
    meeting.desk.as_("chair").get(f"/cases/{meeting.case}/letter")
    assert meeting.desk.read(_receipts, meeting.case) == [None]
    told = meeting.desk.read(_notices, meeting.case)
    assert [one.person_id for one in told] == ["referrer"]
    assert "movement" not in msgspec.json.encode(told[0].data).decode()
    meeting.desk.as_("referrer").get(f"/cases/{meeting.case}/letter")
    assert None not in meeting.desk.read(_receipts, meeting.case)


def test_before_a_signature_there_is_nothing_to_add_to(desk: Desk) -> None:
    made = Meeting(desk)
    assert desk.as_("chair").get(f"/cases/{made.case}/addendum").status_code == 409


def _receipts(session: Session, case_id: str) -> list[Any]:
    return [one.opened_at for one in session.exec(select(Addendum).where(Addendum.case_id == case_id))]


def _notices(session: Session, case_id: str) -> list[Notice]:
    return list(session.exec(select(Notice).where(Notice.case_id == case_id, Notice.kind == "addendum")))
