"""De-identification at a door: candidates in, candidates without identity out, with a report of what was changed.

The header is read and cleaned in a worker; here its answer is put before the same pixels, and the result goes through
the same check as any file from outside. What arrived is never kept.
"""

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from imaging.claims import VIDEO
from imaging.deidentify.cleaning import fold
from imaging.deidentify.pseudonyms import Keys, Pseudonyms
from imaging.deidentify.records import Report
from imaging.deidentify.splice import spliced
from imaging.deidentify.table import Options
from imaging.errors import Refused, Unreadable, WorkerLost
from imaging.intake import Arrived, Candidate, Inspection, Intake, Outcome, Progress
from imaging.patient_match import Identity
from imaging.walk import walked

_TASK = "imaging.deidentify.worker:header"
_ANSWERS = frozenset({"removed", "emptied", "replaced", "new UID", "date moved", "cleaned"})


class _Said(BaseModel):
    """What a worker may answer."""

    model_config = ConfigDict(extra="forbid")
    tally: list[tuple[Annotated[int, Field(ge=0, lt=1 << 32)], str, Annotated[int, Field(ge=1)]]] = []
    embedded: bool = False
    look: bool = False
    refused: tuple[str, Annotated[str, Field(max_length=300)]] | None = None


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A delivery without identity."""

    inspection: Inspection
    report: Report


@dataclass(frozen=True, slots=True)
class _Done:
    arrived: Arrived
    said: _Said


class Deidentifier:
    """De-identifies what a door took in; threads may share it."""

    def __init__(self, keys: Keys, intake: Intake, options: Options | None = None) -> None:
        self._keys = keys
        self._intake = intake
        self._options = options or Options()

    def cleaned(
        self, inspection: Inspection, person: Identity, into: Path, *, patient: str,
        progress: Progress = lambda _done: None,
    ) -> Cleaned:
        """Write every candidate without identity to the folder `into`, and check what was written.

        person: whose images these are, as the case says. patient: what the comparison with the case came to, for the
        report. Names of files are replaced by their number: they often hold the patient's name. Blocks.
        """
        into.mkdir(parents=True, exist_ok=True, mode=0o700)
        pseudonyms = self._keys.of(person_key(person, inspection.identities))
        total = len(inspection.candidates) + len(inspection.refused)
        written: list[_Done] = []
        refused = [
            unnamed(one, f"file {total - at} of {total}") for at, one in enumerate(inspection.refused)
        ]
        with ThreadPoolExecutor(self._intake.processes, thread_name_prefix="deidentify") as pool:
            jobs = pool.map(
                lambda at: self._one(at[1], f"file {at[0]} of {total}", pseudonyms, person, into / f"{at[0]:06}"),
                enumerate(inspection.candidates, 1),
            )
            for done, found in enumerate(jobs, 1):
                if isinstance(found, _Done):
                    written.append(found)
                else:
                    refused.append(found)
                progress(done)
        return self._checked(written, refused, patient)

    def _checked(self, written: Sequence[_Done], refused: list[Outcome], patient: str) -> Cleaned:
        said = {one.arrived.name: one.said for one in written}
        again = self._intake.inspect([one.arrived for one in written])
        report = Report(self._options.codes, patient)
        candidates = []
        for one in again.candidates:
            answer = said[one.arrived.name]
            held = one.pixels is not None and (answer.look or one.header.burned_in)
            report.add(
                one.header.series_instance_uid, one.header.modality,
                {(tag, done): count for tag, done, count in answer.tally},
            )
            report.held += held
            candidates.append(replace(one, held=held))
        return Cleaned(Inspection(tuple(candidates), (*refused, *again.refused)), report)

    def _one(
        self, candidate: Candidate, name: str, pseudonyms: Pseudonyms, person: Identity, out: Path
    ) -> _Done | Outcome:
        try:
            if candidate.transfer_syntax in VIDEO:
                raise Unreadable("video", "A video cannot be looked through for writing in its pictures.")
            return _Done(Arrived(name, out), self._written(candidate, pseudonyms, person, out))
        except Refused as why:
            return Outcome(name, "refused", why.code, why.reason, candidate.size)
        except WorkerLost as lost:
            return Outcome(name, "refused", "unreadable", str(lost), candidate.size)

    def _written(self, candidate: Candidate, pseudonyms: Pseudonyms, person: Identity, out: Path) -> _Said:
        answer = self._intake.read_more(
            _TASK, path=str(candidate.arrived.path), options=asdict(self._options), key=pseudonyms.key,
            patient=pseudonyms.patient, days=pseudonyms.days, names=[person.name] if person.name else [],
            numbers=[person.patient_id] if person.patient_id else [], born=[person.born_on] if person.born_on else [],
        )
        try:
            said = _Said.model_validate(answer.facts)
        except ValidationError:
            raise Unreadable("broken", "The file's header is damaged; it cannot be de-identified.") from None
        if said.refused is not None:
            raise Unreadable(*said.refused)
        if any(done not in _ANSWERS for _tag, done, _count in said.tally):
            raise Unreadable("broken", "The file's header is damaged; it cannot be de-identified.")
        with (
            walked(candidate.arrived.path, self._intake.limits) as walk,
            os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
        ):
            spliced(answer.payload, walk, candidate.pixels, file, embedded=said.embedded)
        return said


def unnamed(one: Outcome, name: str) -> Outcome:
    """What became of a file, without the name and the UIDs it came with."""
    return replace(one, name=name, sop_instance_uid="", study_instance_uid="")


def person_key(person: Identity, found: Sequence[Identity] = ()) -> str:
    """By what a person is the same in every delivery: birth date and name, else the record number.

    found: the headers' patients, used where the case says nothing.
    """
    for one in (person, *found):
        words = " ".join(sorted(re.findall(r"[^\W_]+", fold(one.name))))
        if words and one.born_on:
            return f"{one.born_on} {words}"
        if words or one.patient_id:
            return f"{fold(one.patient_id)} {words}"
    return ""
