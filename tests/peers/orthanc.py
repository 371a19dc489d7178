"""Orthanc as the hospital's PACS, on loopback, for as long as a block runs."""

import json
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port

TITLE = "ORTHANC"
_PLUGINS = (Path("/usr/share/orthanc/plugins"), Path("/usr/lib/orthanc"))
_STARTED = "Orthanc has started"


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running server."""

    http: int
    dicom: int

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.http}/dicom-web"

    def ask(self, path: str, body: bytes | None = None, method: str = "") -> object:
        """Its own interface."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}{path}", data=body, method=method or ("POST" if body is not None else "GET")
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def raw(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=60) as answer:
            return bytes(answer.read())


def _program() -> str:
    found = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    if found is None:
        pytest.skip("needs Orthanc (Debian package orthanc)")
    return found


def _plugin() -> str:
    for folder in _PLUGINS:
        for one in sorted(folder.glob("libOrthancDicomWeb.so*")):
            return str(one)
    pytest.skip("needs Orthanc's DICOMweb (Debian package orthanc-dicomweb)")


@contextmanager
def orthanc(folder: Path, modalities: dict[str, list[object]]) -> Iterator[Orthanc]:
    """Orthanc with these modalities of its configuration."""
    program, here = _program(), Orthanc(free_port(), free_port())
    settings = {
        "Name": "Peer", "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"),
        "HttpPort": here.http, "DicomPort": here.dicom, "DicomAet": TITLE, "DicomCheckCalledAet": True,
        "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "DicomModalities": modalities,
        "DicomAlwaysAllowEcho": False, "DicomAlwaysAllowStore": False, "DicomAlwaysAllowFind": False,
        "DicomAlwaysAllowGet": False, "Plugins": [_plugin()], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "ConcurrentJobs": 1, "HttpThreadsCount": 4,
    }
    place = folder / "orthanc.json"
    place.write_text(json.dumps(settings))
    with subprocess.Popen(
        [program, str(place)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder
    ) as running:
        try:
            assert running.stdout is not None
            lines = []
            for line in running.stdout:
                lines.append(line)
                if _STARTED in line:
                    break
            else:
                raise AssertionError("".join(lines[-20:]))
            _drain(running)
            yield here
        finally:
            running.kill()  # its folder goes with the test; a polite end takes it four seconds


def _drain(running: subprocess.Popen[str]) -> None:
    """Keep its log from filling the pipe."""


    def read() -> None:
        assert running.stdout is not None
        for _ in running.stdout:
            pass

    threading.Thread(target=read, daemon=True).start()


