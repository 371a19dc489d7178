"""Marks as a TID 1500 Measurement Report (PS3.16), in a Comprehensive SR document (PS3.3 A.35.3). For workers.

Lines and angles are measurements inferred from coordinates (TID 300, 320); regions and places are planar regions of
interest (TID 1410). Kinds that Cornerstone3D and OHIF draw too carry its tracking identifier, so that those viewers
open them as their own; the others are named after us.
"""

from collections.abc import Mapping
from typing import Any

import highdicom.sr as sr
import numpy as np
from highdicom._standard_utils import is_multiframe_image
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from imaging.objects.codes import NAMES, PRIVATE, UNITS, Coded, level_of
from imaging.objects.dialect import OWN, tracking_name
from imaging.objects.shapes import graphic
from imaging.objects.uids import DEVICE, tracking_uid
from imaging.objects.values import Annotation, Order, Value

_REGIONS = frozenset({"ellipse", "rectangle", "freehand", "arrow", "text", "point", "level"})


def report(order: Order, images: Mapping[str, Dataset], heading: Mapping[str, Any]) -> Dataset:
    """The report of an order's annotations, of which there is at least one; `heading` gives UIDs and equipment."""
    content = sr.MeasurementReport(
        observation_context=context(order, deidentified(images)),
        procedure_reported=sr.CodedConcept("363679005", "SCT", "Imaging procedure"),
        imaging_measurements=[_group(one, images[one.sop_instance_uid]) for one in order.annotations],
        title=codes.DCM.ImagingMeasurementReport,
    )
    used = {one.sop_instance_uid for one in order.annotations}
    made: Dataset = sr.ComprehensiveSR(
        evidence=[images[uid] for uid in images if uid in used], content=content[0], is_complete=True,
        coding_schemes=[_SCHEME], **heading,
    )
    return made


def context(order: Order, nameless: bool) -> sr.ObservationContext:
    """Who observed: everybody who drew, unless the study is de-identified, and this software (TID 1001)."""
    device = sr.ObserverContext(
        codes.DCM.Device,
        sr.DeviceObserverIdentifyingAttributes(DEVICE, name=OWN, manufacturer_name=OWN, model_name=order.version),
    )
    people = [] if nameless else [
        sr.ObserverContext(codes.DCM.Person, sr.PersonObserverIdentifyingAttributes(_name(author), **_place(order)))
        for author in dict.fromkeys(one.author for one in order.annotations if one.author)
    ]
    found = sr.ObservationContext(observer_person_context=people[0] if people else None, observer_device_context=device)
    for one in people[1:]:
        found.extend(one)
    return found


def deidentified(images: Mapping[str, Dataset]) -> bool:
    """Whether these images say that their patient's identity was removed (PS3.3 C.7.1.1, 0012,0062)."""
    return any(one.get("PatientIdentityRemoved") == "YES" for one in images.values())


_SCHEME = CodingSchemeIdentificationItem(
    PRIVATE, name="Consilium concepts without a public code", responsible_organization=OWN,
)


def _name(author: str) -> str:
    """A name as people write it as a Person Name: what stands last is the family name (PS3.5 6.2.1)."""
    given, _, family = author.replace("^", " ").replace("=", " ").strip().rpartition(" ")
    return f"{family}^{given}" if given else f"{family}^"


def _place(order: Order) -> dict[str, str]:
    return {"organization_name": order.institution} if order.institution else {}


def _group(one: Annotation, image: Dataset) -> Any:
    shape, points = graphic(one.kind, one.points)
    level = level_of(one.text, named=one.kind == "level")
    said: dict[str, Any] = {
        "tracking_identifier": sr.TrackingIdentifier(tracking_uid(one.identity), tracking_name(one.kind)),
        "finding_sites": [sr.FindingSite(_coded(level))] if level else None,
    }
    data, source = np.array(points, dtype=float), _source(image, one.frame)
    if one.kind in _REGIONS:
        region = sr.ImageRegion(shape, data, source)
        values = [_measurement(value, one.method, None) for value in one.values]
        group: Any = sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            referenced_region=region, measurements=values or None, **said
        )
    else:
        place = sr.CoordinatesForMeasurement(shape, data, source)
        group = sr.MeasurementsAndQualitativeEvaluations(
            measurements=[_measurement(value, one.method, place) for value in one.values] or None, **said
        )
        if not one.values:  # nothing measured: the coordinates stand in the group itself
            region = sr.ImageRegion(shape, data, source) if shape != "MULTIPOINT" else place
            group[0].ContentSequence.append(region)
    if one.text:
        group[0].ContentSequence.append(sr.TextContentItem(
            name=codes.DCM.Comment, value=one.text, relationship_type=sr.RelationshipTypeValues.CONTAINS,
        ))
    return group


def _measurement(value: Value, method: str, place: sr.CoordinatesForMeasurement | None) -> sr.Measurement:
    name, _, version = method.partition("/")
    return sr.Measurement(
        name=_coded(NAMES[value.name]), value=float(value.value), unit=_coded(UNITS[value.unit]),
        algorithm_id=sr.AlgorithmIdentification(name, version or "1") if name else None,
        properties=sr.MeasurementProperties(
            upper_measurement_uncertainty=value.error, lower_measurement_uncertainty=value.error,
        ) if value.error is not None else None,
        referenced_coordinates=[place] if place is not None else None,
    )


def _source(image: Dataset, frame: int) -> sr.SourceImageForRegion:
    """The one frame meant; single-frame images are referred to without a number (PS3.3 C.18.4)."""
    several = is_multiframe_image(image) and int(image.get("NumberOfFrames") or 1) > 1
    return sr.SourceImageForRegion(image.SOPClassUID, image.SOPInstanceUID, [frame] if several else None)


def _coded(code: Coded) -> sr.CodedConcept:
    return sr.CodedConcept(code.value, code.scheme, code.meaning)
