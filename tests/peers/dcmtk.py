"""Debian's dcmtk, found and run; a test is skipped plainly where it is absent."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


def program(name: str) -> str:
    """dcmtk's, not pynetdicom's of the same name, which lies beside the interpreter."""
    ours = Path(sys.executable).parent
    found = shutil.which(name, path=os.pathsep.join(one for one in os.get_exec_path() if Path(one) != ours))
    if found is None:
        pytest.skip(f"needs {name} (Debian package dcmtk)")
    return found


def run(name: str, *said: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program(name), *said], capture_output=True, text=True, errors="replace", check=False, timeout=120, cwd=cwd
    )


@contextmanager
def storescp(inbox: Path, title: str, port: int, more: Sequence[str] = ()) -> Iterator[None]:
    """A receiver that keeps what it is sent."""
    inbox.mkdir(exist_ok=True)
    command = [program("storescp"), "-v", "-aet", title, "-od", str(inbox), *more, str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as receiver:
        try:
            until_it_listens(port, receiver)
            yield
        finally:
            receiver.terminate()


def until_it_listens(port: int, program: "subprocess.Popen[bytes]") -> None:
    """Asks the kernel, not the clock: the table of sockets says when the port is being listened on."""
    wanted = f":{port:04X}"
    while program.poll() is None:
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            with contextlib.suppress(FileNotFoundError):
                lines = [line.split() for line in Path(table).read_text().splitlines()[1:]]
                if any(one[1].endswith(wanted) and one[3] == "0A" for one in lines):
                    return
    raise AssertionError(f"it ended with {program.returncode} before it listened")
