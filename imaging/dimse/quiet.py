"""pynetdicom as we use it; its switches are global, so both directions set them here."""

import contextlib
import logging
import socket

from pynetdicom import _config
from pynetdicom.transport import AssociationSocket


def prepare() -> None:
    """Set pynetdicom's switches; called before an application entity is made. Twice is the same as once.

    Its log tells what it reads, patients' names among it: off. Files are sent byte for byte, never decoded and
    written anew. Sockets are closed however a connection ends.
    """
    _config.LOG_HANDLER_LEVEL = "none"
    _config.STORE_SEND_CHUNKED_DATASET = True
    AssociationSocket._shutdown_socket = _closed
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)


def _closed(self: AssociationSocket) -> None:
    """Close also where the peer is gone already and cannot be told: pynetdicom 3.0 leaks the socket then."""
    if self.socket is None:
        return
    with contextlib.suppress(OSError):
        self.socket.shutdown(socket.SHUT_RDWR)
    self.socket.close()
