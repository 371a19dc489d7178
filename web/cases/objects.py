"""The objects of a case that are shown in another way than as pictures, for its pages and for the viewer."""

import datetime
from dataclasses import dataclass

from sqlmodel import Session

from agenda.cases import studies_of
from imaging import studies
from imaging.display.kinds import DisplayKind, kind_of, title_of


@dataclass(frozen=True, slots=True)
class CaseObject:
    """One object."""

    sop: str
    kind: DisplayKind
    title: str
    modality: str
    date: str
    """Of its study, ``YYYY-MM-DD``; empty when not known."""

    @property
    def on(self) -> datetime.date | None:
        """The same as a day."""
        return datetime.date.fromisoformat(self.date) if self.date else None


def objects_of(session: Session, case_id: str) -> list[CaseObject]:
    """Every such object of a case, in the order of its studies and series; held ones are left out."""
    found = []
    for uid in studies_of(session, case_id):
        study = studies.study(session, uid)
        for series in studies.series_of(session, uid):
            for row in studies.instances(session, series.series_instance_uid):
                kind = kind_of(row.sop_class_uid)
                if kind is not None and not row.held:
                    title = title_of(kind, row.sop_class_uid, series.description or study.description)
                    found.append(CaseObject(row.sop_instance_uid, kind, title, series.modality, study.study_date))
    return found


def documents_of(session: Session, case_id: str) -> list[CaseObject]:
    """Those that are read on a page of their own."""
    return [one for one in objects_of(session, case_id) if one.kind in ("report", "document")]
