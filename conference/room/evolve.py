"""`evolve`, the only function that makes the next state of a room.

It is total: every event is accepted in every state, because a log that was once written must replay for ever.
Whether something may happen is `conference.room.decide`'s question alone.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from functools import reduce
from typing import TypeVar, assert_never

from agenda.ids import CaseId, PersonId
from conference.policy import Role, RoomAction, may_in_room
from conference.room import events as e
from conference.room.changed import changed
from conference.room.recorded import Recorded
from conference.room.state import (
    EMPTY,
    CaseState,
    ClosedBy,
    Draft,
    GivenOpinion,
    Interval,
    Minutes,
    RoomState,
    Seat,
    Standing,
    StatedNonOperative,
    Stay,
    TakenStance,
    Voice,
    opinion_key,
)
from conference.room.values import Mark

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Stretch = TypeVar("Stretch", bound=Interval)


def replay(recorded: Iterable[Recorded], since: RoomState = EMPTY) -> RoomState:
    """The state after these records, in their order."""
    return reduce(evolve, recorded, since)


_PeopleEvent = (
    e.Joined | e.Left | e.RoleAssigned | e.FloorPassed | e.HandRaised | e.HandLowered | e.GuestAdmitted | e.GuestPutOut
)
_AgendaEvent = e.CaseListed | e.CaseUnlisted | e.CasesArranged | e.CasesTimed | e.CaseCalled
_CaseEvent = (
    e.ImagesArrived | e.Shown | e.OpinionGiven | e.OpinionsRevealed | e.RoundOpened | e.OptionAdded
    | e.StancesTaken | e.EvidenceListed | e.NonOperativeStated | e.RecommendationDrafted | e.RecommendationReadBack
    | e.RecommendationReopened | e.MinutesFrozen | e.Attested | e.DisciplineMarkedAbsent | e.Signed
)
_MarkEvent = e.Drawn | e.Reshaped | e.Erased
_OtherEvent = _PeopleEvent | _AgendaEvent | _CaseEvent | e.ConferenceOpened | e.ConferenceEnded | e.LevelsChanged


def evolve(state: RoomState, recorded: Recorded) -> RoomState:
    """The state after one more event; total."""
    match recorded.event:
        case (e.Drawn() | e.Reshaped() | e.Erased()) as event:  # as most are
            return changed(state, seq=recorded.seq, at=recorded.at, **_marks(state, event))
        case event:
            return _after(changed(state, seq=recorded.seq, at=recorded.at), event, recorded.at)


def _after(state: RoomState, event: _OtherEvent, at: str) -> RoomState:
    match event:
        case (
            e.Joined() | e.Left() | e.RoleAssigned() | e.FloorPassed() | e.HandRaised() | e.HandLowered()
            | e.GuestAdmitted() | e.GuestPutOut()
        ):
            return _people(state, event, at)
        case e.ConferenceOpened():
            return replace(state, phase="open")
        case e.ConferenceEnded():
            return replace(_clear_table(state, at), phase="ended", floor=None, hands=())
        case e.CaseListed() | e.CaseUnlisted() | e.CasesArranged() | e.CasesTimed() | e.CaseCalled():
            return _agenda(state, event, at)
        case (
            e.ImagesArrived() | e.Shown() | e.OpinionGiven() | e.OpinionsRevealed() | e.RoundOpened() | e.OptionAdded()
            | e.StancesTaken() | e.EvidenceListed() | e.NonOperativeStated() | e.RecommendationDrafted()
            | e.RecommendationReadBack() | e.RecommendationReopened() | e.MinutesFrozen() | e.Attested()
            | e.DisciplineMarkedAbsent() | e.Signed()
        ):
            return _with_case(state, event.case, lambda case: _deliberate(case, event, at))
        case e.LevelsChanged():
            return state
        case _:
            assert_never(event)


def _people(state: RoomState, event: _PeopleEvent, at: str) -> RoomState:
    match event:
        case e.Joined():
            return replace(state, people={**state.people, event.participant.person_id: _seated(state, event, at)})
        case e.Left(person):
            people = state.people
            if (seat := people.get(person)) is not None:
                gone = replace(seat, present=False, presence=_ended(seat.presence, at))
                people = {**people, person: gone}
            floor = None if state.floor == person else state.floor
            return replace(state, people=people, floor=floor, hands=_except(state.hands, person))
        case e.RoleAssigned(person, role):
            people = state.people
            if (seat := people.get(person)) is not None:
                people = {**people, person: _in_role(seat, role, at)}
            return replace(state, people=people, assigned={**state.assigned, person: role})
        case e.FloorPassed(person_or_none):
            hands = state.hands if person_or_none is None else _except(state.hands, person_or_none)
            return replace(state, floor=person_or_none, hands=hands)
        case e.HandRaised(person):
            return replace(state, hands=(*_except(state.hands, person), person))
        case e.HandLowered(person):
            return replace(state, hands=_except(state.hands, person))
        case e.GuestAdmitted(person):
            return replace(state, admitted=(*_except(state.admitted, person), person))
        case e.GuestPutOut(person):
            return _put_out(state, (person,))
        case _:
            assert_never(event)


def _put_out(state: RoomState, guests: tuple[PersonId, ...]) -> RoomState:
    """Guests go back to the lobby and take nothing along."""
    return replace(
        state, admitted=tuple(one for one in state.admitted if one not in guests),
        hands=tuple(one for one in state.hands if one not in guests),
        floor=None if state.floor in guests else state.floor,
    )


def voiced(role: Role, cases: tuple[CaseId, ...] | None) -> bool:
    """Whether somebody in this role closes for a discipline; a guest of one case never does."""
    return cases is None and bool(may_in_room(role, RoomAction.ATTEST))


def _in_role(seat: Seat, role: Role, at: str) -> Seat:
    """The seat in another role; time in which one had a voice is kept apart from time in which one had none."""
    speaks, stays = voiced(role, seat.cases), seat.presence
    if seat.present and stays and stays[-1].voiced != speaks:
        stays = (*_ended(stays, at), Stay(at, None, speaks))
    return replace(seat, role=role, presence=stays)


def _seated(state: RoomState, event: e.Joined, at: str) -> Seat:
    who = event.participant
    before = state.people.get(who.person_id)
    presence = before.presence if before is not None else ()
    speaks = voiced(who.role, who.cases)
    if before is None or not before.present or presence[-1].voiced != speaks:
        presence = (*_ended(presence, at), Stay(at, None, speaks))
    return Seat(who.name, who.discipline, who.role, event.entry, who.cases, present=True, presence=presence)


def _agenda(state: RoomState, event: _AgendaEvent, at: str) -> RoomState:
    match event:
        case e.CaseListed(brief, options):
            before = state.cases.get(brief.case)
            if before is None:
                cases = {**state.cases, brief.case: CaseState(brief, options)}
                return replace(state, cases=cases, order=(*state.order, brief.case))
            keys = {option.key for option in options}
            kept = tuple(option for option in before.options if option.key not in keys)
            return _put_case(state, brief.case, replace(before, brief=brief, options=options + kept))
        case e.CaseUnlisted(case_id):
            if state.table == case_id:
                state = replace(state, table=None)
            return replace(state, cases=_without(state.cases, case_id), order=_except(state.order, case_id))
        case e.CasesArranged(order):
            return replace(state, order=order)
        case e.CasesTimed(planned):
            return replace(state, planned=planned)
        case e.CaseCalled(case_id):
            state = _clear_table(state, at)
            return _with_case(
                replace(state, table=case_id), case_id,
                lambda case: replace(case, called_at=at, on_table=(*case.on_table, Interval(at))),
            )
        case _:
            assert_never(event)


def _deliberate(case: CaseState, event: _CaseEvent, at: str) -> CaseState:
    match event:
        case e.ImagesArrived(_, uid):
            return case if uid in case.studies else replace(case, studies=(*case.studies, uid))
        case e.Shown(_, viewport):
            return replace(case, shown=viewport)
        case e.OpinionGiven(_, round_, person, name, discipline, opinion):
            given = GivenOpinion(round_, person, name, discipline, opinion)
            return replace(case, opinions={**case.opinions, opinion_key(round_, person): given})
        case e.OpinionsRevealed(_, round_):
            return case if round_ in case.revealed else replace(case, revealed=(*case.revealed, round_))
        case e.RoundOpened(_, round_):
            return replace(case, round=round_)
        case e.OptionAdded(_, option):
            others = tuple(other for other in case.options if other.key != option.key)
            return replace(case, options=(*others, option))
        case e.StancesTaken() | e.EvidenceListed() | e.NonOperativeStated():
            return _weigh(case, event)
        case e.RecommendationDrafted(_, revision, person, recommendation):
            return replace(case, recommendation=Draft(revision, person, recommendation), closings={})
        case e.RecommendationReadBack(_, _, digest):
            draft = case.recommendation
            return replace(case, recommendation=None if draft is None else replace(draft, digest=digest))
        case e.RecommendationReopened():
            draft = case.recommendation
            thawed = None if draft is None else replace(draft, digest=None)
            return replace(case, recommendation=thawed, closings={}, minutes=None)
        case e.MinutesFrozen(_, text, digest):
            return replace(case, minutes=Minutes(text, digest))
        case e.Attested():
            voice = Voice(
                event.revision, event.person, event.name, event.discipline, event.closing, event.reason, at
            )
            closings = {**case.closings, event.discipline: _spoken(case.closings.get(event.discipline), voice)}
            return replace(case, closings=closings, absent=_without(case.absent, event.discipline))
        case e.DisciplineMarkedAbsent(_, discipline, reason):
            return replace(case, absent={**case.absent, discipline: reason})
        case e.Signed(_, revision, person, name, signature, provisional):
            return replace(case, signed=Standing(revision, person, name, signature, provisional, at))
        case _:
            assert_never(event)


def _weigh(case: CaseState, event: e.StancesTaken | e.EvidenceListed | e.NonOperativeStated) -> CaseState:
    match event:
        case e.StancesTaken(_, person, name, discipline, stances):
            taken = {key: TakenStance(one.stance, one.needs, person, name) for key, one in stances.items()}
            before = case.stances.get(discipline, {})
            return replace(case, stances={**case.stances, discipline: {**before, **taken}})
        case e.EvidenceListed(_, rows):
            return replace(case, tried=rows)
        case e.NonOperativeStated(_, person, name, why, reason, evidence):
            return replace(case, non_operative=StatedNonOperative(why, reason, evidence, person, name))
        case _:
            assert_never(event)


def _spoken(before: ClosedBy | None, voice: Voice) -> ClosedBy:
    """A colleague's voice stands beside the first, never over it."""
    if before is None:
        return ClosedBy(voice)
    if before.first.person == voice.person:
        return replace(before, first=voice)
    others = tuple(other for other in before.others if other.person != voice.person)
    return replace(before, others=(*others, voice))


def _marks(state: RoomState, event: _MarkEvent) -> dict[str, object]:
    """The fields of the state that change with a mark."""
    match event:
        case e.Drawn(mark):
            case = state.cases.get(mark.case)
            cases = {} if case is None else {"cases": {**state.cases, mark.case: _put_mark(case, mark)}}
            return {"mark_cases": {**state.mark_cases, mark.mark: mark.case}, **cases}
        case e.Reshaped(mark_id) | e.Erased(mark_id):
            case_id = state.mark_cases.get(mark_id)
            case = None if case_id is None else state.cases.get(case_id)
            if case_id is None or case is None:
                return {}
            if isinstance(event, e.Reshaped):
                return {"cases": {**state.cases, case_id: _reshape(case, event)}}
            return {"cases": {**state.cases, case_id: replace(case, marks=_without(case.marks, mark_id))}}


def _put_mark(case: CaseState, mark: Mark) -> CaseState:
    return changed(case, marks={**case.marks, mark.mark: mark})


def _reshape(case: CaseState, event: e.Reshaped) -> CaseState:
    mark = case.marks.get(event.mark)
    if mark is None:
        return case
    return _put_mark(case, changed(
        mark, revision=event.revision, points=event.points, text=event.text, measured=event.measured
    ))


def _clear_table(state: RoomState, at: str) -> RoomState:
    table = state.table
    if table is None:
        return state
    cleared = replace(_put_out(state, state.admitted), table=None)
    return _with_case(cleared, table, lambda case: replace(case, on_table=_ended(case.on_table, at)))


def _ended(intervals: tuple[Stretch, ...], at: str) -> tuple[Stretch, ...]:
    if not intervals or intervals[-1].until is not None:
        return intervals
    return (*intervals[:-1], replace(intervals[-1], until=at))


def _with_case(state: RoomState, case_id: CaseId, change: Callable[[CaseState], CaseState]) -> RoomState:
    case = state.cases.get(case_id)
    return state if case is None else _put_case(state, case_id, change(case))


def _put_case(state: RoomState, case_id: CaseId, case: CaseState) -> RoomState:
    return changed(state, cases={**state.cases, case_id: case})


def _without(mapping: Mapping[K, V], key: K) -> Mapping[K, V]:
    return {k: v for k, v in mapping.items() if k != key}


def _except(items: tuple[V, ...], item: V) -> tuple[V, ...]:
    return tuple(other for other in items if other != item)
