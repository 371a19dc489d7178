"""What is asked of an archive: a few fields of one patient's studies, checked, for either protocol. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydicom.dataset import Dataset

from imaging.remote.errors import BadQuestion

FIELDS = (
    "family_name", "given_name", "patient_id", "born_on", "accession_number", "modality", "study_from", "study_to",
)
_LENGTHS = {"accession_number": 16, "modality": 16}
_LENGTH = 64
"""Of one component of a name, and of an LO (PS3.5 6.2)."""
RETURNED = (
    "StudyInstanceUID", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
    "StudyDescription", "AccessionNumber", "ModalitiesInStudy", "InstitutionName", "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
)
"""What every answer should say (PS3.4 C.6.2.1)."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which studies are meant; an empty field selects nothing by itself."""

    family_name: str = ""
    given_name: str = ""
    patient_id: str = ""
    born_on: date | None = None
    accession_number: str = ""
    modality: str = ""
    study_from: date | None = None
    study_to: date | None = None

    @property
    def name(self) -> str:
        """The pattern of the patient's name: what was typed, and anything after it (PS3.4 C.2.2.2.4)."""
        if not self.family_name and not self.given_name:
            return ""
        family, given = self.family_name or "*", self.given_name
        return f"{family.rstrip('*')}*" + (f"^{given.rstrip('*')}*" if given else "")

    @property
    def study_dates(self) -> str:
        """One DA or a range; empty for any day."""
        low, high = _da(self.study_from), _da(self.study_to)
        return low if low == high else f"{low}-{high}"

    def criteria(self) -> dict[str, str]:
        """What selects, by keyword."""
        said = {
            "PatientName": self.name, "PatientID": self.patient_id, "PatientBirthDate": _da(self.born_on),
            "AccessionNumber": self.accession_number, "ModalitiesInStudy": self.modality, "StudyDate": self.study_dates,
        }
        return {keyword: value for keyword, value in said.items() if value}

    def identifier(self) -> Dataset:
        """The question of a C-FIND at study level."""
        made = Dataset()
        made.QueryRetrieveLevel = "STUDY"
        for keyword in RETURNED:
            setattr(made, keyword, "")
        criteria = self.criteria()
        for keyword, value in criteria.items():
            setattr(made, keyword, value)
        if not "".join(criteria.values()).isascii():
            made.SpecificCharacterSet = "ISO_IR 192"
        return made


def question(said: Mapping[str, str]) -> Question:
    """The question of a filled form; raises BadQuestion naming the field.

    It must be about somebody: a name, a record number, a birth date or an accession number.
    """
    found = {name: _text(name, said.get(name, "")) for name in FIELDS}
    born_on, low, high = (_day(name, found.pop(name)) for name in ("born_on", "study_from", "study_to"))
    made = Question(**found, born_on=born_on, study_from=low, study_to=high)
    if made.study_from and made.study_to and made.study_to < made.study_from:
        raise BadQuestion("study_to", "The last day lies before the first.")
    if len(made.family_name.strip("*? ")) == 1 and not (made.patient_id or made.accession_number or made.born_on):
        raise BadQuestion("family_name", "One letter matches too many people; write at least two.")
    someone = (made.family_name.strip("*? "), made.patient_id, made.born_on, made.accession_number)
    if not any(someone):
        raise BadQuestion(
            "family_name", "Say whom to look for: a family name, a record number, a birth date or an accession number."
        )
    return made


def _text(name: str, value: str) -> str:
    value = value.strip()
    limit = _LENGTHS.get(name, _LENGTH)
    if len(value) > limit:
        raise BadQuestion(name, f"This may have up to {limit} characters.")
    if re.search(r"[\\\x00-\x1f=^]", value) or value.count("*") > 4:
        raise BadQuestion(name, "This has characters an archive cannot search for.")
    if name == "modality":
        value = value.upper()
        if not re.fullmatch(r"[A-Z0-9 _]*", value):
            raise BadQuestion(name, "A modality is a short code such as MR or CT.")
    if name in ("patient_id", "accession_number") and set("*?") & set(value):
        raise BadQuestion(name, "Write the whole number; it is matched exactly.")
    return value


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadQuestion(name, "Write the day as year-month-day, such as 1965-02-11.") from None


def _da(day: date | None) -> str:
    return f"{day:%Y%m%d}" if day else ""
