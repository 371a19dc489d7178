"""No word of the patient survives de-identification, wherever in a data set it stood."""

import os
import re
import warnings
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imaging.deidentify.engine import TERMS
from imaging.deidentify.table import Options
from imaging.deidentify.worker import header
from imaging.errors import Refused
from imaging.intake import Arrived, Intake
from imaging.sandbox import Sandbox
from imaging.settings import FileSettings, WorkerSettings
from imaging.vault import LocalVault
from tests.unit.imaging.samples import dataset, written

TEXTS = (
    "StudyDescription", "SeriesDescription", "ProtocolName", "PatientComments", "ImageComments",
    "AdditionalPatientHistory",
    "AcquisitionDeviceProcessingDescription", "DerivationDescription", "RequestedProcedureDescription",
    "OperatorsName",
    "ReferringPhysicianName", "PerformingPhysicianName", "OtherPatientNames", "OtherPatientIDs", "AccessionNumber",
    "StudyID", "InstitutionName", "StationName", "FrameComments", "ContrastBolusAgent", "SequenceName", "KVP",
    "PatientAddress", "Manufacturer", "ManufacturerModelName", "SoftwareVersions", "BodyPartExamined", "StudyDate",
    "PatientAge", "WindowCenterWidthExplanation", "ImageType", "TextValue",
)  # fmt: skip
SEQUENCES = (
    "ReferencedStudySequence", "SourceImageSequence", "RequestAttributesSequence", "ContentSequence",
    "ProcedureCodeSequence",
    "OtherPatientIDsSequence", "AnatomicRegionSequence", "SharedFunctionalGroupsSequence", "OriginalAttributesSequence",
    "GraphicAnnotationSequence",
)  # fmt: skip

OURS = "removed modified retained profile option original derived primary secondary consilium identity storage image"
"""What we write ourselves; a name that is part of it is found everywhere."""
surnames = st.text(ascii_lowercase, min_size=5, max_size=9).filter(lambda name: name not in OURS).map(str.capitalize)
identifiers = st.builds(
    lambda letters, number: letters + number,
    st.text(ascii_uppercase, min_size=2, max_size=3), st.text(digits, min_size=5, max_size=8),
)
uids = st.integers(10**20, 10**30).map(lambda number: f"1.2.826.0.1.3680043.9.{number}")


@st.composite
def secrets(draw: st.DrawFn) -> dict[str, str]:
    return {
        "family": draw(surnames), "given": draw(surnames), "id": draw(identifiers), "accession": draw(identifiers),
        "study": draw(uids), "series": draw(uids), "image": draw(uids),
    }


@st.composite
def planted(draw: st.DrawFn, told: dict[str, str], depth: int = 0) -> Dataset:
    """Elements that hold a secret in text, numbers, private groups and items."""
    made = Dataset()
    texts = st.sampled_from([told["family"], told["given"], told["id"], told["accession"], told["study"]])
    for keyword in draw(st.lists(st.sampled_from(TEXTS), max_size=8, unique=True)):
        text = draw(st.sampled_from(["", "T2 sag ", "x"])) + draw(texts) + draw(st.sampled_from(["", " L4/5", "y"]))
        vr = dictionary_VR(tag_for_keyword(keyword) or 0)
        made.add_new(tag_for_keyword(keyword) or 0, vr if vr not in ("DS", "IS", "DA", "AS") else "LO", text)
    for element in draw(st.lists(st.integers(0x10, 0xFF), max_size=3, unique=True)):
        block = made.private_block(draw(st.sampled_from([0x0009, 0x0019, 0x0029])), "SIEMENS MR HEADER", create=True)
        block.add_new(element, draw(st.sampled_from(["LO", "UT", "UN"])), draw(texts).encode())
    if draw(st.booleans()):
        made.add_new(0x60004000, "LO", draw(texts))
        made.add_new(0x50000010, "LO", draw(texts))
        made.add_new(0x00091FFF, "LO", draw(texts))
    if depth < 3:
        for keyword in draw(st.lists(st.sampled_from(SEQUENCES), max_size=2, unique=True)):
            inner = draw(planted(told, depth + 1))
            inner.ReferencedSOPInstanceUID = told["image"]
            inner.PersonName = f"{told['family']}^{told['given']}"
            setattr(made, keyword, Sequence([inner]))
    return made


@pytest.fixture(autouse=True)
def _as_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scanners write what they like; so do we here."""
    monkeypatch.setattr(pydicom.config.settings, "reading_validation_mode", pydicom.config.IGNORE)
    monkeypatch.setattr(pydicom.config.settings, "writing_validation_mode", pydicom.config.IGNORE)
    warnings.simplefilter("ignore")


def survivors(data: bytes, told: list[str], *, words: bool = False) -> list[str]:
    """Which secrets stand in bytes; with `words` only where they are no part of a longer word, such as PRIMARY."""
    lowered = data.lower()
    pattern = rb"(?<![a-z])%s(?![a-z])" if words else rb"%s"
    return [one for one in told if re.search(pattern % re.escape(one.lower().encode()), lowered)]


def cleaned_header(place: Path, file: bytes, options: Options) -> bytes:
    place.write_bytes(file)
    facts, made = header(str(place), asdict(options), "00" * 32, "ABCDEFGH", 400, [], [], [])
    if "refused" in facts:
        raise Refused(*facts["refused"])
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_word_of_the_patient_survives_anywhere(tmp_path: Path, data: st.DataObject) -> None:
    told = data.draw(secrets())
    made = dataset(
        PatientName=f"{told['family']}^{told['given']}", PatientID=told["id"], AccessionNumber=told["accession"],
        StudyInstanceUID=told["study"], SeriesInstanceUID=told["series"], SOPInstanceUID=told["image"],
        PatientBirthDate="19710304",
    )
    extra = data.draw(planted(told))
    for name in ("PatientName", "PatientID", "AccessionNumber"):
        if name in extra:
            del extra[name]
    made.update(extra)
    syntax = data.draw(st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian]))
    file = bytearray(written(made, syntax=syntax))
    file[:128] = (told["family"] * 26)[:128].encode()
    out = cleaned_header(tmp_path / "one", bytes(file), data.draw(st.builds(Options, **dict.fromkeys(
        ("dates", "characteristics", "device", "descriptors", "structured", "graphics", "private"), st.booleans()
    ))))
    assert survivors(out, [*told.values(), "19710304"]) == []
    assert out[:128] == bytes(128)


def through_the_door(paths: list[Path], folder: Path) -> list[Path]:
    """The files the intake lets in; only these ever reach de-identification."""
    sandbox = Sandbox(WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60))
    try:
        intake = Intake(FileSettings(), LocalVault(folder / "vault"), sandbox)
        return [one.arrived.path for one in intake.inspect([Arrived(path.name, path) for path in paths]).candidates]
    finally:
        sandbox.close()


KEPT_WORDS = frozenset({"anonymous", "phantom", "unknown", "none", "removed", "test", "demo", "image", "compressed"})


def test_no_word_of_the_patient_survives_in_the_collection(tmp_path: Path, shared_data: Path | None) -> None:
    if shared_data is None:
        pytest.skip("the collection of DICOM files is not here")
    found = [Path(folder) / name for folder, _, names in os.walk(shared_data) for name in sorted(names)]
    chosen: dict[Path, list[Path]] = {}
    for path in sorted(found):
        if path.read_bytes()[128:132] == b"DICM":
            chosen.setdefault(path.parent, []).append(path)
    looked = 0
    for path in through_the_door([one for paths in chosen.values() for one in paths[:3]], tmp_path):
        file = path.read_bytes()
        try:
            made = cleaned_header(tmp_path / "one", file, Options())
        except Refused:
            continue
        assert survivors(made, _secrets(file), words=True) == [], path
        looked += 1
    assert looked > 60


def _secrets(file: bytes) -> list[str]:
    """Every name, identifier, UID and birth date of a file, nested ones too, that is long enough to be searched for."""
    found: set[str] = set()

    def look(_dataset: Dataset, element: Any) -> None:
        if element.VR == "PN":
            found.update(re.findall(r"[^\W_]{4,}", str(element.value)))
        elif element.keyword in ("PatientID", "AccessionNumber", "PatientBirthDate", "PatientAddress"):
            found.add(str(element.value).strip())
        elif element.VR == "UI" and element.value and "Class" not in element.keyword:
            found.update(
                str(one) for one in ([element.value] if isinstance(element.value, str) else element.value)
                if not str(one).startswith("1.2.840.10008.") and len(str(one)) > 20
            )

    pydicom.dcmread(BytesIO(file), stop_before_pixels=True, force=True).walk(look)
    plain = {one for one in found if len(one) >= 4 and one.isascii()}
    return sorted(one for one in plain if one.lower() not in KEPT_WORDS and one.upper() not in TERMS)
