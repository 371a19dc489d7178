"""The picture a page brings along: small, rendered by the server, on the screen before any script has come."""

from dataclasses import dataclass

from sqlmodel import Session

from agenda.cases import studies_of
from conference.policy import Action, Actor, may
from imaging.errors import NotFound
from imaging.studies import series_of, stack, study
from web.resources import case_resource

_FEW = 4
"""A series of at most so many frames opens at its first, a longer one in its middle, as the viewer's do."""


@dataclass(frozen=True, slots=True)
class FirstPicture:
    """The frame the viewer opens a case at, and what it is of."""

    case_id: str
    sop_instance_uid: str
    frame: int
    series: str
    """In words."""

    @property
    def address(self) -> str:
        """The stream's own preview of it, made when the image came; through sign-in, policy and audit."""
        return f"/cases/{self.case_id}/images/{self.sop_instance_uid}/{self.frame}/preview.webp?streamed=1"


def first_picture(session: Session, case_id: str, who: Actor) -> FirstPicture | None:
    """The opening frame of the newest study; None: no image, or none this person may see."""
    if not may(who, Action.IMAGE_READ, case_resource(session, case_id)):
        return None
    found = []
    for uid in studies_of(session, case_id):
        try:
            found.append(study(session, uid))
        except NotFound:
            continue
    for one in sorted(found, key=lambda row: (row.study_date or "", row.study_time or ""), reverse=True):
        for row in series_of(session, one.study_instance_uid):
            frames = stack(session, row.series_instance_uid)
            if frames:
                opened = frames[len(frames) // 2 if len(frames) > _FEW else 0]
                words = row.description or row.modality
                return FirstPicture(case_id, opened.sop_instance_uid, opened.number, words)
    return None
