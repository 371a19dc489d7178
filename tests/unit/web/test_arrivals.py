"""What a PACS sent waits for a coordinator, who puts it into a case or declines it."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session, select

from agenda.cases import case, studies_of
from conference.record.audit import AuditEntry
from imaging.arrivals import arrival, note
from imaging.deidentify import records
from imaging.deidentify.doors import person_key
from imaging.deidentify.pseudonyms import Keys
from imaging.deidentify.records import Report
from imaging.patient_match import Identity
from imaging.studies import Refusal, Series, Study
from tests.unit.web.desk import Desk, a_desk, a_submitted_case
from web.clock import now
from web.images.admission import patient_of
from web.images.deidentification import keys_of
from web.images.dimse import delivery

NAME = "Featherstonehaugh"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("arrivals")) as made:
        yield made


def arrive(session: Session, uid: str, name: str = NAME, destination: str = "spine", **said: str) -> str:
    headers = {"patient_born_on": "1965-02-11", "patient_sex": "M", "patient_id": "MRN-7"} | said
    session.add(Study(
        study_instance_uid=uid, patient_name=name, description="Lumbar spine", received_at=now(), **headers,
    ))
    session.flush()
    session.add(Series(
        series_instance_uid=f"{uid}.1", study_instance_uid=uid, modality="MR", description="Sagittal T2",
    ))
    note(session, uid, calling_ae="RADPACS", destination=destination, at=now(), at_home=False)
    return uid


def test_the_coordinator_sees_whose_it_is_and_which_case_fits(desk: Desk) -> None:
    uid, case_id = desk.do(arrive, "1.2.10"), desk.do(a_submitted_case)
    text = desk.as_("coordinator").get("/arrivals").text
    assert all(said in text for said in (uid, NAME, "MRN-7", "Lumbar spine", "RADPACS", "Sagittal T2"))
    assert f'<option value="{case_id}"' in text
    assert "(the patient fits)" in text
    assert "arrived" in desk.as_("coordinator").get("/triage").text
    entries = desk.read(lambda session: list(session.exec(select(AuditEntry))))
    assert any("arrivals" in entry.model_dump_json() and entry.actor_id == "coordinator" for entry in entries)


def test_one_button_puts_a_study_into_a_case_and_a_second_says_it_is_done(desk: Desk) -> None:
    uid, case_id = desk.do(arrive, "1.2.11"), desk.do(a_submitted_case)
    browser, form = desk.as_("coordinator"), {"act": "add", "study": uid, "case": case_id}
    assert browser.post("/arrivals", data=form).headers["location"] == "/arrivals"
    assert desk.read(studies_of, case_id) == [uid]
    assert desk.read(arrival, uid).state == "taken"
    assert f'value="{uid}"' not in browser.get("/arrivals").text
    again = browser.post("/arrivals", data=form)
    assert again.status_code == 409
    assert "already" in again.text


def test_another_patient_is_added_only_after_somebody_made_sure(desk: Desk) -> None:
    uid, case_id = desk.do(arrive, "1.2.12", "Bauer^Ida", patient_sex="F"), desk.do(a_submitted_case)
    browser, form = desk.as_("chair"), {"act": "add", "study": uid, "case": case_id}
    asked = browser.post("/arrivals", data=form)
    assert asked.status_code == 409
    assert "Bauer^Ida" in asked.text
    assert 'name="same_patient"' in asked.text
    assert desk.read(studies_of, case_id) == []
    assert browser.post("/arrivals", data=form | {"same_patient": "yes"}).status_code == 303
    assert desk.read(studies_of, case_id) == [uid]


def test_a_declined_study_is_in_no_list_and_no_case(desk: Desk) -> None:
    uid = desk.do(arrive, "1.2.13")
    browser = desk.as_("coordinator")
    assert browser.post("/arrivals", data={"act": "decline", "study": uid}).status_code == 303
    assert desk.read(arrival, uid).state == "declined"
    assert f'value="{uid}"' not in browser.get("/arrivals").text


def test_a_form_without_a_case_says_so_beside_its_study(desk: Desk) -> None:
    uid = desk.do(arrive, "1.2.14")
    answer = desk.as_("coordinator").post("/arrivals", data={"act": "add", "study": uid, "case": ""})
    assert answer.status_code == 422
    assert "Choose the case" in answer.text


def test_what_was_sent_to_another_board_does_not_exist_here(desk: Desk) -> None:
    uid, case_id = desk.do(arrive, "1.2.15", "Cholmondeley", "hip"), desk.do(a_submitted_case)
    browser = desk.as_("coordinator")
    assert "Cholmondeley" not in browser.get("/arrivals").text
    for form in ({"act": "add", "case": case_id}, {"act": "decline"}):
        assert browser.post("/arrivals", data=form | {"study": uid}).status_code == 404
    assert desk.read(arrival, uid).state == "waiting"


def test_a_case_that_has_ended_takes_nothing_more(desk: Desk) -> None:
    uid, case_id = desk.do(arrive, "1.2.16"), desk.do(a_submitted_case)

    def withdraw(session: Session) -> None:
        case(session, case_id).state = "withdrawn"

    desk.do(withdraw)
    answer = desk.as_("coordinator").post("/arrivals", data={"act": "add", "study": uid, "case": case_id})
    assert answer.status_code == 409
    assert desk.read(studies_of, case_id) == []


@pytest.mark.parametrize("person", ["referrer", "radiologist", "trainee", "administrator"])
def test_nobody_else_sees_them(desk: Desk, person: str) -> None:
    uid = "1.2.17"
    browser = desk.as_(person)
    assert browser.get("/arrivals").status_code == 403
    assert browser.post("/arrivals", data={"act": "decline", "study": uid}).status_code == 403


def test_what_was_refused_is_listed_with_its_reason(desk: Desk) -> None:
    def refuse(session: Session) -> None:
        session.add(Refusal(
            id="r1", delivery=f"{delivery('spine')}RADPACS/a1", at=now(), file_name="1.2.3.4", code="conflict",
            reason="Another file with the same identity is here already.",
        ))

    desk.do(refuse)
    text = desk.as_("coordinator").get("/arrivals").text
    assert "Another file with the same identity" in text
    assert "RADPACS" in text


def came_without_identity(session: Session, uid: str, keys: Keys, person: Identity) -> str:
    """A study as a de-identifying peer's arrives, with its report."""
    made = keys.of(person_key(Identity(), [person]))
    arrive(session, uid, made.name, patient_born_on="", patient_id=made.patient)
    report = Report((), "not compared")
    report.add(f"{uid}.1", "MR", {})
    records.note_more(session, report, delivery=f"{delivery('spine')}RADPACS/{uid}", at=now())
    return uid


def compared(session: Session, uid: str) -> list[str]:
    return [one.patient for one in records.reports_about(session, "case:none/", [uid])]


def test_what_lost_its_identity_on_arrival_is_compared_by_its_key(desk: Desk) -> None:
    case_id = desk.do(a_submitted_case)
    keys, patient = keys_of(desk.app.state.services), desk.read(patient_of, case_id)
    as_sent = Identity(patient.name.upper(), patient.born_on, patient.sex, "ANOTHER-NUMBER")
    uid = desk.do(came_without_identity, "1.2.20", keys, as_sent)
    browser = desk.as_("coordinator")
    text = browser.get("/arrivals").text
    assert "Identity taken out" in text
    assert "compared by a key" in text
    assert "(the patient fits)" in text
    assert browser.post("/arrivals", data={"act": "add", "study": uid, "case": case_id}).status_code == 303
    assert desk.read(studies_of, case_id) == [uid]
    assert desk.read(compared, uid) == ["matched"]


def test_another_patients_key_is_shown_to_the_coordinator_who_must_make_sure(desk: Desk) -> None:
    case_id = desk.do(a_submitted_case)
    keys, patient = keys_of(desk.app.state.services), desk.read(patient_of, case_id)
    stranger = Identity(patient.name, "1999-01-01", patient.sex, patient.patient_id)
    uid = desk.do(came_without_identity, "1.2.21", keys, stranger)
    browser, form = desk.as_("coordinator"), {"act": "add", "study": uid, "case": case_id}
    asked = browser.post("/arrivals", data=form)
    assert asked.status_code == 409
    assert "is not the key of the case" in " ".join(asked.text.split())
    assert desk.read(studies_of, case_id) == []
    assert desk.read(compared, uid) == ["not compared"]
    assert browser.post("/arrivals", data=form | {"same_patient": "yes"}).status_code == 303
    assert desk.read(compared, uid) == ["confirmed"]
