"""dcmtk over TLS: our listener wants a certificate, and we show ours to theirs."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import dcmread

from imaging.dimse.listener import Listener, Received
from imaging.dimse.sender import Unreached, echo, remote_of, send
from imaging.intake import Outcome
from imaging.nodes import Node, NodeTls
from imaging.remote.caller import Caller
from imaging.remote.dimse import find
from imaging.remote.errors import RemoteFailed
from imaging.remote.question import question
from imaging.settings import DimseSettings, FetchSettings
from tests.peers.certificates import Authority
from tests.peers.dcmtk import program, run, storescp
from tests.ports import free_port
from tests.unit.imaging.samples import slice_of
from web.clock import now

pytestmark = pytest.mark.peer


@dataclass
class Hospital:
    """Two authorities, of which one is ours, and a certificate of each."""

    folder: Path
    ours: Authority
    theirs: Authority
    server: tuple[str, str]
    client: tuple[str, str]
    stranger: tuple[str, str]


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    folder = tmp_path_factory.mktemp("certificates")
    ours, theirs = Authority(folder, "ours", now()), Authority(folder, "theirs", now())
    return Hospital(folder, ours, theirs, ours.signs("server"), ours.signs("client"), theirs.signs("stranger"))


@pytest.fixture
def taken() -> list[str]:
    return []


@pytest.fixture
def listener(hospital: Hospital, taken: list[str], tmp_path: Path) -> Iterator[Listener]:
    def admit(received: Received) -> Outcome:
        taken.append(received.sop_instance_uid)
        return Outcome(received.sop_instance_uid, "taken")

    certificate, key = hospital.server
    made = Listener(DimseSettings(
        enabled=True, port=0, peers=("STORESCU",), tls_certificate=certificate, tls_key=key,
        tls_client_ca=str(hospital.ours.file),
    ), tmp_path / "spool", admit)
    yield made
    made.stop()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "slice.dcm"
    place.write_bytes(slice_of(1))
    return place


def storescu(listener: Listener, file: Path, *said: str) -> subprocess.CompletedProcess[str]:
    return run("storescu", "-v", "-aec", "CONSILIUM", *said, "127.0.0.1", str(listener.port), str(file))


def shown(certificate: tuple[str, str], authority: Authority) -> list[str]:
    return ["+tls", certificate[1], certificate[0], "+cf", str(authority.file)]


def test_a_sender_with_a_certificate_of_ours_is_let_in(
    listener: Listener, hospital: Hospital, file: Path, taken: list[str]
) -> None:
    done = storescu(listener, file, *shown(hospital.client, hospital.ours))
    assert done.returncode == 0, done.stdout + done.stderr
    assert taken == [dcmread(file).SOPInstanceUID]


def test_nobody_else_is(listener: Listener, hospital: Hospital, file: Path, taken: list[str]) -> None:
    plain = storescu(listener, file)
    anonymous = storescu(listener, file, "+tla", "+cf", str(hospital.ours.file))
    stranger = storescu(listener, file, *shown(hospital.stranger, hospital.ours))
    assert 0 not in (plain.returncode, anonymous.returncode, stranger.returncode)
    assert taken == []


def test_a_sender_that_does_not_know_our_authority_does_not_send(
    listener: Listener, hospital: Hospital, file: Path, taken: list[str]
) -> None:
    assert storescu(listener, file, *shown(hospital.client, hospital.theirs)).returncode != 0
    assert taken == []


def node(hospital: Hospital, port: int, authority: Authority) -> Node:
    certificate, key = hospital.client
    return Node(
        name="box", host="127.0.0.1", port=port, ae_title="BOX",
        tls=NodeTls(ca=str(authority.file), certificate=certificate, key=key),
    )


def test_we_send_over_tls_and_only_to_whom_we_trust(hospital: Hospital, file: Path, tmp_path: Path) -> None:
    program("storescp")
    port, inbox = free_port(), tmp_path / "inbox"
    with storescp(inbox, "BOX", port, shown(hospital.server, hospital.ours)):
        echo(remote_of(node(hospital, port, hospital.ours)), calling="CONSILIUM")
        (sent,) = send([file], remote_of(node(hospital, port, hospital.ours)), calling="CONSILIUM")
        assert sent.result == "sent"
        with pytest.raises(Unreached):
            echo(remote_of(node(hospital, port, hospital.theirs)), calling="CONSILIUM")
        with pytest.raises(RemoteFailed):
            find(node(hospital, port, hospital.theirs), question({"patient_id": "7"}),
                 Caller("CONSILIUM", FetchSettings(connect_s=5)))
    assert len(list(inbox.iterdir())) == 1
