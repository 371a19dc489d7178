"""What a room's sealed opinions amount to for the order of its agenda; nothing of what they hold leaves here."""

import json
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, col, select

from agenda.cases import Case, case, questions
from agenda.clinical import spine
from agenda.conferences import items
from agenda.ids import CaseId
from agenda.packet import title_of
from agenda.people import Person
from agenda.ratify import Standing, Voice, classify, ratified, sorted_cases
from conference.policy import Action, Actor, may
from conference.record.log import RoomEvent
from conference.room.state import CaseState, GivenOpinion, RoomState
from web.resources import case_resource

Shown = Literal["missing", "unsorted", "hidden", "ratify", "discuss", "open"]
"""Opinions missing; complete but not sorted; yours is to come first; on the list; to be discussed; revealed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One case as the ratify page shows it."""

    case: Case
    title: str
    shown: Shown
    given: int
    """Required disciplines that have given an opinion."""
    required: int
    waiting_for: tuple[str, ...]
    """Required disciplines that have not."""
    pulled_by: str
    preferred: str
    """The option all prefer, once the opinions are open; empty before."""
    signed: bool


def standings(session: Session, conference_id: str, state: RoomState) -> dict[str, Standing]:
    """Each listed case with the class it would get, for `agenda.ratify`."""
    last = _last_opinions(session, conference_id)
    return {
        key: Standing(found.round, _class(found), state.seq, last.get(key, 0)) for key, found in state.cases.items()
        if found.round not in found.revealed
    }


def _class(found: CaseState) -> Literal["missing", "agreed", "split"]:
    voices = [Voice(one.discipline, one.opinion.preferred, one.opinion.ratings) for one in _running(found)]
    return classify(voices, [option.key for option in found.options], frozenset(found.brief.required))


def _running(found: CaseState) -> list[GivenOpinion]:
    return [one for one in found.opinions.values() if one.round == found.round]


def _last_opinions(session: Session, conference_id: str) -> dict[str, int]:
    """Case → number of the record of the latest opinion on it."""
    rows = session.exec(
        select(RoomEvent.seq, RoomEvent.payload)
        .where(RoomEvent.room_id == conference_id, RoomEvent.kind == "opinion-given").order_by(col(RoomEvent.seq))
    )
    return {str(json.loads(payload)["case"]): seq for seq, payload in rows}


def lines(session: Session, who: Actor, conference_id: str, state: RoomState) -> list[Line]:
    """The agenda's cases in their order, as this person may see them."""
    stood = standings(session, conference_id, state)
    known, agreed = sorted_cases(session, conference_id, stood), ratified(session, conference_id, stood)
    found = []
    for item in items(session, conference_id):
        in_room = state.cases.get(CaseId(item.case_id)) if item.case_id else None
        if in_room is None:
            continue
        row, listed = known.get(in_room.brief.case), case(session, in_room.brief.case)
        puller = session.get(Person, row.pulled_by) if row and row.pulled_by else None
        missing = _missing(in_room)
        found.append(Line(
            case=listed, title=title_of(questions(session, listed.id), listed.number),
            shown=_shown(session, who, in_room, sorted_already=row is not None, agreed=listed.id in agreed),
            given=len(in_room.brief.required) - len(missing), required=len(in_room.brief.required),
            waiting_for=tuple(spine().short(code) for code in missing), pulled_by=puller.name if puller else "",
            preferred=agreed_option(in_room)[1], signed=in_room.signed is not None,
        ))
    return found


def agreed_option(found: CaseState) -> tuple[str, str]:
    """Key and label of the option that all prefer, once their opinions are open; empty otherwise."""
    preferred = {one.opinion.preferred for one in _running(found)} if found.round in found.revealed else set()
    labels = {option.key: option.label for option in found.options}
    key = preferred.pop() if len(preferred) == 1 else ""
    return key, labels.get(key, "")


def _missing(found: CaseState) -> list[str]:
    spoken = {one.discipline for one in _running(found)}
    return [code for code in found.brief.required if code not in spoken]


def _shown(session: Session, who: Actor, found: CaseState, *, sorted_already: bool, agreed: bool) -> Shown:
    if found.round in found.revealed:
        return "open"
    if not sorted_already:
        return "missing" if _class(found) == "missing" else "unsorted"
    spoke = any(one.person == who.person_id for one in _running(found))
    if not spoke and may(who, Action.OPINION_GIVE, case_resource(session, found.brief.case)):
        return "hidden"
    return "ratify" if agreed else "discuss"
