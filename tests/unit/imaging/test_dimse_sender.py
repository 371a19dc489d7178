"""What is sent, tried again and given up, against our own listener as the peer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pynetdicom.association import Association

from imaging.dimse import sender
from imaging.dimse.listener import Listener, Received
from imaging.dimse.sender import Remote, Unreached, echo, remote_of, send
from imaging.intake import Outcome
from imaging.nodes import Node
from imaging.settings import DimseSettings
from tests.patience import patience
from tests.unit.imaging.samples import RLE, compressed, slice_of

TAKEN = Outcome("x", "taken")
FULL = Outcome("x", "refused", "disk-full", "The disk is full.")
BROKEN = Outcome("x", "refused", "broken", "The file is damaged.")
ON = DimseSettings(enabled=True, port=0, peers=("CONSILIUM",), ae_title="PACS", silence_s=20)


class Pacs:
    """Answers in turn what it was told to, then takes everything."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.answers, self.got = folder, list[Outcome](), list[tuple[str, bytes]]()
        self.listener: Listener | None = None

    def start(self, port: int = 0) -> Remote:
        self.listener = Listener(ON.model_copy(update={"port": port}), self.folder / "pacs", self.admit)
        return Remote("PACS", "127.0.0.1", self.listener.port)

    def stop(self) -> None:
        if self.listener is not None:
            self.listener.stop()
            self.listener = None

    def admit(self, received: Received) -> Outcome:
        answer = self.answers.pop(0) if self.answers else TAKEN
        if answer is TAKEN:
            self.got.append((received.sop_instance_uid, received.path.read_bytes()))
        return answer


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    made = Pacs(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = []
    for number, data in enumerate([slice_of(1), slice_of(2), compressed([b"\0" * 64], RLE, SOPInstanceUID="1.2.3.9")]):
        made.append(tmp_path / f"{number}.dcm")
        made[-1].write_bytes(data)
    return made


def never(_seconds: float) -> None:
    raise AssertionError("nothing is to be waited for")


def body(file: bytes) -> bytes:
    return file[file.index(b"\x08\x00\x05\x00CS") :]


def test_files_of_several_syntaxes_go_out_byte_for_byte(pacs: Pacs, files: list[Path]) -> None:
    sent = send(files, pacs.start(), calling="CONSILIUM", pause=never)
    assert [(one.path, one.result, one.status, one.attempts) for one in sent] == [(one, "sent", 0, 1) for one in files]
    assert sorted(body(file) for _, file in pacs.got) == sorted(body(one.read_bytes()) for one in files)


def test_an_answer_reaches_who_asked_however_fast_it_comes(
    pacs: Pacs, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """pynetdicom's own thread is always between saying that it pauses and pausing, so that it takes what comes."""

    def greedy(association: Association) -> None:
        association._is_paused = True
        while not association._kill:
            association.dimse.get_msg(block=False)

    monkeypatch.setattr(Association, "_run_reactor", greedy)
    monkeypatch.setattr(sender, "_ANSWER_S", patience(5))
    sent = send(files, pacs.start(), calling="CONSILIUM", pause=never)
    assert [(one.result, one.attempts) for one in sent] == [("sent", 1)] * 3


def test_what_the_peer_has_no_room_for_is_sent_again_and_what_it_refuses_is_not(
    pacs: Pacs, files: list[Path]
) -> None:
    pacs.answers = [FULL, BROKEN, TAKEN, FULL]
    waits: list[float] = []
    sent = send(files[:2], pacs.start(), calling="CONSILIUM", pause=waits.append, pauses_s=(1.0, 5.0))
    assert [(one.result, one.status, one.attempts) for one in sent] == [("sent", 0, 2), ("refused", 0xC000, 1)]
    assert waits == [1.0]


def test_a_peer_that_comes_back_gets_what_is_left(pacs: Pacs, files: list[Path]) -> None:
    remote = pacs.start()
    pacs.stop()
    waits: list[float] = []

    def come_back(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            pacs.start(remote.port)

    sent = send(files, remote, calling="CONSILIUM", pause=come_back, pauses_s=(1.0, 5.0, 25.0))
    assert [(one.result, one.attempts) for one in sent] == [("sent", 3)] * 3
    assert waits == [1.0, 5.0]


def test_a_peer_that_stays_away_is_given_up(pacs: Pacs, files: list[Path]) -> None:
    remote = pacs.start()
    pacs.stop()
    waits: list[float] = []
    sent = send(files[:1], remote, calling="CONSILIUM", pause=waits.append, pauses_s=(1.0, 5.0))
    assert [(one.result, one.status, one.attempts) for one in sent] == [("undelivered", None, 3)]
    assert waits == [1.0, 5.0]


def test_an_echo_says_who_does_not_answer_and_who_lets_us_not_in(pacs: Pacs) -> None:
    remote = pacs.start()
    echo(remote, calling="CONSILIUM")
    with pytest.raises(Unreached, match="does not let us in as STRANGER"):
        echo(remote, calling="STRANGER")
    pacs.stop()
    with pytest.raises(Unreached, match="PACS at"):
        echo(remote, calling="CONSILIUM")


def test_a_remote_is_read_from_its_node() -> None:
    node = Node(name="Archive", host="pacs.local", port=11112, ae_title="MY PACS")
    assert remote_of(node) == Remote("MY PACS", "pacs.local", 11112)


def test_kinds_beyond_one_association_go_in_the_next(
    pacs: Pacs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imaging.dimse.sender._CONTEXTS", 1)
    files = []
    for number, data in enumerate([slice_of(1), compressed([b"\0" * 64], RLE, SOPInstanceUID="1.2.3.9"), slice_of(2)]):
        files.append(tmp_path / f"{number}.dcm")
        files[-1].write_bytes(data)
    sent = send(files, pacs.start(), calling="CONSILIUM", pause=never)
    assert [one.result for one in sent] == ["sent"] * 3
