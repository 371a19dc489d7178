"""Faults planted into the lobby, the quorum and parity, one at a time: a law of this file must catch each.

The laws are sentences of RULES.md (R100 to R116) held against seeded conversations in which guests come and go, cases
are called and stances are taken. The faults they are known to catch are listed at the end.
"""

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from agenda.ids import PersonId
from conference.room import commands as c
from conference.room import course as sitting_course
from conference.room import events as e
from conference.room import evolve, lobby, parity, recommendation, seats, visibility
from conference.room.state import RoomState
from conference.room.values import Participant, PlannedTime, Stance
from tests import replica
from tests.property.faults import Faults
from tests.rooms import (
    CHAIR,
    EVERYBODY,
    HIP,
    KNEE,
    OPTIONS,
    REFERRER,
    SURGEON,
    THERAPIST,
    TRIED,
    Table,
    brief,
    draw,
    frame,
    opinion,
    signature,
    words,
)

NEIGHBOUR = Participant(PersonId("gus"), "Dr Gus Neighbour", "primary-care", "guest", (KNEE,))
PEOPLE = (*EVERYBODY, NEIGHBOUR)
GUESTS = (REFERRER, NEIGHBOUR)
STEPS = 150
WALKS = 12
PLANNED = {HIP: PlannedTime("2026-11-26T08:00:00Z", 0), KNEE: PlannedTime("2026-11-26T08:15:00Z", 5)}


class Walk:
    """A seeded conversation; `step` says one thing and holds the laws against what came of it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.table = Table()
        for case in (HIP, KNEE):
            self.table.do(None, c.ListCase(brief(case), OPTIONS))
        self.table.do(None, c.TimeCases(PLANNED))
        self.table.do(None, c.ListEvidence(HIP, TRIED))
        for person in PEOPLE:
            self.table.do(None, c.Join(person))
        self.table.do(CHAIR, c.OpenConference())
        self.inside: set[str] = set()
        self.on_table: str | None = None
        self.screen: dict[str, Any] | None = None

    def step(self) -> None:
        """Say something, then look."""
        table, chance = self.table, self.chance
        who, command = self._next()
        case = HIP if table.state.table is None else table.state.table
        drafted = table.case.recommendation
        signed = signature(drafted.digest) if drafted is not None and drafted.digest is not None else None
        before, length = table.state, len(table.log)
        table.minute = min(599, table.minute + chance.choice((0, 0, 1)))
        table.say(who, command, frame=frame(case), signature=signed)
        for one in table.log[length:]:
            self._lobby_law(one.event, before)
            self._parity_law(one.event, before)
        self._told_law()
        self._screen_law(table.log[length:])

    def _next(self) -> tuple[Participant | None, c.Command]:
        chance, guest = self.chance, self.chance.choice(GUESTS)
        fit = NEIGHBOUR if self.table.state.table == KNEE else REFERRER
        who = chance.choice(PEOPLE)
        revision = self.table.case.recommendation.revision if self.table.case.recommendation else 0
        option = chance.choice(("fusion", "therapy", "wait"))
        taken = {option: Stance(chance.choice(("for", "against", "neutral")), chance.choice(("", "Time.")))}
        choices: tuple[tuple[Participant | None, c.Command], ...] = (
            (CHAIR, c.CallCase(chance.choice((HIP, HIP, KNEE)))),
            (chance.choice((CHAIR, SURGEON)), c.AdmitGuest(guest.person_id)),
            (CHAIR, c.AdmitGuest(fit.person_id)), (CHAIR, c.AdmitGuest(fit.person_id)),
            (CHAIR, c.PutOut(fit.person_id)), (SURGEON, c.PutOut(fit.person_id)), (fit, c.RaiseHand()),
            (CHAIR, c.PassFloor(fit.person_id)), (guest, c.RaiseHand()),
            (guest, draw(f"m{len(self.table.log)}", case=chance.choice((HIP, KNEE)))),
            (CHAIR, c.PassFloor(guest.person_id)), (CHAIR, c.PassFloor(chance.choice(EVERYBODY).person_id)),
            (None, c.Leave(guest.person_id)), (None, c.Join(guest)),
            (CHAIR, c.AssignRole(guest.person_id, chance.choice(("observer", "guest", "member")))),
            (CHAIR, c.AssignRole(SURGEON.person_id, chance.choice(("observer", "member")))),
            (chance.choice((SURGEON, THERAPIST, CHAIR)), c.TakeStances(HIP, taken)),
            (who, c.TakeStances(chance.choice((HIP, KNEE)), taken)),
            (chance.choice((SURGEON, THERAPIST)), c.GiveOpinion(HIP, opinion(option))),
            (CHAIR, c.Reveal(HIP)), (CHAIR, c.OpenRound(HIP)),
            (CHAIR, c.StateNonOperative(HIP, "exhausted", "", chance.choice(((), ("t1",), ("t9",))))),
            (who, c.StateNonOperative(HIP, chance.choice(("declined", "contraindicated")), "No.", ())),
            (CHAIR, c.StateNonOperative(HIP, "declined", "", ())),
            (CHAIR, c.DraftRecommendation(HIP, revision, words(chance.choice(("fusion", "fusion", "therapy"))))),
            (CHAIR, c.ReadBack(HIP, revision)), (CHAIR, c.Reopen(HIP)),
        )  # fmt: skip
        closing: tuple[tuple[Participant | None, c.Command], ...] = (
            (SURGEON, c.Attest(HIP, revision, "concur", "")), (THERAPIST, c.Attest(HIP, revision, "concur", "")),
            (CHAIR, c.Sign(HIP, revision)),
        )  # fmt: skip
        drafted = self.table.case.recommendation
        frozen = drafted is not None and drafted.digest is not None
        return chance.choice(closing if frozen and chance.random() < 0.4 else choices)

    # -- laws ---------------------------------------------------------------------------------------------------------

    def _lobby_law(self, event: e.Event, before: RoomState) -> None:
        """R100 to R102: who is inside is followed here, from the events alone."""
        guests = {guest.person_id: guest for guest in GUESTS}
        if isinstance(event, e.GuestAdmitted):
            assert self.on_table in (guests[event.person].cases or ()), "admitted to another's case"
            self.inside.add(event.person)
        if isinstance(event, e.GuestPutOut):
            self.inside.discard(event.person)
        if isinstance(event, (e.CaseCalled, e.ConferenceEnded)):
            self.inside.clear()
            self.on_table = event.case if isinstance(event, e.CaseCalled) else None
        if isinstance(event, e.FloorPassed) and event.person in guests:
            assert event.person in self.inside, "the floor went into the lobby"
        actor = self.table.log[-1].actor
        if actor in guests and not isinstance(event, e.Joined):
            assert actor in self.inside, "somebody acted from the lobby"
        now = self.table.state
        assert set(now.admitted) == self.inside, "who is inside is not who was let in"
        outside = set(guests) - self.inside
        assert now.floor not in outside, "the lobby holds the floor"
        assert not outside & set(now.hands), "a hand is up in the lobby"

    def _parity_law(self, event: e.Event, before: RoomState) -> None:
        """R111 to R116, each read from the state before."""
        case = before.cases[HIP]
        if isinstance(event, e.StancesTaken):
            assert event.person not in {guest.person_id for guest in GUESTS}
            assert before.people[event.person].role in ("chair", "member")
            about = before.cases[event.case]
            given = any(one.round == about.round for one in about.opinions.values())
            assert not given or about.round in about.revealed, "a stance beside sealed opinions"
            after = self.table.state.cases[event.case].stances[event.discipline]
            for key, one in about.stances.get(event.discipline, {}).items():
                assert key in event.stances or after[key] == one, "a stance nobody changed was changed"
        if isinstance(event, e.NonOperativeStated):
            assert case.recommendation is None or case.recommendation.digest is None, "changed after the read-back"
            assert set(event.evidence) <= {row.key for row in case.tried}
            assert event.evidence if event.standing == "exhausted" else event.reason.strip()
        operated = case.recommendation is not None and case.recommendation.recommendation.option == "fusion"
        if isinstance(event, e.RecommendationReadBack) and operated:
            assert case.non_operative is not None, "an operation read back without a word on other care"
        if isinstance(event, e.Signed) and operated:
            for code in case.brief.required:
                rated = any(
                    one.discipline == code and one.round in case.revealed for one in case.opinions.values()
                )
                assert rated or code in case.absent or "fusion" in case.stances.get(code, {}), "signed unasked"

    def _told_law(self) -> None:
        """R104 to R106 and R103: what the lobby tells, and what guests see of each other."""
        now = self.table.state
        for guest, other in (GUESTS, GUESTS[::-1]):
            told = lobby.lobby(now, guest, self.table.now())
            text = json.dumps(told)
            assert (other.cases or ("",))[0] not in text, "another case in the lobby"
            assert not any(seat.name in text for seat in now.people.values()), "a name in the lobby"
            assert len(told["cases"]) == 1, "a guest is not told of their case"  # type: ignore[arg-type]
            assert lobby.in_lobby(now, guest) == (guest.person_id not in self.inside)
            seen = json.dumps(visibility.project(now, visibility.sight(now, guest)))
            assert other.name not in seen, "guests of different cases met"
        due = sitting_course.course(now, self.table.now())
        first = 0 if now.table is None else 1
        assert [one.ahead for one in due.waiting] == list(range(first, first + len(due.waiting)))
        times = [one.starts_at for one in due.waiting]
        assert times == sorted(times), "a later case is expected earlier"
        for one in now.people.values():
            for stay in one.presence:
                assert not (stay.voiced and one.cases is not None), "a guest hears for a discipline"
        roles: dict[str, str] = {}
        for one in self.table.log:
            if isinstance(one.event, e.Joined):
                roles[one.event.participant.person_id] = one.event.participant.role
            if isinstance(one.event, e.RoleAssigned):
                roles[one.event.person] = one.event.role
        seat = now.people[SURGEON.person_id]
        if seat.present:
            assert seat.presence[-1].voiced == (roles[SURGEON.person_id] in ("chair", "member")), "an observer hears"

    def _screen_law(self, fresh: list[Any]) -> None:
        """R61: from the snapshot at the door on, a guest's screen is the projection, byte for byte."""
        now = self.table.state
        if REFERRER.person_id not in self.inside:
            self.screen = None
            return
        eyes = visibility.sight(now, REFERRER)
        if self.screen is None:
            self.screen = json.loads(json.dumps(visibility.project(now, eyes)))
            return
        shown = json.loads(json.dumps(visibility.shown_all(fresh, eyes, now)))
        self.screen = replica.fold(self.screen, shown)
        assert self.screen == json.loads(json.dumps(visibility.project(now, eyes))), "the guest's screen differs"


def walk(seed: int) -> Walk:
    """One conversation; raises where a law is broken."""
    made = Walk(seed)
    for _ in range(STEPS):
        made.step()
    return made


FAULTS = Faults(AssertionError, KeyError, TypeError, IndexError)


@FAULTS.plant
def a_guest_acts_from_the_lobby(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seats, "waiting", lambda of, who: None)


@FAULTS.plant
def a_guest_is_let_in_to_anothers_case(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seats, "admit_guest", lambda of, who, command: (e.GuestAdmitted(command.person),))


@FAULTS.plant
def the_floor_goes_into_the_lobby(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seats, "admitted", lambda of, person, cases: True)


@FAULTS.plant
def guests_stay_when_their_case_leaves_the_table(patch: pytest.MonkeyPatch) -> None:
    original = evolve._clear_table
    patch.setattr(evolve, "_clear_table", lambda of, at: replace(original(of, at), admitted=of.admitted))


@FAULTS.plant
def a_guest_takes_the_floor_along(patch: pytest.MonkeyPatch) -> None:
    original = evolve._put_out
    patch.setattr(evolve, "_put_out", lambda of, guests: replace(original(of, guests), floor=of.floor))


@FAULTS.plant
def a_guest_takes_the_raised_hand_along(patch: pytest.MonkeyPatch) -> None:
    original = evolve._put_out
    patch.setattr(evolve, "_put_out", lambda of, guests: replace(original(of, guests), hands=of.hands))


@FAULTS.plant
def putting_out_puts_nobody_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evolve, "_put_out", lambda of, guests: of)


@FAULTS.plant
def a_lost_connection_puts_out(patch: pytest.MonkeyPatch) -> None:
    original = evolve._people
    patch.setattr(
        evolve, "_people",
        lambda of, event, at: (
            replace(original(of, event, at), admitted=()) if isinstance(event, e.Left) else original(of, event, at)
        ),
    )  # fmt: skip


@FAULTS.plant
def the_lobby_tells_of_every_case(patch: pytest.MonkeyPatch) -> None:
    original = lobby.lobby
    patch.setattr(lobby, "lobby", lambda of, who, at: original(of, replace(who, cases=of.order), at))


@FAULTS.plant
def the_lobby_names_who_is_there(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lobby, "_lets_in", lambda of: [seat.name for seat in of.people.values()])


@FAULTS.plant
def guests_of_different_cases_meet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(visibility.Sight, "meets", lambda self, seat: True)


@FAULTS.plant
def a_guest_counts_as_a_discipline(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evolve, "voiced", lambda role, cases: True)


@FAULTS.plant
def an_observer_hears_for_their_discipline(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evolve, "_in_role", lambda seat, role, at: replace(seat, role=role))


@FAULTS.plant
def the_case_on_the_table_is_not_counted_as_ahead(patch: pytest.MonkeyPatch) -> None:
    original = sitting_course.course
    patch.setattr(
        sitting_course, "course",
        lambda of, at: (
            lambda told: replace(told, waiting=tuple(replace(one, ahead=0) for one in told.waiting))
        )(original(of, at)),
    )  # fmt: skip


@FAULTS.plant
def a_stance_is_taken_beside_sealed_opinions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(parity, "sealed", lambda case: False)


@FAULTS.plant
def anybody_takes_a_stance(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(parity, "denied", lambda of, who, action: None)


@FAULTS.plant
def a_new_stance_wipes_the_others(patch: pytest.MonkeyPatch) -> None:
    original = evolve._weigh
    patch.setattr(
        evolve, "_weigh",
        lambda case, event: original(
            replace(case, stances={}) if isinstance(event, e.StancesTaken) else case, event
        ),
    )  # fmt: skip


@FAULTS.plant
def exhausted_needs_no_evidence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(parity, "_unfounded", lambda case, command: None)


@FAULTS.plant
def an_operation_needs_no_word_on_other_care(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recommendation, "unjustified", lambda case, words: None)


@FAULTS.plant
def an_operation_is_signed_without_stances(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recommendation, "unstanced", lambda case, words: ())


@FAULTS.plant
def the_word_on_other_care_changes_after_the_read_back(patch: pytest.MonkeyPatch) -> None:
    original = parity.state_non_operative

    def reopened(of: Any, who: Any, command: Any) -> Any:
        cases = {key: replace(case, recommendation=None) for key, case in of.cases.items()}
        return original(replace(of, cases=cases), who, command)

    patch.setattr(parity, "state_non_operative", reopened)


@pytest.mark.parametrize("name", FAULTS.names)
def test_the_laws_catch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS.caught(name, monkeypatch, _walk_all)


def _walk_all() -> None:
    for seed in range(WALKS):
        walk(seed)


def test_R100_R101_R102_R104_R106_R111_R112_R115_R116_without_a_fault_every_walk_is_lawful() -> None:
    kinds = {type(one.event) for seed in range(WALKS) for one in walk(seed).table.log}
    wanted = {e.GuestAdmitted, e.GuestPutOut, e.StancesTaken, e.NonOperativeStated, e.RecommendationReadBack, e.Signed}
    assert wanted <= kinds, f"the walks never see {wanted - kinds}"


def test_there_are_at_least_twenty() -> None:
    assert len(FAULTS.names) >= 20


# Faults these laws are known to catch: every name in FAULTS; `test_the_laws_catch` runs each.
