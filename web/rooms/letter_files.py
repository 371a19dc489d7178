"""Letters with their pictures: what the record says of key images when it is signed, and the files made of it once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
import msgspec
from sqlmodel import Session

from agenda.ids import CaseId
from conference.outcome.addenda import Addendum, addenda
from conference.outcome.bundle import bundle
from conference.outcome.kept import KeptLetter, Kind, keep_letter, kept_letter, seals
from conference.outcome.letter import pdf
from conference.outcome.plain import plain_pdf
from conference.outcome.signing import SignedRecord, Signer, record_in_force
from conference.room.state import CaseState
from conference.room.values import PaneView
from imaging.errors import ImagingError, NotFound
from imaging.pixels.pictures import Pictures
from imaging.pixels.stack import stack_of
from imaging.pixels.window import Window
from imaging.studies import frame, instance
from web.clock import now
from web.database import Database, Deed
from web.services import Services
from web.sittings.packets import caption_of, pictures_of

MOST = 12
"""Pictures in a letter; the marks' own come first."""
_SIDE_PX = 1200
_MAKERS: Mapping[Kind, Callable[..., bytes]] = {"letter": pdf, "plain": plain_pdf}


@dataclass(frozen=True, slots=True)
class Press:
    """What it takes to make a letter: the whole application has it, and so has the command line."""

    database: Database
    pictures: Pictures
    signer: Signer


@dataclass(frozen=True, slots=True)
class Standing:
    """A recommendation in force with what was added to it."""

    signed: SignedRecord
    added: list[Addendum]


def standing(session: Session, case_id: str) -> Standing | None:
    """What stands for a case now; None: nothing was signed."""
    signed = record_in_force(session, case_id)
    return None if signed is None else Standing(signed, addenda(session, signed))


def key_pictures(session: Session, state: CaseState, case_id: CaseId) -> list[dict[str, Any]]:
    """The images a letter shows: those under cited marks, as they were shown, then what the case's packet shows."""
    cited = [] if state.recommendation is None else state.recommendation.recommendation.cited
    windows = {(one.sop_instance_uid, one.frame): (one.window_centre, one.window_width) for one in _views(state)}
    wanted: dict[tuple[str, int], tuple[float | None, float | None, str]] = {}
    for mark in (state.marks[key] for key in cited if key in state.marks):
        place = (mark.sop_instance_uid, mark.frame)
        wanted.setdefault(place, (*windows.get(place, (None, None)), ""))
    for one in pictures_of(session, case_id):
        place = (one.sop_instance_uid, one.frame)
        before = wanted.get(place)
        if before is None or before[0] is None:
            wanted[place] = (one.centre, one.width, one.note)
    found = (_picture(session, sop, number, *rest) for (sop, number), rest in wanted.items())
    return [one for one in found if one is not None][:MOST]


def _views(state: CaseState) -> Iterator[PaneView]:
    if state.shown is not None:
        yield from (one for one in (state.shown, *state.shown.beside) if one is not None)


def _picture(
    session: Session, sop: str, number: int, centre: float | None, width: float | None, note: str
) -> dict[str, Any] | None:
    try:
        row = instance(session, sop)
        found = frame(row, number)
    except NotFound:
        return None
    if row.held or not row.rows or not row.columns:
        return None
    millimetres = found.row_spacing_mm and found.column_spacing_mm
    aspect = found.row_spacing_mm / found.column_spacing_mm if millimetres else row.aspect or 1.0  # type: ignore[operator]  # both are numbers where `millimetres` is
    return {
        "sop_instance_uid": sop, "frame": number, "rows": row.rows, "columns": row.columns, "aspect": round(aspect, 6),
        "centre": centre, "width": width, "caption": caption_of(session, sop, number), "note": note,
    }


async def images_of(made: Services | Press, signed: SignedRecord) -> dict[str, bytes]:
    """The pictures of a record as JPEG, by ``<SOP Instance UID>/<frame>``; what is no longer kept is left out."""
    found: dict[str, bytes] = {}
    for one in msgspec.json.decode(signed.record).get("pictures", ()):
        sop, number = one["sop_instance_uid"], one["frame"]
        try:
            run = (await made.database.read(instance, sop)).series_instance_uid
            drawn = await made.pictures.opened(await made.database.read(stack_of, run))
            index = drawn.stack.index_of(sop, number)
            if index is None:
                continue
            window = None if one["centre"] is None else Window(one["centre"], one["width"])
            found[f"{sop}/{number}"] = await made.pictures.rendered(drawn, index, _SIDE_PX, "jpeg", window)
        except ImagingError:
            continue
    return found


async def letter_file(made: Services | Press, known: Standing, kind: Kind) -> KeptLetter:
    """The PDF of what stands now: the one that was kept, or made, sealed and kept at this moment."""
    signed, edition = known.signed, len(known.added)
    kept = await made.database.read(kept_letter, signed.id, kind, edition)
    if kept is not None:
        return kept
    images = await images_of(made, signed)
    content = await anyio.to_thread.run_sync(_MAKERS[kind], signed, known.added, images)
    heading = Deed("system", "Consilium", "letter.make", now())
    return await made.database.write(heading, keep_letter, signed, kind, edition, content, made.signer, now())


async def make_letters(made: Services | Press, case_id: str) -> None:
    """Make both files of what stands now, so that they are kept before anybody asks."""
    known = await made.database.read(standing, case_id)
    if known is not None:
        for kind in _MAKERS:
            await letter_file(made, known, kind)


async def signed_bundle(made: Services, known: Standing) -> bytes:
    """The signed file with its addenda, the seals of its letters and the history of keys."""
    for kind in _MAKERS:
        await letter_file(made, known, kind)
    sealed = await made.database.read(seals, known.signed.id)
    return bundle(known.signed, [one.statement for one in known.added], sealed, made.signer.history())
