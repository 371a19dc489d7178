"""The picture a page brings along: small, rendered by the server, on the screen before any script has come."""

from dataclasses import dataclass

from sqlmodel import Session

from agenda.cases import studies_of
from conference.policy import Action, Actor, may
from conference.room.values import PaneView
from imaging.errors import NotFound
from imaging.studies import Series, series_of, stack, study
from web.resources import case_resource

_FEW = 4
"""A series of at most so many frames opens at its first, a longer one in its middle, as the viewer's do."""


@dataclass(frozen=True, slots=True)
class FirstPicture:
    """The frame the viewer opens a case at, and what it is of."""

    case_id: str
    series_instance_uid: str
    sop_instance_uid: str
    frame: int
    words: str
    """The series, for a person."""

    @property
    def address(self) -> str:
        """The stream's own preview of it, made when the image came; through sign-in, policy and audit."""
        return f"/cases/{self.case_id}/images/{self.sop_instance_uid}/{self.frame}/preview.webp?streamed=1"


def first_picture(session: Session, case_id: str, who: Actor, led: PaneView | None = None) -> FirstPicture | None:
    """The frame everybody is led to, else the opening one of the newest study; None: none this person may see.

    led: what the one who presents has in the first place of the screen.
    """
    if not may(who, Action.IMAGE_READ, case_resource(session, case_id)):
        return None
    every = [row for uid in _newest_first(session, case_id) for row in series_of(session, uid)]
    if led is not None:
        for row in every:
            if row.series_instance_uid == led.series_instance_uid:
                return _picture(case_id, row, led.sop_instance_uid, led.frame)
    for row in every:
        frames = stack(session, row.series_instance_uid)
        if frames:
            opened = frames[len(frames) // 2 if len(frames) > _FEW else 0]
            return _picture(case_id, row, opened.sop_instance_uid, opened.number)
    return None


def _newest_first(session: Session, case_id: str) -> list[str]:
    found = []
    for uid in studies_of(session, case_id):
        try:
            found.append(study(session, uid))
        except NotFound:
            continue
    found.sort(key=lambda row: (row.study_date or "", row.study_time or ""), reverse=True)
    return [row.study_instance_uid for row in found]


def _picture(case_id: str, row: Series, sop_instance_uid: str, frame: int) -> FirstPicture:
    return FirstPicture(case_id, row.series_instance_uid, sop_instance_uid, frame, row.description or row.modality)
