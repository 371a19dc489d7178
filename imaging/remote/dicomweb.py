"""QIDO-RS and WADO-RS as client (PS3.18 10.4 and 10.6). Everything here blocks; errors are sentences.

Redirects are not followed: a token goes to the address of the settings and nowhere else.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from imaging.dicomweb.errors import BadMessage
from imaging.dicomweb.multipart import PartBegins, PartData, PartEnds, Splitter, boundary_of, media_type
from imaging.nodes import Node, bearer, tls_context
from imaging.remote.answer import Found, FoundSeries, of_json, series_of, study_of
from imaging.remote.errors import RemoteFailed
from imaging.remote.question import RETURNED, Question
from imaging.remote.stage import Stage
from imaging.settings import FetchSettings

_JSON = "application/dicom+json"
_FILES = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_ANSWER_BYTES = 16 * 1024 * 1024
_PIECE = 256 * 1024
_SENTENCES: Mapping[int, str] = {
    400: "cannot read our question", 401: "does not accept our token", 403: "does not allow us this",
    404: "has no such service or study at its address", 406: "cannot give what we need",
    413: "finds the answer too large; ask more narrowly", 429: "is asked too much; try again later",
    500: "has an error on its side", 502: "cannot be reached behind its gateway",
    503: "is not available at the moment", 504: "cannot be reached behind its gateway",
}


def find(node: Node, asked: Question, settings: FetchSettings) -> Found:
    """The studies of a node that match; raises RemoteFailed, NodeUnusable."""
    said = [*asked.criteria().items(), ("limit", str(settings.results + 1))]
    said += [("includefield", keyword) for keyword in RETURNED]
    asking = urlencode(said, safe="*^", quote_via=quote)  # written as %2A and %5E they mean nothing to Orthanc
    found = [study_of(of_json(one)) for one in _listed(node, f"/studies?{asking}", settings)]
    studies = [one for one in found if one is not None]
    return Found(tuple(studies[: settings.results]), len(studies) > settings.results)


def ping(node: Node, settings: FetchSettings) -> None:
    """Ask whether a node answers searches (QIDO-RS, for one study); raises RemoteFailed, NodeUnusable."""
    _listed(node, "/studies?limit=1", settings)


def series(node: Node, study_uid: str, settings: FetchSettings) -> list[FoundSeries]:
    """The series of a study; empty where the node does not tell."""
    asked = f"/studies/{study_uid}/series?includefield=NumberOfSeriesRelatedInstances"
    try:
        found = [series_of(of_json(one)) for one in _listed(node, asked, settings)]
    except RemoteFailed:
        return []
    return [one for one in found if one is not None]


def get(node: Node, study_uid: str, series_uid: str, into: tuple[Stage, str], settings: FetchSettings) -> None:
    """Fetch one series (an empty one: the whole study) as it streams in, to disk.

    into: the stage, and the name of the series there. Raises RemoteFailed, TooLarge, Stopped.
    """
    stage, place = into
    path = f"/studies/{study_uid}" + (f"/series/{series_uid}" if series_uid else "")
    with _asked(node, path, _FILES, settings) as answer:
        media, said = media_type(answer.headers.get("Content-Type", ""))
        if media == "application/dicom":
            stage.put(place, _pieces(answer))
            return
        if media != "multipart/related":
            raise RemoteFailed(f"{node.name} answers with {media[:64]} where files were asked for.")
        try:
            events = _events(answer, Splitter(boundary_of(said)))
            for event in events:
                if isinstance(event, PartBegins):
                    stage.put(place, _part(events))
        except BadMessage:
            raise RemoteFailed(f"{node.name} broke off in the middle of the files, or sent them misshapen.") from None


def _part(events: Iterator[PartBegins | PartData | PartEnds]) -> Iterator[bytes]:
    """The bytes of the part that began last."""
    for event in events:
        if isinstance(event, PartEnds):
            return
        if isinstance(event, PartData):
            yield bytes(event.data)
    raise BadMessage("a part without an end")


def _events(answer: HTTPResponse, splitter: Splitter) -> Iterator[PartBegins | PartData | PartEnds]:
    for piece in _pieces(answer):
        yield from splitter.feed(piece)
    splitter.finish()


def _pieces(answer: HTTPResponse) -> Iterator[bytes]:
    while piece := answer.read1(_PIECE):
        yield piece


def _listed(node: Node, path: str, settings: FetchSettings) -> list[Mapping[str, Any]]:
    with _asked(node, path, _JSON, settings) as answer:
        body = b"" if answer.status == 204 else answer.read(_ANSWER_BYTES + 1)
    if len(body) > _ANSWER_BYTES:
        raise RemoteFailed(f"{node.name} finds too much; ask more narrowly.")
    try:
        found = json.loads(body) if body else []
    except (ValueError, RecursionError):
        raise RemoteFailed(f"{node.name} does not answer as DICOMweb does; is its address right?") from None
    if not isinstance(found, list):
        raise RemoteFailed(f"{node.name} does not answer as DICOMweb does; is its address right?")
    return [one for one in found if isinstance(one, dict)]


@contextmanager
def _asked(node: Node, path: str, accept: str, settings: FetchSettings) -> Iterator[HTTPResponse]:
    """A good answer, being read; raises RemoteFailed, also for what breaks while it is read."""
    parts = urlsplit(node.url)
    headers = {"Accept": accept, "User-Agent": "Consilium", "Accept-Encoding": "identity"}
    token = bearer(node)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection = _connection(node, settings)
    try:
        connection.connect()
    except OSError as error:
        connection.close()
        raise RemoteFailed(_unreached(node, error)) from None
    try:
        if connection.sock is not None:
            connection.sock.settimeout(settings.silence_s)
        connection.request("GET", parts.path.rstrip("/") + path, headers=headers)
        with connection.getresponse() as answer:
            if answer.status not in (200, 204, 206):
                raise RemoteFailed(_refusal(node, answer.status))
            yield answer
    except TimeoutError:
        raise RemoteFailed(f"{node.name} did not answer within {settings.silence_s:g} seconds.") from None
    except (HTTPException, ConnectionError):
        raise RemoteFailed(f"{node.name} broke the connection off.") from None
    finally:
        connection.close()


def _connection(node: Node, settings: FetchSettings) -> HTTPConnection:
    parts = urlsplit(node.url)
    context = tls_context(node)
    host = parts.hostname or ""
    if context is None:
        return HTTPConnection(host, parts.port, timeout=settings.connect_s)
    return HTTPSConnection(host, parts.port, timeout=settings.connect_s, context=context)


def _unreached(node: Node, error: OSError) -> str:
    if type(error).__name__ == "SSLCertVerificationError":
        return f"{node.name} shows a certificate that is not trusted here; nothing was sent."
    return f"{node.name} cannot be reached at its address. Is it switched on, and may this server connect to it?"


def _refusal(node: Node, status: int) -> str:
    if 300 <= status < 400:
        return f"{node.name} sends us to another address; our settings must name that one."
    return f"{node.name} {_SENTENCES.get(status, 'refused')} (status {status})."
