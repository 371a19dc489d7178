"""The OHIF viewer as npm has it, unmodified, and a small server that puts it on one origin with our DICOMweb.

``python -m tests.peers.ohif`` fetches the package through npm, holds it to its digest, and unpacks its built files
(without source maps, and the models for segmenting, which are four fifths of it).
"""

import base64
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from types import MappingProxyType

import pytest
from imagecodecs import brotli_encode

from tests.conftest import ROOT

PACKAGE, VERSION = "@ohif/app", "3.13.2"
DIGEST = "WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="
"""SHA-512 of the package, as the registry and its lock files write it."""
_PLACE = Path(os.environ.get("CONSILIUM_TEST_OHIF", ROOT / ".tests-ohif"))
_PACKED = {".js", ".css", ".wasm", ".svg", ".json", ".html"}
_CONFIG = """
window.config = {
  name: 'peer', routerBasename: null, extensions: [], modes: [], showStudyList: true,
  maxNumberOfWebWorkers: 1, maxNumRequests: { interaction: 6, thumbnail: 2, prefetch: 4 },
  defaultDataSourceName: 'consilium',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'consilium',
    configuration: {
      friendlyName: 'Consilium', name: 'consilium', qidoRoot: '/dicom-web', wadoRoot: '/dicom-web',
      wadoUriRoot: '/dicom-web', imageRendering: 'wadors', thumbnailRendering: 'wadors', supportsWildcard: true,
      supportsFuzzyMatching: false, qidoSupportsIncludeField: true, enableStudyLazyLoad: true,
      bulkDataURI: { enabled: true }, omitQuotationForMultipartRequest: true,
    },
  }],
};
"""
"""What whoever installs OHIF writes: where the images are. Everything else is as it comes."""


def built() -> Path:
    """The folder of the built viewer; the test is skipped plainly where it was not fetched."""
    folder = _PLACE / VERSION / "package" / "dist"
    if not (folder / "index.html").is_file():
        pytest.skip(f"needs {PACKAGE} {VERSION} from npm: python -m tests.peers.ohif")
    return folder


def fetch() -> Path:
    """Bring the package here unless it is; raises SystemExit when it is not what it should be."""
    target = _PLACE / VERSION
    if (target / "package" / "dist" / "index.html").is_file():
        return target
    _PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_PLACE) as folder:
        command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", folder, f"{PACKAGE}@{VERSION}"]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
        (packed,) = Path(folder).glob("*.tgz")
        if base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode() != DIGEST:
            sys.exit(f"{PACKAGE} {VERSION} is not the package this test knows.")
        unpacked = Path(folder) / "unpacked"
        with tarfile.open(packed) as archive:
            wanted = [one for one in archive if not one.name.endswith(".map") and "/dist/ort/" not in one.name]
            archive.extractall(unpacked, wanted, filter="data")
        unpacked.rename(target)
    return target


def packed() -> Path:
    """The folder of the built viewer, brought here if need be, each file with a brotli twin as a good server keeps."""
    dist = fetch() / "package" / "dist"
    for file in dist.rglob("*"):
        twin = file.with_name(f"{file.name}.br")
        if file.suffix in _PACKED and not twin.exists():
            twin.write_bytes(brotli_encode(file.read_bytes(), level=11))
    return dist


@dataclass(slots=True)
class Seen:
    """What the viewer asked of DICOMweb."""

    requests: list[tuple[str, str, int, bool, str]] = field(default_factory=list)
    """Path, Accept, status, whether a bearer token came along, Content-Type of the answer."""

    def paths(self, part: str) -> list[tuple[str, str, int, bool, str]]:
        return [one for one in self.requests if part in one[0]]


@contextmanager
def one_origin(dist: Path, port: int) -> Iterator[tuple[str, Seen]]:
    """The viewer and, under /dicom-web, the server on `port`; gives the address and what was asked."""
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.startswith("/dicom-web/"):
                self._pass_on()
                return
            path = self.path.partition("?")[0].lstrip("/")
            if path == "app-config.js":
                self._give(200, "text/javascript", _CONFIG.encode())
                return
            file = (dist / path).resolve()
            if not file.is_relative_to(dist) or not file.is_file():
                file = dist / "index.html"
            kind, twin = guess_type(file.name)[0] or "application/octet-stream", file.with_name(f"{file.name}.br")
            if twin.is_file() and "br" in self.headers.get("Accept-Encoding", ""):
                self._give(200, kind, twin.read_bytes(), {"Content-Encoding": "br"})
            else:
                self._give(200, kind, file.read_bytes())

        def log_message(self, *_said: object) -> None:
            """Nothing."""

        def _pass_on(self) -> None:
            connection = HTTPConnection("127.0.0.1", port, timeout=120)
            wanted = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            connection.request("GET", self.path, headers=wanted | {"Connection": "close"})
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            kind = answer.headers.get("Content-Type", "")
            bearer = self.headers.get("Authorization", "").startswith("Bearer ")
            seen.requests.append((self.path, self.headers.get("Accept", ""), answer.status, bearer, kind))
            self._give(answer.status, kind, body)

        def _give(self, status: int, kind: str, body: bytes, more: Mapping[str, str] = MappingProxyType({})) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    print(fetch())
