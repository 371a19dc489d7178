"""C-STORE and C-ECHO as user: files go out byte for byte, and every one has an outcome.

What could not be delivered for now (no connection, a lost association, 0xA7xx out of resources) is tried again with
growing pauses; what the peer refused for good is not.
"""

import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dsutils import split_dataset
from pynetdicom.sop_class import Verification

from imaging.dimse.quiet import keep_answers, prepare
from imaging.errors import ImagingError
from imaging.nodes import Node, tls_context

log = logging.getLogger(__name__)

PAUSES_S = (1.0, 5.0, 25.0)
"""Seconds before the second, third and fourth attempt."""
_CONTEXTS = 128
"""Presentation contexts of one association (PS3.8 9.3.2.2: odd numbers from 1 to 255)."""
_CONNECT_S, _ANSWER_S = 10.0, 60.0


class Unreached(ImagingError):
    """The other application entity does not answer, or does not let us in."""


@dataclass(frozen=True, slots=True)
class Remote:
    """An application entity of others."""

    title: str
    host: str
    port: int
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one file."""

    path: Path
    sop_instance_uid: str
    result: Literal["sent", "refused", "undelivered"]
    status: int | None = None
    """As the peer answered (PS3.4 B.2.3); None when it did not. 0xBxxx is sent, with a warning."""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str


def remote_of(node: Node) -> Remote:
    """A node of kind dimse as the remote of an association; raises NodeUnusable when its TLS files are not."""
    return Remote(node.ae_title, node.host, node.port, tls_context(node))


def echo(remote: Remote, *, calling: str) -> None:
    """Ask whether a peer answers (C-ECHO, PS3.4 annex A); raises Unreached with a sentence."""
    entity = _entity(calling)
    entity.add_requested_context(Verification)
    association = _associated(entity, remote)
    try:
        answer = association.send_c_echo()
    finally:
        association.release()
    if "Status" not in answer or answer.Status != 0x0000:
        raise Unreached(f"{remote.title} does not answer C-ECHO.")


def send(
    paths: Iterable[Path], remote: Remote, *, calling: str, pause: Callable[[float], None] = time.sleep,
    pauses_s: Sequence[float] = PAUSES_S,
) -> list[Sent]:
    """Send files; one outcome for each, in their order. Raises nothing but what reading a file raises.

    pause: waits so many seconds; a test passes its own.
    """
    files = [_file(path) for path in paths]
    done: dict[Path, Sent] = {one.path: Sent(one.path, one.sop_instance_uid, "undelivered") for one in files}
    for attempt, before in enumerate((0.0, *pauses_s), 1):
        left = [one for one in files if done[one.path].result == "undelivered"]
        if not left:
            break
        if before:
            pause(before)
        for batch in _batches(left):
            done |= {one.path: one for one in _attempt(batch, remote, calling, attempt)}
    missing = sum(one.result != "sent" for one in done.values())
    log.info("sent images", extra={"peer": remote.title, "files": len(files), "not_taken": missing})
    return [done[one.path] for one in files]


def _file(path: Path) -> _File:
    meta, _ = split_dataset(path)
    return _File(path, str(meta.MediaStorageSOPClassUID), str(meta.MediaStorageSOPInstanceUID),
                 str(meta.TransferSyntaxUID))


def _batches(files: Sequence[_File]) -> list[list[_File]]:
    """Files that fit into one association each: at most 128 kinds of class and syntax."""
    found: list[list[_File]] = []
    kinds: set[tuple[str, str]] = set()
    for one in sorted(files, key=lambda file: (file.sop_class_uid, file.transfer_syntax)):
        kinds.add((one.sop_class_uid, one.transfer_syntax))
        if not found or len(kinds) > _CONTEXTS:
            found.append([])
            kinds = {(one.sop_class_uid, one.transfer_syntax)}
        found[-1].append(one)
    return found


def _attempt(batch: Sequence[_File], remote: Remote, calling: str, attempt: int) -> list[Sent]:
    entity = _entity(calling)
    for kind in sorted({(one.sop_class_uid, one.transfer_syntax) for one in batch}):
        entity.add_requested_context(*kind)
    try:
        association = _associated(entity, remote)
    except Unreached:
        return [Sent(one.path, one.sop_instance_uid, "undelivered", attempts=attempt) for one in batch]
    try:
        return [_stored(association, one, attempt) for one in batch]
    finally:
        if association.is_established:
            association.release()


def _stored(association: Association, one: _File, attempt: int) -> Sent:
    if not association.is_established:
        return Sent(one.path, one.sop_instance_uid, "undelivered", attempts=attempt)
    try:
        answer = association.send_c_store(one.path)
    except ValueError:  # the peer does not take this class in this transfer syntax; it would not another time
        return Sent(one.path, one.sop_instance_uid, "refused", attempts=attempt)
    except RuntimeError:  # lost between two lines
        return Sent(one.path, one.sop_instance_uid, "undelivered", attempts=attempt)
    if "Status" not in answer:
        return Sent(one.path, one.sop_instance_uid, "undelivered", attempts=attempt)
    status = int(answer.Status)
    return Sent(one.path, one.sop_instance_uid, _result(status), status, attempt)


def _result(status: int) -> Literal["sent", "refused", "undelivered"]:
    if status == 0x0000 or 0xB000 <= status <= 0xBFFF:
        return "sent"
    return "undelivered" if 0xA700 <= status <= 0xA7FF else "refused"


def _entity(calling: str) -> AE:
    prepare()
    entity = AE(calling)
    entity.connection_timeout = _CONNECT_S
    entity.network_timeout = entity.acse_timeout = entity.dimse_timeout = _ANSWER_S
    return entity


def _associated(entity: AE, remote: Remote) -> Association:
    arguments: dict[str, Any] = {"tls_args": (remote.tls, remote.host)} if remote.tls else {}
    association = entity.associate(
        remote.host, remote.port, ae_title=remote.title, evt_handlers=[NODELAY], **arguments
    )
    keep_answers(association)
    if association.is_established:
        return association
    where = f"{remote.title} at {remote.host}:{remote.port}"
    if association.is_rejected:
        raise Unreached(f"{where} does not let us in as {entity.ae_title}.")
    raise Unreached(f"{where} does not answer, or takes nothing we offer.")


def _at_once(event: evt.Event) -> None:
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


NODELAY = (evt.EVT_CONN_OPEN, _at_once)
"""Sends every piece at once; without it each PDU waits for an acknowledgement (Nagle's algorithm)."""
