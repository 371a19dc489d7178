"""Answers that still stand: what a person was sent is sent again while nothing that decided it can have changed.

A cached preview costs less than asking who, whether and for what. All three were settled by the tables when the answer
was first given: the session or token, the policy over the case, the row of audit. As long as nothing at all was written
since (`web.database.Database.version`), the row still speaks (`web.images.reads`) and the session has not run out,
asking again gives the same. With a database that others write too nothing stands.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response
from starlette.types import Scope, Send

from conference.policy import Actor

_KEPT = 4096
_BYTES = 128 * 1024
"""A larger answer is not kept here."""
_ALL_BYTES = 64 * 1024 * 1024
_TELLING = frozenset({b"host", b"authorization", b"cookie", b"if-none-match", b"accept"})
"""Headers by which answers to the same address differ; results of a search name the host they were asked under."""

_Key = tuple[str, bytes, tuple[tuple[bytes, bytes], ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, to whom it went and until when it stands."""

    response: Response
    since: datetime
    until: datetime
    actor: Actor
    session_id: str | None
    endpoint: Any
    path_params: dict[str, Any]

    async def send(self, scope: Scope, send: Send) -> None:
        """Send it again; the log learns who asked for what."""
        scope["endpoint"], scope["path_params"] = self.endpoint, self.path_params
        scope["consilium.actor"] = self.actor
        headers = self.response.raw_headers
        await send({"type": "http.response.start", "status": self.response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.response.body})


class Standing:
    """The answers of one event loop; the oldest are let go of."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._answers: OrderedDict[_Key, Answer] = OrderedDict()
        self._bytes = 0

    def find(self, scope: Scope, version: int | None, at: datetime) -> Answer | None:
        """The answer to this request, if it stands. version: of the database, None: nothing stands."""
        if version is None or version != self._version:
            self._forget()
            return None
        found = self._answers.get(_key(scope))
        return found if found is not None and found.since <= at < found.until else None

    def keep(self, scope: Scope, response: Response, version: int, at: datetime, until: datetime) -> None:
        """Let an answer to a signed-in person stand. version: of the database when the request was judged."""
        ends: datetime | None = scope.get("consilium.until")
        if ends is None or len(response.body) > _BYTES or scope["method"] != "GET":
            return
        if version != self._version:
            self._version = version
            self._forget()
        key = _key(scope)
        if key in self._answers:
            self._bytes -= len(self._answers.pop(key).response.body)
        self._answers[key] = Answer(
            response, at, min(until, ends), scope["consilium.actor"], scope["consilium.session_id"], scope["endpoint"],
            scope["path_params"],
        )
        self._bytes += len(response.body)
        while len(self._answers) > _KEPT or self._bytes > _ALL_BYTES:
            self._bytes -= len(self._answers.popitem(last=False)[1].response.body)

    def _forget(self) -> None:
        self._answers.clear()
        self._bytes = 0


def _key(scope: Scope) -> _Key:
    return scope["path"], scope["query_string"], tuple(pair for pair in scope["headers"] if pair[0] in _TELLING)
