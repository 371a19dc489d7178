"""De-identification around a case's doors: the installation's key, the case's patient, the report with the delivery."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, select
from starlette.requests import Request

from agenda.boards import board
from agenda.cases import case
from conference.policy import Actor
from imaging.deidentify import records
from imaging.deidentify.doors import Deidentifier
from imaging.deidentify.pseudonyms import Keys
from imaging.deidentify.records import Report
from imaging.deidentify.table import Options
from imaging.intake import Inspection, Intake, KeptFile, Outcome, Progress
from imaging.patient_match import Identity
from imaging.settings import DeidentifySettings
from imaging.studies import Instance
from web.access import actor, in_session, reading
from web.clock import now
from web.images.admission import admit, kept_for, patient_of
from web.services import Services, services
from web.settings import Settings

_AT_ONCE = 500
KEY = "deidentify.key"
"""In the folder of keys; whoever has it can tell whether an image is of a patient they already know."""


class Removal:
    """`imaging.uploads.Rewrite` for one case; its report is there when the files are written."""

    def __init__(self, by: Deidentifier, person: Identity, patient: str) -> None:
        self.report = Report((), patient)
        self._by = by
        self._person = person

    def __call__(self, inspection: Inspection, into: Path, progress: Progress) -> Inspection:
        """Write the files without identity into a folder; blocks."""
        done = self._by.cleaned(inspection, self._person, into, patient=self.report.patient, progress=progress)
        self.report = done.report
        return done.inspection


def deidentifier(made: Services) -> Deidentifier:
    """With the key of this installation."""
    return deidentifier_of(made.settings, made.uploads.intake)


def deidentifier_of(settings: Settings, intake: Intake) -> Deidentifier:
    """`deidentifier` without a running application."""
    keys = Keys.from_file(settings.storage.directory / "keys" / KEY)
    return Deidentifier(keys, intake, options_of(settings.imaging.deidentify))


def keys_of(made: Services) -> Keys:
    """The key of this installation."""
    return Keys.from_file(made.settings.storage.directory / "keys" / KEY)


def options_of(settings: DeidentifySettings) -> Options:
    """The options of PS3.15 E.3 that the configuration chose."""
    return Options(
        dates=settings.dates, characteristics=settings.characteristics, device=settings.device,
        descriptors=settings.descriptors, private=settings.safe_private,
    )


@dataclass(frozen=True, slots=True)
class Admitted:
    """What became of a delivery that nobody was asked about."""

    outcomes: list[Outcome]
    inspection: Inspection
    """As it went into the case: without identity where that was asked, and then under new UIDs."""
    without_identity: bool


def board_hides(session: Session, case_id: str) -> bool:
    """Whether the board of a case wants its images without identity, where their sender cannot choose."""
    return board(session, case(session, case_id).board_id).deidentify


async def admitted(
    request: Request, case_id: str, inspection: Inspection, delivery: str, into: Path, *, hide: bool, patient: str
) -> Admitted:
    """Keep and index what was compared with the case's patient, without identity where asked; committed.

    into: folder for what is rewritten; the caller removes it. patient: what the comparison came to, for the report.
    Raises Forbidden, QuotaReached.
    """
    who = actor(request)
    if not hide:
        kept = await kept_for(request, case_id, inspection.candidates)
        plain = await in_session(request, "images.add", admit, who, case_id, kept, inspection, delivery)
        return Admitted(plain, inspection, without_identity=False)
    removal = Removal(deidentifier(services(request)), await reading(request, patient_of, case_id), patient)
    hidden = await asyncio.to_thread(removal, inspection, into, lambda _done: None)
    kept = await kept_for(request, case_id, hidden.candidates)
    outcomes = await in_session(
        request, "images.add-deidentified", admit_without_identity, who, case_id, kept, hidden, delivery, removal.report
    )
    await forget_blacked_out(request, kept)
    return Admitted(outcomes, hidden, without_identity=True)


async def forget_blacked_out(request: Request, kept: Sequence[KeptFile]) -> None:
    """What was blacked out before and came again is here already; its writing must not stay in the vault."""
    for digest in await reading(request, blacked_out_since, [one.digest for one in kept]):
        await asyncio.to_thread(services(request).vault.remove, digest)


def admit_without_identity(
    session: Session, who: Actor, case_id: str, kept: list[KeptFile], inspection: Inspection, delivery: str,
    report: Report,
) -> list[Outcome]:
    """`web.images.admission.admit` for what was rewritten, with the report in one transaction. Raises Forbidden."""
    outcomes = admit(session, who, case_id, kept, inspection, delivery)
    records.note(session, report, delivery=delivery, at=now())
    return outcomes


def blacked_out_since(session: Session, digests: Sequence[str]) -> list[str]:
    """Those of these objects of the vault in whose place something blacked out stands; no image is one of them."""
    wanted = list(dict.fromkeys(digests))
    gone: list[str] = []
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        before = session.exec(select(Instance.before_blackout).where(col(Instance.before_blackout).in_(part))).all()
        named = set(session.exec(select(Instance.digest).where(col(Instance.digest).in_(part))))
        gone += [one for one in before if one is not None and one not in named]
    return gone
