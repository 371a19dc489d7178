"""Fetches under way: a study of an archive on its way to a case, series by series.

fetching → checking → asking (a person must say whether it is the patient) → keeping → done; stopped and failed can be
gone on with, and then take the series that are missing; refused is over. What lies on the disk is what arrived.
"""

import re
import shutil
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from imaging.errors import ImagingError, TooLarge
from imaging.intake import Inspection, Intake, Outcome
from imaging.nodes import Node
from imaging.patient_match import Differs, Identity, Match, SeveralPatients, compare
from imaging.remote import dicomweb
from imaging.remote.answer import Found, FoundSeries, FoundStudy
from imaging.remote.caller import Caller
from imaging.remote.errors import FetchNotFound, FetchState, RemoteFailed, Stopped
from imaging.remote.expected import Expected
from imaging.remote.question import Question
from imaging.remote.stage import Stage
from imaging.settings import FetchSettings, UploadSettings

State = Literal["fetching", "checking", "asking", "keeping", "done", "stopped", "failed", "refused"]
_RUNNING = ("fetching", "checking", "keeping")
OVER = ("done", "refused")


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Contrast(_Plain):
    """One field in which headers and case differ."""

    field: str
    found: str
    expected: str


class Fetch(_Plain):
    """One fetch as it is kept beside its files, and shown while it runs."""

    id: str
    case_id: str
    person_id: str
    node: str
    """The name of the archive."""
    study_instance_uid: str
    title: str
    """What the study is called, and of which day."""
    created_at: datetime
    touched_at: datetime
    state: State = "fetching"
    reason: str = ""
    """Why it stopped, failed or was refused."""
    fetched: int = 0
    """Files that are here."""
    announced: int | None = None
    """Files the archive says there are."""
    series: list[FoundSeries] = []
    """What there is to fetch; one without identity is the whole study."""
    complete: list[str] = []
    """Series that are here as a whole."""
    differences: list[Contrast] = []
    refused: list[tuple[str, str]] = []
    """Files that were not taken, each with its reason."""
    taken: int = 0
    already: int = 0


class Fetches:
    """Every fetch, in a folder; threads may share it."""

    def __init__(
        self, root: Path, settings: FetchSettings, limits: UploadSettings, intake: Intake, title: str,
        expected: Expected,
    ) -> None:
        """title: our application entity title. expected: what a C-MOVE sends to our listener."""
        self.intake, self.expected = intake, expected
        self._root, self._settings, self._limits = root, settings, limits
        self._caller = Caller(title, settings)
        self._lock = threading.RLock()
        self._known: dict[str, Fetch] = {}
        self._stages: dict[str, Stage] = {}
        self._inspected: dict[str, Inspection] = {}
        self._closed = False
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for place in root.glob("*/fetch.json"):
            self._remember(Fetch.model_validate_json(place.read_bytes()))

    def find(self, node: Node, asked: Question) -> Found:
        """The studies of a node that match; blocks. Raises RemoteFailed, NodeUnusable."""
        if node.kind == "dicomweb":
            return dicomweb.find(node, asked, self._settings)
        from imaging.remote import dimse  # half a second that only they pay who ask

        return dimse.find(node, asked, self._caller)

    def create(self, case_id: str, person_id: str, node: Node, study: FoundStudy, at: datetime) -> Fetch:
        """A fetch that is about to run; raises FetchState when the study is on its way or there are too many."""
        with self._lock:
            mine = [one for one in self._known.values() if one.person_id == person_id and one.state not in OVER]
            if any(one.study_instance_uid == study.study_instance_uid and one.case_id == case_id for one in mine):
                raise FetchState("This study is listed below already; go on with it there, or remove it.")
            if len(mine) >= self._settings.open_per_person:
                raise FetchState(f"You have {len(mine)} fetches open; finish or remove one of them first.")
            made = Fetch(
                id=uuid4().hex, case_id=case_id, person_id=person_id, node=node.name,
                study_instance_uid=study.study_instance_uid, title=_title(study), created_at=at, touched_at=at,
                announced=study.instances,
            )
            (self._root / made.id).mkdir(mode=0o700)
            self._save(made)
            return made.model_copy()

    def get(self, fetch_id: str, case_id: str, person_id: str) -> Fetch:
        """One fetch of this person for this case; raises FetchNotFound."""
        found = self._known.get(fetch_id)
        if found is None or found.case_id != case_id or found.person_id != person_id:
            raise FetchNotFound(fetch_id)
        return found.model_copy()

    def of(self, case_id: str, person_id: str) -> list[Fetch]:
        """This person's fetches for this case, the latest first."""
        mine = [one for one in self._known.values() if one.case_id == case_id and one.person_id == person_id]
        return [one.model_copy() for one in sorted(mine, key=lambda one: one.created_at, reverse=True)]

    def fetch(self, fetch_id: str, node: Node) -> None:
        """Bring the series that are missing here; ends in checking, stopped or failed. Blocks."""
        stage = self._stage(fetch_id)
        try:
            self._bring(fetch_id, node, stage)
        except Stopped as stopped:
            self._end(fetch_id, "failed" if self._closed else "stopped", str(stopped))
        except TooLarge as error:
            stage.drop()
            self._end(fetch_id, "refused", error.reason)
        except (ImagingError, OSError) as error:
            said = str(error) if isinstance(error, ImagingError) else "The disk could not be written."
            state: State = "stopped" if _stopped(stage) and not self._closed else "failed"
            self._end(fetch_id, state, str(Stopped()) if state == "stopped" else said)
        else:
            self._set(fetch_id, state="checking")
        finally:
            with self._lock:
                self._stages.pop(fetch_id, None)

    def check(self, fetch_id: str, expected: Identity) -> Fetch:
        """Check and match what is here; ends in asking, keeping or refused. Blocks."""
        found = self._inspect(fetch_id)
        match compare(found.identities, expected):
            case SeveralPatients(patients):
                return self._refuse(fetch_id, f"The study holds {len(patients)} patients; nothing was taken.")
            case Differs(_, differences):
                said = [Contrast(field=one.field, found=one.found, expected=one.expected) for one in differences]
                return self._set(fetch_id, state="asking", differences=said)
            case Match():
                return self._set(fetch_id, state="keeping")

    def confirm(self, fetch_id: str) -> None:
        """A person says that it is the case's patient; raises FetchState when nobody asked."""
        with self._lock:
            self._demand(fetch_id, ("asking",))
            self._set(fetch_id, state="keeping")

    def inspected(self, fetch_id: str) -> Inspection:
        """What the check found. Blocks after a restart."""
        return self._inspected.get(fetch_id) or self._inspect(fetch_id)

    def rewritten(self, fetch_id: str) -> Path:
        """The folder for files of a fetch that lose their identity; it goes with the others."""
        return self._root / fetch_id / "rewritten"

    def complete(self, fetch_id: str, outcomes: Sequence[Outcome]) -> Fetch:
        """The transaction is committed: keep the report, drop the files."""
        self._drop(fetch_id)
        return self._set(
            fetch_id, state="done", differences=[], taken=sum(one.result == "taken" for one in outcomes),
            already=sum(one.result == "already here" for one in outcomes),
            refused=[(one.name, one.reason) for one in outcomes if one.result == "refused"][:50],
        )

    def refuse(self, fetch_id: str, reason: str) -> Fetch:
        """End a fetch as a whole with a sentence; its files are dropped."""
        return self._refuse(fetch_id, reason)

    def resume(self, fetch_id: str, at: datetime) -> None:
        """Claim a fetch that was stopped or failed; raises FetchState."""
        with self._lock:
            self._demand(fetch_id, ("stopped", "failed"))
            self._set(fetch_id, state="fetching", reason="", touched_at=at)

    def take(self, fetch_id: str, at: datetime) -> None:
        """Claim what a fetch that was stopped or failed has brought; raises FetchState when that is nothing."""
        with self._lock:
            self._demand(fetch_id, ("stopped", "failed"))
            if not self._known[fetch_id].fetched:
                raise FetchState("Nothing of this study is here yet.")
            self._set(fetch_id, state="checking", reason="", touched_at=at)

    def stop(self, fetch_id: str) -> None:
        """End what runs; what is here stays. Blocks; raises FetchState when nothing runs that can be stopped."""
        with self._lock:
            self._demand(fetch_id, ("fetching",))
            stage = self._stages.get(fetch_id)
        if stage is None:
            self._end(fetch_id, "stopped", str(Stopped()))
        else:
            stage.stop()

    def forget(self, fetch_id: str) -> None:
        """Remove a fetch and its files; raises FetchState while it is at work."""
        with self._lock:
            self._demand(fetch_id, ("asking", "done", "stopped", "failed", "refused"))
            self._inspected.pop(fetch_id, None)
            self._known.pop(fetch_id, None)
            shutil.rmtree(self._root / fetch_id, ignore_errors=True)

    def expire(self, at: datetime) -> None:
        """Forget fetches nobody went on with for the time of the settings."""
        limit = timedelta(hours=self._settings.keep_hours)
        for one in [one for one in self._known.values() if one.state not in _RUNNING]:
            if at - one.touched_at > limit:
                self.forget(one.id)

    def close(self) -> None:
        """Stop everything; nothing starts any more. Blocks."""
        self._closed = True
        with self._lock:
            stages = list(self._stages.values())
        for stage in stages:
            stage.stop()

    def _bring(self, fetch_id: str, node: Node, stage: Stage) -> None:
        found = self._known[fetch_id]
        if not found.series:
            self._enumerate(found, node, stage)
        by_move = node.kind == "dimse" and node.retrieve == "move"
        for number, one in enumerate(found.series):
            if one.series_instance_uid in found.complete:
                continue
            place = f"{number:04}"
            stage.begin(place)
            with self.expected.study(found.study_instance_uid, node.ae_title, stage, place, enabled=by_move):
                self._one(node, found.study_instance_uid, one.series_instance_uid, (stage, place))
            if stage.holds(place):
                self._set(fetch_id, complete=[*found.complete, one.series_instance_uid])
        if stage.files == 0:
            raise RemoteFailed(_NOTHING_MOVED if by_move else f"{node.name} sent no images of this study.")
        missing = len(found.series) - len(found.complete)
        if missing:
            raise RemoteFailed(f"{node.name} sent nothing of {missing} of {len(found.series)} series.")

    def _enumerate(self, found: Fetch, node: Node, stage: Stage) -> None:
        uid = found.study_instance_uid
        if node.kind == "dicomweb":
            listed = dicomweb.series(node, uid, self._settings)
        else:
            from imaging.remote import dimse

            listed = dimse.series(node, uid, self._caller)
        stage.go_on()
        counts = [one.instances for one in listed]
        told = sum(filter(None, counts)) if counts and None not in counts else found.announced
        self._set(found.id, series=listed or [FoundSeries("")], announced=told)

    def _one(self, node: Node, study_uid: str, series_uid: str, into: tuple[Stage, str]) -> None:
        if node.kind == "dicomweb":
            dicomweb.get(node, study_uid, series_uid, into, self._settings)
            return
        from imaging.remote import dimse

        if node.retrieve == "move":
            dimse.move(node, study_uid, series_uid, into[0], self._caller)
        else:
            dimse.get(node, study_uid, series_uid, into, self._caller)

    def _stage(self, fetch_id: str) -> Stage:
        with self._lock:
            made = Stage(self._root / fetch_id / "files", self._limits, lambda files: self._count(fetch_id, files))
            self._stages[fetch_id] = made
            if self._closed:
                made.stop()
            return made

    def _count(self, fetch_id: str, files: int) -> None:
        self._known[fetch_id].fetched = files  # written to the disk with the next series

    def _inspect(self, fetch_id: str) -> Inspection:
        stage = Stage(self._root / fetch_id / "files", self._limits, lambda _files: None)
        found = self.intake.inspect(stage.arrived())
        self._inspected[fetch_id] = found
        return found

    def _refuse(self, fetch_id: str, reason: str) -> Fetch:
        self._drop(fetch_id)
        return self._set(fetch_id, state="refused", reason=reason)

    def _drop(self, fetch_id: str) -> None:
        self._inspected.pop(fetch_id, None)
        for folder in ("files", "rewritten"):
            shutil.rmtree(self._root / fetch_id / folder, ignore_errors=True)

    def _end(self, fetch_id: str, state: State, reason: str) -> None:
        self._set(fetch_id, state=state, reason=reason)

    def _demand(self, fetch_id: str, states: Sequence[str]) -> None:
        found = self._known.get(fetch_id)
        if found is None:
            raise FetchNotFound(fetch_id)
        if found.state not in states:
            raise FetchState(f"This fetch is {found.state} by now; the list is up to date.")

    def _set(self, fetch_id: str, **said: object) -> Fetch:
        with self._lock:
            found = self._known[fetch_id]
            for name, value in said.items():
                setattr(found, name, value)
            self._save(found)
            return found.model_copy()

    def _remember(self, found: Fetch) -> None:
        """One from before a restart; what was at work then can be gone on with."""
        if found.state in _RUNNING and re.fullmatch("[0-9a-f]{32}", found.id):
            found.state, found.reason = "failed", "The server was restarted; go on where it was."
        self._known[found.id] = found

    def _save(self, found: Fetch) -> None:
        self._known[found.id] = found
        place = self._root / found.id / "fetch.json"
        fresh = place.with_suffix(".new")
        fresh.write_text(found.model_dump_json(), "utf-8")
        fresh.replace(place)


_NOTHING_MOVED = (
    "The archive says it sent the study, but nothing arrived here: it must know our title with this server's address "
    "and port, and its own title must be among the peers of our listener."
)


def _stopped(stage: Stage) -> bool:
    try:
        stage.go_on()
    except Stopped:
        return True
    return False


def _title(study: FoundStudy) -> str:
    said = [" ".join(study.modalities), study.description, study.date]
    return " · ".join(one for one in said if one) or "Study without a description"
