"""Images into a case, by whichever door: whose they are, whether this person may add them, and who is told after.

What a door does around `imaging.intake`: the agenda knows the case's patient and who may see which study.
"""

import asyncio
import logging
from collections.abc import Sequence

from sqlmodel import Session
from starlette.requests import Request

from agenda.cases import add_study, case, cases_of_study
from conference.policy import Action, Actor, may
from imaging.arrivals import is_waiting
from imaging.intake import Candidate, Inspection, KeptFile, Outcome, Progress, index
from imaging.known import digests_of, keep_new
from imaging.patient_match import Identity
from imaging.pixels.stack import stacks_of_study
from imaging.settings import QuotaSettings
from web.access import demand
from web.clock import now
from web.images.keeping import demand_room
from web.resources import case_resource
from web.services import Services, services

log = logging.getLogger(__name__)


def patient_of(session: Session, case_id: str) -> Identity:
    """The case's patient as headers are compared with."""
    found = case(session, case_id)
    name = "^".join(part for part in (found.patient_family_name, found.patient_given_name) if part)
    born_on = found.patient_born_on.isoformat() if found.patient_born_on else ""
    return Identity(name, born_on, found.patient_sex, found.patient_id)


def admit(
    session: Session, who: Actor, case_id: str, kept: list[KeptFile], inspection: Inspection, delivery: str
) -> list[Outcome]:
    """One transaction: the right is asked again, the files indexed, their studies listed under the case.

    delivery: names the message for the record of refusals. Raises Forbidden.
    """
    demand(who, Action.IMAGE_ADD, case_resource(session, case_id))
    closed = {uid for uid in inspection.studies if _closed(session, who, case_id, uid)}
    at = now()
    outcomes = index(session, kept, inspection.refused, delivery=delivery, at=at, closed_studies=closed)
    for uid in dict.fromkeys(one.study_instance_uid for one in outcomes if one.result in ("taken", "already here")):
        add_study(session, case_id, uid, at)
    return outcomes


def _closed(session: Session, who: Actor, case_id: str, study_uid: str) -> bool:
    """Whether a study belongs to other cases only, none of which this person may see, or waits for a coordinator.

    Without this, a file made up to name somebody else's study would open that study to its sender.
    """
    others = cases_of_study(session, study_uid)
    if not others and is_waiting(session, study_uid):
        return not may(who, Action.CASE_TRIAGE, case_resource(session, case_id))
    if not others or case_id in others:
        return False
    return not any(may(who, Action.IMAGE_READ, case_resource(session, one)) for one in others)


async def kept_for(
    request: Request, case_id: str, candidates: Sequence[Candidate], progress: Progress = lambda _done: None
) -> list[KeptFile]:
    """Files of a case put into the vault, those that are here already only named; raises QuotaReached."""
    return await asyncio.to_thread(_kept_for, services(request), case_id, candidates, progress)


def _kept_for(made: Services, case_id: str, candidates: Sequence[Candidate], progress: Progress) -> list[KeptFile]:
    known = made.database.read_now(_known_with_room, made.settings.imaging.quota, case_id, candidates)
    return keep_new(made.uploads.intake, candidates, known, progress)


def _known_with_room(
    session: Session, quota: QuotaSettings, case_id: str, candidates: Sequence[Candidate]
) -> dict[str, str]:
    """The digests of those that are here; raises QuotaReached where there is no room for the others."""
    known = digests_of(session, [one.header.sop_instance_uid for one in candidates])
    coming = sum(one.size for one in candidates if one.header.sop_instance_uid not in known)
    demand_room(session, quota, case_id, coming)
    return known


async def follow_up(request: Request, case_id: str, study_uid: str) -> None:
    """Tell open rooms, and begin to make the pictures; the images are in the case whether or not this works."""
    try:
        await services(request).rooms.announce_images(case_id, study_uid)
    except Exception:
        log.exception("open rooms could not be told of new images", extra={"case": case_id})
    try:
        held = services(request)
        held.pictures.prepare_when_quiet(study_uid, lambda: held.database.read(stacks_of_study, study_uid))
    except Exception:
        log.exception("pictures could not be prepared", extra={"case": case_id})
