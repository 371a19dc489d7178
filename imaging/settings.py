"""The [imaging] section of the configuration; frozen, passed as an argument at composition."""

from pydantic import BaseModel, ConfigDict, Field

MIB = 1024 * 1024
GIB = 1024 * MIB


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class UploadSettings(_Section):
    """[imaging.upload]: what a browser may send to a case."""

    total_bytes: int = Field(default=4 * GIB, ge=MIB)
    """Largest upload as a whole; announced sizes beyond it are refused before a byte is taken."""
    files: int = Field(default=20_000, ge=1)
    """Most files in one upload, counted before and after unpacking."""
    open_per_person: int = Field(default=5, ge=1, le=100)
    """Uploads one person may have under way at a time."""
    per_hour: int = Field(default=60, ge=1)
    """Uploads one person may start in an hour."""
    chunk_bytes: int = Field(default=8 * MIB, ge=64 * 1024, le=256 * MIB)
    """Largest part of a file in one request; the browser cuts its files to this."""
    keep_hours: int = Field(default=24, ge=1, le=168)
    """An upload nobody continued is forgotten after this long."""
    free_bytes: int = Field(default=GIB, ge=0)
    """Space that stays free on the disk; an upload that would go below it is refused."""


class ArchiveSettings(_Section):
    """[imaging.archive]: how far a zip may unfold."""

    total_bytes: int = Field(default=8 * GIB, ge=MIB)
    """Largest sum of the unpacked members of all zips of one upload."""
    ratio: int = Field(default=200, ge=2)
    """Largest ratio of unpacked to packed size of one member, and of the zip as a whole."""
    ratio_floor_bytes: int = Field(default=4 * MIB, ge=0)
    """Members up to this unpacked size are not judged by their ratio."""


class FileSettings(_Section):
    """[imaging.file]: what one DICOM file may claim; checked on its header before anything is decoded."""

    bytes: int = Field(default=2 * GIB, ge=MIB)
    """Largest single file."""
    elements: int = Field(default=200_000, ge=1_000)
    """Most data elements and items in one file, nested ones included."""
    nesting: int = Field(default=16, ge=1, le=64)
    """Deepest nesting of sequences."""
    pixel_bytes: int = Field(default=4 * GIB, ge=MIB)
    """Most that all frames of one file may unfold to: rows × columns × samples × bits × frames."""
    frame_bytes: int = Field(default=512 * MIB, ge=MIB)
    """Most that a single frame may unfold to."""
    frames: int = Field(default=20_000, ge=1)
    """Most frames in one file."""
    inflated_bytes: int = Field(default=64 * MIB, ge=MIB)
    """Most that a deflated data set may unfold to."""
    codec_ratio: int = Field(default=2_000, ge=10)
    """Largest ratio of unfolded to compressed pixels; a blank slice reaches a few hundred."""


class WorkerSettings(_Section):
    """[imaging.worker]: the disposable processes in which untrusted bytes are parsed."""

    processes: int = Field(default=2, ge=1, le=64)
    """Most workers at a time."""
    memory_bytes: int = Field(default=GIB + GIB // 2, ge=256 * MIB)
    """Address space of one worker (RLIMIT_AS)."""
    cpu_seconds: int = Field(default=8, ge=1, le=120)
    """Processor time for one file (RLIMIT_CPU)."""
    wall_seconds: float = Field(default=12.0, gt=0, le=300)
    """Time for one file by the clock; the worker is ended after it."""
    reuse: int = Field(default=200, ge=1)
    """Files a worker reads before a fresh one takes its place."""


class ImagingSettings(_Section):
    """[imaging]: images in, the vault, and the limits of what is taken."""

    vault_url: str = ""
    """Where files are kept. Empty: the folder ``vault`` in the storage directory; else a path or ``file://`` URL."""
    upload: UploadSettings = UploadSettings()
    archive: ArchiveSettings = ArchiveSettings()
    file: FileSettings = FileSettings()
    worker: WorkerSettings = WorkerSettings()
