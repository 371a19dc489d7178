"""Nodes: the archives and workstations of others, in one list for both directions.

Whoever queries, fetches or sends reads `[[imaging.nodes]]` and nothing else: a node's address, titles, token and TLS
files are written once.
"""

import ssl
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from imaging.errors import ImagingError

_PLAIN_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class NodeUnusable(ImagingError):
    """A file the settings name for a node cannot be read or is not what it should be."""


class NodeTls(BaseModel):
    """[imaging.nodes.tls]: how a node is spoken to over TLS."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    ca: str = ""
    """PEM file of the authorities that may have signed the node's certificate. Empty: the system's own."""
    certificate: str = ""
    """PEM file of our certificate, where the node asks for one."""
    key: str = ""
    """PEM file of its private key."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("certificate and key belong together")
        return self


class Node(BaseModel):
    """[[imaging.nodes]]: an archive or workstation that images are asked of, or that objects are sent to."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = Field(min_length=1, max_length=64)
    """What people here call it; no two nodes have the same."""
    kind: Literal["dimse", "dicomweb"] = "dimse"
    """dimse: C-FIND, C-GET or C-MOVE and C-STORE. dicomweb: QIDO-RS, WADO-RS and STOW-RS."""
    host: str = ""
    """dimse: name or address."""
    port: int = Field(default=104, ge=1, le=65535)
    """dimse: its port."""
    ae_title: str = Field(default="", pattern=r"^(?:[^\\ ](?:[^\\]{0,14}[^\\ ])?)?$")
    """dimse: its application entity title."""
    url: str = ""
    """dicomweb: the service's root, e.g. https://pacs.example.org/dicom-web."""
    token_file: str = ""
    """dicomweb: file with the bearer token to send; read anew at every use."""
    tls: NodeTls | None = None
    """dimse: speak TLS (without it, plain text). dicomweb: another authority than the system's, or our certificate."""
    query: bool = True
    """Offer it for query and fetch."""
    retrieve: Literal["get", "move"] = "get"
    """dimse: how studies are fetched from it. move needs our own listener, and its title among the listener's peers."""
    asks: bool = False
    """dimse: it may query our listener, and be sent the studies of cases; its title must be among the peers."""
    store: bool = True
    """Offer it as a destination."""
    deidentify: bool = False
    """Take the patient's identity out of what is fetched from it, and of what its title sends to our listener."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.kind == "dimse" and not (self.host and self.ae_title):
            raise ValueError(f"node {self.name!r} of kind dimse needs host and ae_title")
        if self.kind == "dicomweb":
            self._check_url()
        return self

    def _check_url(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"node {self.name!r} of kind dicomweb needs url, beginning with https://")
        if parts.username or parts.query or parts.fragment:
            raise ValueError(f"node {self.name!r}: url is an address alone; a token belongs into token_file")
        if parts.scheme == "http" and self.token_file and parts.hostname not in _PLAIN_HOSTS:
            raise ValueError(f"node {self.name!r}: a token is not sent over http; use https")

    @property
    def address(self) -> str:
        """Where it is, as people write it: ``AETITLE@host:port`` or the URL."""
        return self.url if self.kind == "dicomweb" else f"{self.ae_title}@{self.host}:{self.port}"


def node_named(nodes: tuple[Node, ...], name: str) -> Node | None:
    """The node people call so."""
    return next((one for one in nodes if one.name == name), None)


def tls_context(node: Node) -> ssl.SSLContext | None:
    """How to speak TLS with a node; None for a dimse node without TLS and for a plain http URL.

    Raises NodeUnusable naming the file. The peer's certificate and its name are always checked.
    """
    encrypted = node.tls is not None if node.kind == "dimse" else node.url.startswith("https://")
    if not encrypted:
        return None
    tls = node.tls or NodeTls()
    try:
        context = ssl.create_default_context(cafile=tls.ca or None)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise NodeUnusable(f"The TLS files of {node.name} cannot be used: {error}.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def bearer(node: Node) -> str | None:
    """The token to send, read from its file; None without one. Raises NodeUnusable."""
    if not node.token_file:
        return None
    try:
        return Path(node.token_file).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise NodeUnusable(f"The token file of {node.name} cannot be read.") from None
