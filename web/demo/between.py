"""What goes on between the demo's sittings: a second opinion that waits for two disciplines, and quick questions."""
# ruff: noqa: E501 - prose reads better whole

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session

from agenda.ids import CaseId
from agenda.quick_questions import ask as ask_quickly
from agenda.quick_questions import reply
from agenda.second_opinions import ask
from conference.room import commands as c
from web.demo.cast import Company
from web.demo.rooms import WrittenRoom, participant
from web.demo.sittings import opine
from web.demo.story import Pictures, Story, Who

BETWEEN: tuple[Story, ...] = (
    Story(
        "second-opinion", Who("Brandvold", "Signe", "1958-06-19", "F", "PC-18822"), "rural", 11, "ready",
        (("second-opinion", "spine-surgery", "She was offered a three-level fusion elsewhere. Would you?"),
         ("pain-plan", "pain-medicine", "What could be tried first?")),
        "Retired teacher. Back pain for six years, no leg pain, offered a fusion from L3 to S1 by another centre.",
        "To garden on my knees for an hour.", "Kneeling.", "A long operation that changes nothing.", "routine",
        {"motor": "5/5", "sensation": "Intact", "reflexes": "Symmetric", "gait": "Unlimited", "examined-on": "-12"},
        (("physical-therapy", "Trunk strengthening", "9", "5", "14 sessions", "better", "20", "Insurance ended"),),
        (Pictures("slip-film", 20, options={"slip_mm": 1.0}),),
        {"surgical": 3, "interventional": 5, "rehabilitation": 8, "medical": 5, "watchful": 4, "psychological": 5},
        {"physiatrist": "Six weeks of supervised strengthening were never completed."},
    ),
)
"""Cases that are answered without a meeting."""


def between(session: Session, company: Company, cases: Mapping[str, str], at: datetime) -> None:
    """Tell what happened since the last sitting."""
    _second_opinion(session, company, cases[BETWEEN[0].key], at - timedelta(days=3))
    _quick_questions(session, company, cases, at)


def _second_opinion(session: Session, company: Company, case_id: str, at: datetime) -> None:
    coordinator = participant(company.people["coordinator"], "coordinator")
    asked = ask(session, case_id, 7, coordinator.person_id, at)
    room = WrittenRoom(session, asked.id)
    room.list_agenda(at)
    room.tell(None, c.Join(coordinator), at)
    room.tell(coordinator, c.OpenConference(), at)
    room.tell(coordinator, c.CallCase(CaseId(case_id)), at)
    room.tell(None, c.Leave(coordinator.person_id), at)
    for number, key in enumerate(("physiatrist", "radiologist", "therapist")):
        opine(room, company, BETWEEN[0], case_id, key, at + timedelta(hours=5 + 9 * number))
    room.published()


def _quick_questions(session: Session, company: Company, cases: Mapping[str, str], at: datetime) -> None:
    answered = ask_quickly(
        session, cases["ready"], "discipline:pain-medicine",
        "Half days, plateau after seven sessions of nerve gliding. Would an S1 block help him through, or only cloud it?",
        (), company.id("therapist"), at - timedelta(days=2),
    )
    reply(
        session, answered.id, "One selective S1 block is reasonable and tells us something as well. Keep the gliding going.",
        (), company.id("pain"), at - timedelta(days=1, hours=20),
    )
    ask_quickly(
        session, cases["triaged"], "discipline:physiatry",
        "Trendelenburg after 200 m with normal hip films: worth a look at the gluteal tendons before any spine imaging?",
        (), company.id("chiropractor"), at - timedelta(hours=7),
    )
