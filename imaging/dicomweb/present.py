"""Rows of the index as the results of a search (PS3.18 tables 10.6.3-3 to 10.6.3-5). Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from imaging.dicomweb.attributes import ATTRIBUTES, Level
from imaging.dicomweb.json import Model, element
from imaging.studies import Instance, Series, Study


@dataclass(frozen=True, slots=True)
class Row:
    """One result: its study, and below it as far as was asked."""

    study: Study
    series: Series | None = None
    instance: Instance | None = None


class OfStudy(NamedTuple):
    """What is counted of a study."""

    series: int
    instances: int
    modalities: list[str]
    """Each once, in the order of the alphabet."""


NO_SERIES = OfStudy(0, 0, [])


@dataclass(frozen=True, slots=True)
class Counts:
    """Instances of every series concerned, and of the studies they are of what is computed from them."""

    studies: Mapping[str, OfStudy]
    images: Mapping[str, int]

    @staticmethod
    def of(series: Iterable[tuple[str, str, str, int]]) -> "Counts":
        """From the study, series, modality and number of instances of each series; one without any does not count."""
        found: dict[str, OfStudy] = {}
        images: dict[str, int] = {}
        for study, uid, modality, count in series:
            if not count:
                continue
            images[uid] = count
            before = found.get(study, NO_SERIES)
            modalities = before.modalities
            if modality and modality not in modalities:
                modalities = sorted((*modalities, modality))
            found[study] = OfStudy(before.series + 1, before.instances + count, modalities)
        return Counts(found, images)

    def of_study(self, uid: str) -> OfStudy:
        """Series, instances and modalities of a study."""
        return self.studies.get(uid, NO_SERIES)

    def of_series(self, uid: str) -> int:
        """Instances of a series."""
        return self.images.get(uid, 0)


def result(row: Row, counts: Counts, base: str, levels: Collection[Level], fields: Collection[str] = ()) -> Model:
    """A result in DICOM JSON, its attributes in the order of their tags.

    base: URL of the service. levels: those shown whole; of the others only `fields` are.
    """
    found: Model = {}
    for row_level, values in (("study", row.study), ("series", row.series), ("instance", row.instance)):
        for one in ATTRIBUTES:
            if values is None or one.level != row_level or one.column is None:
                continue
            if one.level in levels or one.tag in fields or one.kind == "uid":
                found[one.tag] = element(one.vr, one.of(values))
    found["00080056"] = element("CS", "ONLINE")
    found["00081190"] = element("UR", address(base, row))
    series, instances, modalities = counts.of_study(row.study.study_instance_uid)
    computed = {
        "00080061": element("CS", *modalities), "00201206": element("IS", series), "00201208": element("IS", instances),
    }
    found |= {tag: value for tag, value in computed.items() if "study" in levels or tag in fields}
    if row.series is not None and ("series" in levels or "00201209" in fields):
        found["00201209"] = element("IS", counts.of_series(row.series.series_instance_uid))
    if row.instance is not None:
        found |= _image(row.instance)
    return dict(sorted(found.items()))


def address(base: str, row: Row) -> str:
    """Where the result itself is retrieved."""
    place = f"{base}/studies/{row.study.study_instance_uid}"
    if row.series is not None:
        place += f"/series/{row.series.series_instance_uid}"
    if row.instance is not None:
        place += f"/instances/{row.instance.sop_instance_uid}"
    return place


def _image(row: Instance) -> Model:
    found = {"00083002": element("UI", row.transfer_syntax_uid)}
    if row.rows and row.columns:
        found |= {
            "00280010": element("US", row.rows), "00280011": element("US", row.columns),
            "00280100": element("US", row.bits_allocated),
        }
    if row.frames > 1:
        found["00280008"] = element("IS", row.frames)
    return found
