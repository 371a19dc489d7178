"""The same plain HTTP client for both servers: one kept-alive connection, opened again when the server closes it.

Answers are parsed in C (httptools): Python's own client takes longer over a dozen headers than a server may take for a
picture, and it is the servers that are measured.
"""

import socket
from collections.abc import Iterable, Mapping

from httptools import HttpResponseParser

BOUNDARY = "benchmark-boundary"
_PIECE = 256 * 1024
_PATIENCE_S = 600.0


class _Answer:
    """What the parser tells of one answer."""

    def __init__(self) -> None:
        self.parser = HttpResponseParser(self)
        self.parts: list[bytes] = []
        self.done = self.keeps = False

    def on_body(self, part: bytes) -> None:
        """Some of the body."""
        self.parts.append(part)

    def on_message_complete(self) -> None:
        """The body is whole; whether the connection stays must be asked now, for the parser begins anew after it."""
        self.done, self.keeps = True, self.parser.should_keep_alive()


class Http:
    """Requests to one server, one after the other; an answer outside 200 to 299 raises OSError."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self._port = port
        self._headers = {"Host": f"127.0.0.1:{port}"} | dict(headers or {})
        self._socket: socket.socket | None = None

    def get(self, path: str, **headers: str) -> bytes:
        """The body."""
        return self.send("GET", path, None, headers)

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """The body of any request."""
        length = {} if body is None else {"Content-Length": str(len(body))}
        said = self._headers | length | dict(headers or {})
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        message = f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + (body or b"")
        for last in (self._socket is None, True):
            try:
                answer = self._exchanged(message)
                break
            except (ConnectionResetError, BrokenPipeError):
                self.close()
                if last:
                    raise
        read, status = b"".join(answer.parts), answer.parser.get_status_code()
        if not answer.keeps:
            self.close()
        if not 200 <= status < 300:
            raise OSError(f"{method} {path}: {status} {read[:300]!r}")
        return read

    def stow(self, path: str, files: Iterable[bytes]) -> bytes:
        """STOW-RS of these files in one message."""
        head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        body = b"".join(head + one + b"\r\n" for one in files) + f"--{BOUNDARY}--\r\n".encode()
        kind = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
        return self.send("POST", path, body, {"Content-Type": kind, "Accept": "application/dicom+json"})

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchanged(self, message: bytes) -> _Answer:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), _PATIENCE_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(message)
        answer = _Answer()
        while not answer.done:
            piece = self._socket.recv(_PIECE)
            if not piece:
                raise ConnectionResetError("the server closed the connection before its answer was whole")
            answer.parser.feed_data(piece)
        return answer
