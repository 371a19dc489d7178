"""Do these files belong to one patient, and to this one? Pure: values in, a verdict out.

Names are compared as people write them: without regard to case, accents, order, carets and commas, and with middle
names and titles on one side only. Everything else is compared strictly, because the question is cheap to ask and a
wrong patient is not.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

FieldName = Literal["name", "birth date", "sex", "patient ID"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a header or a case says the patient is; an empty field was not said."""

    name: str = ""
    born_on: str = ""
    """``YYYY-MM-DD``."""
    sex: str = ""
    """F, M or O."""
    patient_id: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which files and case do not agree; both values as written."""

    field: FieldName
    found: str
    expected: str


@dataclass(frozen=True, slots=True)
class Match:
    """One patient, and the case's."""

    found: Identity | None
    """What the headers say, put together; None when no header says anything."""


@dataclass(frozen=True, slots=True)
class Differs:
    """One patient, but a person must say whether it is the case's."""

    found: Identity
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class SeveralPatients:
    """The files belong to more than one patient; nothing is taken."""

    found: tuple[Identity, ...]


Verdict = Match | Differs | SeveralPatients


def compare(found: Sequence[Identity], expected: Identity) -> Verdict:
    """The verdict over the identities of all files of one delivery against the case's patient."""
    patients: list[Identity] = []
    for one in dict.fromkeys(found):
        place = next((index for index, known in enumerate(patients) if same_patient(known, one)), None)
        if place is None:
            patients.append(one)
        else:
            patients[place] = _together(patients[place], one)
    if len(patients) > 1:
        return SeveralPatients(tuple(patients))
    if not patients:
        return Match(None)
    differences = _differences(patients[0], expected)
    return Differs(patients[0], differences) if differences else Match(patients[0])


@lru_cache(256)  # each image of a series asks the same
def same_patient(one: Identity, other: Identity) -> bool:
    """Whether two headers can be one patient: nothing that both say may tell them apart."""
    if _contradict(one.born_on, other.born_on) or _contradict(_sex(one), _sex(other)):
        return False
    same_id = bool(one.patient_id) and _plain(one.patient_id) == _plain(other.patient_id)
    if one.name and other.name:
        named = same_name(one.name, other.name)
        proven = same_id or bool(one.born_on and other.born_on) or not (one.patient_id and other.patient_id)
        married = same_id and bool(one.born_on and other.born_on)
        return (named and proven) or married
    return same_id or not (one.patient_id and other.patient_id)


def same_name(one: str, other: str) -> bool:
    """Whether two spellings can be one name; compares alphabetic, ideographic and phonetic groups (PS3.5 6.2.1)."""
    return any(_alike(left, right) for left in _groups(one) for right in _groups(other))


def _differences(found: Identity, expected: Identity) -> tuple[Difference, ...]:
    differences: list[Difference] = []
    if not found.name or not expected.name or not same_name(found.name, expected.name):
        differences.append(Difference("name", found.name, expected.name))
    if _contradict(found.born_on, expected.born_on):
        differences.append(Difference("birth date", found.born_on, expected.born_on))
    if _contradict(_sex(found), _sex(expected)):
        differences.append(Difference("sex", found.sex, expected.sex))
    if _contradict(_plain(found.patient_id), _plain(expected.patient_id)):
        differences.append(Difference("patient ID", found.patient_id, expected.patient_id))
    return tuple(differences)


def _contradict(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def _sex(identity: Identity) -> str:
    return identity.sex if identity.sex in ("F", "M") else ""


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _groups(name: str) -> list[frozenset[str]]:
    return [words for group in name.split("=") if (words := _words(group))]


def _words(name: str) -> frozenset[str]:
    folded = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return frozenset(re.findall(r"[^\W_]+", re.sub(r"['’`.-]", "", bare)))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Equal, or one is the other without middle names and titles: family and given name at least."""
    common = one & other
    return one == other or (len(common) >= 2 and common in (one, other))


def _together(one: Identity, other: Identity) -> Identity:
    return Identity(
        name=max(one.name, other.name, key=len),
        born_on=one.born_on or other.born_on,
        sex=one.sex or other.sex,
        patient_id=one.patient_id or other.patient_id,
    )
