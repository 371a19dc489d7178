from datetime import timedelta

from sqlmodel import Session

from agenda.alarms import acknowledge, alarm_of, confirm
from agenda.clinical import spine
from agenda.packet import packet, required_disciplines
from agenda.treatments import add_treatment
from agenda.triage import readiness_of
from tests.unit.agenda.desk import AT, a_complete_draft, a_draft


def test_every_line_has_its_source(session: Session) -> None:
    made = a_complete_draft(session, red_flag__cancer="yes")
    found = packet(session, made.id, readiness_of(session, made, [], AT.date()))
    lines = [*found.goal, *found.story, *found.examination, *found.concerns]
    assert all(line.source for line in lines)
    assert {line.source for line in found.examination} == {"Examination by Dr Referrer, 2026-11-01"}
    assert [line.label for line in found.concerns] == ["Cancer", "What was tried, with response"]


def test_a_red_flag_says_who_acted_and_who_acknowledged_it_when(session: Session) -> None:
    made = a_complete_draft(session, red_flag__infection="yes")
    confirm(session, made.id, "Sent to hospital", "referrer", AT)
    told = [line.text for line in packet(session, made.id).concerns if line.label == "Alarm"]
    assert told == [
        "Raised at 2026-11-20 08:00 UTC for spinal infection; "
        "the referrer at 2026-11-20 08:00 UTC: “Sent to hospital”; nobody of the board has acknowledged it"
    ]
    alarm = alarm_of(session, made.id)
    assert alarm is not None
    acknowledge(session, alarm.id, "Called the ward", "radiologist", AT + timedelta(minutes=12))
    (line,) = [line for line in packet(session, made.id).concerns if line.label == "Alarm"]
    assert line.text.endswith(
        "acknowledged by Dr Radiologist at 2026-11-20 08:12 UTC, after 12 minutes: “Called the ward”"
    )
    assert line.source == "Alarm record of the board"


def test_the_title_is_the_first_question_and_never_the_patient(session: Session) -> None:
    assert packet(session, a_complete_draft(session).id).title == "Which programme?"
    assert packet(session, a_draft(session, patient_family_name="Osei").id).title.startswith("Case ")


def test_attempts_say_what_came_of_them(session: Session) -> None:
    made = a_draft(session)
    add_treatment(session, made, {
        "kind": "injection", "description": "TFESI", "response": "better", "response_percent": "60",
        "stopped_because": "wore off",
    }, AT)
    add_treatment(session, made, {"kind": "bracing", "description": "Corset"}, AT)
    assert [one.outcome for one in packet(session, made.id).attempts] == [
        "Better by 60 %; stopped: wore off", "Response not recorded",
    ]


def test_required_disciplines_are_the_board_s_and_the_questions(session: Session) -> None:
    made = a_complete_draft(session)
    assert required_disciplines(session, made) == ("spine-surgery", "neuroradiology", "physical-therapy")


def test_the_options_grid_always_has_every_kind() -> None:
    assert {option.kind for option in spine().options} == {
        "surgical", "interventional", "rehabilitation", "psychological", "medical", "watchful",
    }


def test_suggested_disciplines_exist_and_looks_are_distinct() -> None:
    known = {one.code for one in spine().disciplines}
    assert all(set(kind.disciplines) <= known for kind in spine().questions)
    looks = [(one.colour, one.shape) for one in spine().disciplines]
    assert len(set(looks)) == len(looks)
