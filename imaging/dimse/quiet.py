"""pynetdicom as we use it; its switches are global, so both directions set them here."""

import contextlib
import logging
import socket
from typing import Any

from pynetdicom import _config
from pynetdicom.association import Association
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


def keep_answers(association: Association) -> None:
    """Let whoever asks in an association of ours be the only one to take its answers.

    pynetdicom's own thread looks for messages too. It pauses while something is asked, but says that it does a moment
    before: an answer that comes in that moment is taken by it and lost, and the asker waits until its time is up.
    """
    taken = association.dimse.get_msg

    def get_msg(block: bool = False) -> Any:
        return taken(block=True) if block else (None, None)

    association.dimse.get_msg = get_msg


def _closed(self: AssociationSocket) -> None:
    """Close also where the peer is gone already and cannot be told: pynetdicom 3.0 leaks the socket then."""
    if self.socket is None:
        return
    with contextlib.suppress(OSError):
        self.socket.shutdown(socket.SHUT_RDWR)
    self.socket.close()
