"""STOW-RS as client (PS3.18 10.5): one object a request, its outcome in words. Blocks.

Redirects are not followed: a token goes to the address of the settings and nowhere else.
"""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from imaging.nodes import Node, bearer, tls_context
from imaging.outbound.words import of_status

_ANSWER_S = 60.0
_ANSWER_BYTES = 1024 * 1024
_LATER = frozenset({401, 403, 404, 408, 429, 500, 502, 503, 504})
"""Answers another time may be better: the service, its address or our token are repaired."""
_SENTENCES: Mapping[int, str] = {
    400: "could not read what we sent", 401: "does not accept our token", 403: "does not allow us to store",
    404: "has no DICOMweb store at this address", 409: "will not take this object",
    413: "finds the object too large", 415: "does not take this kind of object",
    429: "is asked too much", 500: "has an error on its side", 503: "is not available at the moment",
}


def store(node: Node, place: Path) -> tuple[str, str]:
    """Send one file; gives sent, refused or later, and a sentence. Raises NodeUnusable."""
    boundary = uuid4().hex
    headers = {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
        "Accept": "application/dicom+json", "User-Agent": "Consilium",
    }
    token = bearer(node)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = (f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + place.read_bytes()
            + f"\r\n--{boundary}--\r\n".encode())
    connection = _connection(node)
    try:
        connection.request("POST", urlsplit(node.url).path.rstrip("/") + "/studies", body, headers)
        answer = connection.getresponse()
        return _judged(node, answer.status, answer.read(_ANSWER_BYTES))
    except (OSError, HTTPException) as error:
        return "later", _unreached(node, error)
    finally:
        connection.close()


def _connection(node: Node) -> HTTPConnection:
    parts = urlsplit(node.url)
    context = tls_context(node)
    host = parts.hostname or ""
    if context is None:
        return HTTPConnection(host, parts.port, timeout=_ANSWER_S)
    return HTTPSConnection(host, parts.port, timeout=_ANSWER_S, context=context)


def _judged(node: Node, status: int, body: bytes) -> tuple[str, str]:
    if status in (200, 202):
        return _of_response(node, status, body)
    if 300 <= status < 400:
        return "later", f"{node.name} sends us to another address; the settings must name that one."
    reason = _failure(body) if status == 409 else None
    if reason is not None:
        result, words = of_status(reason)
        return ("later" if result == "later" else "refused"), f"{node.name} {words} (status {reason:04X}H)."
    words = _SENTENCES.get(status, "refused")
    return ("later" if status in _LATER else "refused"), f"{node.name} {words} (HTTP status {status})."


def _of_response(node: Node, status: int, body: bytes) -> tuple[str, str]:
    """200 is stored; 202 is stored in part, and there was one object: what the Failed SOP Sequence says of it."""
    reason = _failure(body) if status == 202 else None
    if reason is None:
        return "sent", f"{node.name} has stored it."
    result, words = of_status(reason)
    return ("refused" if result == "sent" else result), f"{node.name} {words} (status {reason:04X}H)."


def _failure(body: bytes) -> int | None:
    """The Failure Reason (0008,1197) of the first failed object in a STOW-RS answer (PS3.18 10.5.3)."""
    try:
        said: Any = json.loads(body)
        return int(said["00081198"]["Value"][0]["00081197"]["Value"][0])
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None


def _unreached(node: Node, error: Exception) -> str:
    if type(error).__name__ == "SSLCertVerificationError":
        return f"{node.name} shows a certificate that is not trusted here; nothing was sent."
    return f"{node.name} cannot be reached, or broke the connection off."
