"""One more instance of a series that is here: its row, its audit row, one count, and nothing is asked again.

Of a study that a PACS sends each instance waits for the answer to the one before, so what an instance costs is what a
study costs. What the index says of its series (the study's patient, the cases, whether there is a limit) is remembered
until a table it was read from is written; what is not so simple goes the ordinary way, `web.images.dimse`.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam
from sqlmodel import Session, col, select

from agenda.cases import cases_of_study
from conference.record.appending import Appender, instant
from imaging.delivered import Candidate, KeptFile, Outcome
from imaging.indexing import columns_of, outcome_of, picture_of
from imaging.patient_match import Identity, same_patient
from imaging.settings import QuotaSettings
from imaging.studies import Instance, Series, Study
from web.database import Database, Deed
from web.images.keeping import is_limited

_READ = ("series", "study", "casestudy", "case", "boardkeeping")
"""Tables whose rows are remembered."""
_WRITTEN = ("instance", "arrival", "auditentry")
_REMEMBERED = 1024
"""Series."""
_COUNT = (
    "UPDATE arrival SET instances = instances + 1, last_at = ? WHERE study_instance_uid = ? AND state = ?"
)
"""Goes past the audit, as in `imaging.arrivals`: how many came is the number of the instances' own rows there."""
_STUDY_OF = (
    select(Study.patient_name, Study.patient_born_on, Study.patient_sex, Study.patient_id)
    .add_columns(col(Study.study_instance_uid)).join(Series, col(Series.study_instance_uid) == Study.study_instance_uid)
    .where(col(Series.series_instance_uid) == bindparam("series"))
)


class NotSo(Exception):
    """What was remembered does not hold any more; nothing was written."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A series that is here, and what else must be known to add to it."""

    version: int | None
    """Of the tables, when this was read."""
    study: str
    patient: Identity
    cases: tuple[str, ...]


class Following:
    """Adds to series that are here; threads may share it."""

    def __init__(self, database: Database, quota: QuotaSettings) -> None:
        self._database, self._quota = database, quota
        self._appender = Appender(cast(Table, Instance.__table__))  # type: ignore[attr-defined]
        self._series: dict[str, tuple[int | None, Followed | None]] = {}
        """By Series Instance UID, with the version of the tables; None: it goes the ordinary way."""

    def of(self, candidate: Candidate) -> Followed | None:
        """The series a candidate simply follows in; None where it takes the ordinary way."""
        if not self._database.appends:
            return None
        header = candidate.header
        version = self._database.version_of(*_READ)
        known, found = self._series.get(header.series_instance_uid, (None, None))
        if known != version:
            found = self._database.read_now(_followed, header.series_instance_uid, self._quota, version)
            self._remember(header.series_instance_uid, version, found)
        if found is None or found.study != header.study_instance_uid:
            return None
        alike = found.patient == candidate.identity or same_patient(found.patient, candidate.identity)
        return found if alike else None

    def add(self, found: Followed, kept: KeptFile, deed: Deed) -> Outcome | None:
        """Its rows, committed; None, and nothing written, where it must take the ordinary way after all."""
        picture = picture_of(kept.candidate)
        row = columns_of(kept, picture, deed.at)
        try:
            self._database.append_now(_WRITTEN, self._append, found, deed, row)
        except (NotSo, sqlite3.IntegrityError):
            self._remember(kept.candidate.header.series_instance_uid, found.version, None)
            return None
        return outcome_of(kept, "taken", picture)

    def _append(self, cursor: sqlite3.Cursor, found: Followed, deed: Deed, row: Mapping[str, Any]) -> None:
        if self._database.version_of(*_READ) != found.version:
            raise NotSo
        self._appender.add(cursor, deed, row)
        state = "taken" if found.cases else "waiting"
        if cursor.execute(_COUNT, (instant(deed.at), found.study, state)).rowcount != 1:
            raise NotSo

    def _remember(self, series_uid: str, version: int | None, found: Followed | None) -> None:
        if len(self._series) >= _REMEMBERED:
            self._series.clear()
        self._series[series_uid] = version, found


def _followed(session: Session, series_uid: str, quota: QuotaSettings, version: int | None) -> Followed | None:
    found = session.connection().execute(_STUDY_OF, {"series": series_uid}).first()
    if found is None or is_limited(session, quota, found[-1]):
        return None
    *patient, uid = found
    return Followed(version, uid, Identity(*patient), tuple(cases_of_study(session, uid)))
