"""The letter as an Encapsulated PDF (PS3.3 A.45.1), written with pydicom alone: highdicom has no such object."""

import base64
from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from imaging.objects.values import Order

_PATIENT_AND_STUDY = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate",
    "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber", "StudyDescription",
)


def document(order: Order, image: Dataset, heading: Mapping[str, Any]) -> Dataset:
    """The letter of an order, into the study of `image`."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = EncapsulatedPDFStorage, heading["sop_instance_uid"]
    for keyword in _PATIENT_AND_STUDY:
        if keyword in image:
            made[keyword] = image[keyword]
    made.Modality, made.ConversionType = "DOC", "WSD"
    made.SeriesInstanceUID, made.SeriesNumber = heading["series_instance_uid"], heading["series_number"]
    made.SeriesDescription, made.InstanceNumber = heading["series_description"], heading["instance_number"]
    made.Manufacturer, made.SoftwareVersions = heading["manufacturer"], heading["software_versions"]
    made.ManufacturerModelName = heading["manufacturer_model_name"]
    made.InstitutionName = order.institution
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "YES"
    made.DocumentTitle = order.title
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = "11488-4", "LN", "Consultation Note"
    made.ConceptNameCodeSequence = [title]
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    pdf = base64.b64decode(order.letter)
    made.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    made.EncapsulatedDocumentLength = len(pdf)
    return made
