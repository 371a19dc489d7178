"""Is what lost its identity on its way in of a case's patient? The keys of both say so, and nothing else is needed.

What comes unasked is de-identified before anybody knows whose it is. Its new name is a keyed digest of name and birth
date (`doors.person_key`), so the digest made of a case's patient is the same exactly when those are.
"""

from imaging.deidentify.doors import person_key
from imaging.deidentify.pseudonyms import Keys
from imaging.patient_match import Identity, Verdict, compare


def is_keyed(headers: Identity) -> bool:
    """Whether a header names its patient as `pseudonyms` does."""
    return bool(headers.patient_id) and headers.name == f"Anonymous^{headers.patient_id}"


def verdict(headers: Identity, patient: Identity, keys: Keys) -> Verdict:
    """`patient_match.compare` of one study's headers with a case's patient, by key where the identity was taken out."""
    if not is_keyed(headers):
        return compare([headers], patient)
    made = keys.of(person_key(patient))
    return compare([headers], Identity(made.name, "", patient.sex, made.patient))

