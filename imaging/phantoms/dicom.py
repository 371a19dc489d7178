"""From arrays to DICOM files: headers that a viewer, an archive and a validator accept.

Everything is deterministic: identities are made from a seed (UUID-derived UIDs, PS3.5 B.2), dates are arguments.
"""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from io import BytesIO
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from imaging.phantoms.anatomy import Array

MANUFACTURER = "Consilium phantom"
MR, CT, CR = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.1"
DX, US = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.6.1"
_IMPLEMENTATION = "2.25.219021563474380146213741912337046552813"


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom the phantom pretends to be; invented people only."""

    family_name: str
    given_name: str
    patient_id: str
    born_on: date
    sex: str
    """F, M or O."""


@dataclass(frozen=True, slots=True)
class Examination:
    """One study: whom, when, what; `seed` makes its identities and its noise."""

    patient: Patient
    taken_at: datetime
    """Local time at the scanner; a time zone is not written."""
    seed: int
    description: str
    institution: str = "Phantom Imaging"

    @property
    def study_instance_uid(self) -> str:
        """The study's identity."""
        return uid("study", self.patient.patient_id, self.seed, self.description, self.taken_at.isoformat())

    @property
    def frame_of_reference_uid(self) -> str:
        """Shared by all cross-sectional series of the study, so that their positions compare."""
        return uid("frame", self.study_instance_uid)


@dataclass(frozen=True, slots=True)
class SeriesHead:
    """What the images of one series have in common."""

    examination: Examination
    number: int
    modality: str
    sop_class: str
    description: str
    body_part: str = "LSPINE"

    @property
    def series_instance_uid(self) -> str:
        """The series' identity."""
        return uid("series", self.examination.study_instance_uid, self.number)


@dataclass(frozen=True, slots=True)
class Plane:
    """Where an image lies in the patient: LPS millimetres, PS3.3 C.7.6.2."""

    position: tuple[float, float, float]
    """Centre of the first pixel."""
    orientation: tuple[float, float, float, float, float, float]
    spacing: tuple[float, float]
    """Between rows, between columns."""
    thickness: float
    location: float


def uid(*parts: object) -> str:
    """A UID that is always the same for the same parts."""
    digest = sha256("/".join(str(part) for part in parts).encode()).digest()[:16]
    return f"2.25.{UUID(bytes=digest, version=4).int}"


def head(series: SeriesHead, instance: int, image_type: list[str]) -> Dataset:
    """Patient, study, series, equipment and general image modules of one image."""
    exam, who = series.examination, series.examination.patient
    day, time = exam.taken_at.strftime("%Y%m%d"), exam.taken_at.strftime("%H%M%S")
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.ImageType = image_type
    made.SOPClassUID = series.sop_class
    made.SOPInstanceUID = uid("image", series.series_instance_uid, instance)
    made.StudyDate = made.SeriesDate = made.AcquisitionDate = made.ContentDate = day
    made.StudyTime = made.SeriesTime = made.AcquisitionTime = made.ContentTime = time
    made.AccessionNumber = f"P{exam.seed % 10**8:08d}"
    made.Modality = series.modality
    made.Manufacturer = MANUFACTURER
    made.ManufacturerModelName = "Arithmetic"
    made.SoftwareVersions = "1"
    made.InstitutionName = exam.institution
    made.ReferringPhysicianName = ""
    made.StudyDescription = exam.description
    made.SeriesDescription = series.description
    made.PatientName = f"{who.family_name}^{who.given_name}"
    made.PatientID = who.patient_id
    made.PatientBirthDate = who.born_on.strftime("%Y%m%d")
    made.PatientSex = who.sex
    made.PatientIdentityRemoved = "NO"
    made.BodyPartExamined = series.body_part
    made.StudyInstanceUID = exam.study_instance_uid
    made.SeriesInstanceUID = series.series_instance_uid
    made.StudyID = str(exam.seed % 10000)
    made.SeriesNumber = series.number
    made.InstanceNumber = instance
    made.PatientOrientation = ""
    made.BurnedInAnnotation = "NO"
    made.Laterality = ""
    return made


def place(made: Dataset, series: SeriesHead, plane: Plane) -> None:
    """The frame of reference and image plane modules."""
    made.PatientPosition = "HFS"
    made.FrameOfReferenceUID = series.examination.frame_of_reference_uid
    made.PositionReferenceIndicator = ""
    made.ImagePositionPatient = [f"{value:.4f}" for value in plane.position]
    made.ImageOrientationPatient = [f"{value:.8f}"[:16] for value in plane.orientation]
    made.PixelSpacing = [f"{value:.6f}" for value in plane.spacing]
    made.SliceThickness = f"{plane.thickness:.3f}"
    made.SpacingBetweenSlices = f"{plane.thickness:.3f}"
    made.SliceLocation = f"{plane.location:.3f}"


def grey(made: Dataset, pixels: NDArray[np.uint16] | NDArray[np.int16], bits: int, photometric: str) -> None:
    """The image pixel module of one grey image of 16 allocated bits."""
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = photometric
    made.Rows, made.Columns = pixels.shape
    made.BitsAllocated = 16
    made.BitsStored, made.HighBit = bits, bits - 1
    made.PixelRepresentation = int(np.issubdtype(pixels.dtype, np.signedinteger))
    made.PixelData = np.ascontiguousarray(pixels).astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()


def colour(made: Dataset, pixels: NDArray[np.uint8]) -> None:
    """The image pixel module of one RGB image."""
    made.SamplesPerPixel = 3
    made.PhotometricInterpretation = "RGB"
    made.PlanarConfiguration = 0
    made.Rows, made.Columns = pixels.shape[:2]
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.PixelData = np.ascontiguousarray(pixels).tobytes()


def window(made: Dataset, *presets: tuple[float, float, str]) -> None:
    """VOI windows: centre, width, name."""
    made.WindowCenter = [f"{preset[0]:g}" for preset in presets]
    made.WindowWidth = [f"{preset[1]:g}" for preset in presets]
    made.WindowCenterWidthExplanation = [preset[2] for preset in presets]


def coded(value: str, scheme: str, meaning: str) -> Sequence:
    """A code sequence with one item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def written(made: Dataset) -> bytes:
    """The dataset as a DICOM file (PS3.10), Explicit VR Little Endian."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(_IMPLEMENTATION)
    meta.ImplementationVersionName = "CONSILIUM"
    buffer = BytesIO()
    file = FileDataset(buffer, made, file_meta=meta, preamble=b"\0" * 128)
    file.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def stored(image: Array, scale: float, bits: int) -> NDArray[np.uint16]:
    """Stored values of an image given in shares of `scale`."""
    return np.asarray(np.clip(image * scale, 0, 2**bits - 1), np.uint16)
