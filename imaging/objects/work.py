"""The tasks of a worker: make objects of an order, read objects of others.

Runs inside a worker of `imaging.sandbox`, never in the server: the files read are untrusted, and highdicom is large.
"""

import hashlib
import io
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from imaging.objects.reading import NotReadable, read_object
from imaging.objects.sources import image
from imaging.objects.uids import IMPLEMENTATION, derived
from imaging.objects.values import Annotation, Answered, ObjectKind, Order

_SERIES: Mapping[ObjectKind, tuple[int, str]] = {
    "report": (9001, "Conference measurements"), "presentation": (9002, "Conference marks"),
    "keys": (9003, "Conference key images"), "letter": (9004, "Conference letter"),
}
"""Kind → number and description of its series."""
_SAID: Mapping[ObjectKind, tuple[str, ...]] = {
    "report": ("annotations",), "presentation": ("annotations", "windows"), "keys": ("key_images", "title"),
    "letter": ("letter", "title"),
}
"""Kind → the fields of an order that it says; with them its UID changes."""


def make(order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The objects of an order: their names and lengths, and their files one after the other."""
    warnings.simplefilter("ignore")
    files, contents = [], []
    asked = msgspec.convert(order, Order)
    at = datetime.fromisoformat(asked.at)
    for kind, made in _made(asked):
        contents.append(_file(made, at))
        files.append({
            "kind": kind, "sop_instance_uid": str(made.SOPInstanceUID), "sop_class_uid": str(made.SOPClassUID),
            "study_instance_uid": str(made.StudyInstanceUID), "length": len(contents[-1]),
        })
    return {"files": files}, b"".join(contents)


def read(path: str) -> tuple[dict[str, Any], bytes]:
    """The marks of a report or presentation state, or why they are not read, as JSON (`values.Answered`)."""
    warnings.simplefilter("ignore")
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    try:
        said = Answered(reading=read_object(pydicom.dcmread(path, stop_before_pixels=True)))
    except NotReadable as error:
        said = Answered(refused=str(error))
    return {}, msgspec.json.encode(said)


def _made(order: Order) -> Iterator[tuple[ObjectKind, Dataset]]:
    from imaging.objects.document import document
    from imaging.objects.keys import keys
    from imaging.objects.presentation import presentation
    from imaging.objects.report import deidentified, report

    images = {uid: image(path) for uid, path in order.sources.items()}
    if "report" in order.kinds and order.annotations:
        yield "report", report(order, images, _heading(order, "report", 1))
    if "presentation" in order.kinds:
        for number, (part, some) in enumerate(_by_series(order, images).items(), 1):
            shown = next((one for one in order.windows if one.series_instance_uid == part[0]), None)
            used = {one.sop_instance_uid: images[one.sop_instance_uid] for one in some}
            heading = _heading(order, "presentation", number, *part)
            yield "presentation", presentation(some, used, shown, heading)
    if "keys" in order.kinds and order.key_images:
        yield "keys", keys(order, images, _heading(order, "keys", 1))
    if "letter" in order.kinds and order.letter and not deidentified(images):
        yield "letter", document(order, next(iter(images.values())), _heading(order, "letter", 1))


def _by_series(order: Order, images: Mapping[str, Dataset]) -> dict[tuple[str, ...], list[Annotation]]:
    """One presentation state is for gray images of one series, size and rescaling, or for one multi-frame image.

    Its modality LUT holds for all it refers to (PS3.3 C.11.1), and slices of some scanners differ in theirs.
    """
    found: dict[tuple[str, ...], list[Annotation]] = {}
    for one in order.annotations:
        on = images[one.sop_instance_uid]
        if on.get("SamplesPerPixel", 1) == 1 and str(on.get("PhotometricInterpretation", "")).startswith("MONOCHROME"):
            alone = one.sop_instance_uid if int(on.get("NumberOfFrames") or 1) > 1 else ""
            facts = [on.get(name) for name in ("Rows", "Columns", "RescaleSlope", "RescaleIntercept")]
            found.setdefault((str(on.SeriesInstanceUID), alone, *map(str, facts)), []).append(one)
    return found


def _heading(order: Order, kind: ObjectKind, instance: int, *part: str) -> dict[str, Any]:
    """What highdicom asks for in every object. The same content is the same object, however often it is made."""
    number, description = _SERIES[kind]
    said = [getattr(order, name) for name in (*_SAID[kind], "institution", "at", "version")]
    content = hashlib.sha256(msgspec.json.encode(said)).hexdigest()
    return {
        "series_instance_uid": derived("series", order.seed, order.study_instance_uid, kind),
        "sop_instance_uid": derived("object", order.seed, order.study_instance_uid, kind, *part, content),
        "series_number": number, "series_description": description, "instance_number": instance,
        "manufacturer": "Consilium", "manufacturer_model_name": "Consilium", "software_versions": order.version,
        "device_serial_number": derived("device", order.institution), "institution_name": order.institution or None,
        "specific_character_set": "ISO_IR 192",
    }


def _file(made: Dataset, at: datetime) -> bytes:
    """The object as a file, ours by its file meta information (PS3.10 7.1), dated when its content came to be."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = made.SOPClassUID, made.SOPInstanceUID
    meta.ImplementationClassUID, meta.ImplementationVersionName = UID(IMPLEMENTATION), "CONSILIUM"
    made.file_meta = meta
    kinds = ("InstanceCreation", "PresentationCreation" if made.Modality == "PR" else "Content")
    for kind in kinds:
        setattr(made, f"{kind}Date", f"{at:%Y%m%d}")
        setattr(made, f"{kind}Time", f"{at:%H%M%S}")
    for one in made.get("ContributingEquipmentSequence") or ():
        one.ContributionDateTime = f"{at:%Y%m%d%H%M%S}"
    out = io.BytesIO()
    pydicom.dcmwrite(out, made, enforce_file_format=True)
    return out.getvalue()
