"""pynetdicom as we use it; its switches are global, so both directions set them here."""

import contextlib
import logging
import socket

from pynetdicom import _config
from pynetdicom.transport import AssociationSocket


def prepare() -> None:
    """Set pynetdicom's switches; called before an application entity is made. Twice is the same as once.

    Its log tells what it reads, patients' names among it: off. Files are sent byte for byte, never decoded and
    written anew.
    """
    _config.LOG_HANDLER_LEVEL = "none"
    _config.STORE_SEND_CHUNKED_DATASET = True
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)


class ClosingSocket(AssociationSocket):  # type: ignore[misc]  # pynetdicom is not typed
    """Closes also where the peer is gone already and cannot be told; the base class would leak the socket then."""

    def _shutdown_socket(self) -> None:
        if self.socket is None:
            return
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
