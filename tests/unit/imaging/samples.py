"""DICOM files made for tests: small, valid, and then spoiled on purpose."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian

SECONDARY = "1.2.840.10008.5.1.4.1.1.7"
MR = "1.2.840.10008.5.1.4.1.1.4"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
RLE = "1.2.840.10008.1.2.5"
DEFLATED = "1.2.840.10008.1.2.1.99"


def dataset(number: int = 1, **said: object) -> Dataset:
    """An MR slice of 16 × 16 pixels; `said` overrides elements by keyword, None removes one."""
    made = Dataset()
    values: dict[str, object] = {
        "SpecificCharacterSet": "ISO_IR 192", "SOPClassUID": MR, "SOPInstanceUID": f"1.2.826.0.1.3680043.9.1.{number}",
        "StudyInstanceUID": "1.2.826.0.1.3680043.9.2.1", "SeriesInstanceUID": "1.2.826.0.1.3680043.9.3.1",
        "PatientName": "Rivera^Ana", "PatientID": "MRN-7", "PatientBirthDate": "19710304", "PatientSex": "F",
        "StudyDate": "20261001", "StudyTime": "081500", "StudyDescription": "Lumbar spine", "Modality": "MR",
        "SeriesNumber": 1, "SeriesDescription": "Sagittal T2", "InstanceNumber": number,
        "ImagePositionPatient": [0.0, 0.0, float(number)], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [0.5, 0.6], "Rows": 16, "Columns": 16, "BitsAllocated": 16, "BitsStored": 12, "HighBit": 11,
        "PixelRepresentation": 0, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
        "WindowCenter": 200, "WindowWidth": 400,
    }
    for keyword, value in (values | said).items():
        if value is not None:
            setattr(made, keyword, value)
    return made


def written(made: Dataset, pixels: bytes | None = b"\1\0" * 256, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """The dataset as a file; `pixels` are taken as they are."""
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = made.get("SOPClassUID", SECONDARY)
    made.file_meta.MediaStorageSOPInstanceUID = made.get("SOPInstanceUID", "1.2.3")
    if pixels is not None:
        made.add_new(0x7FE00010, "OW" if syntax == ExplicitVRLittleEndian else "OB", pixels)
        if syntax in (JPEG_BASELINE, JPEG_2000, RLE):
            made["PixelData"].is_undefined_length = True
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def slice_of(number: int = 1, **said: object) -> bytes:
    """A whole, valid MR slice."""
    return written(dataset(number, **said))


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG frame header that claims a size, and next to nothing after it."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + b"\xff\xd9"


def jpeg_2000_of(width: int, height: int) -> bytes:
    """A JPEG 2000 SIZ segment that claims a size, and nothing after it."""
    size = struct.pack(">HIIIIIIIIH", 0, width, height, 0, 0, width, height, 0, 0, 1) + b"\7\1\1"
    return b"\xff\x4f\xff\x51" + struct.pack(">H", len(size) + 2) + size + b"\xff\xd9\0"


def compressed(frames: list[bytes], syntax: str, **said: object) -> bytes:
    """A file with encapsulated pixels."""
    return written(dataset(**({"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7} | said)), encapsulate(frames), syntax)


def deflate_bomb(megabytes: int) -> bytes:
    """A small file whose deflated data set unfolds to so many megabytes."""
    whole = written(dataset(), None)
    length = struct.unpack_from("<I", whole, 140)[0]
    head = whole[: 144 + length].replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99", 1)
    at = head.index(b"1.2.840.10008.1.2.1.99")
    head = head[: at - 2] + struct.pack("<H", 22) + head[at:]
    head = head[:140] + struct.pack("<I", length + 2) + head[144:]
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OB", 0, megabytes << 20)
    packed = engine.compress(body) + b"".join(engine.compress(bytes(1 << 20)) for _ in range(megabytes))
    return head + packed + engine.flush()


def zip_of(members: dict[str, bytes], place: Path, *, level: int = 6) -> Path:
    """A zip with these members."""
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return place
