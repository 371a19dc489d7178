"""What de-identification did, kept with the delivery: by series, attribute and action, and never a value."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from pydicom.datadict import dictionary_description
from sqlmodel import JSON, Field, Session, SQLModel, col, select

from imaging.columns import instant
from imaging.deidentify.engine import PRIVATE, Tally
from imaging.deidentify.table import EDITION
from imaging.errors import NotFound
from imaging.studies import Series

NOWHERE = "nowhere/"
"""No delivery's name begins so."""
NETWORK = "dimse:"
"""How the names of deliveries of the listener begin."""


class DeidentificationNotFound(NotFound):
    """No such report."""

    noun = "report"


class Deidentification(SQLModel, table=True):
    """The report of one delivery that was de-identified on its way in."""

    id: str = Field(primary_key=True)
    delivery: str = Field(index=True)
    """The upload or association it came with, named as in the record of refusals."""
    at: datetime = instant()
    edition: str
    methods: list[list[str]] = Field(default_factory=list, sa_type=JSON)
    """Code value and meaning of the profile and options in force (CID 7050)."""
    patient: str
    """``matched``, ``confirmed`` by a person although the headers differed, or ``not compared``."""
    files: int
    held: int
    """Images that wait until somebody has looked for text in their pixels."""
    series: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """``{"series_instance_uid", "modality", "files", "changes": [[tag, done, count] …]}``; UIDs are the new ones."""


@dataclass(slots=True)
class SeriesReport:
    """What was done to one series."""

    modality: str
    files: int = 0
    tally: Tally = field(default_factory=Counter)


@dataclass(slots=True)
class Report:
    """What was done to one delivery, before it is kept."""

    methods: tuple[tuple[str, str], ...]
    patient: str
    series: dict[str, SeriesReport] = field(default_factory=dict)
    held: int = 0

    def add(self, series_instance_uid: str, modality: str, tally: Mapping[tuple[int, str], int]) -> None:
        """Count one file."""
        found = self.series.setdefault(series_instance_uid, SeriesReport(modality))
        found.files += 1
        found.tally.update(tally)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a report."""

    tag: str
    """As the standard writes it: ``(0010,0010)``."""
    name: str
    done: str
    count: int


def note(session: Session, report: Report, *, delivery: str, at: datetime) -> Deidentification:
    """Keep a report."""
    row = Deidentification(
        id=str(uuid4()), delivery=delivery, at=at, edition=EDITION, methods=[list(one) for one in report.methods],
        patient=report.patient, files=sum(one.files for one in report.series.values()), held=report.held,
        series=_rows(report),
    )
    session.add(row)
    return row


def note_more(session: Session, report: Report, *, delivery: str, at: datetime) -> Deidentification:
    """Keep a report of one more part of a delivery, in one row with the parts before."""
    row = session.exec(select(Deidentification).where(Deidentification.delivery == delivery)).first()
    if row is None:
        return note(session, report, delivery=delivery, at=at)
    whole = Report(report.methods, row.patient, held=row.held + report.held)
    for said in row.series:
        known = whole.series[said["series_instance_uid"]] = SeriesReport(said["modality"], said["files"])
        known.tally.update({(tag, done): count for tag, done, count in said["changes"]})
    for uid, one in report.series.items():
        found = whole.series.setdefault(uid, SeriesReport(one.modality))
        found.files += one.files
        found.tally.update(one.tally)
    row.series, row.held = _rows(whole), whole.held
    row.files = sum(one.files for one in whole.series.values())
    session.add(row)
    return row


def compared(session: Session, study_instance_uid: str, said: str) -> None:
    """Note what comparing came to where the network brought a study unasked. said: as `Deidentification.patient`."""
    for one in reports_about(session, NOWHERE, [study_instance_uid]):
        if one.patient == "not compared" or said == "confirmed":  # of an association's studies the most doubtful counts
            one.patient = said
            session.add(one)


def reports_of(session: Session, delivery: str) -> list[Deidentification]:
    """The reports of deliveries whose name begins so, newest first."""
    query = select(Deidentification).where(col(Deidentification.delivery).startswith(delivery, autoescape=True))
    return list(session.exec(query.order_by(col(Deidentification.at).desc())))


def reports_about(session: Session, delivery: str, studies: Collection[str]) -> list[Deidentification]:
    """The reports of a case, newest first: its deliveries, and what the network brought of its studies."""
    runs = set(session.exec(select(Series.series_instance_uid).where(col(Series.study_instance_uid).in_(studies))))
    sent = [
        one for one in (reports_of(session, NETWORK) if runs else ())
        if any(said["series_instance_uid"] in runs for said in one.series)
    ]
    return sorted([*reports_of(session, delivery), *sent], key=lambda one: one.at, reverse=True)


def report_about(session: Session, report_id: str, delivery: str, studies: Collection[str]) -> Deidentification:
    """One of `reports_about`; raises DeidentificationNotFound."""
    found = next((one for one in reports_about(session, delivery, studies) if one.id == report_id), None)
    if found is None:
        raise DeidentificationNotFound(report_id)
    return found


def _rows(report: Report) -> list[dict[str, Any]]:
    return [
        {"series_instance_uid": uid, "modality": one.modality, "files": one.files,
         "changes": [[tag, done, count] for (tag, done), count in sorted(one.tally.items())]}
        for uid, one in report.series.items()
    ]


def changes(series: Mapping[str, Any]) -> list[Change]:
    """The lines of one series of a report, by tag."""
    return [Change(_written(tag), _named(tag), str(done), int(count)) for tag, done, count in series["changes"]]


def _written(tag: int) -> str:
    return "private" if tag == PRIVATE else f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _named(tag: int) -> str:
    if tag == PRIVATE:
        return "Makers’ private attributes"
    try:
        return dictionary_description(tag)
    except KeyError:
        return "Attribute in no dictionary"
