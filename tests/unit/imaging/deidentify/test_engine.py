"""De-identification in its parts: the table, pseudonyms, text, references, dates, and what hides in pixels."""

import io
import struct
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imaging.claims import pixels
from imaging.deidentify.cleaning import words_of
from imaging.deidentify.doors import person_key
from imaging.deidentify.pseudonyms import SHIFT_DAYS, Keys
from imaging.deidentify.splice import quiet, spliced
from imaging.deidentify.table import Options, rules, safe_private
from imaging.deidentify.worker import header, likely_text
from imaging.patient_match import Identity
from imaging.settings import FileSettings
from imaging.walk import walk
from tests.unit.imaging.samples import dataset, written

KEYS = Keys(b"k" * 32)


@pytest.fixture(autouse=True)
def _modes() -> Iterator[None]:
    """The worker reads and writes leniently; nobody else should have to."""
    modes = pydicom.config.settings
    before = modes.reading_validation_mode, modes.writing_validation_mode
    yield
    modes.reading_validation_mode, modes.writing_validation_mode = before


def cleaned(folder: Path, made: Dataset, options: Options | None = None, person: str = "ana") -> Dataset:
    """The header without identity, read again."""
    (folder / "in").write_bytes(written(made))
    of = KEYS.of(person)
    facts, out = header(
        str(folder / "in"), asdict(options or Options()), of.key, of.patient, of.days, ["Rivera^Ana"], ["MRN-7"], []
    )
    assert "refused" not in facts
    return pydicom.dcmread(io.BytesIO(out))


def test_the_table_is_whole() -> None:
    assert len(rules()) == 652
    assert rules()[0x00100010].action(Options()) == "empty"
    assert rules()[0x00081030].action(Options()) == "clean"
    assert rules()[0x00081030].action(Options(descriptors=False)) == "remove"
    assert rules()[0x00101010].action(Options(characteristics=False)) == "remove"
    assert rules()[0x00080018].action(Options()) == "map"
    assert ("SIEMENS MR HEADER", 0x0019, 0x0C, "IS") in safe_private()
    assert {vr for _creator, _group, _element, vr in safe_private()} <= {"DS", "IS", "FL", "FD", "SL", "SS", "UL", "US"}


def test_a_person_has_one_pseudonym_and_one_shift_in_every_delivery() -> None:
    key = person_key(Identity("Rivera^Ana", "1971-03-04", "F", "MRN-7"))
    assert key == person_key(Identity("RIVERA, ANA", "1971-03-04", "", ""))
    assert KEYS.of(key) == KEYS.of(key)
    assert KEYS.of(key).patient != KEYS.of("another").patient
    assert KEYS.of(key).uid("1.2.3") == KEYS.of("another").uid("1.2.3")
    assert Keys(b"x" * 32).of(key).uid("1.2.3") != KEYS.of(key).uid("1.2.3")
    assert KEYS.of(key).uid("1.2.840.10008.5.1.4.1.1.4") == "1.2.840.10008.5.1.4.1.1.4"


def test_the_key_is_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    place = tmp_path / "keys" / "deidentify.key"
    first, again = Keys.from_file(place), Keys.from_file(place)
    assert first.of("ana") == again.of("ana")
    assert place.stat().st_mode & 0o077 == 0


@given(person=st.text(), day=st.dates(date(1900, 1, 1), date(2099, 12, 31)), later=st.integers(0, 4000))
def test_dates_move_together_within_their_bounds(person: str, day: date, later: int) -> None:
    of = KEYS.of(person)
    least, most = SHIFT_DAYS
    moved = of.shifted(f"{day:%Y%m%d}")
    gone = day - date(int(moved[:4]), int(moved[4:6]), int(moved[6:]))
    assert least <= gone.days <= most
    if day.toordinal() + later <= date.max.toordinal():
        after = of.shifted(f"{day + timedelta(days=later):%Y%m%d}")
        assert (date(int(after[:4]), int(after[4:6]), int(after[6:])) + gone - day).days == later


@pytest.mark.parametrize(("given", "kept"), [
    ("20261001081530.5", "081530.5"), ("20261001081530+0200", "081530"), ("2026", ""), ("Ana", ""), ("20261399", ""),
])
def test_a_time_of_day_stays_and_nonsense_goes(given: str, kept: str) -> None:
    moved = KEYS.of("ana").shifted(given)
    assert moved[8:] == kept
    assert (moved == "") == (given in ("Ana", "20261399"))


def test_text_loses_the_patients_words_in_every_spelling() -> None:
    words = words_of(["Müller-Lüdenscheidt^Jörg^^Dr."], ["MRN-443211"], ["19710304"])
    for text in (
        "T2 sag MULLER", "jörg M., born 04.03.1971", "id mrn443211 / MRN-443211", "on 3. März, see 1971-03-04",
        "xLüdenscheidtx", "call +49 170 1234567", "mail j@example.org",
    ):
        left = words.cleaned(text).casefold()
        assert "REMOVED".casefold() in left
        for gone in ("mull", "müll", "jörg", "1971", "443211", "denscheidt", "1234567", "example"):
            assert gone not in left, text
    assert words.cleaned("T2 TSE sag 0.5x0.5x3 mm") == "T2 TSE sag 0.5x0.5x3 mm"


def test_references_between_objects_still_meet(tmp_path: Path) -> None:
    image, other = "1.2.826.0.1.3680043.9.1.1", "1.2.826.0.1.3680043.9.1.2"
    referring = dataset(2, FrameOfReferenceUID="1.2.826.0.1.3680043.9.9")
    item, source = Dataset(), Dataset()
    for one in (item, source):
        one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", image
    content = Dataset()
    content.ValueType, content.RelationshipType, content.ReferencedSOPSequence = "IMAGE", "CONTAINS", Sequence([item])
    referring.ContentSequence, referring.SourceImageSequence = Sequence([content]), Sequence([source])
    first, second = cleaned(tmp_path, dataset(1)), cleaned(tmp_path, referring)
    assert second.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert second.SourceImageSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert second.SOPInstanceUID != other
    assert (first.StudyInstanceUID, first.SeriesInstanceUID) == (second.StudyInstanceUID, second.SeriesInstanceUID)
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID
    assert second.ContentSequence[0].ValueType == "IMAGE"


def test_what_was_done_is_said_in_the_file(tmp_path: Path) -> None:
    after = cleaned(tmp_path, dataset(PatientAge="093Y", OperatorsName="Smith^John", PatientSize=1.7))
    assert after.PatientIdentityRemoved == "YES"
    assert after.LongitudinalTemporalInformationModified == "MODIFIED"
    assert after.PatientID == KEYS.of("ana").patient
    assert (after.PatientAge, after.PatientSex, after.PatientSize) == ("090Y", "F", 1.7)
    assert "PatientBirthDate" in after
    assert not after.PatientBirthDate
    codes = [one.CodeValue for one in after.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113103", "113104", "113105", "113107", "113108"]
    assert cleaned(tmp_path, dataset(), Options(dates=False)).LongitudinalTemporalInformationModified == "REMOVED"


def test_safe_private_attributes_stay_where_asked_and_only_numbers(tmp_path: Path) -> None:
    made = dataset()
    block = made.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", "1000")
    block.add_new(0x0D, "CS", "RIVERA")
    block.add_new(0x0E, "LO", "1971")
    kept = cleaned(tmp_path, made, Options(private=True))
    assert kept[0x0019, 0x100C].value == 1000
    assert (0x0019, 0x100E) not in kept  # a number by its look, and not the table's VR
    assert (0x0019, 0x100D) not in kept
    assert not [tag for tag in cleaned(tmp_path, made).keys() if tag.is_private]  # noqa: SIM118 - elements, not tags


@pytest.mark.parametrize(("said", "look"), [
    ({"Modality": "US"}, True), ({"Modality": "US", "BurnedInAnnotation": "NO"}, False), ({}, False),
    ({"BurnedInAnnotation": "YES"}, True), ({"ConversionType": "WSD"}, True),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, True),
    ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, True),
])
def test_kinds_that_are_often_written_on_are_looked_at(said: dict[str, object], look: bool) -> None:
    assert likely_text(dataset(**said)) == look


def test_comments_in_a_codestream_are_blanked_in_their_place() -> None:
    comment = b"\xff\xfe" + struct.pack(">H", 13) + b"Rivera, Ana"
    jpeg = b"\xff\xd8\xff\xe0" + struct.pack(">H", 7) + b"JFIF\0" + comment + b"\xff\xda\0\2RiveraScan\xff\xd9"
    assert [jpeg[first:last] for first, last in quiet(jpeg)] == [b"Rivera, Ana"]
    size = b"\xff\x51" + struct.pack(">H", 4) + b"\0\0"
    wavelets = b"\xff\x4f" + size + b"\xff\x64" + struct.pack(">H", 10) + b"\0\1Rivera" + b"\xff\x90\0\2"
    blanked = b"".join(wavelets[first:last] for first, last in quiet(wavelets))
    assert blanked == b"Rivera"


@pytest.mark.parametrize("signed", [False, True])
def test_overlays_in_the_high_bits_of_pixels_are_cleared(signed: bool) -> None:
    values = np.random.default_rng(5).integers(-2048 if signed else 0, 2048, 256).astype(np.int16)
    stored = (values & 0x0FFF).astype(np.uint16) | np.uint16(0xA000)
    made = dataset(PixelRepresentation=int(signed))
    file = written(made, stored.tobytes())
    found = walk(file, FileSettings())
    out = io.BytesIO()
    spliced(b"", found, pixels(found, FileSettings()), out, embedded=True)
    after = np.frombuffer(out.getvalue()[12:], "<i2" if signed else "<u2")
    assert (after == values).all()
    plain = io.BytesIO()
    spliced(b"", found, pixels(found, FileSettings()), plain, embedded=False)
    assert plain.getvalue()[12:] == stored.tobytes()
