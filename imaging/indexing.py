"""What was kept enters the index, in the caller's transaction: a few questions for a delivery, then all its rows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import bindparam
from sqlmodel import Session, SQLModel, col, insert, select

from imaging.claims import VIDEO
from imaging.delivered import Candidate, KeptFile, Outcome, Result
from imaging.errors import Refused
from imaging.facts import Header
from imaging.patient_match import Identity, same_patient
from imaging.studies import HELD, Instance, Refusal, Series, Study

_ASKED_AT_ONCE = 500
"""Instances named in one query; SQLite of old takes 999."""
_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66."
_FROM_HEADER = frozenset(Instance.model_fields) & frozenset(Header.model_fields) - {
    "windows", "frame_facts", "frame_of_reference_uid",
}
"""Columns that are in the header as they are; lists among them hold numbers."""
_WITHOUT_PIXELS: dict[str, Any] = {
    name: field.get_default(call_default_factory=True)
    for name, field in Instance.model_fields.items() if not field.is_required()
}

_INSTANCES = select(
    Instance.sop_instance_uid, Instance.digest, Instance.before_blackout, Instance.series_instance_uid
).where(col(Instance.sop_instance_uid).in_(bindparam("uids", expanding=True)))
_SERIES = select(Series.study_instance_uid).where(Series.series_instance_uid == bindparam("uid"))
_STUDY = select(
    Study.patient_name, Study.patient_born_on, Study.patient_sex, Study.patient_id
).where(Study.study_instance_uid == bindparam("uid"))
_INSERTS: dict[type[SQLModel], Any] = {
    table: insert(table).execution_options(dml_strategy="raw") for table in (Study, Series, Instance)
}
"""For many rows at once, each with all its columns; the audit sees them."""


def index(
    session: Session, kept: Sequence[KeptFile], refused: Sequence[Outcome], *, delivery: str, at: datetime,
    closed_studies: Collection[str] = (),
) -> list[Outcome]:
    """Enter what was kept into the index, in the caller's transaction; gives what became of every file.

    delivery: the upload, association or import, for the record of refusals.
    closed_studies: studies this person may not add to, because they belong to cases they cannot see.
    """
    outcomes = list(refused)
    known = _Known(session, [one.candidate.header.sop_instance_uid for one in kept])
    for one in kept:
        try:
            outcomes.append(_enter(known, one, at, closed_studies))
        except Refused as refusal:
            outcomes.append(Outcome(
                one.candidate.arrived.name, "refused", refusal.code, refusal.reason, one.candidate.size,
                one.candidate.header.sop_instance_uid, one.candidate.header.study_instance_uid, one.digest,
            ))
    for table, rows in known.fresh.items():
        if rows:
            session.execute(_INSERTS[table], rows)
    for outcome in outcomes:
        if outcome.result == "refused":
            session.add(_refusal(outcome, delivery, at))
    session.flush()
    return outcomes


class _Here(NamedTuple):
    """An instance that is in the index."""

    digest: str
    before_blackout: str | None
    series_instance_uid: str


class _Known:
    """What the index has of one delivery: asked once for all its files, and held while they are entered."""

    def __init__(self, session: Session, sop_instance_uids: Sequence[str]) -> None:
        self.instances: dict[str, _Here] = {}
        self.fresh: dict[type[SQLModel], list[dict[str, Any]]] = {Study: [], Series: [], Instance: []}
        """Rows that are still to be written, what others belong to first."""
        self.series: dict[str, str] = {}
        """Study of each."""
        self.studies: dict[str, Identity] = {}
        """Patient of each."""
        session.flush()
        self._reads = session.connection()
        for at in range(0, len(sop_instance_uids), _ASKED_AT_ONCE):
            some = sop_instance_uids[at : at + _ASKED_AT_ONCE]
            for uid, *rest in self._reads.execute(_INSTANCES, {"uids": some}):
                self.instances[uid] = _Here(*rest)

    def study_of(self, series_uid: str) -> str | None:
        """The study of a series that is here."""
        if series_uid not in self.series:
            found = self._reads.execute(_SERIES, {"uid": series_uid}).first()
            if found is None:
                return None
            self.series[series_uid] = found[0]
        return self.series[series_uid]

    def patient_of(self, study_uid: str) -> Identity | None:
        """The patient of a study that is here."""
        if study_uid not in self.studies:
            found = self._reads.execute(_STUDY, {"uid": study_uid}).first()
            if found is None:
                return None
            self.studies[study_uid] = Identity(*found)
        return self.studies[study_uid]


def _enter(known: _Known, kept: KeptFile, at: datetime, closed_studies: Collection[str]) -> Outcome:
    header = kept.candidate.header
    if header.study_instance_uid in closed_studies:
        raise Refused("study-elsewhere", "This study belongs to a case you cannot open; ask your coordinator.")
    here = known.instances.get(header.sop_instance_uid)
    picture = picture_of(kept.candidate)
    result: Result = "taken"
    if here is not None and kept.digest not in (here.digest, here.before_blackout):
        raise Refused("conflict", "Another file with the same identity is here already; the coordinator is shown both.")
    if here is not None and (
        here.series_instance_uid != header.series_instance_uid
        or known.study_of(here.series_instance_uid) != header.study_instance_uid
    ):
        raise Refused("conflict", "This file is here already, in another study.")
    if here is not None:
        result = "already here"
    else:
        _enter_study(known, header, kept.candidate.identity, at)
        known.fresh[Instance].append(columns_of(kept, picture, at))
        known.instances[header.sop_instance_uid] = _Here(kept.digest, None, header.series_instance_uid)
    return outcome_of(kept, result, picture)


def _enter_study(known: _Known, header: Header, identity: Identity, at: datetime) -> None:
    """The study and the series of a header, where they are not here yet."""
    patient = known.patient_of(header.study_instance_uid)
    if patient is None:
        known.fresh[Study].append({
            "study_instance_uid": header.study_instance_uid, "patient_name": header.patient_name,
            "patient_id": header.patient_id, "patient_born_on": header.patient_born_on,
            "patient_sex": header.patient_sex, "description": header.study_description,
            "study_date": header.study_date, "study_time": header.study_time,
            "accession_number": header.accession_number, "institution": header.institution, "received_at": at,
        })
        known.studies[header.study_instance_uid] = identity
    elif patient != identity and not same_patient(patient, identity):
        raise Refused("conflict", "Its study is here already, of another patient; the coordinator is shown both.")
    study = known.study_of(header.series_instance_uid)
    if study is None:
        known.fresh[Series].append({
            "series_instance_uid": header.series_instance_uid, "study_instance_uid": header.study_instance_uid,
            "number": header.series_number, "modality": header.modality, "description": header.series_description,
            "body_part": header.body_part, "laterality": header.laterality, "protocol": header.protocol,
            "frame_of_reference_uid": header.frame_of_reference_uid or None,
        })
        known.series[header.series_instance_uid] = header.study_instance_uid
    elif study != header.study_instance_uid:
        raise Refused("conflict", "Its series is here already, in another study.")


def picture_of(candidate: Candidate) -> str:
    """``yes``, or the sentence why a candidate has nothing to draw."""
    kind = candidate.header.sop_class_name
    if candidate.pixels is None:
        return f"{kind}: this kind of object holds no picture."
    if candidate.held:
        return HELD
    if candidate.transfer_syntax in VIDEO:
        return "Video (MPEG) is kept; it is not drawn."
    if candidate.header.sop_class_uid.startswith(_SEGMENTATION):
        return "A segmentation is kept; it is not a picture by itself."
    return "yes"


def row_of(kept: KeptFile, at: datetime) -> Instance:
    """The row of a kept file, in no session yet."""
    return Instance(**columns_of(kept, picture_of(kept.candidate), at))


def outcome_of(kept: KeptFile, result: Result, picture: str) -> Outcome:
    """What became of a file that was not refused."""
    header = kept.candidate.header
    code, reason = ("", "") if picture == "yes" else ("no-picture", picture)
    return Outcome(
        kept.candidate.arrived.name, result, code, reason, kept.candidate.size, header.sop_instance_uid,
        header.study_instance_uid, kept.digest,
    )


def columns_of(kept: KeptFile, picture: str, at: datetime) -> dict[str, Any]:
    """Every column of `Instance`."""
    candidate, header, found = kept.candidate, kept.candidate.header, kept.candidate.pixels
    row = _WITHOUT_PIXELS | {name: getattr(header, name) for name in _FROM_HEADER}
    row |= {
        "windows": [one.model_dump() for one in header.windows],
        "frame_of_reference_uid": header.frame_of_reference_uid or None,
        "transfer_syntax_uid": candidate.transfer_syntax, "number": header.instance_number, "digest": kept.digest,
        "held": candidate.held, "size": candidate.size, "received_at": at, "picture": picture,
        "deflated": candidate.transfer_syntax == "1.2.840.10008.1.2.1.99",
        "big_endian": candidate.transfer_syntax == "1.2.840.10008.1.2.2", "frame_facts": header.overrides(),
        "frame_spans": [],
    }
    if found is not None:
        row |= {
            "rows": found.rows, "columns": found.columns, "frames": found.frames, "samples": found.samples,
            "bits_allocated": found.bits_allocated, "photometric": found.photometric,
            "encapsulated": found.encapsulated, "pixel_offset": found.offset, "pixel_length": found.length,
            "frame_spans": [[number for fragment in span for number in fragment] for span in found.spans],
        }
    return row


def _refusal(outcome: Outcome, delivery: str, at: datetime) -> Refusal:
    return Refusal(
        id=uuid4().hex, delivery=delivery, at=at, file_name=outcome.name, size=outcome.size, code=outcome.code,
        reason=outcome.reason, sop_instance_uid=outcome.sop_instance_uid or None, digest=outcome.digest or None,
    )
