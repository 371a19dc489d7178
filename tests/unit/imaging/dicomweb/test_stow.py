"""A message becomes files, and outcomes become the answer of PS3.18 annex I."""

from concurrent.futures import Future
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from imaging.dicomweb.errors import BadMessage, UnsupportedBody
from imaging.dicomweb.multipart import closing, heading, part_heading
from imaging.dicomweb.stow import Staging, store_response
from imaging.errors import TooLarge
from imaging.intake import Arrived, Outcome
from imaging.settings import MIB, UploadSettings

LIMITS = UploadSettings(total_bytes=MIB, files=2, free_bytes=0)
TYPE = heading("b", "application/dicom")


def message(*bodies: bytes, kind: str = "application/dicom") -> bytes:
    return b"".join(part_heading("b", kind) + body for body in bodies) + closing("b")


def staged(tmp_path: Path, said: bytes, kind: str = TYPE) -> list[bytes]:
    looked: list[bytes] = []

    class Checks:
        def begun(self, arrived: Arrived) -> Arrived:
            assert sha256(arrived.path.read_bytes()).hexdigest() == arrived.digest
            return replace(arrived, begun=Future[int]())

        def look(self, arrived: Arrived) -> Outcome:
            assert arrived.begun is not None, "the disk has it before anybody looks"
            looked.append(arrived.path.read_bytes())
            return Outcome(arrived.name, "refused")

    staging = Staging(kind, tmp_path / "stow", LIMITS, Checks())
    try:
        for at in range(0, len(said), 7):
            staging.feed(said[at : at + 7])
        arrived = staging.finish()
        assert [one.name for one in staging.looked] == [one.name for one in arrived]
        assert looked == [one.path.read_bytes() for one in arrived], "each is looked at when it is whole"
        return looked
    finally:
        staging.close()


def test_every_part_is_a_file(tmp_path: Path) -> None:
    assert staged(tmp_path, message(b"one", b"")) == [b"one", b""]


@pytest.mark.parametrize(("said", "error"), [
    (message(b"x", kind="text/plain"), UnsupportedBody), (message(b"x")[:-6], BadMessage), (message(), BadMessage),
    (message(b"1", b"2", b"3"), TooLarge), (message(bytes(MIB)), TooLarge),
])
def test_what_is_no_message_of_files_is_refused(tmp_path: Path, said: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        staged(tmp_path, said)


@pytest.mark.parametrize("kind", ["", "application/dicom", "multipart/related; type=text/xml; boundary=b"])
def test_another_body_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(UnsupportedBody, match="multipart/related"):
        staged(tmp_path, b"", kind)


TAKEN = Outcome("part 1", "taken", sop_instance_uid="1.1", study_instance_uid="1")
CONFLICT = Outcome("part 2", "refused", "conflict", "Another file.", sop_instance_uid="1.2", study_instance_uid="1")
BROKEN = Outcome("part 3", "refused", "not-dicom", "Not DICOM.")


@pytest.mark.parametrize(("outcomes", "status"), [
    ([TAKEN], 200), ([TAKEN, CONFLICT], 202), ([TAKEN, BROKEN], 202), ([CONFLICT], 409), ([BROKEN], 409),
])
def test_the_status_says_whether_all_some_or_none_was_stored(outcomes: list[Outcome], status: int) -> None:
    assert store_response(outcomes, {}, "https://x")[0] == status


def test_each_failure_has_its_reason() -> None:
    _, said = store_response([TAKEN, CONFLICT, BROKEN], {"1.2": "9.9"}, "https://x")
    assert said["00081190"]["Value"] == ["https://x/studies/1"]
    assert said["00081199"]["Value"][0]["00081155"]["Value"] == ["1.1"]
    failed = said["00081198"]["Value"][0]
    assert (failed["00081150"]["Value"], failed["00081155"]["Value"]) == (["9.9"], ["1.2"])
    assert (failed["00081197"]["Value"], failed["00000902"]["Value"]) == ([0x0111], ["Another file."])
    assert said["0008119A"]["Value"] == [
        {"00081197": {"vr": "US", "Value": [0xC000]}, "00000902": {"vr": "LO", "Value": ["Not DICOM."]}}
    ]
