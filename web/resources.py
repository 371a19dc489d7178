"""Rows turned into what the policy needs to know of them."""

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from agenda.cases import Case
from agenda.conferences import conference, conferences_of_case, items
from agenda.errors import CaseNotFound
from agenda.ids import BoardId, CaseId, ConferenceId, PersonId
from conference.policy import CaseResource, ConferenceResource

_JUDGED = select(Case.board_id, Case.referrer_id, Case.state).where(Case.id == bindparam("case"))


def case_resource(session: Session, case_id: str) -> CaseResource:
    """What the policy must know of a case; raises CaseNotFound."""
    session.flush()
    found = session.connection().execute(_JUDGED, {"case": case_id}).first()
    if found is None:
        raise CaseNotFound(case_id)
    return CaseResource(
        case_id=CaseId(case_id),
        board_id=BoardId(found.board_id),
        referrer_id=PersonId(found.referrer_id),
        state=found.state,
        conferences=frozenset(ConferenceId(key) for key in conferences_of_case(session, case_id)),
    )


def conference_resource(session: Session, conference_id: str) -> ConferenceResource:
    """What the policy must know of a conference; raises ConferenceNotFound."""
    found = conference(session, conference_id)
    case_ids = [item.case_id for item in items(session, conference_id) if item.case_id is not None]
    referrers = session.exec(select(Case.referrer_id).where(col(Case.id).in_(case_ids))).all()
    return ConferenceResource(
        conference_id=found.conference_id,
        board_id=BoardId(found.board_id),
        referrers=frozenset(PersonId(who) for who in referrers),
        cases=frozenset(CaseId(key) for key in case_ids),
    )
