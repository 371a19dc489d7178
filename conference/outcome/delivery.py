"""From the room's log to the outside: what a signature sets in motion, once, also after a crash."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlmodel import Session

from agenda.care import lay_out
from agenda.cases import case, record_presented, record_recommended, record_signed
from agenda.conferences import record_ended, record_opened
from conference.outcome.letter import issue
from conference.outcome.signing import enforce
from conference.room.events import CaseCalled, ConferenceEnded, ConferenceOpened, RecommendationReadBack, Signed
from conference.room.recorded import Recorded

NAME = "outcome"
"""The listener's name: its place in each room's log is kept under it."""


def project(session: Session, room_id: str, recorded: Sequence[Recorded]) -> None:
    """Take the case along as the room decides: presented, recommended, signed with its letter laid out."""
    for entry in recorded:
        at = datetime.fromisoformat(entry.at)
        actor = entry.actor
        match entry.event:
            case ConferenceOpened():
                record_opened(session, room_id)
            case ConferenceEnded():
                record_ended(session, room_id, actor, at)
            case CaseCalled(case_id):
                record_presented(session, case_id, at, actor)
            case RecommendationReadBack(case=case_id):
                record_recommended(session, case_id, at, actor)
            case Signed(case=case_id, signature=signature):
                signed = enforce(session, case_id, signature.value, entry.seq)
                record_signed(session, case_id, at, actor)
                if signed is not None:
                    issue(session, signed, case(session, case_id).referrer_id, at)
                    told = msgspec.json.decode(signed.record)
                    lay_out(session, case_id, signed.id, told["recommendation"]["actions"], signed.signer_id, at)
            case _:
                pass
