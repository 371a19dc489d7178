"""What an archive answered: studies and series, read leniently from either protocol. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from imaging.patient_match import Identity

_UID = re.compile(r"[0-9](?:[0-9.]{0,62}[0-9])?")
_LONGEST = 128
Reader = Callable[[str], str]
"""Gives the text of an attribute by its keyword, values parted by backslashes; empty when it is not said."""


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """One study of an archive."""

    study_instance_uid: str
    patient: Identity
    description: str = ""
    date: str = ""
    """``YYYY-MM-DD``."""
    time: str = ""
    """``HH:MM``."""
    accession_number: str = ""
    modalities: tuple[str, ...] = ()
    institution: str = ""
    series: int | None = None
    instances: int | None = None


@dataclass(frozen=True, slots=True)
class FoundSeries:
    """One series of a study."""

    series_instance_uid: str
    instances: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave."""

    studies: tuple[FoundStudy, ...]
    more: bool
    """There are more than these; the person should ask more narrowly."""


def study_of(read: Reader) -> FoundStudy | None:
    """A study; None for an answer that names none."""
    uid = read("StudyInstanceUID")
    if not _UID.fullmatch(uid):
        return None
    patient = Identity(
        read("PatientName"), _iso(read("PatientBirthDate")), read("PatientSex").upper()[:1], read("PatientID"),
    )
    return FoundStudy(
        uid, patient, read("StudyDescription"), _iso(read("StudyDate")), _clock(read("StudyTime")),
        read("AccessionNumber"), tuple(one for one in read("ModalitiesInStudy").split("\\") if one)[:12],
        read("InstitutionName"), _count(read("NumberOfStudyRelatedSeries")),
        _count(read("NumberOfStudyRelatedInstances")),
    )


def series_of(read: Reader) -> FoundSeries | None:
    """A series; None for an answer that names none."""
    uid = read("SeriesInstanceUID")
    if not _UID.fullmatch(uid):
        return None
    return FoundSeries(uid, _count(read("NumberOfSeriesRelatedInstances")))


def of_dataset(found: Dataset) -> Reader:
    """Reads an identifier of C-FIND."""

    def read(keyword: str) -> str:
        try:
            value = found.get(keyword)
            values = value if isinstance(value, MultiValue) else [value]
            return _short("\\".join(str(one) for one in values if one is not None))
        except Exception:  # whatever is wrong with one value of theirs, the others are shown
            return ""

    return read


def of_json(found: Mapping[str, Any]) -> Reader:
    """Reads a result of QIDO-RS (PS3.18 annex F)."""

    def read(keyword: str) -> str:
        said = found.get(f"{tag_for_keyword(keyword):08X}")
        values = said.get("Value") if isinstance(said, dict) else None
        return _short("\\".join(map(_plain, values))) if isinstance(values, list) else ""

    return read


def _plain(value: object) -> str:
    if isinstance(value, dict):  # a person's name by its groups
        groups = [str(value.get(group) or "") for group in ("Alphabetic", "Ideographic", "Phonetic")]
        return "=".join(groups).rstrip("=")
    return "" if value is None else str(value)


def _short(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()[:_LONGEST]


def _iso(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if re.fullmatch(r"\d{8}", text) else ""


def _clock(text: str) -> str:
    return f"{text[:2]}:{text[2:4]}" if re.match(r"\d{4}", text) else ""


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,7}", text) else None
