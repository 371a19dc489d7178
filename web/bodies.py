"""uvicorn's HTTP protocol that hands a long body on in large pieces.

uvicorn wakes the application at every read of the socket. A study by STOW-RS has hundreds of reads a second, and waking
through all the layers cost more than taking the bytes in. The subclass hangs on one method of uvicorn, which
`tests/contracts/test_uvicorn.py` holds.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

PIECE = 256 * 1024
"""Bytes that are gathered before the application is woken; the end of a body wakes it in any case."""


class LargePieces(HttpToolsProtocol):
    """The protocol class for ``uvicorn.run(http=…)``."""

    def on_body(self, body: bytes) -> None:
        """Gather, and let the client wait while the application has a piece to take."""
        if self.cycle.response_complete or self.parser.should_upgrade():
            super().on_body(body)
            return
        self.cycle.body += body
        if len(self.cycle.body) >= PIECE:
            self.flow.pause_reading()
            self.cycle.message_event.set()
