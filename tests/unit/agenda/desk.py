"""Cases as a test needs them, made with the product's own verbs."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from agenda.alarms import submit
from agenda.boards import Board, seat
from agenda.cases import Case
from agenda.clinical import spine
from agenda.conferences import Conference, plan_conference
from agenda.people import Person, Site, keep_disciplines
from agenda.questions import add_question
from agenda.referrals import save_fields, start_case
from agenda.triage import StudyFact, put_in_lane

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
MR = StudyFact("1.2.3", "MR", "Lumbar spine", AT.date() - timedelta(days=30), 120)
COMPLETE = {
    "patient_family_name": "Osei", "patient_born_on": "1965-02-11", "patient_sex": "M", "summary": "Leg pain",
    "goal": "Walk my dog", "exam.motor": "5/5", "exam.examined-on": "2026-11-01",
} | {f"red_flag.{flag.key}": "no" for flag in spine().red_flags}


def a_draft(session: Session, **fields: str) -> Case:
    """A draft with these fields, as the form names them with dots written as double underscores."""
    made = start_case(session, "referrer", "spine", AT)
    named = {name.replace("__", "."): text for name, text in fields.items()}
    assert save_fields(session, made.id, named, {}, AT).refused == {}
    return made


def a_complete_draft(session: Session, **fields: str) -> Case:
    """A draft that can be sent; `fields` replace those of COMPLETE."""
    made = a_draft(session)
    named = {name.replace("__", "."): text for name, text in fields.items()}
    assert save_fields(session, made.id, COMPLETE | named, {}, AT).refused == {}
    add_question(session, made, kind="rehabilitation-plan", discipline="physical-therapy", text="Which programme?")
    return made


def a_submitted_case(session: Session, **fields: str) -> Case:
    """A case its board has received."""
    return submit(session, a_complete_draft(session, **fields).id, "referrer", AT)


def a_triaged_case(session: Session, **fields: str) -> Case:
    """A case in full discussion."""
    return put_in_lane(session, a_submitted_case(session, **fields).id, "full-discussion", "", "coordinator", AT)


def a_sitting(session: Session, *, duration_min: int = 60) -> Conference:
    """A planned sitting in three days."""
    return plan_conference(
        session, board_id="spine", title="Spine board", starts_at=AT + timedelta(days=3), duration_min=duration_min,
        chair_id="chair", at=AT,
    )


def settle(session: Session) -> None:
    """A board, its people, two sites and the disciplines of spine care."""
    keep_disciplines(session, spine().disciplines)
    session.add_all([
        Site(id="city", name="City General", time_zone="America/Denver"),
        Site(id="rural", name="Valley Clinic", time_zone="America/Los_Angeles", rural=True),
    ])
    session.add(Board(
        id="spine", name="Spine board", time_zone="America/Denver",
        required_disciplines=["spine-surgery", "neuroradiology"],
    ))
    session.flush()
    for key, standing, discipline, role in (
        ("chair", "member", "spine-surgery", "chair"), ("coordinator", "coordinator", None, "coordinator"),
        ("radiologist", "member", "neuroradiology", "core"), ("referrer", "referrer", "primary-care", ""),
    ):
        session.add(Person(
            id=key, name=f"Dr {key.title()}", email=f"{key}@example.org", standing=standing, site_id="city",
            discipline=discipline,
        ))
        session.flush()
        if role:
            seat(session, "spine", key, role)
