"""Orthanc from Debian with its DICOMweb plugin: packages orthanc and orthanc-dicomweb."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.rig.http import Http
from tests.benchmarks.rig.processes import Missing, Running, answers
from tests.ports import free_port

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")

DURABILITY = "Orthanc's success promises less: it syncs the file, not its folder, not its index; ours all three"
"""What its answer to an instance stands for, counted with strace; printed beside what both took."""


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running Orthanc with nothing in it."""

    process: Running
    port: int
    dicom_port: int

    @property
    def http(self) -> Http:
        """A kept-alive connection."""
        return Http(self.port)

    def wipe(self) -> None:
        """Take everything out."""
        http = self.http
        for one in json.loads(http.get("/patients")):
            http.send("DELETE", f"/patients/{one}")


@contextmanager
def orthanc(folder: Path) -> Iterator[Orthanc]:
    """Orthanc as Debian configures it but for ports, folders and who may call; raises Missing."""
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    if program is None or not PLUGIN.exists():
        raise Missing("Orthanc is not here: apt-get install orthanc orthanc-dicomweb")
    folder.mkdir(parents=True, exist_ok=True)
    port, dicom_port = free_port(), free_port()
    (folder / "orthanc.json").write_text(json.dumps({
        "Name": "Benchmark", "StorageDirectory": str(folder / "store"), "IndexDirectory": str(folder / "index"),
        "HttpPort": port, "DicomPort": dicom_port, "DicomAet": "ORTHANC", "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False, "DicomCheckCalledAet": False, "DicomAlwaysAllowStore": True,
        "StableAge": 3600, "Plugins": [str(PLUGIN)], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }))
    process = Running([program, str(folder / "orthanc.json")], os.environ | {"TCP_NODELAY": "1"},
                      ready=lambda: answers(port) and answers(dicom_port))
    try:
        yield Orthanc(process, port, dicom_port)
    finally:
        process.end()
