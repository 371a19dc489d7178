"""What can be searched for and what a search answers: the attributes of the index by level, as a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from sqlmodel import col

from imaging.dicomweb.errors import BadQuery
from imaging.dicomweb.json import da, tm
from imaging.studies import Instance, Series, Study

Level = Literal["study", "series", "instance"]
Kind = Literal["uid", "exact", "text", "date", "time", "number", "modalities"]
"""How a value is compared (PS3.4 C.2.2.2)."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of the index."""

    keyword: str
    tag: str
    vr: str
    level: Level
    kind: Kind
    column: Any
    """Of the row that holds it; None: computed."""
    shown: Callable[[str], str] = str

    def of(self, row: Study | Series | Instance) -> object:
        """Its value in a row of its level."""
        value = getattr(row, self.column.key)
        return self.shown(value) if isinstance(value, str) else value


ATTRIBUTES = (
    Attribute("StudyDate", "00080020", "DA", "study", "date", col(Study.study_date), da),
    Attribute("StudyTime", "00080030", "TM", "study", "time", col(Study.study_time), tm),
    Attribute("AccessionNumber", "00080050", "SH", "study", "text", col(Study.accession_number)),
    Attribute("ModalitiesInStudy", "00080061", "CS", "study", "modalities", None),
    Attribute("InstitutionName", "00080080", "LO", "study", "text", col(Study.institution)),
    Attribute("StudyDescription", "00081030", "LO", "study", "text", col(Study.description)),
    Attribute("PatientName", "00100010", "PN", "study", "text", col(Study.patient_name)),
    Attribute("PatientID", "00100020", "LO", "study", "text", col(Study.patient_id)),
    Attribute("PatientBirthDate", "00100030", "DA", "study", "date", col(Study.patient_born_on), da),
    Attribute("PatientSex", "00100040", "CS", "study", "exact", col(Study.patient_sex)),
    Attribute("StudyInstanceUID", "0020000D", "UI", "study", "uid", col(Study.study_instance_uid)),
    Attribute("Modality", "00080060", "CS", "series", "exact", col(Series.modality)),
    Attribute("SeriesDescription", "0008103E", "LO", "series", "text", col(Series.description)),
    Attribute("BodyPartExamined", "00180015", "CS", "series", "text", col(Series.body_part)),
    Attribute("ProtocolName", "00181030", "LO", "series", "text", col(Series.protocol)),
    Attribute("SeriesInstanceUID", "0020000E", "UI", "series", "uid", col(Series.series_instance_uid)),
    Attribute("SeriesNumber", "00200011", "IS", "series", "number", col(Series.number)),
    Attribute("SOPClassUID", "00080016", "UI", "instance", "uid", col(Instance.sop_class_uid)),
    Attribute("SOPInstanceUID", "00080018", "UI", "instance", "uid", col(Instance.sop_instance_uid)),
    Attribute("InstanceNumber", "00200013", "IS", "instance", "number", col(Instance.number)),
)
STUDY = tuple(one for one in ATTRIBUTES if one.level == "study" and one.column is not None)
"""Those that are columns of a study; its identity is the last."""
BY_TAG: Mapping[str, Attribute] = {one.tag: one for one in ATTRIBUTES}


def tag_of(name: str) -> str | None:
    """The tag of a keyword or of eight hexadecimal digits; None when the dictionary does not know it.

    Of a sequence path such as ``00400275.00400007`` it is the whole path that must be known, and then the first tag.
    """
    tags = [_one(part) for part in name.split(".")]
    return tags[0] if tags and all(tags) else None


@lru_cache(1024)
def matched(name: str) -> Attribute | None:
    """The attribute a query parameter matches; None when it names no attribute of DICOM.

    Raises BadQuery for one that is not in the index.
    """
    tag = tag_of(name)
    if tag is None:
        return None
    found = BY_TAG.get(tag)
    if found is None or "." in name:
        known = ", ".join(one.keyword for one in ATTRIBUTES)
        raise BadQuery(name, f"this attribute cannot be searched for here; these can: {known}.")
    return found


def _one(name: str) -> str | None:
    number = tag_for_keyword(name)
    if number is not None:
        return f"{number:08X}"
    try:
        number = int(name, 16) if len(name) == 8 else -1
    except ValueError:
        return None
    private = number >= 0 and (number >> 16) % 2 == 1
    return f"{number:08X}" if number >= 0 and (private or keyword_for_tag(number)) else None
