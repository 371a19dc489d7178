"""Objects made for tests of what is shown beside pictures."""

from typing import Any

import numpy as np
from pydicom.dataset import Dataset


def code(meaning: str, value: str = "1", scheme: str = "99X") -> list[Dataset]:
    one = Dataset()
    one.CodeValue, one.CodingSchemeDesignator, one.CodeMeaning = value, scheme, meaning
    return [one]


def item(kind: str, name: str, **said: Any) -> Dataset:
    one = Dataset()
    one.ValueType = kind
    one.ConceptNameCodeSequence = code(name)
    for keyword, value in said.items():
        setattr(one, keyword, value)
    return one


def number(value: str, unit: str) -> list[Dataset]:
    one = Dataset()
    one.NumericValue = value
    one.MeasurementUnitsCodeSequence = code(unit, unit, "UCUM")
    return [one]


def segments(kind: str = "BINARY", frames: int = 2) -> Dataset:
    found = Dataset()
    found.Rows, found.Columns, found.NumberOfFrames, found.BitsAllocated = 3, 5, frames, 1
    found.SegmentationType, found.ContentLabel = kind, "DISC"
    found.FrameOfReferenceUID = "1.2.9"
    named = Dataset()
    named.SegmentNumber, named.SegmentLabel, named.SegmentAlgorithmType = 1, "Disc L4-L5", "MANUAL"
    named.RecommendedDisplayCIELabValue = [34885, 53485, 50171]
    found.SegmentSequence = [named]
    groups = []
    for frame in range(frames):
        group, identified, source, derived = Dataset(), Dataset(), Dataset(), Dataset()
        identified.ReferencedSegmentNumber = 1
        source.ReferencedSOPInstanceUID = f"1.2.3.{frame}"
        derived.SourceImageSequence = [source]
        group.SegmentIdentificationSequence, group.DerivationImageSequence = [identified], [derived]
        groups.append(group)
    found.PerFrameFunctionalGroupsSequence = groups
    found.file_meta = Dataset()  # type: ignore[assignment]
    found.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    bits = np.zeros((frames, 3, 5), np.uint8)
    bits[0, 1, 2] = bits[-1, 2, 4] = 1
    found.PixelData = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    return found


def state() -> Dataset:
    image, graphic, text, layer, window, area = (Dataset() for _ in range(6))
    image.ReferencedSOPInstanceUID = "1.2.3"
    graphic.GraphicType, graphic.GraphicData, graphic.GraphicAnnotationUnits = "POLYLINE", [1, 2, 3, 4.5], "PIXEL"
    text.UnformattedTextValue, text.AnchorPoint, text.AnchorPointAnnotationUnits = "L4", [7, 8], "PIXEL"
    layer.ReferencedImageSequence, layer.GraphicObjectSequence = [image], [graphic]
    layer.TextObjectSequence = [text]
    window.WindowCenter, window.WindowWidth = 40, 400
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = [11, 21], [110, 120]
    found, series = Dataset(), Dataset()
    series.ReferencedImageSequence = [image]
    found.ReferencedSeriesSequence, found.GraphicAnnotationSequence = [series], [layer]
    found.SoftcopyVOILUTSequence, found.DisplayedAreaSelectionSequence = [window], [area]
    found.ContentLabel, found.ImageRotation, found.ImageHorizontalFlip = "KEY", 90, "Y"
    found.ShutterShape = "RECTANGULAR"
    found.ShutterLeftVerticalEdge, found.ShutterRightVerticalEdge = 2, 90
    found.ShutterUpperHorizontalEdge, found.ShutterLowerHorizontalEdge = 3, 80
    return found


PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
)



def encapsulated(data: bytes) -> Dataset:
    found = Dataset()
    found.SOPClassUID, found.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.104.1", "1.2.3"
    found.DocumentTitle, found.MIMETypeOfEncapsulatedDocument = "Letter", "application/pdf"
    found.EncapsulatedDocument = data + b"\0" * (len(data) % 2)
    return found
