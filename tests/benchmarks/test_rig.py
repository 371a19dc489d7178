"""What benchmarks stand on holds what it says; the benchmarks themselves are run by hand."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO

import pytest
from pydicom import dcmread
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests.benchmarks.__main__ import main
from tests.benchmarks.rig import orthanc
from tests.benchmarks.rig.crowd import Crowd
from tests.benchmarks.rig.http import Http
from tests.benchmarks.rig.instances import MIXED, study
from tests.benchmarks.rig.link import thin
from tests.benchmarks.rig.processes import cpu_of
from tests.peers import cornerstone, ohif


@contextmanager
def answering(data: bytes) -> Iterator[int]:
    """A server that answers one connection's first bytes with `data`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as connection:
                connection.recv(16)
                connection.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(20)


def test_a_thin_link_is_never_faster_than_it_says_and_loses_nothing() -> None:
    data = bytes(range(256)) * 100
    with answering(data) as target, thin(target, 1_000_000, 0.05) as link:
        began = time.perf_counter()
        with socket.create_connection(("127.0.0.1", link.port)) as client:
            client.sendall(b"?")
            got = b""
            while len(got) < len(data):
                got += client.recv(65536)
        seconds = time.perf_counter() - began
    assert got == data
    assert link.down == len(data)
    assert seconds >= 0.05 + len(data) * 8 / 1_000_000 - 0.02


def test_what_arrived_when_adds_up_to_what_was_sent() -> None:
    data = b"x" * 5000
    with answering(data) as target, thin(target, 1_000_000, 0.02) as link:
        began = time.time()
        with socket.create_connection(("127.0.0.1", link.port)) as client:
            client.sendall(b"?")
            while client.recv(65536):
                pass
    assert sum(size for _, size in link.arrived) == len(data)
    assert min(when for when, _ in link.arrived) >= began + 0.01


def test_a_browser_s_cpu_is_counted_with_its_children() -> None:
    before = cpu_of(os.getpid())
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    assert cpu_of(os.getpid()) - before >= 0.28


def test_cornerstone_that_cannot_be_had_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        raise OSError("no npm")

    monkeypatch.setattr(cornerstone, "fetch", refused)
    assert main(["scroll", "--short"]) == 3
    assert "scroll: not measured. Cornerstone3D could not be had from npm: no npm" in capsys.readouterr().err


def test_ohif_that_cannot_be_had_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        raise OSError("no npm")

    monkeypatch.setattr(ohif, "packed", refused)
    assert main(["open-room", "--short"]) == 3
    assert "open-room: not measured. OHIF could not be had from npm: no npm" in capsys.readouterr().err


def test_the_instances_of_a_study_are_whole_and_the_same_each_time() -> None:
    files = study(MIXED, 3, share=0.01)
    assert [dcmread(BytesIO(one)).Modality for one in files] == ["CT", *["MR"] * 3, "CR"]
    assert files == study(MIXED, 3, share=0.01)


def test_a_peer_that_is_not_here_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(orthanc.shutil, "which", lambda *_args, **_said: None)
    assert main(["qido", "--short"]) == 3
    assert "apt-get install orthanc" in capsys.readouterr().err


def test_a_crowd_counts_every_move_that_reaches_it_and_times_every_eighth() -> None:
    present: set[ServerConnection] = set()
    arrived = threading.Semaphore(0)

    def hand_on(client: ServerConnection) -> None:
        present.add(client)
        arrived.release()
        with suppress(ConnectionClosed):  # a crowd hangs up without a word
            for text in client:
                for one in set(present):
                    one.send(text)

    with serve(hand_on, "127.0.0.1", 0) as answering_all:
        thread = threading.Thread(target=answering_all.serve_forever)
        thread.start()
        crowd = Crowd(answering_all.socket.getsockname()[1], 9, lambda _index: ("/", ""), None)
        try:
            assert all(arrived.acquire(timeout=20) for _ in range(9))
            tally = crowd.run(0.3, [0, 1], 20.0)
            until = time.monotonic() + 20
            while tally.states < 9 * tally.sent and time.monotonic() < until:
                tally.states += crowd.drain(0.05).states
        finally:
            crowd.close()
            answering_all.shutdown()
            thread.join()
    assert tally.states == 9 * tally.sent > 0
    assert 0 <= tally.delay_ms(0.5) < 20_000


def test_requests_share_a_connection_until_the_server_closes_it() -> None:
    connections = []
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"] * 2
    answers.append(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for some in (answers, answers[:1]):
                with listening.accept()[0] as connection:
                    connections.append(connection)
                    for answer in some:
                        connection.recv(1024)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        http = Http(listening.getsockname()[1])
        assert [http.get("/") for _ in range(4)] == [b"hi"] * 4
        http.close()
        thread.join(20)
    assert len(connections) == 2
