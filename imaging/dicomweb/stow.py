"""STOW-RS: a message staged to files as it arrives, and the answer that says what became of each (PS3.18 10.5)."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from imaging.dicomweb.errors import BadMessage, UnsupportedBody
from imaging.dicomweb.json import Model, element, sequence
from imaging.dicomweb.multipart import PartBegins, PartData, PartEnds, Splitter, boundary_of, media_type
from imaging.errors import TooLarge, WorkerLost
from imaging.intake import Arrived, Candidate, Intake, Looked, Outcome
from imaging.settings import UploadSettings
from imaging.vault.arriving import Arriving

PROCESSING_FAILURE = 0x0110
NOT_AUTHORIZED = 0x0124
WRONG_DATA_SET = 0xA900
CANNOT_UNDERSTAND = 0xC000
OUT_OF_RESOURCES = 0xA700
COERCED = 0xB000
_COMMENT = 64
"""Characters of an LO value, which Error Comment is (PS3.5 6.2)."""
_REASONS = 8
_CODES = {
    "study-elsewhere": NOT_AUTHORIZED, "conflict": 0x0111, "wrong-patient": WRONG_DATA_SET,
    "several-patients": WRONG_DATA_SET, "other-study": WRONG_DATA_SET, "file-size": OUT_OF_RESOURCES,
    "quota": OUT_OF_RESOURCES,
}
"""Failure Reason (0008,1197) by the code of a refusal (PS3.18 table I.2-2); all else is Cannot Understand."""


FILE, JSON = "application/dicom", "application/dicom+json"
_COMPOSE = "imaging.dicomweb.compose:"


@dataclass(frozen=True, slots=True)
class Described:
    """Instances as DICOM JSON, and their bulk beside it."""

    metadata: list[Path] = field(default_factory=list)
    bulk: dict[str, list[list[str]]] = field(default_factory=dict)
    """Content-Location → parts, each its path, media type and transfer syntax."""


class Checks(Protocol):
    """What is done with each file as soon as it is whole: `imaging.intake.Intake`."""

    def begun(self, arrived: Arrived) -> Arrived:
        """The same, on its way to the disk."""

    def look(self, arrived: Arrived) -> Looked:
        """What its structure says."""


class Staging:
    """One message on its way into a folder, a file for each part; `close` whatever happens."""

    def __init__(self, content_type: str, folder: Path, limits: UploadSettings, checks: Checks) -> None:
        self.arrived: list[Arrived] = []
        self.looked: list[Looked] = []
        """What the structure of each says: a file is looked at as soon as it is whole."""
        self.described = Described()
        """What came as JSON and bulk; empty where whole files came."""
        self._root, boundary = _root(content_type)
        self._splitter = Splitter(boundary)
        self._folder = folder
        self._limits = limits
        self._checks = checks
        self._file: Arriving | None = None
        self._bytes = self._number = 0
        folder.mkdir(parents=True, mode=0o700)

    def feed(self, *pieces: bytes) -> None:
        """Some of the message; raises BadMessage, UnsupportedBody, TooLarge."""
        size = sum(map(len, pieces))
        self._bytes += size
        if self._bytes > self._limits.total_bytes:
            raise TooLarge("upload-size", f"One message may have up to {self._limits.total_bytes:,} bytes.")
        if shutil.disk_usage(self._folder).free - size < self._limits.free_bytes:
            raise TooLarge("disk-full", "The server has no room for this message; tell your administrator.")
        for event in self._splitter.feed(*pieces):
            match event:
                case PartBegins(headers):
                    self._begin(headers)
                case PartData(piece) if self._file is not None:
                    self._file.add(piece)
                case PartEnds():
                    self._end()
                case _:
                    pass

    def finish(self) -> list[Arrived]:
        """The files; raises BadMessage when the message is not complete or has none."""
        self.close()
        self._splitter.finish()
        if not self.arrived and not self.described.metadata:
            raise BadMessage("The message has no parts; there is nothing to store.")
        return self.arrived

    def close(self) -> None:
        """No file stays open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _end(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        digest = file.whole()
        if self._root == FILE:
            self.arrived[-1] = self._checks.begun(replace(self.arrived[-1], digest=digest))
            self.looked.append(self._checks.look(self.arrived[-1]))

    def _begin(self, headers: Mapping[str, str]) -> None:
        media, said = media_type(headers.get("content-type", self._root))
        if self._number >= self._limits.files:
            raise TooLarge("upload-files", f"One message may have up to {self._limits.files:,} parts.")
        self._number += 1
        path = self._folder / f"{self._number:06}"
        if self._root == FILE:
            if media != FILE:
                raise UnsupportedBody(f"Parts are taken as {FILE}; one of these is {media[:64]}.")
            self.arrived.append(Arrived(f"part {self._number}", path))
        elif media == JSON:
            self.described.metadata.append(path)
        else:
            place = headers.get("content-location", "")
            part = [str(path), media, said.get("transfer-syntax", "")]
            self.described.bulk.setdefault(place, []).append(part)
        self._file = Arriving(path)


def composed(described: Described, folder: Path, intake: Intake) -> tuple[list[Arrived], list[Outcome]]:
    """The instances that came as JSON, as files in `folder`; and those that cannot be. Blocks.

    Raises BadMessage for JSON that cannot be read.
    """
    arrived: list[Arrived] = []
    refused: list[Outcome] = []
    for metadata in described.metadata:
        try:
            instances = int(intake.read_more(_COMPOSE + "count", metadata=str(metadata)).facts["instances"])
        except (WorkerLost, KeyError, ValueError, TypeError):
            raise BadMessage("The metadata are not DICOM JSON.") from None
        if not instances:
            raise BadMessage("The metadata describe no instance; there is nothing to store.")
        for index in range(instances):
            name = f"instance {len(arrived) + len(refused) + 1}"
            one = _composed(described, metadata, index, intake)
            if isinstance(one, str):
                refused.append(Outcome(name, "refused", "unreadable", one))
                continue
            place = folder / f"composed-{metadata.name}-{index:06}"
            place.write_bytes(one)
            arrived.append(Arrived(name, place))
    return arrived, refused


def _composed(described: Described, metadata: Path, index: int, intake: Intake) -> bytes | str:
    try:
        answer = intake.read_more(_COMPOSE + "file", metadata=str(metadata), index=index, bulk=described.bulk)
    except WorkerLost as lost:
        return str(lost)
    missing = answer.facts.get("missing")
    return f"The bulk data of attribute {missing} did not come with the message." if missing else answer.payload


def _root(content_type: str) -> tuple[str, str]:
    """What the message is made of, files or JSON, and its boundary."""
    media, said = media_type(content_type or "text/plain")
    root = said.get("type", FILE).lower()
    if media != "multipart/related" or root not in (FILE, JSON):
        raise UnsupportedBody(f'Send multipart/related; type="{FILE}" or type="{JSON}"; boundary=….')
    return root, boundary_of(said)


def refused_all(candidates: Iterable[Candidate], code: str, reason: str) -> list[Outcome]:
    """The same refusal for every file that was good in itself."""
    return [
        Outcome(one.arrived.name, "refused", code, reason, one.size, one.header.sop_instance_uid,
                one.header.study_instance_uid)
        for one in candidates
    ]


def store_response(
    outcomes: Iterable[Outcome], classes: Mapping[str, str], base: str, *, coerced: bool = False
) -> tuple[int, Model]:
    """The status of the answer, and the answer (PS3.18 table I.2-1).

    classes: SOP Class UID by SOP Instance UID of the files that could be read. base: URL of the service.
    coerced: what was stored lost its identity and has new UIDs; each instance is stored with a warning.
    """
    warned: Model = {"00081196": element("US", COERCED)} if coerced else {}
    stored: list[Model] = []
    failed: list[Model] = []
    others: list[Model] = []
    studies: list[str] = []
    for one in outcomes:
        if one.result in ("taken", "already here"):
            studies.append(one.study_instance_uid)
            place = f"{base}/studies/{one.study_instance_uid}"
            stored.append(_reference(one, classes) | {"00081190": element("UR", place)} | _warning(one) | warned)
        elif one.result == "refused":
            said = {"00081197": element("US", _CODES.get(one.code, CANNOT_UNDERSTAND)),
                    "00000902": element("LO", _short(one.reason))}
            (failed if one.sop_instance_uid else others).append(_reference(one, classes) | said)
    answer = {
        "00081190": element("UR", f"{base}/studies/{studies[0]}" if len(set(studies)) == 1 else ""),
        "00081198": sequence(failed),
        "00081199": sequence(stored),
        "0008119A": sequence(others),
    }
    status = 200 if not (failed or others or coerced) else 202 if stored else 409
    return status, {tag: said for tag, said in answer.items() if "Value" in said}


def _reference(one: Outcome, classes: Mapping[str, str]) -> Model:
    if not one.sop_instance_uid:
        return {}
    return {
        "00081150": element("UI", classes.get(one.sop_instance_uid, "")),
        "00081155": element("UI", one.sop_instance_uid),
    }


def reasons(outcomes: Iterable[Outcome]) -> list[str]:
    """The distinct sentences of refusals, whole: the model's comments hold 64 characters."""
    return list(dict.fromkeys(one.reason for one in outcomes if one.result == "refused"))[:_REASONS]


def _short(text: str) -> str:
    return text if len(text) <= _COMMENT else text[: _COMMENT - 1] + "…"


def _warning(one: Outcome) -> Model:
    """A file that was kept without a picture says why, though it is stored."""
    return {"00000902": element("LO", _short(one.reason))} if one.reason else {}
