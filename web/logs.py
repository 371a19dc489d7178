"""Structured logs: one JSON object a line, fixed messages, identities only.

What a patient is called must not reach a log. Three habits see to it: our messages are constants with identities in
`extra`; the text of an exception is never written (a database error carries the row, a validation error the input),
only its type and where it came from; and keys that sound like content or secrets are withheld.
"""

import functools
import json
import logging
import re
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""The request that the running task serves."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_WITHHELD = re.compile(
    r"patient|email|name$|born|birth|query|password|secret|token|authorization|cookie|body|text|value|params|statement",
    re.IGNORECASE,
)
_OWN = ("agenda", "imaging", "conference", "web", "uvicorn.error")
_TALKATIVE = ("sqlalchemy", "pydicom", "PIL", "highdicom", "aiortc", "aioice", "python_multipart", "asyncio")
_LONGEST = 300
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")

_Exception = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; the fields that every line has come first."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        request_id = getattr(record, "request", "") or REQUEST_ID.get()
        if request_id:
            line["request"] = request_id
        line |= {key: _scrubbed(key, value) for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info and record.exc_info[0] is not None:
            line |= _where(record.exc_info)
        return _encoded(line)


def configure(level: str = "info", stream: TextIO | None = None) -> logging.Handler:
    """Send every logger's lines to `stream` (standard error) as JSON; gives the handler, for a test to take away.

    uvicorn's own access log is silenced: it writes whole addresses. Ours is in `web.middleware`.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # No line names a thread or a process, and asking for them is half of what a record costs.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    return handler


def _message(record: logging.LogRecord) -> str:
    """Ours with its arguments; a library's without, because we do not know what it puts there."""
    own = record.name.split(".")[0] in _OWN or record.name in _OWN
    text = record.getMessage() if own else str(record.msg)
    return _UNPRINTABLE.sub(" ", text)[:_LONGEST]


_encoded = json.JSONEncoder(ensure_ascii=False, default=lambda value: type(value).__name__).encode


@functools.lru_cache(maxsize=1024)
def _withheld(key: str) -> bool:
    return _WITHHELD.search(key) is not None


def _scrubbed(key: str, value: object) -> object:
    if _withheld(key):
        return "[withheld]"
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _UNPRINTABLE.sub(" ", value)[:_LONGEST]
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(key, one) for one in list(value)[:20]]
    return type(value).__name__


def _where(exc_info: _Exception) -> dict[str, object]:
    kind, error, trace = exc_info
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
    causes: list[str] = []
    while error is not None and len(causes) < 5:
        causes.append(type(error).__qualname__)
        error = error.__cause__ or error.__context__
    return {"error": kind.__qualname__ if kind else "", "caused_by": causes[1:], "trace": frames[-12:]}
