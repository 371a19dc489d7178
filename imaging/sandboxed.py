"""The inside of a worker process: ``python -m imaging.sandboxed MEMORY CPU``. Started by `imaging.sandbox` alone.

It limits itself, then answers one JSON line for each JSON line. Any failure of a task is said in one sentence without
the exception's own text, which may quote the patient.
"""

import ctypes
import importlib
import json
import os
import resource
import sys
from typing import Any, BinaryIO

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_TASKS = (
    "imaging.header:read", "imaging.pixels.", "imaging.dicomweb.dataset:", "imaging.dicomweb.compose:",
    "imaging.dicomweb.transcode:",
    "imaging.dicomdir:contents", "imaging.deidentify.worker:", "imaging.deidentify.painter:", "imaging.objects.work:",
    "imaging.display.work:",
)
"""What may be asked for: names that start so."""


def main() -> None:
    """Serve tasks until the input ends or a task fails."""
    memory, cpu = int(sys.argv[1]), int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a library that prints must not speak for us
    _confine(memory)
    for line in sys.stdin.buffer:
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = int(used.ru_utime + used.ru_stime) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (spent + cpu, resource.RLIM_INFINITY))
        if not _serve(line, answers):
            return


def _confine(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    # No network. Where the kernel does not grant user namespaces the other limits still hold.
    ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _serve(line: bytes, answers: BinaryIO) -> bool:
    try:
        facts, payload = _run(json.loads(line))
        said = json.dumps({"facts": facts, "payload": len(payload)}, allow_nan=False)
    except MemoryError:
        said, payload = '{"error": "Reading this file needs too much memory."}', b""
    except RecursionError:
        said, payload = '{"error": "The file is nested too deep to be read."}', b""
    except BaseException as error:  # native readers raise what is no Exception; the worker ends here
        kind = json.dumps(f"The file cannot be read ({type(error).__name__}).")
        said, payload = f'{{"error": {kind}}}', b""
    answers.write(said.encode() + b"\n" + payload)
    answers.flush()
    return not said.startswith('{"error"')


def _run(asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    name = str(asked["task"])
    if not name.startswith(_TASKS):
        raise LookupError(name)
    module, _, function = name.partition(":")
    facts, payload = getattr(importlib.import_module(module), function)(**asked["arguments"])
    return facts, payload


if __name__ == "__main__":
    main()
