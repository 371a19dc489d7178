"""Connections of the listener's port: each begins with our own upper layer, and queries go on with pynetdicom's.

A request that proposes what `imaging.dimse.provider` answers is handed over before a byte of it was answered, with what
was read of it; storing and echoing stay (decision 0020).
"""

import logging
import socket
import ssl
from socketserver import BaseServer
from typing import Any, Protocol

from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from imaging.dimse.receiver import HANDSHAKE_S, QUICKACK

log = logging.getLogger(__name__)

_ANY_PDU_BYTES = 1024 * 1024
"""Largest PDU of any kind that pynetdicom is given; it would believe a claim of 4 GiB."""
_WAITING_CONNECTIONS = 16
"""Connections beyond the associations that may wait for their turn or their rejection."""


class Socket(AssociationSocket):  # type: ignore[misc]  # pynetdicom is not typed
    """Acknowledges at once, reads in large pieces, and bounds what a peer may make us hold in memory.

    Stock senders write a PDU in two pieces and wait, by Nagle's algorithm, for the first to be acknowledged; a
    delayed acknowledgement would cost 40 ms for each. Linux forgets TCP_QUICKACK, so it is set before every read.
    """

    first = b""
    """What was read of the connection before; it comes first."""
    held = 0
    """Bytes read since the last whole message."""
    instance_bytes = 0

    @property
    def ready(self) -> bool:
        """Whether there is something to read."""
        return bool(self.first) or bool(super().ready)

    def recv(self, nr_bytes: int) -> bytearray:
        """Exactly so many bytes, fewer when the peer is gone; raises OSError beyond the limits."""
        self.held += nr_bytes
        if nr_bytes > _ANY_PDU_BYTES or self.held > self.instance_bytes + _ANY_PDU_BYTES:
            log.warning("an association was ended: it sent more than one instance may have")
            raise OSError("more bytes than one instance may have")
        buffer = bytearray(nr_bytes)
        at = min(len(self.first), nr_bytes)
        buffer[:at], self.first = self.first[:at], self.first[at:]
        view = memoryview(buffer)
        while at < nr_bytes:
            if QUICKACK is not None:
                self.socket.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)
            got = self.socket.recv_into(view[at:])
            if got == 0:
                view.release()
                return buffer[:at]
            at += got
        view.release()
        return buffer


class Handler(RequestHandler):  # type: ignore[misc]  # pynetdicom is not typed
    """Serves an accepted connection, in a thread of its own."""

    first = b""

    def handle(self) -> None:
        """Set the socket's options, shake hands where there is TLS, and serve the association or hand it over."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(HANDSHAKE_S)
            self.request.do_handshake()
        elsewhere, self.first = self.server.listener.serve(self.request, str(self.client_address[0]))
        if elsewhere:
            self.request.settimeout(self.server.ae.network_timeout)
            super().handle()
        else:
            self.request.close()

    def _create_association(self) -> Any:
        made = super()._create_association()
        guarded = made.dul.socket
        guarded.__class__ = Socket  # the association has its socket already; a second one would announce itself twice
        guarded.instance_bytes, guarded.first = self.server.instance_bytes, self.first
        if self.server.ae.provider is not None:
            self.server.ae.provider.sends_files(made)
        return made


class Serves(Protocol):
    """What a connection asks of the listener."""

    @property
    def running(self) -> int:
        """Connections that our own layer serves now."""

    def serve(self, connection: socket.socket, address: str) -> tuple[bool, bytes]:
        """Run our own layer; True, and what was read, where the request is for pynetdicom. Raises OSError."""


class Server(ThreadedAssociationServer):  # type: ignore[misc]  # pynetdicom is not typed
    """Accepts connections; a peer that dawdles over TLS holds up nobody but itself."""

    daemon_threads = True
    instance_bytes = 0
    listener: Serves

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection; its handshake is made later, in its own thread."""
        client, address = self.socket.accept()
        if self.ssl_context:
            client = self.ssl_context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
        return client, address

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - the base class's signature
        """Refuse a flood of connections before each gets its threads."""
        busy = len(self.active_associations) + self.listener.running
        return bool(busy < self.ae.maximum_associations + _WAITING_CONNECTIONS)

    def service_actions(self) -> None:
        """Nothing: the base class collects garbage of the whole process every few seconds."""

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's signature
        """A handshake that failed, or a peer that left; without the trace the base class prints."""
        log.info("a connection came to nothing", extra={"address": str(client_address[0])})

    def shutdown(self) -> None:
        """Accept nothing more, and free the port."""
        BaseServer.shutdown(self)
        self.server_close()
