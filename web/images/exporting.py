"""What a case sends out: which objects there would be, and making them."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from zoneinfo import ZoneInfo

from sqlmodel import Session

from agenda.boards import board
from agenda.cases import case, studies_of
from agenda.conferences import conferences_of_case
from conference.outcome.addenda import addenda
from conference.outcome.kept import kept_letter
from conference.outcome.letter import pdf
from conference.outcome.objects import Content, annotation, content_of
from conference.outcome.signing import SignedRecord, record_in_force
from imaging.errors import NotFound
from imaging.objects.maker import Maker
from imaging.objects.reading import READABLE
from imaging.objects.values import Annotation, Made, ObjectKind, Order, Window
from imaging.studies import Instance, Study, instance, instances, series, series_of, study

KINDS: Mapping[ObjectKind, tuple[str, str]] = {
    "letter": ("Letter", "The signed letter as a document of the study (encapsulated PDF)."),
    "report": ("Measurements", "Every mark with its values, for reporting systems (structured report, TID 1500)."),
    "presentation": ("Marks on images", "What was drawn and how it was shown, for viewers (presentation state)."),
    "keys": ("Key images", "The images the conference looked at, marked as such (key object selection)."),
}
"""Kind → what people call it, and what it is for."""


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What goes into one study."""

    study: Study
    annotations: tuple[Annotation, ...]
    key_images: tuple[str, ...]
    windows: tuple[Window, ...]
    digests: Mapping[str, str]
    """SOP Instance UID → file, for every image referred to; the first stands for the study."""
    letter: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a case could send out now."""

    case_id: str
    number: int
    board: str
    time_zone: str
    studies: tuple[StudyPlan, ...]
    signed: SignedRecord | None
    at: str
    marks: int
    letter: bytes | None = None
    """The letter as it is kept; None: it was never made."""
    others: tuple[Instance, ...] = field(default=())
    """Reports and presentation states that came with the case's studies."""

    def count(self, kind: ObjectKind) -> int:
        """How many studies would get an object of this kind."""
        if kind == "letter":
            return sum(one.letter for one in self.studies)
        if kind == "keys":
            return sum(bool(one.key_images) for one in self.studies)
        return sum(bool(one.annotations) for one in self.studies)


def plan(session: Session, case_id: str) -> Plan:
    """What a case could send out; raises CaseNotFound."""
    found = case(session, case_id)
    rooms = conferences_of_case(session, case_id)[::-1]
    content = content_of(session, case_id, rooms)
    signed = record_in_force(session, case_id)
    studies = _studies(session, case_id)
    seat = board(session, found.board_id)
    plans = [_study_plan(session, one, content, letter=signed is not None and number == 0)
             for number, one in enumerate(studies)]
    return Plan(
        case_id=case_id, number=found.number, board=seat.name, time_zone=seat.time_zone,
        studies=tuple(one for one in plans if one is not None), signed=signed,
        at=_at(content, signed, seat.time_zone), marks=len(content.marks), others=_others(session, studies),
        letter=_kept(session, signed),
    )


def _kept(session: Session, signed: SignedRecord | None) -> bytes | None:
    if signed is None:
        return None
    kept = kept_letter(session, signed.id, "letter", len(addenda(session, signed)))
    return None if kept is None else kept.content


def _studies(session: Session, case_id: str) -> list[Study]:
    """The studies of a case that are here, newest first: the letter goes into the newest."""
    found = []
    for uid in studies_of(session, case_id):
        try:
            found.append(study(session, uid))
        except NotFound:
            continue
    return sorted(found, key=lambda one: (one.study_date, one.study_time), reverse=True)


def _study_plan(session: Session, found: Study, content: Content, *, letter: bool) -> StudyPlan | None:
    rows: dict[str, Instance] = {}
    for uid in [*(mark.sop_instance_uid for mark in content.marks), *(one.sop_instance_uid for one in content.shown)]:
        row = _image(session, uid, found.study_instance_uid)
        if row is not None:
            rows[uid] = row
    marks = [mark for mark in content.marks if mark.sop_instance_uid in rows]
    keys = dict.fromkeys(
        [mark.sop_instance_uid for mark in marks if mark.mark in content.cited]
        + [mark.sop_instance_uid for mark in marks] + list(rows)
    )
    if letter and not rows:
        first = _any_image(session, found.study_instance_uid)
        rows |= {first.sop_instance_uid: first} if first is not None else {}
    if not rows:
        return None
    windows = {
        one.series_instance_uid: Window(one.series_instance_uid, one.window_centre, one.window_width)
        for one in content.shown
        if one.sop_instance_uid in rows and one.window_centre is not None and one.window_width is not None
    }
    return StudyPlan(
        found, tuple(annotation(mark) for mark in marks), tuple(keys), tuple(windows.values()),
        {uid: row.digest for uid, row in rows.items()}, letter,
    )


def _image(session: Session, uid: str, study_uid: str) -> Instance | None:
    try:
        row = instance(session, uid)
    except NotFound:
        return None
    own = series(session, row.series_instance_uid).study_instance_uid == study_uid
    return row if own and row.frames > 0 else None


def _any_image(session: Session, study_uid: str) -> Instance | None:
    """An image of the study, whose patient and study the letter takes over."""
    for run in series_of(session, study_uid):
        for row in instances(session, run.series_instance_uid):
            if row.frames > 0:
                return row
    return None


def _others(session: Session, studies: Sequence[Study]) -> tuple[Instance, ...]:
    return tuple(
        row for one in studies for run in series_of(session, one.study_instance_uid)
        if run.modality in ("SR", "PR") for row in instances(session, run.series_instance_uid)
        if row.sop_class_uid in READABLE
    )


def _at(content: Content, signed: SignedRecord | None, zone: str) -> str:
    """When what goes out came to be; the same content has the same instant."""
    instants = [datetime.fromisoformat(content.changed_at)] if content.changed_at else []
    instants += [signed.signed_at] if signed is not None else []
    return max(instants, default=datetime(2000, 1, 1, tzinfo=UTC)).astimezone(ZoneInfo(zone)).isoformat()


def make(maker: Maker, wanted: Plan, kinds: Sequence[ObjectKind]) -> list[Made]:
    """The objects of these kinds; blocks for some seconds. Raises NotMade."""
    letter = ""
    if "letter" in kinds and wanted.signed is not None:
        letter = base64.b64encode(wanted.letter or pdf(wanted.signed)).decode()
    made: list[Made] = []
    for one in wanted.studies:
        order = Order(
            study_instance_uid=one.study.study_instance_uid, sources={}, annotations=one.annotations,
            key_images=one.key_images, title=f"{wanted.board}, case {wanted.number}"[:64],
            institution=wanted.board[:64],
            seed=wanted.case_id, at=wanted.at, version=_version(), windows=one.windows,
            letter=letter if one.letter else "", kinds=tuple(kinds),
        )
        made += maker.make(order, one.digests)
    return made


def named(made: Sequence[Made]) -> list[tuple[str, Made]]:
    """Each object with its path, a folder for each study: without UIDs and names of people."""
    folders = {uid: f"study-{number}" for number, uid in enumerate(dict.fromkeys(
        one.study_instance_uid for one in made), 1)}
    return [(f"{folders[one.study_instance_uid]}/{one.name}", one) for one in made]


def _version() -> str:
    try:
        return version("consilium")
    except PackageNotFoundError:
        return "0"
