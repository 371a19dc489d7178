"""C-ECHO and C-STORE as provider: who may send, how much, and that success is said only after `admit` returned.

Every association has a thread of pynetdicom's; `admit` is called in it and may block.
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
from socketserver import BaseServer
from typing import Any
from uuid import uuid4

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.presentation import AllStoragePresentationContexts
from pynetdicom.sop_class import Verification
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from imaging.claims import TAKEN
from imaging.dimse.part10 import header, write
from imaging.dimse.provider import Entity, Offers, Provider
from imaging.dimse.quiet import prepare
from imaging.dimse.statuses import FAILED, STRANGER, SUCCESS, TOO_OFTEN, Status, status_of
from imaging.intake import Outcome
from imaging.settings import DimseSettings

log = logging.getLogger(__name__)

_PDU_BYTES = 128 * 1024
"""Largest P-DATA-TF we ask for (PS3.8 D.1); the largest dcmtk sends."""
_ANY_PDU_BYTES = 1024 * 1024
"""Largest PDU of any kind that is read; pynetdicom would believe a claim of 4 GiB."""
_HANDSHAKE_S = 10.0
_WAITING_CONNECTIONS = 16
"""Connections beyond the associations that may wait for their turn or their rejection."""
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_REJECTED_CALLING_AE = (0x01, 0x01, 0x03)
"""Permanent, by the service user, calling AE title not recognised (PS3.8 9.3.4)."""


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
            ssl_context=_tls(settings), server_class=_Server, request_handler=_Handler,
        )
        self._server.instance_bytes = settings.instance_bytes
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="dimse", daemon=True)
        self._thread.start()
        log.info("listening for images", extra={"port": self.port, "peers": len(self._peers)})

    def stop(self) -> None:
        """Take no more associations, end those under way, and return when none admits anything any more."""
        self._server.shutdown()
        self._thread.join()
        running = [one for one in self._ae.active_associations if one.is_acceptor]
        for one in running:
            one.abort()
            if not one.is_established:
                one.dul.to_user_queue.put(None)  # it may be waiting to be asked for an association
        for one in running:
            one.join()

    def _entity(self) -> Entity:
        prepare()
        settings = self._settings
        entity = Entity(settings.ae_title)
        entity.require_called_aet = True
        entity.require_calling_aet = [peer.title for peer in self._peers]
        entity.maximum_associations = settings.associations
        entity.maximum_pdu_size = _PDU_BYTES
        entity.network_timeout = entity.dimse_timeout = settings.silence_s
        entity.acse_timeout = min(settings.silence_s, _HANDSHAKE_S)
        syntaxes = sorted(TAKEN)
        entity.add_supported_context(Verification)
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(context.abstract_syntax, syntaxes)
        return entity

    def _peer(self, event: evt.Event) -> Peer | None:
        asker = event.assoc.requestor
        title = str(asker.primitive.calling_ae_title).strip()
        fitting = (one for one in self._peers if one.title == title and one.address in ("", asker.address))
        return next(fitting, None)

    def _requested(self, event: evt.Event) -> None:
        """Reject a peer that calls from elsewhere; titles nobody has are rejected by pynetdicom."""
        _prefer_as_proposed(event)
        if self._peer(event) is None:
            log.warning("an association was rejected", extra={"address": str(event.assoc.requestor.address)})
            event.assoc.acse.send_reject(*_REJECTED_CALLING_AE)
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
            outcome = self._admit(Received(
                peer, association, str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID), path,
            ))
        except Exception:
            log.exception("an instance could not be taken in", extra={"association": association})
            return FAILED
        finally:
            path.unlink(missing_ok=True)
            if not event.assoc.is_established:  # the peer left while we worked
                self._closed(event)
        if outcome.result == "refused":
            log.info("an instance was refused", extra={"association": association, "code": outcome.code})
        return status_of(outcome)

    def _closed(self, event: evt.Event) -> None:
        """However it ended: several of these events come for one association, in different threads."""
        association = _identity(event)
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


class _Socket(AssociationSocket):  # type: ignore[misc]  # pynetdicom is not typed
    """Acknowledges at once, reads in large pieces, and bounds what a peer may make us hold in memory.

    Stock senders write a PDU in two pieces and wait, by Nagle's algorithm, for the first to be acknowledged; a
    delayed acknowledgement would cost 40 ms for each. Linux forgets TCP_QUICKACK, so it is set before every read.
    """

    held = 0
    """Bytes read since the last whole message."""
    instance_bytes = 0

    def recv(self, nr_bytes: int) -> bytearray:
        """Exactly so many bytes, fewer when the peer is gone; raises OSError beyond the limits."""
        self.held += nr_bytes
        if nr_bytes > _ANY_PDU_BYTES or self.held > self.instance_bytes + _ANY_PDU_BYTES:
            log.warning("an association was ended: it sent more than one instance may have")
            raise OSError("more bytes than one instance may have")
        buffer = bytearray(nr_bytes)
        view, at = memoryview(buffer), 0
        while at < nr_bytes:
            if _QUICKACK is not None:
                self.socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
            got = self.socket.recv_into(view[at:])
            if got == 0:
                view.release()
                return buffer[:at]
            at += got
        view.release()
        return buffer


class _Handler(RequestHandler):  # type: ignore[misc]  # pynetdicom is not typed
    """Prepares an accepted connection, in a thread of its own."""

    def handle(self) -> None:
        """Set the socket's options, shake hands where there is TLS, and start the association."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(_HANDSHAKE_S)
            self.request.do_handshake()
        self.request.settimeout(self.server.ae.network_timeout)
        super().handle()

    def _create_association(self) -> Any:
        made = super()._create_association()
        guarded = made.dul.socket
        guarded.__class__ = _Socket  # the association has its socket already; a second one would announce itself twice
        guarded.instance_bytes = self.server.instance_bytes
        if self.server.ae.provider is not None:
            self.server.ae.provider.sends_files(made)
        return made


class _Server(ThreadedAssociationServer):  # type: ignore[misc]  # pynetdicom is not typed
    """Accepts connections; a peer that dawdles over TLS holds up nobody but itself."""

    daemon_threads = True
    instance_bytes = 0

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection; its handshake is made later, in its own thread."""
        client, address = self.socket.accept()
        if self.ssl_context:
            client = self.ssl_context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
        return client, address

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - the base class's signature
        """Refuse a flood of connections before each gets its threads."""
        return bool(len(self.active_associations) < self.ae.maximum_associations + _WAITING_CONNECTIONS)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's signature
        """A handshake that failed, or a peer that left; without the trace the base class prints."""
        log.info("a connection came to nothing", extra={"address": str(client_address[0])})

    def shutdown(self) -> None:
        """Accept nothing more, and free the port."""
        BaseServer.shutdown(self)
        self.server_close()


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
