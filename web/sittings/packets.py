"""The packet as pages, PDFs and copies show it: composed from the record, and frozen once its agenda is published."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session

from agenda.boards import members
from agenda.cases import case
from agenda.conferences import Conference, conference, items
from agenda.errors import ItemNotFound
from agenda.key_images import KeyImage, key_images
from agenda.packet import Line, packet
from agenda.packets import (
    Change,
    Content,
    KeyPicture,
    PacketVersion,
    Patient,
    Receipt,
    changes,
    content_of,
    digest_of,
    freeze,
    note_opened,
    receipts,
    versions,
)
from agenda.people import Person, person
from agenda.triage import readiness_of
from imaging.errors import NotFound
from imaging.studies import instance, series, stack, study
from web.cases.facts import study_facts

FROZEN_STATES = frozenset({"published", "open"})
"""States of a sitting in which a changed packet becomes a new version."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A packet as somebody sees it now."""

    content: Content
    number: int
    """Version; 0: not published, so it may still change unnoticed."""
    digest: str
    frozen_at: datetime | None
    published_at: datetime | None
    changed: tuple[Change, ...]
    """What differs from what was published, line by line."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A member of the board, and when they opened a packet; None: not yet."""

    name: str
    discipline: str
    receipt: Receipt | None


def compose(session: Session, case_id: str, judged_on: date) -> Content:
    """What the packet of a case says now, its readiness judged on a day; raises CaseNotFound."""
    found = case(session, case_id)
    facts = study_facts(session, case_id)
    readiness = readiness_of(session, found, facts, judged_on)
    patient = Patient(found.patient_name, found.patient_born_on, found.patient_sex, found.patient_id)
    return Content(
        case_id=case_id, form=f"Referral form, {person(session, found.referrer_id).name}", patient=patient,
        packet=packet(session, case_id, readiness),
        images=tuple(
            Line(
                one.modality or "Study",
                "; ".join(filter(None, (
                    one.description, one.on.isoformat() if one.on else "date not given",
                    f"{one.images} {'image' if one.images == 1 else 'images'}",
                ))),
                f"Headers of the images; study {one.study_instance_uid}",
            )
            for one in facts
        ),
        pictures=pictures_of(session, case_id),
    )


def pictures_of(session: Session, case_id: str) -> tuple[KeyPicture, ...]:
    """The key images of a case that can be shown, in their order."""
    return tuple(_picture(session, one) for one in key_images(session, case_id) if _known(session, one))


def _known(session: Session, one: KeyImage) -> bool:
    """Whether the image is still there to be shown; one that was held back or cleared away is left out."""
    try:
        return not instance(session, one.sop_instance_uid).held
    except NotFound:
        return False


def _picture(session: Session, one: KeyImage) -> KeyPicture:
    by = person(session, one.chosen_by).name
    return KeyPicture(
        one.sop_instance_uid, one.frame, one.window_centre, one.window_width,
        caption_of(session, one.sop_instance_uid, one.frame), one.note,
        f"Chosen by {by}, {one.chosen_at.date().isoformat()}",
    )


def caption_of(session: Session, sop_instance_uid: str, number: int) -> str:
    """``MR, Sagittal T2, 2026-11-02, image 8 of 15`` of a frame; raises NotFound."""
    run = series(session, instance(session, sop_instance_uid).series_instance_uid)
    of = study(session, run.study_instance_uid)
    frames = stack(session, run.series_instance_uid)
    place = next(
        (at for at, frame in enumerate(frames, 1)
         if (frame.sop_instance_uid, frame.number) == (sop_instance_uid, number)), 0,
    )
    parts = [run.modality, run.description or of.description, of.study_date]
    if place and len(frames) > 1:
        parts.append(f"image {place} of {len(frames)}")
    return ", ".join(part for part in parts if part)


def shown(session: Session, conference_id: str, case_id: str, at: datetime) -> Shown:
    """What to show of a packet, without changing anything; raises ItemNotFound when the agenda does not list it.

    `number` is that of the last version even where a line has changed since: `opened` makes the next one first.
    """
    sitting = _listed(session, conference_id, case_id)
    return _shown(session, sitting, case_id, at)


def _listed(session: Session, conference_id: str, case_id: str) -> Conference:
    sitting = conference(session, conference_id)
    if all(item.case_id != case_id for item in items(session, conference_id)):
        raise ItemNotFound(case_id)
    return sitting


def _shown(session: Session, sitting: Conference, case_id: str, at: datetime) -> Shown:
    kept = versions(session, sitting.id, case_id)
    if not kept or sitting.state in FROZEN_STATES:
        content = compose(session, case_id, (kept[0].frozen_at if kept else at).date())
        return _told(content, kept)
    return _told(content_of(kept[-1]), kept)


def _told(content: Content, kept: Sequence[PacketVersion]) -> Shown:
    if not kept:
        return Shown(content, 0, digest_of(content), None, None, ())
    first, last = kept[0], kept[-1]
    digest = digest_of(content)
    changed = () if digest == first.digest else changes(content_of(first), content)
    return Shown(content, last.number, digest, last.frozen_at, first.frozen_at, changed)


def opened(session: Session, conference_id: str, case_id: str, reader_id: str, at: datetime) -> Shown:
    """Show a packet to somebody: keep a new version if a line has changed, and that they opened it."""
    sitting = _listed(session, conference_id, case_id)
    found = _shown(session, sitting, case_id, at)
    if sitting.state in FROZEN_STATES:
        made = freeze(session, conference_id, found.content, at)
        found = replace(
            found, number=made.number, digest=made.digest, frozen_at=made.frozen_at,
            published_at=found.published_at or made.frozen_at,
        )
    note_opened(session, conference_id, case_id, reader_id, found.number, at)
    return found


def freeze_agenda(session: Session, conference_id: str, at: datetime) -> None:
    """Freeze the packet of every case on an agenda: it has been published."""
    for item in items(session, conference_id):
        if item.case_id is not None:
            kept = versions(session, conference_id, item.case_id)
            judged = (kept[0].frozen_at if kept else at).date()
            freeze(session, conference_id, compose(session, item.case_id, judged), at)


def voices(session: Session, board_id: str) -> list[Person]:
    """Who of a board is expected to read: everybody who speaks for a discipline."""
    return [
        one for member, one in members(session, board_id)
        if member.role != "observer" and one.discipline and one.disabled_at is None
    ]


def readers(session: Session, conference_id: str) -> dict[str, list[Reader]]:
    """Case → who of the board has opened its packet and who has not, for every case on an agenda."""
    sitting = conference(session, conference_id)
    expected = voices(session, sitting.board_id)
    found = receipts(session, conference_id)
    return {
        item.case_id: [
            Reader(one.name, one.discipline or "", found.get(item.case_id, {}).get(one.id)) for one in expected
        ]
        for item in items(session, conference_id) if item.case_id is not None
    }
