"""Versions of a packet: the same bytes for the same lines, and what differs said line by line."""

import hashlib
import json
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from sqlmodel import Session

from agenda.ids import new_id
from agenda.packet import Asked, Line, Packet, packet
from agenda.packets import (
    IDENTITY,
    SECTIONS,
    Content,
    Patient,
    bases,
    canonical,
    changes,
    content_of,
    digest_of,
    entries,
    freeze,
    frozen_form,
    note_opened,
    note_opinion,
    receipts,
    versions,
)
from agenda.treatments import add_treatment
from tests.unit.agenda.desk import AT, a_complete_draft, a_sitting

LATER = AT + timedelta(hours=1)


@pytest.fixture
def content(session: Session) -> Content:
    made = a_complete_draft(session)
    add_treatment(session, made, {"kind": "injection", "description": "TFESI", "response": "same"}, AT)
    patient = Patient("Osei", made.patient_born_on, "M", "")
    return Content(made.id, "Referral form, Dr Referrer", patient, packet(session, made.id))


def with_story(content: Content, text: str) -> Content:
    return replace(content, packet=replace(content.packet, story=(Line("History", text, content.form),)))


def test_every_field_of_a_packet_has_its_lines() -> None:
    assert {field.name for field in fields(Packet)} == SECTIONS.keys() | IDENTITY


def test_every_line_has_a_source(content: Content) -> None:
    assert all(one.source for one in entries(content))
    assert {"Patient", "Questions", "What was tried", "To be heard"} <= {one.section for one in entries(content)}


def test_a_version_is_the_canonical_json_of_its_lines(session: Session, content: Content) -> None:
    made = freeze(session, a_sitting(session).id, content, AT)
    assert hashlib.sha256(made.body.encode()).hexdigest() == made.digest == digest_of(content)
    assert made.body.encode() == canonical(content)
    assert json.dumps(json.loads(made.body), sort_keys=True, separators=(",", ":"), ensure_ascii=False) == made.body
    assert content_of(made) == frozen_form(content)


def test_a_new_version_comes_with_a_changed_line_and_only_then(session: Session, content: Content) -> None:
    sitting = a_sitting(session).id
    first = freeze(session, sitting, content, AT)
    assert freeze(session, sitting, content, LATER).id == first.id
    second = freeze(session, sitting, with_story(content, "Arm pain"), LATER)
    assert [one.number for one in versions(session, sitting, content.case_id)] == [1, 2]
    assert second.digest != first.digest
    assert content_of(first) == frozen_form(content)


def test_a_row_typed_again_is_no_change(content: Content) -> None:
    again = tuple(replace(one, id=new_id()) for one in content.packet.questions)
    assert digest_of(replace(content, packet=replace(content.packet, questions=again))) == digest_of(content)


def test_changes_are_told_line_by_line(content: Content) -> None:
    asked = Asked("9", "Level", "Which level?", None, "the board")
    after = with_story(content, "Arm pain")
    after = replace(after, packet=replace(
        after.packet, questions=(*after.packet.questions, asked), attempts=(),
    ))
    found = {one.kind: one for one in changes(content, after)}
    assert (found["changed"].label, found["changed"].before, found["changed"].after) == (
        "History", "Leg pain", "Arm pain",
    )
    assert found["added"].after == "Which level? (to the board)"
    assert found["removed"].section == "What was tried"
    assert changes(content, content) == ()


def test_a_source_that_alone_changed_is_told(content: Content) -> None:
    moved = replace(content, patient=content.patient, form="Referral form, Dr Else")
    assert all("Dr Referrer" in one.before for one in changes(content, moved) if one.section == "Patient")


def test_a_receipt_keeps_the_first_and_the_last_time(session: Session, content: Content) -> None:
    sitting, case_id = a_sitting(session).id, content.case_id
    note_opened(session, sitting, case_id, "chair", 0, AT)
    note_opened(session, sitting, case_id, "chair", 1, AT + timedelta(hours=2))
    note_opened(session, sitting, case_id, "chair", 1, AT + timedelta(hours=5))
    receipt = receipts(session, sitting)[case_id]["chair"]
    assert (receipt.number, receipt.first_at, receipt.last_at) == (1, AT, AT + timedelta(hours=5))
    assert "radiologist" not in receipts(session, sitting)[case_id]


def test_an_opinion_rests_on_the_newest_version_its_author_had_opened_by_then(
    session: Session, content: Content
) -> None:
    sitting, case_id = a_sitting(session).id, content.case_id
    for number in (1, 2, 3):
        note_opened(session, sitting, case_id, "chair", number, AT + timedelta(hours=number))
    note_opinion(session, sitting, case_id, "chair", 1, AT + timedelta(hours=2, minutes=30))
    note_opinion(session, sitting, case_id, "radiologist", 1, AT)
    assert {one.person_id: one.number for one in bases(session, sitting, case_id)} == {"chair": 2, "radiologist": 0}
