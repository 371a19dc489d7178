"""The [imaging] section of the configuration; frozen, passed as an argument at composition."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from imaging.nodes import Node

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


_PEER = re.compile(r"[^\\=@ ](?:[^\\=@]{0,14}[^\\=@ ])?(@[0-9A-Fa-f.:]+)?(=[\w.-]+)?", re.ASCII)


class DimseSettings(_Section):
    """[imaging.dimse]: DICOM's own network protocol (PS3.7, PS3.8): images from a PACS, and to one."""

    enabled: bool = False
    """Take images by C-STORE and answer C-ECHO."""
    host: str = "127.0.0.1"
    """Address to listen on. Anything but loopback needs TLS, or plain_text."""
    port: int = Field(default=11112, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    ae_title: str = Field(default="CONSILIUM", pattern=r"^[^\\ ](?:[^\\]{0,14}[^\\ ])?$")
    """Our application entity title; who calls another is rejected."""
    peers: tuple[str, ...] = ()
    """Who may send: calling AE title, then @address where only that one may use it, then =board where the images are
    for one board's coordinators alone: "PACS", "PACS@10.0.0.5", "PACS@10.0.0.5=spine". Nobody else is let in."""
    tls_certificate: str = ""
    """PEM file of our certificate; with it the listener speaks TLS only, and asks peers for theirs."""
    tls_key: str = ""
    """PEM file of its private key."""
    tls_client_ca: str = ""
    """PEM file of the authorities whose certificates peers must show."""
    plain_text: bool = False
    """Listen without TLS on an address that is not loopback; only in a network that is protected otherwise."""
    associations: int = Field(default=4, ge=1, le=64)
    """Most associations at a time; more are rejected for now."""
    instance_bytes: int = Field(default=512 * MIB, ge=MIB)
    """Largest single instance; a larger one ends its association."""
    per_minute: int = Field(default=6_000, ge=1)
    """Instances one peer may send in a minute; more are answered 0xA700, out of resources."""
    silence_s: float = Field(default=60.0, gt=0, le=3600)
    """Seconds without a word after which an association is ended."""

    @model_validator(mode="after")
    def _safe(self) -> Self:
        for one in self.peers:
            if not _PEER.fullmatch(one):
                raise ValueError(f"peers: {one!r} is not written AETITLE, AETITLE@address or AETITLE@address=board")
        tls = (self.tls_certificate, self.tls_key, self.tls_client_ca)
        if any(tls) and not all(tls):
            raise ValueError("TLS needs all three of tls_certificate, tls_key and tls_client_ca")
        if self.enabled and not self.peers:
            raise ValueError("peers must name who may send")
        if self.enabled and not (tls[0] or self.plain_text or _loopback(self.host)):
            raise ValueError(f"{self.host} is not loopback: give the TLS files, or say plain_text = true")
        for one in filter(None, tls if self.enabled else ()):
            if not Path(one).is_file():
                raise ValueError(f"there is no file {one}")
        return self


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class FetchSettings(_Section):
    """[imaging.fetch]: asking the archives of `[[imaging.nodes]]` and fetching from them; sizes are those of upload."""

    results: int = Field(default=200, ge=1, le=5000)
    """Most studies one search shows."""
    connect_s: float = Field(default=10.0, gt=0, le=120)
    """Seconds in which an archive must take the connection."""
    silence_s: float = Field(default=60.0, gt=0, le=3600)
    """Seconds without a word after which an archive is given up."""
    open_per_person: int = Field(default=4, ge=1, le=100)
    """Fetches one person may have under way at a time."""
    keep_hours: int = Field(default=24, ge=1, le=168)
    """A fetch nobody went on with is forgotten after this long."""


_VAULT = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,62}(/[\w./-]*)?|file://.*|(?!\w+://).*", re.ASCII)


class S3Settings(_Section):
    """[imaging.s3]: how to reach the bucket of an s3:// vault."""

    endpoint: str = ""
    """URL of the service, e.g. https://minio.example.org:9000. Empty: Amazon's, by region."""
    region: str = "us-east-1"
    """Region of the bucket."""
    access_key_id: str = ""
    """Empty: AWS_ACCESS_KEY_ID and its companions in the environment, or the machine's own role."""
    secret_key: str = ""
    """Better in CONSILIUM_IMAGING__S3__SECRET_KEY or in secret_key_file than here."""
    secret_key_file: str = ""
    """File whose only content is the secret key."""
    ca_file: str = ""
    """PEM file of the authority that signed the endpoint's certificate, when it is one of your own."""
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    """Seconds until a connection must stand."""
    silence_s: float = Field(default=20.0, gt=0, le=300)
    """Seconds without a byte after which a request has failed."""
    request_timeout_s: float = Field(default=600.0, gt=0, le=7200)
    """Seconds for one whole request, however large the object."""
    retry_s: float = Field(default=30.0, ge=0, le=300)
    """Seconds during which a failed request is tried again."""
    cache_bytes: int = Field(default=20 * GIB, ge=MIB)
    """Space on this machine for copies of what is being looked at."""


class QuotaSettings(_Section):
    """[imaging.quota]: how much room images may take. 0: no limit but the disk's."""

    total_bytes: int = Field(default=0, ge=0)
    """For all images together."""
    board_bytes: int = Field(default=0, ge=0)
    """For the images of one board's cases, unless the board has a quota of its own."""


class VaultSettings(_Section):
    """[imaging.vault]: what is cleared away."""

    grace_hours: int = Field(default=24, ge=1, le=720)
    """How old an object must be before it may be removed because no record names it."""
    hold: bool = False
    """A legal hold on everything: no image is removed, whatever a board's rule says. Single cases: `consilium vault
    hold`."""


class DeidentifySettings(_Section):
    """[imaging.deidentify]: what is taken out of images where that is asked (PS3.15 Annex E), and at which doors.

    Uploads say it themselves; a board's own choice holds for STOW-RS and fetches into its cases as well.
    """

    dates: bool = True
    """Retain longitudinal temporal information with modified dates (E.3.6); without it, dates go."""
    characteristics: bool = True
    """Retain patient characteristics (E.3.7): sex, age, size, weight and their like."""
    device: bool = False
    """Retain device identity (E.3.8)."""
    descriptors: bool = True
    """Clean descriptors (E.3.5): short descriptions stay without the patient's own words; without it, they go."""
    safe_private: bool = False
    """Retain safe private attributes (E.3.10): numbers that Table E.3.10-1 names, such as b-values of diffusion."""
    stow: bool = False
    """Take the identity out of everything that comes by STOW-RS."""
    peers: tuple[str, ...] = ()
    """Titles of peers of [imaging.dimse] whose images lose their identity; deidentify of a node says the same."""


class ImagingSettings(_Section):
    """[imaging]: images in, the vault, and the limits of what is taken."""

    vault_url: str = ""
    """Where files are kept. Empty: the folder ``vault`` in the storage directory; else a path, a ``file://`` URL, or
    ``s3://bucket/prefix`` with [imaging.s3]."""
    s3: S3Settings = S3Settings()
    quota: QuotaSettings = QuotaSettings()
    vault: VaultSettings = VaultSettings()
    upload: UploadSettings = UploadSettings()
    archive: ArchiveSettings = ArchiveSettings()
    file: FileSettings = FileSettings()
    worker: WorkerSettings = WorkerSettings()
    dimse: DimseSettings = DimseSettings()
    deidentify: DeidentifySettings = DeidentifySettings()
    fetch: FetchSettings = FetchSettings()
    nodes: tuple[Node, ...] = ()
    """Archives and workstations of others: where images are asked for and where objects are sent. One table each."""

    @field_validator("vault_url")
    @classmethod
    def _reachable(cls, url: str) -> str:
        if not _VAULT.fullmatch(url):
            raise ValueError(f"{url!r} is neither a path, nor a file:// URL, nor written s3://bucket/prefix")
        return url

    @field_validator("nodes")
    @classmethod
    def _named_apart(cls, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        names = [one.name.casefold() for one in nodes]
        twice = next((one.name for one in nodes if names.count(one.name.casefold()) > 1), None)
        if twice is not None:
            raise ValueError(f"two nodes are called {twice!r}")
        return nodes

    @model_validator(mode="after")
    def _known_peers(self) -> Self:
        titles = {one.partition("=")[0].partition("@")[0] for one in self.dimse.peers}
        strange = next((one for one in self.deidentify.peers if one not in titles), None)
        if strange is not None:
            raise ValueError(f"deidentify.peers: {strange!r} is the title of none of dimse.peers")
        return self

    @property
    def titles_without_identity(self) -> frozenset[str]:
        """Application entity titles whose images lose their identity on the way in."""
        of_nodes = {one.ae_title for one in self.nodes if one.deidentify and one.ae_title}
        return frozenset(of_nodes | set(self.deidentify.peers))
