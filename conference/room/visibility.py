"""What each viewer may see: of an event, and of the whole room. Rules R60 to R66 and R106.

Two things are hidden: an opinion before its reveal, from everybody but its author, chair and administrator included;
and for a guest, every case but their own, and every guest of another one. A hidden event keeps its number, so that
numbering is gapless for all.
The projection is the same JSON value in the browser (``replica.ts`` folds shown events into it), which digests prove.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agenda.ids import CaseId, PersonId
from conference.room import events as e
from conference.room.canonical import digest
from conference.room.plain import Json, plain, tagged
from conference.room.recorded import Recorded
from conference.room.state import CaseState, ClosedBy, GivenOpinion, RoomState, Seat, Voice
from conference.room.values import Participant, PlannedTime

SEALED: dict[str, Json] = {"type": "sealed"}
"""What is shown in place of an event that is none of the viewer's business."""


@dataclass(frozen=True, slots=True)
class Sight:
    """All that decides what somebody sees: equal sights see equal rooms, so each is encoded once."""

    cases: frozenset[CaseId] | None
    """None: every case."""
    author: PersonId | None
    """Whose opinions are visible while still sealed; None: nobody's."""

    def of(self, case: CaseId) -> bool:
        """Is this case within sight?"""
        return self.cases is None or case in self.cases

    def meets(self, seat: Seat | None) -> bool:
        """Is this person within sight? A guest of other cases alone is not, for another guest."""
        return self.cases is None or seat is None or seat.cases is None or not self.cases.isdisjoint(seat.cases)


def sight(state: RoomState, viewer: Participant) -> Sight:
    """The sight of one viewer now."""
    return sight_among(sealed_authors(state), viewer)


def sealed_authors(state: RoomState) -> frozenset[PersonId]:
    """Everybody with an opinion that is still sealed."""
    return frozenset(
        given.person for case in state.cases.values() for given in case.opinions.values()
        if given.round not in case.revealed
    )


def sight_among(authors: frozenset[PersonId], viewer: Participant) -> Sight:
    """`sight` when the authors of sealed opinions are known, for many viewers at once."""
    cases = None if viewer.cases is None else frozenset(viewer.cases)
    return Sight(cases, viewer.person_id if viewer.person_id in authors else None)


def shown(recorded: Recorded, viewer: Sight, state: RoomState) -> dict[str, Json]:
    """The record as this viewer may see it; `state` is any state after it."""
    event = _shown_event(recorded.event, viewer, state)
    actor = None if event["type"] == "sealed" else recorded.actor
    return {"seq": recorded.seq, "at": recorded.at, "actor": actor, "event": event}


def _shown_event(event: e.Event, viewer: Sight, state: RoomState) -> dict[str, Json]:
    if isinstance(event, e.CasesArranged) and viewer.cases is not None:
        return {"type": "cases-arranged", "order": [case for case in event.order if viewer.of(case)]}
    if isinstance(event, e.CasesTimed):
        return {"type": "cases-timed", "planned": _planned(event.planned, viewer)}
    if (person := _person_of(event)) is not None and not viewer.meets(state.people.get(person)):
        return {"type": "floor-passed", "person": None} if isinstance(event, e.FloorPassed) else SEALED
    if isinstance(event, e.Joined):
        return _joined(event, viewer)
    case_id = _case_of(event, state)
    if case_id is not None and not viewer.of(case_id):
        return {"type": "case-called", "case": None} if isinstance(event, e.CaseCalled) else SEALED
    if isinstance(event, e.OpinionGiven) and event.person != viewer.author:
        return {
            "type": "opinion-sealed", "case": event.case, "round": event.round, "person": event.person,
            "name": event.name, "discipline": event.discipline,
        }
    if isinstance(event, e.OpinionsRevealed):
        return {**tagged(event), "opinions": _opened(event, state)}
    return tagged(event)


def _person_of(event: e.Event) -> PersonId | None:
    """Whom an event about people is about."""
    match event:
        case e.Joined(who):
            return who.person_id
        case (
            e.Left() | e.RoleAssigned() | e.FloorPassed() | e.HandRaised() | e.HandLowered() | e.GuestAdmitted()
            | e.GuestPutOut()
        ):
            return event.person
        case _:
            return None


def _planned(planned: Mapping[CaseId, PlannedTime], viewer: Sight) -> dict[str, Json]:
    return {case: plain(time) for case, time in planned.items() if viewer.of(case)}


def _cases(cases: tuple[CaseId, ...] | None, viewer: Sight) -> Json:
    """A guest's cases, as far as they are the viewer's too."""
    return None if cases is None else [case for case in cases if viewer.of(case)]


def _joined(event: e.Joined, viewer: Sight) -> dict[str, Json]:
    who = event.participant
    return {
        "type": "joined", "entry": event.entry,
        "participant": {
            "person_id": who.person_id, "name": who.name, "discipline": who.discipline, "role": who.role,
            "cases": _cases(who.cases, viewer),
        },
    }


def _opened(event: e.OpinionsRevealed, state: RoomState) -> Json:
    """The opinions of a revealed round; none can be given after the reveal, so a later state holds the same."""
    case = state.cases.get(event.case)
    given = () if case is None else case.opinions.values()
    return {one.person: plain(one.opinion) for one in given if one.round == event.round}


def _case_of(event: e.Event, state: RoomState) -> CaseId | None:
    match event:
        case e.Drawn(mark):
            return mark.case
        case e.Reshaped() | e.Erased():
            return state.mark_cases.get(event.mark)
        case e.CaseListed(brief):
            return brief.case
        case (
            e.CaseUnlisted() | e.ImagesArrived() | e.LevelsChanged() | e.CaseCalled() | e.Shown() | e.OpinionGiven()
            | e.OpinionsRevealed() | e.RoundOpened() | e.OptionAdded() | e.StancesTaken() | e.EvidenceListed()
            | e.NonOperativeStated() | e.RecommendationDrafted() | e.RecommendationReadBack()
            | e.RecommendationReopened() | e.MinutesFrozen() | e.Attested() | e.DisciplineMarkedAbsent() | e.Signed()
        ):
            return event.case
        case _:
            return None


def project(state: RoomState, viewer: Sight) -> dict[str, Json]:
    """The whole room as this viewer may see it."""
    return project_frame(state, viewer) | {
        "cases": {
            key: project_case(case, viewer) | {"marks": plain(case.marks)}
            for key, case in state.cases.items() if viewer.of(key)
        },
    }


def project_frame(state: RoomState, viewer: Sight) -> dict[str, Json]:
    """The projection with None in place of its `cases`."""
    return {
        "seq": state.seq,
        "phase": state.phase,
        "table": state.table if state.table is not None and viewer.of(state.table) else None,
        "people": {
            person: _seat(seat, viewer) for person, seat in state.people.items() if viewer.meets(seat)
        },
        "floor": next(iter(_met((state.floor,), state, viewer)), None),
        "hands": _met(state.hands, state, viewer),
        "admitted": _met(state.admitted, state, viewer),
        "cases": None,
        "order": [case for case in state.order if viewer.of(case)],
        "planned": _planned(state.planned, viewer),
    }


def _seat(seat: Seat, viewer: Sight) -> Json:
    return {
        "name": seat.name, "discipline": seat.discipline, "role": seat.role, "present": seat.present,
        "cases": _cases(seat.cases, viewer), "presence": plain(seat.presence),
    }


def _met(people: Iterable[PersonId | None], state: RoomState, viewer: Sight) -> list[Json]:
    return [person for person in people if person is not None and viewer.meets(state.people.get(person))]


def projection_digest(state: RoomState, viewer: Sight) -> str:
    """SHA-256 over the canonical JSON of the projection, hex."""
    return digest(project(state, viewer))


def shown_all(recorded: Iterable[Recorded], viewer: Sight, state: RoomState) -> list[Json]:
    """Each record as this viewer may see it."""
    return [shown(one, viewer, state) for one in recorded]


def project_case(case: CaseState, viewer: Sight) -> dict[str, Json]:
    """A case of the projection with None in place of its `marks`."""
    return {
        "brief": plain(case.brief),
        "options": plain(case.options),
        "studies": list(case.studies),
        "shown": plain(case.shown),
        "marks": None,
        "round": case.round,
        "opinions": {key: _opinion(given, case, viewer) for key, given in case.opinions.items()},
        "revealed": list(case.revealed),
        "stances": plain(case.stances),
        "tried": plain(case.tried),
        "non_operative": plain(case.non_operative),
        "recommendation": plain(case.recommendation),
        "closings": {discipline: _closing(closed) for discipline, closed in case.closings.items()},
        "absent": dict(case.absent),
        "signed": plain(case.signed),
        "minutes": plain(case.minutes),
        "called_at": case.called_at,
        "on_table": plain(case.on_table),
    }


def _opinion(given: GivenOpinion, case: CaseState, viewer: Sight) -> Json:
    visible = given.round in case.revealed or given.person == viewer.author
    return {
        "round": given.round, "person": given.person, "name": given.name, "discipline": given.discipline,
        "opinion": plain(given.opinion) if visible else None,
    }


def _closing(closed: ClosedBy) -> Json:
    return {**_voice(closed.first), "others": [_voice(voice) for voice in closed.others]}


def _voice(voice: Voice) -> dict[str, Json]:
    return {
        "revision": voice.revision, "person": voice.person, "name": voice.name, "discipline": voice.discipline,
        "closing": voice.closing, "reason": voice.reason, "at": voice.at,
    }
