"""One association in which a peer stores and echoes, in a thread of its own: our own upper layer (decision 0020).

Reads whatever came in one go, acknowledges it at once, writes the data set to its file as it arrives, and answers when
the caller says what became of it.
"""

import logging
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Protocol
from uuid import uuid4

from imaging.dimse.acceptor import Aborted, Acceptor, Commanded, Event, Piece, Released, Requested
from imaging.dimse.command import C_CANCEL_RQ, C_ECHO_RQ, C_STORE_RQ, Command, response
from imaging.dimse.part10 import header
from imaging.dimse.pdu import (
    APPLICATION_CONTEXT,
    Abort,
    Answer,
    Answered,
    Request,
    Violation,
    abort,
    accept,
    command,
    reject,
    release_reply,
)
from imaging.dimse.statuses import NOT_A_UID, SUCCESS, Status
from imaging.vault.arriving import Arriving

log = logging.getLogger(__name__)

PDU_BYTES = 128 * 1024
"""Largest P-DATA-TF we ask for (PS3.8 D.1); the largest dcmtk sends."""
READ_BYTES = 512 * 1024
HANDSHAKE_S = 10.0
QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_DRAINED_S = 10.0
_DRAINED_READS = 16
"""How long the end of a connection is waited for after our last word (ARTIM, PS3.8 9.1.5), and through how much."""
WRONG_APPLICATION = (1, 1, 2)
UNKNOWN_CALLING = (1, 1, 3)
UNKNOWN_CALLED = (1, 1, 7)
WRONG_VERSION = (1, 2, 2)
TOO_MANY = (2, 3, 2)
"""Result, source and reason of A-ASSOCIATE-RJ (PS3.8 9.3.4)."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """An instance that came whole, in a file of ours."""

    sop_class_uid: str
    sop_instance_uid: str
    path: Path
    digest: str
    """SHA-256 of the file, counted while it was written."""


class Host(Protocol):
    """What a receiver asks of the listener it belongs to; called in the receiver's thread, may block."""

    def judge(self, receiver: "Receiver", asked: Request) -> tuple[int, int, int] | None:
        """How to reject an association; None: let it in, and count it until it is over."""

    def took(self, receiver: "Receiver", one: Spooled) -> Status:
        """What to answer to an instance; its file is removed afterwards."""

    def accepts(self, receiver: "Receiver") -> Status | None:
        """What to answer to an instance before it is written anywhere; None: let it come."""


class Receiver:
    """Serves one connection; `run` it in a thread, `stop` it from another."""

    def __init__(
        self, connection: socket.socket, address: str, host: Host, spool: Path, syntaxes: Mapping[str, frozenset[str]],
        *, instance_bytes: int, silence_s: float, elsewhere: Callable[[Request], bool] = lambda _asked: False,
    ) -> None:
        """syntaxes: transfer syntaxes taken, by abstract syntax. elsewhere: whether somebody else serves a request."""
        self.identity = uuid4().hex
        self.address = address
        self.request: Request | None = None
        self.read = bytearray()
        """What came until the request was whole; for whoever serves it elsewhere."""
        self.over = threading.Event()
        self._connection, self._host, self._spool, self._syntaxes = connection, host, spool, syntaxes
        self._instance_bytes, self._silence_s, self._elsewhere = instance_bytes, silence_s, elsewhere
        self._machine = Acceptor()
        self._contexts: dict[int, str] = {}
        """The transfer syntax of each that was accepted."""
        self._coming: _Coming | None = None
        self._stopping = False
        self._done = False

    @property
    def calling(self) -> str:
        """The title the peer goes by; empty before it said so."""
        return self.request.calling if self.request else ""

    def run(self) -> bool:
        """Serve until the end; True: nothing was answered yet, and the request is to be served elsewhere.

        Raises OSError where the connection breaks, after everything was put in order.
        """
        try:
            self._connection.settimeout(min(self._silence_s, HANDSHAKE_S))
            return self._served()
        except Violation as broken:
            log.warning("an association was ended: its peer broke the protocol", extra={"reason": broken.reason.name})
            self._send(abort(broken.reason))
            self._drain()
        finally:
            self._discard()
            self.over.set()
        return False

    def stop(self) -> None:
        """End the association; what is being admitted is finished first."""
        self._stopping = True
        try:
            socket.socket.shutdown(self._connection, socket.SHUT_RD)  # of TLS's own, which would stop encrypting
        except OSError:
            log.debug("a connection was gone already")

    def _served(self) -> bool:
        buffer = memoryview(bytearray(READ_BYTES))
        while not self._done:
            if QUICKACK is not None:
                self._connection.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)
            got = self._connection.recv_into(buffer)
            if not got:
                if self._stopping:
                    self._send(abort())
                return False
            if self.request is None:
                self.read += buffer[:got]
            for event in self._machine.feed(buffer[:got]):
                if self._handle(event):
                    return True
        self._drain()
        return False

    def _handle(self, event: Event) -> bool:
        """Do what an event asks for; True: it is for somebody else."""
        match event:
            case Requested(asked, body):
                self.request = asked
                return self._answer_request(asked, body)
            case Commanded(context, asked_for):
                self._begin(context, asked_for)
            case Piece(_, data, last):
                self._write(data, last=last)
            case Released():
                self._send(release_reply())
                self._done = True
            case Aborted():
                self._done = True
        return False

    def _answer_request(self, asked: Request, body: bytes) -> bool:
        refused = _refused(asked) or self._host.judge(self, asked)
        if refused is not None:
            log.warning("an association was rejected", extra={"address": self.address})
            self._send(reject(*refused))
            self._done = True
            return False
        if self._elsewhere(asked):
            return True
        self.read.clear()
        answers = [self._answered(one.number, one.abstract_syntax, one.transfer_syntaxes) for one in asked.contexts]
        self._contexts = {one.number: one.transfer_syntax for one in answers if one.answer is Answer.ACCEPTED}
        self._connection.settimeout(self._silence_s)
        self._machine.answered()
        self._send(accept(body, answers, PDU_BYTES))
        return False

    def _answered(self, number: int, abstract_syntax: str, offered: tuple[str, ...]) -> Answered:
        """Of the transfer syntaxes offered the first we take: that is how the peer's file is.

        Peers add the uncompressed ones they could convert to; chosen by our order, images would be decompressed on the
        way.
        """
        taken = self._syntaxes.get(abstract_syntax)
        if taken is None:
            return Answered(number, Answer.ABSTRACT_SYNTAX_NOT_SUPPORTED, offered[0])
        first = next((one for one in offered if one in taken), None)
        if first is None:
            return Answered(number, Answer.TRANSFER_SYNTAXES_NOT_SUPPORTED, offered[0])
        return Answered(number, Answer.ACCEPTED, first)

    def _begin(self, context: int, asked: Command) -> None:
        if context not in self._contexts:
            raise Violation(Abort.UNEXPECTED_PARAMETER)
        if asked.field == C_ECHO_RQ and not asked.has_data_set:
            self._reply(context, asked, Status(SUCCESS))
        elif asked.field == C_STORE_RQ and asked.has_data_set:
            self._coming = _Coming(context, asked, self._refusal(asked))
            if self._coming.refusal is None:
                head = header(asked.sop_class_uid, asked.sop_instance_uid, self._contexts[context])
                self._coming.open(self._spool / token_hex(16), head)
        elif asked.field != C_CANCEL_RQ:  # there is nothing it could cancel: each answer is given at once
            raise Violation(Abort.UNEXPECTED_PARAMETER)

    def _refusal(self, asked: Command) -> Status | None:
        if not asked.sop_class_uid or not asked.sop_instance_uid:
            return NOT_A_UID
        return self._host.accepts(self)

    def _write(self, data: memoryview, *, last: bool) -> None:
        coming = self._coming
        if coming is None:
            raise Violation(Abort.UNEXPECTED_PARAMETER)
        coming.add(data)
        if coming.size > self._instance_bytes:
            log.warning("an association was ended: it sent more than one instance may have")
            raise Violation(Abort.NOT_SPECIFIED)
        if last:
            self._finish(coming)

    def _finish(self, coming: "_Coming") -> None:
        status = coming.refusal
        try:
            if status is None:
                status = self._host.took(self, coming.spooled())
        finally:
            self._discard()
        self._reply(coming.context, coming.asked, status)

    def _reply(self, context: int, asked: Command, status: Status) -> None:
        longest = self.request.longest if self.request else 0
        self._send(command(context, response(asked, status.code, status.comment), longest))

    def _send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def _discard(self) -> None:
        """Remove what was written of an instance, whole or not."""
        coming, self._coming = self._coming, None
        if coming is not None:
            coming.remove()

    def _drain(self) -> None:
        """Let the peer close first, so that our last word is not lost to it; neither for long nor for much."""
        self._connection.settimeout(_DRAINED_S)
        try:
            for _ in range(_DRAINED_READS):
                if not self._connection.recv(READ_BYTES):
                    return
        except OSError:
            log.debug("a peer did not close its connection")


class _Coming:
    """An instance on its way into a file."""

    def __init__(self, context: int, asked: Command, refusal: Status | None) -> None:
        """refusal: what it will be answered whatever comes; then nothing is written."""
        self.context, self.asked, self.refusal = context, asked, refusal
        self.size = 0
        """Bytes of its data set so far."""
        self._path: Path | None = None
        self._file: Arriving | None = None

    def open(self, path: Path, head: bytes) -> None:
        """Begin its file, which must not exist."""
        self._path, self._file = path, Arriving(path)
        self._file.add(head)

    def add(self, data: memoryview) -> None:
        """Some of its data set."""
        self.size += len(data)
        if self._file is not None:
            self._file.add(data)

    def spooled(self) -> Spooled:
        """Its whole file."""
        if self._path is None or self._file is None:
            raise RuntimeError("it is not written anywhere")
        self._file.hurry()
        return Spooled(self.asked.sop_class_uid, self.asked.sop_instance_uid, self._path, self._file.whole())

    def remove(self) -> None:
        """Take its file away."""
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _refused(asked: Request) -> tuple[int, int, int] | None:
    if not asked.version & 1:
        return WRONG_VERSION
    if asked.application_context != APPLICATION_CONTEXT:
        return WRONG_APPLICATION
    return None
