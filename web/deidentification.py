"""De-identification around a case's doors: the installation's key, the case's patient, the report with the delivery."""

from collections.abc import Sequence
from pathlib import Path

from sqlmodel import Session, col, select

from conference.policy import Actor
from imaging.deidentify import records
from imaging.deidentify.doors import Deidentifier
from imaging.deidentify.pseudonyms import Keys
from imaging.deidentify.records import Report
from imaging.intake import Inspection, KeptFile, Outcome, Progress
from imaging.patient_match import Identity
from imaging.studies import Instance
from web.admission import admit
from web.clock import now
from web.services import Services

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
    return Deidentifier(Keys.from_file(made.settings.storage.directory / "keys" / KEY), made.uploads.intake)


def admit_without_identity(
    session: Session, who: Actor, case_id: str, kept: list[KeptFile], inspection: Inspection, delivery: str,
    report: Report,
) -> list[Outcome]:
    """`web.admission.admit` for what was rewritten, with the report in the same transaction. Raises Forbidden."""
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
