"""The same plain HTTP client for both servers: one kept-alive connection, opened again when the server closes it."""

import http.client
from collections.abc import Iterable, Mapping

BOUNDARY = "benchmark-boundary"


class Http:
    """Requests to one server, one after the other; an answer outside 200 to 299 raises OSError."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self._headers = dict(headers or {})
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def get(self, path: str, **headers: str) -> bytes:
        """The body."""
        return self.send("GET", path, None, headers)

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """The body of any request."""
        for last in (False, True):
            try:
                self._connection.request(method, path, body=body, headers=self._headers | dict(headers or {}))
                answer = self._connection.getresponse()
                read = answer.read()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self._connection.close()
                if last:
                    raise
        if not 200 <= answer.status < 300:
            raise OSError(f"{method} {path}: {answer.status} {read[:300]!r}")
        return read

    def stow(self, path: str, files: Iterable[bytes]) -> bytes:
        """STOW-RS of these files in one message."""
        head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        body = b"".join(head + one + b"\r\n" for one in files) + f"--{BOUNDARY}--\r\n".encode()
        kind = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
        return self.send("POST", path, body, {"Content-Type": kind, "Accept": "application/dicom+json"})

    def close(self) -> None:
        """End the connection."""
        self._connection.close()
