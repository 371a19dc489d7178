"""Telling a case's story up to the door of a conference, with the same verbs the pages use."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from agenda.alarms import submit
from agenda.cases import Case, add_study, case, change_state
from agenda.clinical import spine
from agenda.questions import add_question
from agenda.referrals import save_fields, say, send_back, start_case, withdraw
from agenda.treatments import FIELDS, add_treatment
from agenda.triage import put_in_lane
from imaging.intake import KeptFile, index
from web.cases.facts import readiness_now
from web.demo.cast import Company
from web.demo.story import Story

_ON_THE_WAY = ("scheduled", "presented", "recommended", "signed", "delivered", "followed_up", "closed", "rolled_over")
"""Ends that lie behind triage."""


def refer(session: Session, story: Story, company: Company, pictures: Sequence[KeptFile], at: datetime) -> Case:
    """From the empty form to where triage leaves it; later states are the sitting's work."""
    referrer = company.id(story.referrer)
    begun = at - timedelta(days=story.days_ago, hours=3)
    found = start_case(session, referrer, company.board_id, begun)
    _fill(session, found, story, at)
    for kind, discipline, text in story.questions:
        add_question(session, found, kind=kind, discipline=discipline, text=text)
    for row in story.tried:
        add_treatment(session, found, _treatment(row, at), at)
    _images(session, found, pictures, begun + timedelta(hours=1))
    if story.end != "draft":
        sent = begun + timedelta(hours=2, minutes=10)
        submit(session, found.id, referrer, sent)
        _triage(session, found, story, company, sent)
    return found


def _fill(session: Session, found: Case, story: Story, at: datetime) -> None:
    who = story.who
    fields = {
        "patient_family_name": who.family, "patient_given_name": who.given, "patient_born_on": who.born,
        "patient_sex": who.sex, "patient_id": who.number, "summary": story.summary, "goal": story.goal,
        "activities": story.activities, "unacceptable": story.unacceptable, "urgency": story.urgency,
    }
    for key, text in story.exam.items():
        fields[f"exam.{key}"] = _on(at, text) if key == "examined-on" else text
    if story.end != "draft":
        fields |= {f"red_flag.{flag.key}": "no" for flag in spine().red_flags}
    saved = save_fields(session, found.id, fields, {}, at)
    if saved.refused:
        name, reason = next(iter(saved.refused.items()))
        raise ValueError(f"{story.key}, {name}: {reason}")


def _on(at: datetime, days: str) -> str:
    """The day that many days before now."""
    return (at + timedelta(days=int(days))).date().isoformat()


def _treatment(row: Sequence[str], at: datetime) -> dict[str, str]:
    kind, description, begun, ended, amount, response, percent, stopped = row
    values = (kind, description, _month(begun, at), _month(ended, at), amount, response, percent, stopped)
    return dict(zip(FIELDS, values, strict=True))


def _month(months_ago: str, at: datetime) -> str:
    return (at - timedelta(days=30.4 * float(months_ago))).date().isoformat()[:7] if months_ago else ""


def _images(session: Session, found: Case, pictures: Sequence[KeptFile], at: datetime) -> None:
    if not pictures:
        return
    index(session, pictures, [], delivery="demo", at=at)
    for number, uid in enumerate(dict.fromkeys(one.candidate.header.study_instance_uid for one in pictures)):
        add_study(session, found.id, uid, at + timedelta(minutes=number))


def _triage(session: Session, found: Case, story: Story, company: Company, sent: datetime) -> None:
    coordinator, next_day = company.id("coordinator"), sent + timedelta(hours=20)
    if story.end == "submitted":
        return
    if story.end == "needs_info":
        send_back(session, found.id, "examination", story.note, coordinator, next_day)
    elif story.end == "declined":
        put_in_lane(session, found.id, "redirect", story.note, coordinator, next_day)
    elif story.end == "withdrawn":
        put_in_lane(session, found.id, "full-discussion", "", coordinator, next_day)
        withdraw(session, found.id, story.note, company.id(story.referrer), next_day + timedelta(days=9))
    else:
        ready = story.end in ("ready", *_ON_THE_WAY) and readiness_now(session, found, next_day).ready
        put_in_lane(session, found.id, "full-discussion", "", coordinator, next_day, ready=ready)
        say(session, found.id, coordinator, "Thank you, this is complete. You will hear the date from me.",
            next_day + timedelta(minutes=4))
        if story.end in ("ready", *_ON_THE_WAY) and found.state == "triaged":
            change_state(session, found, "ready", coordinator, next_day + timedelta(minutes=6), "Read and complete")


def closing_words(session: Session, case_id: str, story: Story, company: Company, at: datetime) -> None:
    """What became of a case after its letter: opened, followed up, closed."""
    found = case(session, case_id)
    referrer = company.id(story.referrer)
    if story.end == "followed_up":
        change_state(session, found, "followed_up", referrer, at,
                     "Decompression done; walks 700 m with one rest, oxygen only at night.")
    if story.end == "closed":
        change_state(session, found, "followed_up", referrer, at,
                     "Eight weeks of therapy done; back on her own route since Monday, no operation.")
        change_state(session, found, "closed", company.id("coordinator"), at + timedelta(days=2),
                     "Implemented as recommended; goal reached.")
