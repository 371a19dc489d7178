"""Uploads from browsers: staged on disk in parts, resumable after a lost line or a restart, then led to the intake.

receiving → checking → asking (a person must say whether it is the patient) → keeping → done; refused from any step.
What was received is what lies on the disk; nothing else is remembered about it.
"""

import re
import shutil
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from imaging.archive import is_zip, unpacked
from imaging.errors import Refused, TooLarge, TooOften, UploadNotFound, UploadState, WrongOffset
from imaging.intake import Arrived, Inspection, Intake, KeptFile, Outcome, Progress
from imaging.patient_match import Differs, Identity, Match, SeveralPatients, compare
from imaging.settings import ArchiveSettings, UploadSettings

Rewrite = Callable[[Inspection, Path, Progress], Inspection]
"""Writes what was inspected anew into a folder, and gives the inspection of what it wrote."""
State = Literal["receiving", "checking", "asking", "keeping", "done", "refused"]
_RUNNING = ("checking", "keeping")
_ONE_PATIENT = "Nothing was taken; send one patient at a time."


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Announced(_Plain):
    """A file the browser means to send."""

    name: Annotated[str, Field(min_length=1, max_length=1024)]
    size: Annotated[int, Field(ge=0)]


class Patient(_Plain):
    """An identity as it is shown to the person who uploads."""

    name: str
    born_on: str
    sex: str
    patient_id: str


class Contrast(_Plain):
    """One field in which headers and case differ."""

    field: str
    found: str
    expected: str


class FileResult(_Plain):
    """What became of one file."""

    name: str
    result: str
    code: str
    reason: str
    size: int


class Upload(_Plain):
    """One upload as it is kept beside its files, and shown while it runs."""

    id: str
    case_id: str
    person_id: str
    created_at: datetime
    touched_at: datetime
    files: list[Announced]
    deidentify: bool = False
    """The patient's identity is taken out of the images before they are kept."""
    state: State = "receiving"
    reason: str = ""
    """Why it was refused as a whole."""
    done: int = 0
    """Files checked or kept so far in this step."""
    total: int = 0
    patients: list[Patient] = []
    """The patients found in the headers."""
    differences: list[Contrast] = []
    results: list[FileResult] = []
    studies: list[str] = []


class Uploads:
    """Every upload under way, in a folder; threads may share it."""

    def __init__(self, root: Path, limits: UploadSettings, archives: ArchiveSettings, intake: Intake) -> None:
        self.limits = limits
        self.intake = intake
        self._root = root
        self._archives = archives
        self._lock = threading.RLock()
        self._inspected: dict[str, Inspection] = {}
        self._running: set[str] = set()
        self._known: dict[str, Upload] = {}
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def create(
        self, case_id: str, person_id: str, files: Sequence[Announced], at: datetime, *, deidentify: bool = False
    ) -> Upload:
        """Make room for announced files; raises TooLarge before a byte is taken."""
        self._affordable(files)
        with self._lock:
            mine = [one for one in self._all() if one.person_id == person_id]
            under_way = sum(one.state not in ("done", "refused") for one in mine)
            if under_way >= self.limits.open_per_person:
                raise UploadState(f"You have {under_way} uploads under way; finish or cancel one of them first.")
            if sum(at - one.created_at < timedelta(hours=1) for one in mine) >= self.limits.per_hour:
                raise TooOften("too-often", "You have started many uploads within the hour; go on a little later.")
            upload = Upload(
                id=uuid4().hex, case_id=case_id, person_id=person_id, created_at=at, touched_at=at, files=list(files),
                deidentify=deidentify,
            )
            (self._root / upload.id / "parts").mkdir(parents=True, mode=0o700)
            self._save(upload)
        return upload

    def get(self, upload_id: str, case_id: str, person_id: str) -> Upload:
        """One upload of this person to this case; raises UploadNotFound."""
        upload = self._load(upload_id)
        if upload.case_id != case_id or upload.person_id != person_id:
            raise UploadNotFound(upload_id)
        return upload

    def open_of(self, case_id: str, person_id: str) -> list[Upload]:
        """This person's uploads to this case that are not over, oldest first; a page offers to go on with them."""
        with self._lock:
            mine = [one for one in self._all() if one.case_id == case_id and one.person_id == person_id]
        return sorted((one for one in mine if one.state not in ("done", "refused")), key=lambda one: one.created_at)

    def received(self, upload: Upload) -> list[int]:
        """How many bytes of each file are here."""
        return [self._size(upload.id, index) for index in range(len(upload.files))]

    def offset(self, upload: Upload, index: int) -> int:
        """Where file `index` (from 0) goes on; raises UploadNotFound."""
        self._announced(upload, index)
        return self._size(upload.id, index)

    def append(self, upload: Upload, index: int, offset: int, data: bytes, at: datetime) -> int:
        """Add bytes to file `index` (from 0) and give the new offset; raises WrongOffset, TooLarge, UploadState."""
        announced = self._announced(upload, index)
        with self._lock:
            current = self._load(upload.id)
            if current.state != "receiving":
                raise UploadState("This upload is no longer receiving files.")
            here = self._size(upload.id, index)
            if offset != here:
                raise WrongOffset(here)
            if here + len(data) > announced.size:
                raise TooLarge("longer-than-announced", "The file is longer than was announced.")
            with self._part(upload.id, index).open("ab") as file:
                file.write(data)
            if at - current.touched_at > timedelta(minutes=1):
                current.touched_at = at
                self._save(current)
        return here + len(data)

    def begin(self, upload: Upload) -> None:
        """Claim an upload for checking; raises UploadState when files are missing or it is at work already."""
        with self._lock:
            current = self._load(upload.id)
            if upload.id in self._running or current.state in ("asking", "done", "refused"):
                raise UploadState(f"This upload is {current.state} already.")
            missing = sum(
                have < file.size for have, file in zip(self.received(current), current.files, strict=True)
            )
            if missing:
                raise UploadState(f"{missing} of {len(current.files)} files have not arrived completely.")
            self._enter(current, "checking")

    def check(self, upload_id: str, expected: Identity) -> Upload:
        """Unpack, check and match; ends in asking, keeping or refused. Blocks: run it in a thread."""
        inspection = self._inspect(upload_id)
        verdict = compare(inspection.identities, expected)
        with self._lock:
            upload = self._load(upload_id)
            upload.results = [_result(one) for one in inspection.refused]
            upload.patients = [_patient(one) for one in inspection.identities[:20]]
            match verdict:
                case SeveralPatients(found):
                    upload.patients = [_patient(one) for one in found[:20]]
                    self._refuse(upload, f"The files belong to {len(found)} patients. {_ONE_PATIENT}")
                case Differs(_found, differences):
                    upload.differences = [
                        Contrast(field=one.field, found=one.found, expected=one.expected) for one in differences
                    ]
                    self._enter(upload, "asking")
                case Match():
                    self._enter(upload, "keeping")
            return upload

    def confirm(self, upload: Upload) -> None:
        """A person says that it is the case's patient; raises UploadState when nobody asked."""
        with self._lock:
            current = self._load(upload.id)
            if current.state != "asking":
                raise UploadState("There is nothing to confirm in this upload.")
            self._enter(current, "keeping")

    def accepted_bytes(self, upload_id: str) -> int:
        """Bytes of the files that passed their check, zips unfolded. May check again after a restart, so it blocks."""
        inspection = self._inspected.get(upload_id) or self._inspect(upload_id)
        return sum(one.size for one in inspection.candidates)

    def keep(self, upload_id: str, without_identity: Rewrite | None = None) -> tuple[list[KeptFile], Inspection]:
        """Put the accepted files into the vault, rewritten first where asked. Blocks: run it in a thread."""
        inspection = self._inspected.get(upload_id) or self._inspect(upload_id)
        upload = self._load(upload_id)
        if without_identity is not None:
            upload.done, upload.total = 0, len(inspection.candidates)
            folder = self._root / upload_id / "rewritten"
            shutil.rmtree(folder, ignore_errors=True)
            inspection = without_identity(inspection, folder, lambda done: self._progress(upload_id, done))
        upload.done, upload.total = 0, len(inspection.candidates)
        return self.intake.keep(inspection.candidates, lambda done: self._progress(upload_id, done)), inspection

    def complete(self, upload_id: str, outcomes: Sequence[Outcome]) -> Upload:
        """The transaction is committed: keep the report, drop the files."""
        with self._lock:
            upload = self._load(upload_id)
            upload.results = [_result(one) for one in outcomes]
            good = (one for one in outcomes if one.result in ("taken", "already here"))
            upload.studies = list(dict.fromkeys(one.study_instance_uid for one in good))
            upload.differences = []
            if upload.deidentify:  # names of files often hold the patient's
                upload.patients = []
                upload.files = [
                    one.model_copy(update={"name": f"file {number}"}) for number, one in enumerate(upload.files, 1)
                ]
            self._enter(upload, "done")
            return upload

    def refuse(self, upload_id: str, reason: str) -> Upload:
        """End an upload as a whole with a sentence; its files are dropped."""
        with self._lock:
            upload = self._load(upload_id)
            self._refuse(upload, reason)
            return upload

    def interrupted(self, upload: Upload) -> bool:
        """Whether a step was cut off by a restart; it can begin again."""
        return upload.state in _RUNNING and upload.id not in self._running

    def discard(self, upload: Upload) -> None:
        """Forget an upload; raises UploadState while it is at work."""
        with self._lock:
            if upload.id in self._running:
                raise UploadState("This upload is being taken in and can no longer be cancelled.")
            self._inspected.pop(upload.id, None)
            self._known.pop(upload.id, None)
            shutil.rmtree(self._root / upload.id, ignore_errors=True)

    def expire(self, at: datetime) -> int:
        """Forget uploads nobody continued for the time of the settings; gives how many."""
        limit = timedelta(hours=self.limits.keep_hours)
        with self._lock:
            old = [one for one in self._all() if at - one.touched_at > limit and one.id not in self._running]
        for upload in old:
            self.discard(upload)
        return len(old)

    def _affordable(self, files: Sequence[Announced]) -> None:
        total = sum(one.size for one in files)
        if total > self.limits.total_bytes:
            raise TooLarge(
                "upload-size",
                f"These files have {_human(total)}; one upload takes up to {_human(self.limits.total_bytes)}. "
                "Nothing was sent. Choose the series that matter, or send the disc in parts.",
            )
        if not files:
            raise Refused("no-files", "There are no files in this upload.")
        if len(files) > self.limits.files:
            raise TooLarge("upload-files", f"These are {len(files):,} files; one upload takes {self.limits.files:,}.")
        if shutil.disk_usage(self._root).free - total < self.limits.free_bytes:
            raise TooLarge("disk-full", "The server has no room for this upload; tell your administrator.")

    def _inspect(self, upload_id: str) -> Inspection:
        upload = self._load(upload_id)
        arrived, refused = self._unfold(upload)
        upload.total = len(arrived)
        found = self.intake.inspect(arrived, lambda done: self._progress(upload_id, done))
        whole = Inspection(found.candidates, (*refused, *found.refused))
        self._inspected[upload_id] = whole
        return whole

    def _unfold(self, upload: Upload) -> tuple[list[Arrived], list[Outcome]]:
        """Every file, with zips replaced by what is in them; all zips share the limits of one."""
        shutil.rmtree(self._root / upload.id / "members", ignore_errors=True)
        arrived: list[Arrived] = []
        refused: list[Outcome] = []
        spare = shutil.disk_usage(self._root).free - self.limits.free_bytes
        left = min(self._archives.total_bytes, max(spare, 0))
        for index, file in enumerate(upload.files):
            part = self._part(upload.id, index)
            part.touch()
            if not is_zip(part):
                arrived.append(Arrived(file.name, part))
                continue
            limits = self._archives.model_copy(update={"total_bytes": left})
            inside, why = self._opened(upload, index, limits, self.limits.files - len(arrived))
            left -= sum(one.path.stat().st_size for one in inside)
            arrived += inside
            refused += why
        return arrived, refused

    def _opened(
        self, upload: Upload, index: int, limits: ArchiveSettings, files: int
    ) -> tuple[list[Arrived], list[Outcome]]:
        """The members of one zip that could be unpacked, and the reasons for the others."""
        file = upload.files[index]
        into = self._root / upload.id / "members" / f"{index:06}"
        into.mkdir(parents=True, mode=0o700)
        arrived: list[Arrived] = []
        refused: list[Outcome] = []
        try:
            for member in unpacked(self._part(upload.id, index), into, limits, files):
                name, why = f"{file.name} › {member.name}", member.refusal
                if member.path is not None:
                    arrived.append(Arrived(name, member.path))
                elif why is not None:
                    refused.append(Outcome(name, "refused", why.code, why.reason, member.size))
        except Refused as why:
            refused.append(Outcome(file.name, "refused", why.code, why.reason, file.size))
        return arrived, refused

    def _announced(self, upload: Upload, index: int) -> Announced:
        if not 0 <= index < len(upload.files):
            raise UploadNotFound(f"{upload.id}/{index}")
        return upload.files[index]

    def _part(self, upload_id: str, index: int) -> Path:
        return self._root / upload_id / "parts" / f"{index:06}"

    def _size(self, upload_id: str, index: int) -> int:
        part = self._part(upload_id, index)
        return part.stat().st_size if part.is_file() else 0

    def _progress(self, upload_id: str, done: int) -> None:
        self._load(upload_id).done = done

    def _refuse(self, upload: Upload, reason: str) -> None:
        upload.reason = reason
        self._enter(upload, "refused")

    def _enter(self, upload: Upload, state: State) -> None:
        upload.state = state
        upload.done = 0
        if state in _RUNNING:
            self._running.add(upload.id)
        else:
            self._running.discard(upload.id)
        if state in ("done", "refused"):
            self._inspected.pop(upload.id, None)
            for folder in ("parts", "members", "rewritten"):
                shutil.rmtree(self._root / upload.id / folder, ignore_errors=True)
        self._save(upload)

    def _all(self) -> list[Upload]:
        return [self._load(path.parent.name) for path in self._root.glob("*/upload.json")]

    def _load(self, upload_id: str) -> Upload:
        with self._lock:
            known = self._known.get(upload_id)
            if known is None:
                known = self._known[upload_id] = self._from_disk(upload_id)
            return known

    def _from_disk(self, upload_id: str) -> Upload:
        if not re.fullmatch("[0-9a-f]{32}", upload_id):
            raise UploadNotFound(upload_id)
        try:
            return Upload.model_validate_json((self._root / upload_id / "upload.json").read_bytes())
        except FileNotFoundError:
            raise UploadNotFound(upload_id) from None

    def _save(self, upload: Upload) -> None:
        self._known[upload.id] = upload
        place = self._root / upload.id / "upload.json"
        fresh = place.with_suffix(".new")
        fresh.write_text(upload.model_dump_json(), "utf-8")
        fresh.replace(place)


def _result(one: Outcome) -> FileResult:
    return FileResult(name=one.name, result=one.result, code=one.code, reason=one.reason, size=one.size)


def _patient(one: Identity) -> Patient:
    return Patient(name=one.name, born_on=one.born_on, sex=one.sex, patient_id=one.patient_id)


def _human(size: int) -> str:
    for unit, amount in (("GB", 10**9), ("MB", 10**6)):
        if size >= amount:
            return f"{size / amount:.1f} {unit}"
    return f"{size:,} bytes"
