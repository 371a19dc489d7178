"""The way out: the queue's steps, and one attempt by C-STORE and STOW-RS against peers that answer as they are told."""

import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydicom import dcmread
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, create_engine

from imaging.dimse.listener import Listener, Received
from imaging.intake import Outcome
from imaging.nodes import Node
from imaging.outbound.delivery import attempt
from imaging.outbound.queue import (
    PAUSES_S,
    Attempt,
    Parcel,
    Sending,
    SendingNotFound,
    SendingSettled,
    cancel,
    due,
    enqueue,
    next_due,
    retry,
    sendings_of,
    settle,
)
from imaging.outbound.spool import Spool
from imaging.outbound.words import of_status
from imaging.settings import DimseSettings
from tests.peers.certificates import Authority
from tests.unit.imaging.samples import slice_of
from web.clock import now

AT = datetime(2026, 11, 26, 16, tzinfo=UTC)
PARCELS = [Parcel("report", "1.2.1", "1.2.840.1", "1.2.3", "a" * 64, 10), Parcel("keys", "1.2.2", "1.2.840.2", "1.2.3",
                                                                               "b" * 64, 10)]


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    SQLModel.metadata.create_all(engine, tables=[Sending.__table__])  # type: ignore[attr-defined]
    with Session(engine) as made:
        yield made
    engine.dispose()


def queued(session: Session, node: str = "Archive") -> list[Sending]:
    return enqueue(session, "case1", node, PARCELS, "Dr Ada", AT)


def test_the_same_object_is_queued_once_for_each_destination(session: Session) -> None:
    first = queued(session)
    assert [one.id for one in queued(session)] == [one.id for one in first]
    queued(session, "Elsewhere")
    assert len(sendings_of(session, "case1")) == 4
    assert len(due(session, AT)) == 4
    assert due(session, AT - timedelta(seconds=1)) == []


def test_what_arrived_is_not_sent_again_and_its_file_is_needless_once_all_have_it(session: Session) -> None:
    here, there = queued(session)[0], queued(session, "Elsewhere")[0]
    assert settle(session, [Attempt(here.id, "sent", "Archive has stored it.")], AT) == []
    assert settle(session, [Attempt(there.id, "sent", "Elsewhere has stored it.")], AT) == ["a" * 64]
    assert queued(session)[0].state == "sent"
    with pytest.raises(SendingSettled, match="arrived"):
        retry(session, "case1", here.id, AT)


def test_what_cannot_be_reached_is_tried_with_growing_pauses_and_given_up_after_a_day(session: Session) -> None:
    row, at = queued(session)[0], AT
    for pause in PAUSES_S:
        settle(session, [Attempt(row.id, "later", "Archive cannot be reached.")], at)
        assert row.state == "waiting"
        assert row.next_at == at + timedelta(seconds=pause)
        at = row.next_at
    settle(session, [Attempt(row.id, "later", "Archive cannot be reached.")], at)
    assert (row.state, row.next_at, row.said) == ("undelivered", None, "Archive cannot be reached.")
    assert timedelta(hours=20) < at - AT < timedelta(hours=30)
    retry(session, "case1", row.id, at)
    assert (row.state, row.attempts, row.next_at) == ("waiting", 0, at)


def test_what_is_refused_waits_for_a_person(session: Session) -> None:
    row = queued(session)[0]
    settle(session, [Attempt(row.id, "refused", "Archive does not store objects of this kind.")], AT)
    assert row.state == "refused"
    assert row not in due(session, AT + timedelta(days=2))
    assert queued(session)[0].state == "waiting"  # asking anew is trying again


def test_what_is_cancelled_stays_so_unless_it_had_gone_out_already(session: Session) -> None:
    first, second = queued(session)
    for row in (first, second):
        cancel(session, "case1", row.id, AT)
    settle(session, [Attempt(first.id, "later", "x"), Attempt(second.id, "sent", "y")], AT)
    assert [first.state, second.state] == ["cancelled", "sent"]
    with pytest.raises(SendingSettled, match="nothing to cancel"):
        cancel(session, "case1", second.id, AT)
    with pytest.raises(SendingNotFound):
        cancel(session, "case2", first.id, AT)
    assert next_due(session) is None


def test_the_spool_keeps_a_file_once_and_forgets_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "outbound")
    digest = spool.keep(b"an object")
    assert spool.keep(b"an object") == digest
    assert spool.place(digest).read_bytes() == b"an object"
    assert [one.name for one in spool.folder.iterdir()] == [f"{digest}.dcm"]
    spool.drop([digest, digest])
    assert list(spool.folder.iterdir()) == []


@pytest.mark.parametrize(("status", "result"), [
    (0x0000, "sent"), (0xB000, "sent"), (0xA700, "later"), (0xA900, "refused"), (0xC001, "refused"),
    (0x0122, "refused"), (0x0124, "refused"), (0x1234, "refused"),
])
def test_every_status_has_its_words(status: int, result: str) -> None:
    found, words = of_status(status)
    assert found == result
    assert words


FULL, BROKEN = Outcome("x", "refused", "disk-full", "Full."), Outcome("x", "refused", "broken", "Broken.")


class Peer:
    """A DICOM listener that answers in turn, then takes everything."""

    def __init__(self, folder: Path, answers: list[Outcome], **settings: object) -> None:
        self.answers, self.got = answers, list[str]()
        given = {"enabled": True, "port": 0, "peers": ("CONSILIUM",), "ae_title": "PACS", "silence_s": 20} | settings
        self.listener = Listener(DimseSettings.model_validate(given), folder / "pacs", self.admit)

    def admit(self, received: Received) -> Outcome:
        if self.answers:
            return self.answers.pop(0)
        self.got.append(dcmread(received.path).SOPInstanceUID)
        return Outcome("x", "taken")

    def node(self, **said: object) -> Node:
        return Node.model_validate(
            {"name": "Archive", "host": "127.0.0.1", "port": self.listener.port, "ae_title": "PACS"} | said
        )


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {}
    for number in (1, 2, 3):
        made[f"s{number}"] = tmp_path / f"{number}.dcm"
        made[f"s{number}"].write_bytes(slice_of(number))
    return made


def test_one_attempt_by_c_store_says_what_became_of_each(tmp_path: Path, files: dict[str, Path]) -> None:
    peer = Peer(tmp_path, [FULL, BROKEN])
    try:
        found = attempt(peer.node(), files, "CONSILIUM")
        strange = attempt(peer.node(), files, "STRANGER")
    finally:
        peer.listener.stop()
    assert [(one.sending_id, one.result) for one in found] == [("s1", "later"), ("s2", "refused"), ("s3", "sent")]
    assert [one.said for one in found] == [
        "Archive has no room at the moment (status A700H).",
        "Archive could not understand the object (status C000H).", "Archive has stored it."]
    assert {(one.result, one.said) for one in strange} == {
        ("later", "Archive cannot be reached, or does not let us in as STRANGER.")}


def test_c_store_over_tls_with_our_certificate(tmp_path: Path, files: dict[str, Path]) -> None:
    authority = Authority(tmp_path / "tls", "hospital", now())
    server, us = authority.signs("server"), authority.signs("us")
    stranger = Authority(tmp_path / "others", "others", now()).signs("us")
    peer = Peer(tmp_path, [], tls_certificate=server[0], tls_key=server[1], tls_client_ca=str(authority.file))
    try:
        tls = {"ca": str(authority.file), "certificate": us[0], "key": us[1]}
        good = attempt(peer.node(tls=tls), files, "CONSILIUM")
        plain = attempt(peer.node(), files, "CONSILIUM")
        unknown = attempt(peer.node(tls=tls | {"certificate": stranger[0], "key": stranger[1]}), files,
                          "CONSILIUM")
    finally:
        peer.listener.stop()
    assert {one.result for one in good} == {"sent"}
    assert len(peer.got) == 3
    assert {one.result for one in (*plain, *unknown)} == {"later"}


def test_what_the_settings_or_the_disk_have_lost_is_said(tmp_path: Path, files: dict[str, Path]) -> None:
    node = Node.model_validate({"name": "Archive", "host": "127.0.0.1", "ae_title": "PACS", "tls": {"ca": "/lost.pem"}})
    files["s3"].unlink()
    for given, said in ((None, "no longer in the settings"), (node, "TLS files of Archive cannot be used")):
        found = {one.sending_id: one for one in attempt(given, files, "CONSILIUM")}
        assert (found["s1"].result, found["s3"].result) == ("later", "refused")
        assert said in found["s1"].said
        assert "file to be sent is gone" in found["s3"].said


class Web(ThreadingHTTPServer):
    """A STOW-RS server that answers as told and remembers what it was sent."""

    def __init__(self, answers: list[tuple[int, object]], tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Store)
        self.answers, self.got = answers, list[tuple[str, dict[str, str], bytes]]()
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A handshake that fails is what a test wants."""

    def node(self, scheme: str = "http", **said: object) -> Node:
        url = f"{scheme}://127.0.0.1:{self.server_port}/dicom-web/"
        return Node.model_validate({"name": "Web", "kind": "dicomweb", "url": url} | said)

    def end(self) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()


class _Store(BaseHTTPRequestHandler):
    server: Web

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        status, said = self.server.answers.pop(0)
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


def failed(reason: int) -> object:
    return {"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [reason]}}]}}


@pytest.mark.parametrize(("status", "said", "result", "words"), [
    (200, {}, "sent", "Web has stored it."),
    (202, {}, "sent", "has stored it"),
    (202, failed(0xA700), "later", "no room at the moment (status A700H)"),
    (202, failed(0x0122), "refused", "does not store objects of this kind"),
    (409, failed(0xC000), "refused", "could not understand"),
    (409, failed(0xA701), "later", "no room"),
    (409, {}, "refused", "will not take this object (HTTP status 409)"),
    (401, {}, "later", "does not accept our token"),
    (404, {}, "later", "no DICOMweb store at this address"),
    (415, {}, "refused", "does not take this kind"),
    (503, {}, "later", "not available"),
    (302, {}, "later", "another address"),
])
def test_one_attempt_by_stow_says_what_became_of_it(
    tmp_path: Path, files: dict[str, Path], status: int, said: object, result: str, words: str
) -> None:
    web = Web([(status, said)])
    (tmp_path / "token").write_text("secret\n")
    try:
        (found,) = attempt(web.node(token_file=str(tmp_path / "token")), {"s1": files["s1"]}, "CONSILIUM")
    finally:
        web.end()
    assert found.result == result
    assert words in found.said
    path, headers, body = web.got[0]
    assert path == "/dicom-web/studies"
    assert headers["Authorization"] == "Bearer secret"
    assert files["s1"].read_bytes() in body


def test_stow_over_tls_trusts_whom_the_settings_say(tmp_path: Path, files: dict[str, Path]) -> None:
    authority = Authority(tmp_path / "tls", "hospital", now())
    server, us = authority.signs("server"), authority.signs("us")
    asks = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.file))
    asks.load_cert_chain(*server)
    asks.verify_mode = ssl.CERT_REQUIRED
    web = Web([(200, {})], asks)
    tls = {"ca": str(authority.file), "certificate": us[0], "key": us[1]}
    one = {"s1": files["s1"]}
    try:
        (good,) = attempt(web.node("https", tls=tls), one, "CONSILIUM")
        (untrusted,) = attempt(web.node("https"), one, "CONSILIUM")
    finally:
        web.end()
    (gone,) = attempt(web.node("https", tls=tls), one, "CONSILIUM")
    assert good.result == "sent"
    assert (untrusted.result, untrusted.said) == (
        "later", "Web shows a certificate that is not trusted here; nothing was sent.")
    assert (gone.result, gone.said) == ("later", "Web cannot be reached, or broke the connection off.")
    assert len(web.got) == 1
