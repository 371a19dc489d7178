"""C-ECHO and C-STORE as provider: who may send, how much, and that success is said only after `admit` returned.

Every association has a thread of its own; `admit` is called in it and may block. Storing and echoing are served by our
own upper layer (`imaging.dimse.receiver`), associations in which a peer also queries or fetches by pynetdicom.
"""

import logging
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.presentation import AllStoragePresentationContexts
from pynetdicom.sop_class import Verification

from imaging.claims import NATIVE, TAKEN
from imaging.dimse.connections import Handler, Server
from imaging.dimse.part10 import header, write
from imaging.dimse.pdu import Request
from imaging.dimse.provider import FIND, GET, MOVE, Entity, Offers, Provider
from imaging.dimse.quiet import prepare
from imaging.dimse.receiver import (
    HANDSHAKE_S,
    PDU_BYTES,
    TOO_MANY,
    UNKNOWN_CALLED,
    UNKNOWN_CALLING,
    Receiver,
    Spooled,
)
from imaging.dimse.statuses import FAILED, STRANGER, SUCCESS, TOO_OFTEN, Status, status_of
from imaging.intake import Outcome
from imaging.settings import DimseSettings

log = logging.getLogger(__name__)

_SYNTAXES = {context.abstract_syntax: TAKEN for context in AllStoragePresentationContexts} | {Verification: NATIVE}
_QUERIES = frozenset({FIND, MOVE, GET})


@dataclass(frozen=True, slots=True)
class Peer:
    """Who may send."""

    title: str
    address: str = ""
    """Only from here; empty: from anywhere."""
    destination: str = ""
    """Whose coordinators see what it sends; empty: everybody's."""


@dataclass(frozen=True, slots=True)
class Received:
    """One instance in a file of ours, byte for byte as it came."""

    peer: Peer
    association: str
    sop_class_uid: str
    """As the command says; the data set may say otherwise."""
    sop_instance_uid: str
    path: Path
    digest: str = ""
    """SHA-256 of the file, where it was counted while it was written."""


Admit = Callable[[Received], Outcome]
"""Take one instance in; what it gives decides the answer to the peer. Durable when it returns."""
Ended = Callable[[str], None]
"""An association is over, however it ended; called once with its identity."""


def peers_of(settings: DimseSettings) -> tuple[Peer, ...]:
    """The peers of the configuration."""
    found = []
    for one in settings.peers:
        who, _, destination = one.partition("=")
        title, _, address = who.partition("@")
        found.append(Peer(title, address, destination))
    return tuple(found)


class Listener:
    """A running application entity; `stop` it when done. Raises OSError when the port is taken."""

    def __init__(
        self, settings: DimseSettings, spool: Path, admit: Admit, ended: Ended = lambda _association: None,
        monotonic: Callable[[], float] = time.monotonic, offers: Offers | None = None,
    ) -> None:
        """offers: what peers may query and fetch; None: nothing is offered."""
        self._settings, self._spool, self._admit, self._ended = settings, spool, admit, ended
        self._peers = peers_of(settings)
        self._rate = _Rate(settings.per_minute, monotonic)
        self._under_way: set[str] = set()
        self._lock = threading.Lock()
        self._receivers: set[Receiver] = set()
        self._standing: set[Receiver] = set()
        self._stopped = False
        spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in spool.iterdir():  # of a server that was killed: nobody was told that they arrived
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        self._ae = self._entity()
        if offers is not None:
            self._ae.provider = Provider(offers, settings.ae_title)
            self._ae.provider.prepare(self._ae)
        handlers: list[Any] = [
            (evt.EVT_REQUESTED, self._requested), (evt.EVT_C_ECHO, _echoed), (evt.EVT_C_STORE, self._stored),
            (evt.EVT_DIMSE_RECV, _message_read), (evt.EVT_CONN_CLOSE, self._closed), (evt.EVT_ABORTED, self._closed),
            (evt.EVT_RELEASED, self._closed), *(self._ae.provider.handlers if self._ae.provider else ()),
        ]
        self._server = self._ae.make_server(
            (settings.host, settings.port), ae_title=settings.ae_title, evt_handlers=handlers,
            ssl_context=_tls(settings), server_class=Server, request_handler=Handler,
        )
        self._server.instance_bytes, self._server.listener = settings.instance_bytes, self
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="dimse", daemon=True)
        self._thread.start()
        log.info("listening for images", extra={"port": self.port, "peers": len(self._peers)})

    def stop(self) -> None:
        """Take no more associations, end those under way, and return when none admits anything any more."""
        self._server.shutdown()
        self._thread.join()
        with self._lock:
            self._stopped, receivers = True, list(self._receivers)
        for receiver in receivers:
            receiver.stop()
        running = [one for one in self._ae.active_associations if one.is_acceptor]
        for one in running:
            one.abort()
            if not one.is_established:
                one.dul.to_user_queue.put(None)  # it may be waiting to be asked for an association
        for one in running:
            one.join()
        for receiver in receivers:
            receiver.over.wait()

    @property
    def running(self) -> int:
        """Connections that our own layer serves now."""
        return len(self._receivers)

    def serve(self, connection: socket.socket, address: str) -> tuple[bool, bytes]:
        """Serve a connection in the caller's thread; True, and what was read of it, where pynetdicom is to go on.

        Raises OSError where the connection breaks.
        """
        settings = self._settings
        receiver = Receiver(
            connection, address, self, self._spool, _SYNTAXES, instance_bytes=settings.instance_bytes,
            silence_s=settings.silence_s, elsewhere=self._queries,
        )
        with self._lock:
            if self._stopped:
                return False, b""
            self._receivers.add(receiver)
        try:
            return receiver.run(), bytes(receiver.read)
        finally:
            with self._lock:
                self._receivers.discard(receiver)
                self._standing.discard(receiver)
            self._over(receiver.identity)

    def judge(self, receiver: Receiver, asked: Request) -> tuple[int, int, int] | None:
        """How to reject an association; None: it is let in."""
        if asked.called != self._settings.ae_title:
            return UNKNOWN_CALLED
        if self._known(asked.calling, receiver.address) is None:
            return UNKNOWN_CALLING
        with self._lock:
            if len(self._standing) + len(self._server.active_associations) >= self._settings.associations:
                return TOO_MANY
            self._standing.add(receiver)
        return None

    def accepts(self, receiver: Receiver) -> Status | None:
        """What to answer to an instance before it comes; None: let it come."""
        return None if self._rate.passes(receiver.calling) else TOO_OFTEN

    def took(self, receiver: Receiver, one: Spooled) -> Status:
        """What to answer to an instance that came whole."""
        peer = self._known(receiver.calling, receiver.address)
        if peer is None:
            return STRANGER
        self._under_way.add(receiver.identity)
        try:
            return self._admitted(Received(
                peer, receiver.identity, one.sop_class_uid, one.sop_instance_uid, one.path, one.digest,
            ))
        except Exception:
            log.exception("an instance could not be taken in", extra={"association": receiver.identity})
            return FAILED

    def _queries(self, asked: Request) -> bool:
        """Whether an association is for pynetdicom: something is offered, and asked for."""
        return self._ae.provider is not None and any(one.abstract_syntax in _QUERIES for one in asked.contexts)

    def _entity(self) -> Entity:
        prepare()
        settings = self._settings
        entity = Entity(settings.ae_title)
        entity.require_called_aet = True
        entity.require_calling_aet = [peer.title for peer in self._peers]
        entity.maximum_associations = settings.associations
        entity.maximum_pdu_size = PDU_BYTES
        entity.network_timeout = entity.dimse_timeout = settings.silence_s
        entity.acse_timeout = min(settings.silence_s, HANDSHAKE_S)
        syntaxes = sorted(TAKEN)
        entity.add_supported_context(Verification)
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(context.abstract_syntax, syntaxes)
        return entity

    def _peer(self, event: evt.Event) -> Peer | None:
        asker = event.assoc.requestor
        return self._known(str(asker.primitive.calling_ae_title).strip(), str(asker.address))

    def _known(self, title: str, address: str) -> Peer | None:
        fitting = (one for one in self._peers if one.title == title and one.address in ("", address))
        return next(fitting, None)

    def _requested(self, event: evt.Event) -> None:
        """Reject a peer that calls from elsewhere; titles nobody has are rejected by pynetdicom."""
        _prefer_as_proposed(event)
        if self._peer(event) is None:
            log.warning("an association was rejected", extra={"address": str(event.assoc.requestor.address)})
            event.assoc.acse.send_reject(*UNKNOWN_CALLING)
            event.assoc.kill()

    def _stored(self, event: evt.Event) -> Dataset:
        answer = self._answer(event)
        reply = Dataset()
        reply.Status = answer.code
        if answer.comment:
            reply.ErrorComment = answer.comment
        return reply

    def _answer(self, event: evt.Event) -> Status:
        peer = self._peer(event)
        if peer is None:
            return STRANGER
        if not self._rate.passes(peer.title):
            return TOO_OFTEN
        path = self._spool / uuid4().hex
        request = event.request
        association = _identity(event)
        self._under_way.add(association)
        try:
            head = header(request.AffectedSOPClassUID, request.AffectedSOPInstanceUID, event.context.transfer_syntax)
            write(path, head, request.DataSet.getbuffer())
            return self._admitted(Received(
                peer, association, str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID), path,
            ))
        except Exception:
            log.exception("an instance could not be taken in", extra={"association": association})
            return FAILED
        finally:
            path.unlink(missing_ok=True)
            if not event.assoc.is_established:  # the peer left while we worked
                self._closed(event)

    def _admitted(self, received: Received) -> Status:
        outcome = self._admit(received)
        if outcome.result == "refused":
            log.info("an instance was refused", extra={"association": received.association, "code": outcome.code})
        return status_of(outcome)

    def _closed(self, event: evt.Event) -> None:
        """However it ended: several of these events come for one association, in different threads."""
        self._over(_identity(event))

    def _over(self, association: str) -> None:
        try:
            self._under_way.remove(association)
        except KeyError:
            return
        self._ended(association)


class _Rate:
    """Counts instances per title in minutes of a monotonic clock."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float]) -> None:
        self._limit, self._monotonic = per_minute, monotonic
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[int, int]] = {}

    def passes(self, title: str) -> bool:
        """Count one more; False when it is one too many."""
        minute = int(self._monotonic() // 60)
        with self._lock:
            known, count = self._seen.get(title, (minute, 0))
            count = count + 1 if known == minute else 1
            self._seen[title] = (minute, count)
        return count <= self._limit


def _identity(event: evt.Event) -> str:
    """One identity for one association's life; never reused, as an address in memory would be."""
    found = getattr(event.assoc, "consilium_id", None)
    if found is None:
        found = event.assoc.consilium_id = uuid4().hex
    return str(found)


def _prefer_as_proposed(event: evt.Event) -> None:
    """Choose of the transfer syntaxes of a context the one its peer named first: that is how its file is.

    Peers add the uncompressed ones they could convert to; chosen by our order, images would be decompressed on the way.
    """
    wishes: dict[str, list[str]] = {}
    for context in event.assoc.requestor.primitive.presentation_context_definition_list:
        wishes.setdefault(context.abstract_syntax, []).extend(context.transfer_syntax)
    for context in event.assoc.acceptor.supported_contexts:
        wish = wishes.get(context.abstract_syntax, [])
        known = set(context.transfer_syntax)
        first = [one for one in dict.fromkeys(wish) if one in known]
        if first:
            context.transfer_syntax = first


def _message_read(event: evt.Event) -> None:
    event.assoc.dul.socket.held = 0


def _echoed(_event: evt.Event) -> int:
    return SUCCESS


def _tls(settings: DimseSettings) -> ssl.SSLContext | None:
    """TLS 1.2 or later with the peer's certificate required (PS3.15 B.12); None without."""
    if not settings.tls_certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    context.load_verify_locations(settings.tls_client_ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return context
