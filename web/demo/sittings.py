"""The demo's conferences: three that are over, today's, and those to come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from agenda.boards import board
from agenda.cases import case, questions, record_delivered, studies_of
from agenda.conferences import add_break, conference, place, plan_conference, publish, respond
from agenda.ids import CaseId, PersonId, QuestionId, new_id
from agenda.people import Person, Site, disciplines
from conference.outcome.letter import open_letter
from conference.outcome.report import Sources, record
from conference.outcome.signing import APPROVAL, Signer, prepare
from conference.policy import Role
from conference.room import commands as c
from conference.room.recommendation import frozen_digest
from conference.room.values import (
    ActionItem,
    MarkId,
    Opinion,
    OpinionStance,
    Participant,
    Recommendation,
    Signature,
    Stance,
    Viewport,
)
from imaging.studies import Frame, series_of, stack
from web.demo.cast import Company
from web.demo.rooms import WrittenRoom, facts_of, participant
from web.demo.story import Decision, Story
from web.rooms.letter_files import key_pictures

_VOICES = ("neurosurgeon", "physiatrist", "pain", "radiologist", "therapist", "chiropractor", "psychologist",
           "anaesthesiologist")
_LEANING: Mapping[str, Mapping[str, int]] = {
    "spine-surgery": {"surgical": 1}, "neurosurgery": {"surgical": 1, "watchful": -1},
    "physiatry": {"surgical": -2, "rehabilitation": 1}, "pain-medicine": {"interventional": 1, "surgical": -1},
    "neuroradiology": {}, "physical-therapy": {"surgical": -2, "rehabilitation": 1},
    "chiropractic": {"surgical": -2, "watchful": 1}, "psychology": {"psychological": 1, "surgical": -1},
    "anaesthesia": {"surgical": -1},
}
"""What each profession tends to, added to how a case looks."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """A sitting with the cases told in it."""

    conference_id: str
    cases: tuple[tuple[Story, str], ...]
    """Story and case identity, in the running order."""


def sit(
    session: Session, company: Company, title: str, starts_at: datetime, told: Sequence[tuple[Story, str]],
    planned_at: datetime, *, minutes: int = 60,
) -> Sitting:
    """Plan and publish a sitting with these cases, a break after the second when there are more than three."""
    coordinator = company.id("coordinator")
    made = plan_conference(
        session, board_id=company.board_id, title=title, starts_at=starts_at, duration_min=minutes,
        chair_id=company.id("chair"), at=planned_at,
    )
    for story, case_id in told:
        place(session, made.id, case_id, coordinator, planned_at, minutes=story.minutes)
    if len(told) > 3:
        add_break(session, made.id, told[0][0].minutes + told[1][0].minutes, 5)
    if told:
        publish(session, made.id)
    for key in ("chair", *_VOICES[:6]):
        respond(session, made.id, company.id(key), "accepted", planned_at + timedelta(hours=5))
    return Sitting(made.id, tuple(told))


def seal(session: Session, company: Company, table: Sitting, voices: Mapping[str, Sequence[str]], at: datetime) -> None:
    """Before the sitting: the agenda stands in its room, and some have given their sealed opinions."""
    room = WrittenRoom(session, table.conference_id)
    room.list_agenda(at)
    for story, case_id in table.cases:
        for number, key in enumerate(voices.get(story.key, ())):
            opine(room, company, story, case_id, key, at + timedelta(minutes=17 * number + 5))


class Meeting:
    """A sitting as it went."""

    def __init__(self, session: Session, company: Company, table: Sitting, signer: Signer) -> None:
        self.session, self.company, self.table, self.signer = session, company, table, signer
        self.room = WrittenRoom(session, table.conference_id)
        self.chair = participant(company.people["chair"], "chair")

    def open(self, at: datetime) -> None:
        """List, take opinions before, come in, begin."""
        self.room.list_agenda(at - timedelta(days=3))
        for story, case_id in self.table.cases:
            for number, key in enumerate(("chair", *_VOICES)):
                before = at - timedelta(days=2) + timedelta(minutes=23 * number)
                opine(self.room, self.company, story, case_id, key, before)
        for number, (key, role) in enumerate(self._present()):
            arrived = at - timedelta(minutes=4) + timedelta(seconds=19 * number)
            self.room.tell(None, c.Join(participant(self.company.people[key], role)), arrived)
        self.room.tell(self.chair, c.OpenConference(), at)

    def discuss(self, story: Story, case_id: str, at: datetime) -> None:
        """Call a case, look, reveal, write, read back, close, sign: as far as the story goes."""
        self.room.tell(self.chair, c.CallCase(CaseId(case_id)), at)
        cited = self._look(case_id, at + timedelta(seconds=50))
        self.room.tell(self.chair, c.Reveal(CaseId(case_id)), at + timedelta(minutes=3))
        if story.decision is None:
            return
        words = self._words(story.decision, case_id, cited, at)
        drafted = at + timedelta(minutes=6)
        writer = participant(self.company.people["physiatrist"], "member")
        self.room.tell(writer, c.DraftRecommendation(CaseId(case_id), 0, words), drafted)
        self._weigh(story.decision, case_id, drafted + timedelta(seconds=20))
        self.room.tell(self.chair, c.ReadBack(CaseId(case_id), 1), drafted + timedelta(minutes=1))
        unfinished = story.end == "recommended"
        self._close(story.decision, case_id, drafted + timedelta(minutes=2), all_of_them=not unfinished)
        if not unfinished:
            self._sign(case_id, words, drafted + timedelta(minutes=4))

    def end(self, at: datetime) -> None:
        """Close the sitting, what was not concluded rolls over; everybody goes, and the product follows."""
        self.room.tell(self.chair, c.EndConference(), at)
        for number, (key, _role) in enumerate(self._present()):
            person = PersonId(self.company.id(key))
            self.room.tell(None, c.Leave(person), at + timedelta(seconds=40 + 3 * number))
        self.room.published()

    def _present(self) -> list[tuple[str, Role]]:
        members: list[tuple[str, Role]] = [(key, "member") for key in _VOICES]
        return [("chair", "chair"), ("coordinator", "coordinator"), *members]

    def _look(self, case_id: str, at: datetime) -> tuple[MarkId, ...]:
        """The neuroradiologist shows the middle of the first series and points at what matters."""
        found = _middle(self.session, case_id)
        if found is None:
            return ()
        series_uid, frame = found
        facts = facts_of(frame, case_id)
        radiologist = participant(self.company.people["radiologist"], "member")
        self.room.tell(self.chair, c.PassFloor(radiologist.person_id), at)
        view = Viewport(series_uid, frame.sop_instance_uid, frame.number, None, None, 1.4, (0.0, 0.0), 0, False, False)
        self.room.tell(radiologist, c.Show(CaseId(case_id), view), at + timedelta(seconds=4), frame=facts)
        column, row = frame.columns * 0.52, frame.rows * 0.57
        marks = (
            ("arrow", ((column + 0.16 * frame.columns, row - 0.05 * frame.rows), (column, row)), "This is the level"),
            ("length", ((column, row - 0.01 * frame.rows), (column + 0.035 * frame.columns, row)), ""),
        )
        made = []
        for number, (kind, points, text) in enumerate(marks):
            mark = MarkId(new_id())
            command = c.Draw(mark, CaseId(case_id), kind, frame.sop_instance_uid, frame.number, points, text)  # type: ignore[arg-type]  # both kinds are MarkKinds
            self.room.tell(radiologist, command, at + timedelta(seconds=20 + 15 * number), frame=facts)
            made.append(mark)
        self.room.tell(self.chair, c.PassFloor(None), at + timedelta(seconds=70))
        return tuple(made)

    def _weigh(self, decision: Decision, case_id: str, at: datetime) -> None:
        """Stances as the opinions have it; before an operation, why non-operative care is not enough."""
        about = CaseId(case_id)
        found = self.room.state.cases[about]
        for number, key in enumerate(("chair", *_VOICES)):
            speaker = participant(self.company.people[key], "chair" if key == "chair" else "member")
            given = found.opinions.get(f"1:{speaker.person_id}")
            if given is not None:
                taken = {option: Stance(_stance(rating), "") for option, rating in given.opinion.ratings.items()}
                self.room.tell(speaker, c.TakeStances(about, taken), at + timedelta(seconds=number))
        if decision.option == "surgical":
            rows = tuple(row.key for row in found.tried)
            said = ("exhausted", "") if rows else ("contraindicated", "Waiting would cost function.")
            self.room.tell(self.chair, c.StateNonOperative(about, *said, rows), at + timedelta(seconds=20))  # type: ignore[arg-type]  # both are standings

    def _words(self, decision: Decision, case_id: str, cited: tuple[MarkId, ...], at: datetime) -> Recommendation:
        asked = questions(self.session, case_id)
        answers = {QuestionId(one.id): text for one, text in zip(asked, decision.answers, strict=True)}
        actions = tuple(
            ActionItem(text, owner, (at + timedelta(days=days)).date().isoformat())
            for text, owner, days in decision.actions
        )
        return Recommendation(
            decision.outcome, decision.option, decision.rationale, answers, actions, decision.follow_up,  # type: ignore[arg-type]  # the room checks the outcome
            decision.goal, cited,
        )

    def _close(self, decision: Decision, case_id: str, at: datetime, *, all_of_them: bool) -> None:
        required = self.room.state.cases[CaseId(case_id)].brief.required
        speakers = [part for key in ("chair", *_VOICES) if (part := self.company.people[key]).discipline in required]
        for number, speaker in enumerate(speakers if all_of_them else speakers[:-2]):
            closing, reason = decision.closings.get(speaker.discipline or "", ("concur", ""))
            role: Role = "chair" if speaker.id == self.company.id("chair") else "member"
            command = c.Attest(CaseId(case_id), 1, closing, reason)  # type: ignore[arg-type]  # the room checks the closing
            self.room.tell(participant(speaker, role), command, at + timedelta(seconds=11 * number))

    def _sign(self, case_id: str, words: Recommendation, at: datetime) -> None:
        body = record(
            self._sources(case_id), self.room.state, APPROVAL, at, self.room.head,
        )
        prepared = prepare(self.session, body, self.signer, at)
        signature = Signature(frozen_digest(CaseId(case_id), 1, words), prepared.signature, prepared.key_id, APPROVAL)
        self.room.tell(self.chair, c.Sign(CaseId(case_id), 1), at, signature=signature)

    def _sources(self, case_id: str) -> Sources:
        session, found = self.session, case(self.session, case_id)
        referrer = session.get_one(Person, found.referrer_id)
        return Sources(
            case=found, board=board(session, self.company.board_id),
            conference=conference(session, self.table.conference_id), questions=questions(session, case_id),
            referrer=referrer, referrer_site=session.get_one(Site, referrer.site_id),
            signer=self.company.people["chair"], disciplines={one.code: one.name for one in disciplines(session)},
            pictures=key_pictures(session, self.room.state.cases[CaseId(case_id)], CaseId(case_id)),
        )


def read_letter(session: Session, company: Company, story: Story, case_id: str, at: datetime) -> None:
    """The referrer opens the letter."""
    if open_letter(session, case_id, company.id(story.referrer), at):
        record_delivered(session, case_id, at, company.id(story.referrer))


def opine(room: WrittenRoom, company: Company, story: Story, case_id: str, key: str, at: datetime) -> None:
    """Somebody of the cast gives the opinion the story leads them to."""
    person: Person = company.people[key]
    role: Role = "chair" if key == "chair" else "member"
    speaker: Participant = participant(person, role)
    leaning = _LEANING.get(person.discipline or "", {})
    ratings = {option: max(1, min(9, base + leaning.get(option, 0))) for option, base in story.lean.items()}
    preferred = max(ratings, key=lambda option: (ratings[option], option))
    opinion = Opinion(
        preferred, ratings, 55 + 5 * ratings[preferred] - 5 * len(key) % 15, min(10, ratings[preferred] + 1),
        40 + 5 * ratings[preferred], story.comments.get(key, ""),
    )
    room.tell(speaker, c.GiveOpinion(CaseId(case_id), opinion), at)


def _stance(rating: int) -> OpinionStance:
    if rating >= 7:
        return "for"
    return "against" if rating <= 3 else "neutral"


def _middle(session: Session, case_id: str) -> tuple[str, Frame] | None:
    for uid in studies_of(session, case_id):
        for run in series_of(session, uid):
            frames = stack(session, run.series_instance_uid)
            if frames:
                return run.series_instance_uid, frames[len(frames) // 2]
    return None
