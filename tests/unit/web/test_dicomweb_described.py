"""STOW-RS as DICOM JSON with bulk beside it (PS3.18 10.5.1): put together, and then checked like any file."""

import io
import json
from collections.abc import Iterator
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from sqlmodel import Session, select

from imaging.dicomweb.multipart import closing, heading
from imaging.studies import Instance
from tests.unit.imaging.samples import dataset, slice_of
from tests.unit.web.application import SAME
from tests.world import World, a_world
from web.services import Services

JSON = "application/dicom+json"
PIXELS = np.arange(256, dtype="<u2").tobytes()
WHERE = "urn:uuid:pixels"
OURS = {"StudyInstanceUID": "1.2.31", "SeriesInstanceUID": "1.2.31.1"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("described")) as made:
        yield made


def model(number: int, where: str = WHERE, **said: object) -> dict[str, Any]:
    found: dict[str, Any] = dataset(number, **OURS, **said).to_json_dict()
    return found | {"7FE00010": {"vr": "OW", "BulkDataURI": where}}


def part(kind: str, body: bytes, where: str = "") -> bytes:
    place = f"Content-Location: {where}\r\n" if where else ""
    return f"\r\n--sep\r\nContent-Type: {kind}\r\n{place}\r\n".encode() + body


def send(world: World, *parts: bytes) -> Any:
    return world.enter("referrer").post(
        "/dicom-web/studies?case=case1&patient=confirmed", content=b"".join(parts) + closing("sep"),
        headers={"Content-Type": heading("sep", JSON), **SAME},
    )


def stored(world: World, uid: str) -> bytes:
    made: Services = world.app.state.services

    def digest(session: Session) -> str:
        return session.exec(select(Instance).where(Instance.sop_instance_uid == uid)).one().digest

    with made.vault.open(made.database.read_now(digest)) as file:
        return file.read()


def test_metadata_and_bulk_become_the_same_instance_as_a_file(world: World) -> None:
    said = [model(1), model(2, "urn:uuid:second")]
    answer = send(
        world, part(JSON, json.dumps(said).encode()), part("application/octet-stream", PIXELS, WHERE),
        part("application/octet-stream", PIXELS[::-1], "urn:uuid:second"),
    )
    assert answer.status_code == 200, answer.text
    for one, pixels in zip(said, (PIXELS, PIXELS[::-1]), strict=True):
        uid = one["00080018"]["Value"][0]
        got = dcmread(io.BytesIO(stored(world, uid)))
        expected = dcmread(io.BytesIO(slice_of(got.InstanceNumber, **OURS)))
        expected.PixelData = pixels
        assert got == expected


def test_compressed_bulk_stays_compressed(world: World) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    frame = bytes(imagecodecs.jpeg2k_encode(grey, codecformat="J2K", reversible=True))
    one = model(5, "urn:uuid:j2k", BitsAllocated=8, BitsStored=8, HighBit=7)
    answer = send(world, part(JSON, json.dumps([one]).encode()), part("image/jp2", frame, "urn:uuid:j2k"))
    assert answer.status_code == 200, answer.text
    got = dcmread(io.BytesIO(stored(world, one["00080018"]["Value"][0])))
    assert got.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.90"
    assert frame.rstrip(b"\0") in got.PixelData


def test_what_is_missing_is_named_and_the_rest_is_taken(world: World) -> None:
    said = [model(7), model(8, "urn:uuid:nowhere")]
    answer = send(world, part(JSON, json.dumps(said).encode()), part("application/octet-stream", PIXELS, WHERE))
    assert answer.status_code == 202
    assert "7FE00010" in answer.headers["warning"]
    assert len(answer.json()["00081199"]["Value"]) == 1


@pytest.mark.parametrize("body", [b"not json", b"[" * 100_000, b'{"0020000D": 7}', b"[3]"])
def test_nonsense_is_refused(world: World, body: bytes) -> None:
    answer = send(world, part(JSON, body))
    assert answer.status_code in (400, 409), answer.text
