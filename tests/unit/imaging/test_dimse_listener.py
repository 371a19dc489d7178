"""The listener against a peer of pynetdicom's in the same process."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.sop_class import CTImageStorage, MRImageStorage, Verification

from imaging.dimse.listener import Listener, Received
from imaging.dimse.pdu import Abort, abort
from imaging.dimse.quiet import prepare
from imaging.dimse.sender import NODELAY
from imaging.intake import Outcome
from imaging.settings import MIB, DimseSettings
from tests.unit.imaging.samples import dataset, slice_of, written

EXPLICIT = "1.2.840.10008.1.2.1"


@dataclass
class Inbox:
    """What the listener handed over."""

    outcome: Outcome = field(default_factory=lambda: Outcome("x", "taken"))
    got: list[tuple[Received, bytes]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    before: Callable[[], None] = lambda: None

    def admit(self, received: Received) -> Outcome:
        self.before()
        self.got.append((received, received.path.read_bytes()))
        return self.outcome

    def ended(self, _association: str) -> None:
        self.over.set()


def settings(**said: object) -> DimseSettings:
    return DimseSettings.model_validate({"enabled": True, "port": 0, "peers": ("PACS",), "silence_s": 20.0} | said)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def listen(inbox: Inbox, tmp_path: Path) -> Iterator[Callable[..., Listener]]:
    running: list[Listener] = []

    def start(**said: object) -> Listener:
        running.append(Listener(settings(**said), tmp_path / "spool", inbox.admit, inbox.ended))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def call(listener: Listener, title: str = "PACS", called: str = "CONSILIUM") -> Association:
    prepare()
    peer = AE(title)
    peer.add_requested_context(Verification)
    peer.add_requested_context(MRImageStorage, EXPLICIT)
    peer.add_requested_context(CTImageStorage, EXPLICIT)
    return peer.associate("127.0.0.1", listener.port, ae_title=called, evt_handlers=[NODELAY])


def rejected(listener: Listener, title: str = "PACS", called: str = "CONSILIUM") -> bool:
    """Whether an A-ASSOCIATE-RJ came; pynetdicom may take a fast one for a connection that failed."""
    came: list[object] = []
    prepare()
    peer = AE(title)
    peer.add_requested_context(Verification)
    handlers = [NODELAY, (evt.EVT_PDU_RECV, lambda event: came.append(event.pdu))]
    association = peer.associate("127.0.0.1", listener.port, ae_title=called, evt_handlers=handlers)
    assert not association.is_established
    return any(isinstance(one, A_ASSOCIATE_RJ) for one in came)


def a_file(folder: Path, data: bytes) -> Path:
    place = folder / "sent.dcm"
    place.write_bytes(data)
    return place


def store(listener: Listener, place: Path, **said: str) -> Dataset:
    association = call(listener, **said)
    try:
        answer: Dataset = association.send_c_store(place)
        return answer
    finally:
        association.release()


def test_an_echo_is_answered(listen: Callable[..., Listener]) -> None:
    association = call(listen())
    assert association.send_c_echo().Status == 0x0000
    association.release()


def test_a_data_set_arrives_byte_for_byte_in_a_whole_file(
    listen: Callable[..., Listener], inbox: Inbox, tmp_path: Path
) -> None:
    sent = slice_of(1)
    assert store(listen(), a_file(tmp_path, sent)).Status == 0x0000
    received, file = inbox.got[0]
    assert file.endswith(sent[sent.index(b"\x08\x00\x05\x00CS") :])
    assert not received.path.exists(), "the spooled file is gone once it was admitted"
    assert (received.peer.title, received.sop_class_uid) == ("PACS", MRImageStorage)
    (tmp_path / "again.dcm").write_bytes(file)
    again = dcmread(tmp_path / "again.dcm")
    assert again.file_meta.TransferSyntaxUID == EXPLICIT
    assert again.file_meta.MediaStorageSOPInstanceUID == again.SOPInstanceUID == received.sop_instance_uid


@pytest.mark.parametrize(
    ("title", "called", "peers"),
    [("OTHER", "CONSILIUM", ("PACS",)), ("PACS", "SOMEBODY", ("PACS",)), ("PACS", "CONSILIUM", ("PACS@10.9.9.9",))],
)
def test_who_is_not_listed_or_calls_another_is_rejected(
    listen: Callable[..., Listener], inbox: Inbox, title: str, called: str, peers: tuple[str, ...]
) -> None:
    assert rejected(listen(peers=peers), title, called)
    assert inbox.got == []


def test_only_so_many_associations_are_open_at_a_time(listen: Callable[..., Listener]) -> None:
    listener = listen(associations=1)
    first = call(listener)
    assert first.is_established
    assert rejected(listener)
    first.release()


@pytest.mark.parametrize(
    ("code", "status"),
    [("conflict", 0x0110), ("disk-full", 0xA700), ("pixel-flood", 0xA700), ("mismatch", 0xA900), ("broken", 0xC000),
     ("cut-short", 0xC000)],
)
def test_a_refusal_is_a_status_with_a_comment_that_names_nobody(
    listen: Callable[..., Listener], inbox: Inbox, tmp_path: Path, code: str, status: int
) -> None:
    inbox.outcome = Outcome("Rivera", "refused", code, "Rivera, Ana is not Bauer, Ida.")
    answer = store(listen(), a_file(tmp_path, slice_of(1)))
    assert answer.Status == status
    assert 0 < len(answer.ErrorComment) <= 64
    assert "Rivera" not in answer.ErrorComment


def test_our_own_failure_is_a_processing_failure(
    listen: Callable[..., Listener], inbox: Inbox, tmp_path: Path
) -> None:
    def fail() -> None:
        raise OSError("vault")

    inbox.before = fail
    assert store(listen(), a_file(tmp_path, slice_of(1))).Status == 0x0110
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_peer_that_sends_too_often_is_told_to_wait(listen: Callable[..., Listener], tmp_path: Path) -> None:
    listener, place = listen(per_minute=2), a_file(tmp_path, slice_of(1))
    association = call(listener)
    statuses = [association.send_c_store(place).Status for _ in range(4)]
    association.release()
    assert statuses.count(0xA700) >= 1
    assert statuses[0] == 0x0000


def test_an_instance_that_is_too_large_ends_its_association(
    listen: Callable[..., Listener], inbox: Inbox, tmp_path: Path
) -> None:
    listener = listen(instance_bytes=MIB)
    association = call(listener)
    large = a_file(tmp_path, written(dataset(1), bytes(3 * MIB)))
    assert "Status" not in association.send_c_store(large)
    association.abort()
    assert inbox.got == []
    assert store(listener, a_file(tmp_path, slice_of(1))).Status == 0x0000


def test_a_claim_of_four_gigabytes_costs_nothing(listen: Callable[..., Listener]) -> None:
    listener = listen()
    with socket.create_connection(("127.0.0.1", listener.port), timeout=10) as peer:
        peer.sendall(struct.pack(">BBI", 1, 0, 0xFFFFFFF0) + bytes(1000))
        assert peer.recv(100) == abort(Abort.INVALID_VALUE)


def test_a_peer_that_leaves_in_the_middle_leaves_nothing(
    listen: Callable[..., Listener], inbox: Inbox, tmp_path: Path
) -> None:
    listener = listen()
    association = call(listener)
    kept, real, connection = [], association.dul.socket.send, association.dul.socket.socket

    def cut(data: bytes) -> None:
        kept.append(len(data))
        if len(kept) == 2:  # the command went out whole; of the data set the first half goes
            real(data[: len(data) // 2])
            connection.shutdown(socket.SHUT_RDWR)
        else:
            real(data)

    association.dul.socket.send = cut
    assert "Status" not in association.send_c_store(a_file(tmp_path, slice_of(1)))
    association.abort()
    connection.close()
    assert inbox.got == []
    assert store(listener, a_file(tmp_path, slice_of(2))).Status == 0x0000
    assert list((tmp_path / "spool").iterdir()) == []


def test_the_end_of_an_association_is_told_once_it_brought_something(
    listen: Callable[..., Listener], inbox: Inbox, tmp_path: Path
) -> None:
    listener = listen()
    association = call(listener)
    association.send_c_store(a_file(tmp_path, slice_of(1)))
    association.abort()
    assert inbox.over.wait(10)


def test_what_a_killed_server_left_in_the_spool_is_removed(
    listen: Callable[..., Listener], tmp_path: Path
) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "half").write_bytes(b"half")
    listen()
    assert list((tmp_path / "spool").iterdir()) == []


def test_stopping_waits_for_what_is_being_admitted(
    listen: Callable[..., Listener], inbox: Inbox, tmp_path: Path
) -> None:
    entered, go = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        assert go.wait(10)

    inbox.before = hold
    listener = listen()
    association = call(listener)
    sending = threading.Thread(target=association.send_c_store, args=(a_file(tmp_path, slice_of(1)),))
    stopping = threading.Thread(target=listener.stop)
    sending.start()
    assert entered.wait(10)
    stopping.start()
    assert inbox.got == []
    go.set()
    stopping.join(20)
    assert not stopping.is_alive()
    assert len(inbox.got) == 1
    sending.join(20)
    association.abort()


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"enabled": True}, "peers"),
        ({"enabled": True, "peers": ("PACS",), "host": "0.0.0.0"}, "plain_text"),
        ({"peers": ("A TITLE THAT IS TOO LONG",)}, "peers"),
        ({"peers": ("PACS@somewhere",)}, "peers"),
        ({"tls_key": "key.pem"}, "TLS needs all three"),
    ],
)
def test_settings_that_would_be_unsafe_are_refused(said: dict[str, object], names: str) -> None:
    with pytest.raises(ValidationError, match=names):
        DimseSettings.model_validate(said)
