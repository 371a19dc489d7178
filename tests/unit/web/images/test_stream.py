"""The image stream over a real socket: order, admission, and what ends it."""

import struct
from collections.abc import Iterator
from typing import Any

import imagecodecs
import numpy as np
import pytest
from sqlmodel import Session, select
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from conference.record.audit import AuditEntry
from tests.unit.web.application import SAME, application, client, sign_in
from tests.unit.web.images.conftest import ELSEWHERE, SERIES, SLICES
from web.routes import sign_in as pages
from web.routes import tickets
from web.services import Services
from web.sockets import images


@pytest.fixture
def visitor(services: Services) -> Iterator[TestClient]:
    with client(application(services, [*pages.routes, *tickets.routes, *images.routes])) as made:
        yield made


def address(visitor: TestClient) -> str:
    answer = visitor.post("/tickets", json={"for": "images", "case": "case1"}, headers=SAME)
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["url"]
    return url


def open_stream(visitor: TestClient, url: str) -> WebSocketTestSession:
    return visitor.websocket_connect(f"ws://127.0.0.1:8000{url}", headers={"Origin": "http://127.0.0.1:8000"})


def everything(socket: WebSocketTestSession) -> tuple[dict[str, Any], list[tuple[int, int, bytes]]]:
    """The series message and (kind, index, payload) of every picture until it is complete; credits as it goes."""
    series = socket.receive_json()
    got = []
    while True:
        message = socket.receive()
        if message.get("text"):
            assert '"complete"' in message["text"], message["text"]
            return series, got
        kind, flags, handle, index, length = struct.unpack_from("<BBHII", message["bytes"])
        assert (flags, handle, len(message["bytes"])) == (0, series["handle"], length + 12)
        got.append((kind, index, message["bytes"][12:]))
        socket.send_json({"type": "credit", "bytes": length})


def test_the_looked_at_slice_comes_first_and_all_slices_end_lossless(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    with open_stream(visitor, address(visitor)) as socket:
        socket.send_json({"type": "show", "series": SERIES, "index": 2, "link": "thin"})
        series, got = everything(socket)
    assert [(kind, index) for kind, index, _ in got] == [
        (1, 2), (2, 2), (1, 3), (1, 1), (1, 4), (1, 0), (2, 3), (2, 1), (2, 4), (2, 0),
    ]  # fmt: skip
    assert [frame["position"][2] for frame in series["frames"]] == [0, 5, 10, 15, 20]
    for kind, index, payload in got:
        if kind == 1:
            assert payload[8:12] == b"WEBP"
        else:
            samples = imagecodecs.htj2k_decode(payload)
            assert (samples.shape, samples.dtype, samples[0, 0]) == ((64, 64), "int16", index)


def test_a_browser_without_webassembly_is_sent_raw_samples(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    with open_stream(visitor, address(visitor)) as socket:
        socket.send_json({"type": "show", "series": SERIES, "index": 2, "link": "normal", "raw": True})
        _, got = everything(socket)
    lossless = {index: np.frombuffer(payload, "<i2") for kind, index, payload in got if kind == 3}
    assert {index: (len(samples), samples[0]) for index, samples in lossless.items()} == {
        index: (64 * 64, index) for index in range(SLICES)
    }
    assert all(kind != 2 for kind, _, _ in got)


def test_the_series_message_says_how_to_draw(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    with open_stream(visitor, address(visitor)) as socket:
        socket.send_json({"type": "show", "series": SERIES, "index": 0, "link": "normal"})
        series, _ = everything(socket)
    assert series["type"] == "series"
    assert (series["modality"], series["signed"], series["colour"], series["inverted"]) == ("MR", True, False, False)
    assert (series["slope"], series["intercept"], series["sample"]) == (1.0, 0.0, "i16")
    assert series["window"]["width"] > 1
    assert series["frames"][0]["rows"] == 64
    assert series["frames"][0]["spacing_source"] == "pixel"


def test_a_browser_that_still_holds_pictures_is_not_sent_them_again(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    held = {"preview": [[0, SLICES - 1]], "lossless": [[0, 3]]}
    with open_stream(visitor, address(visitor)) as socket:
        socket.send_json({"type": "show", "series": SERIES, "index": 0, "link": "normal", "held": held})
        _, got = everything(socket)
    assert [(kind, index) for kind, index, _ in got] == [(2, 4)]


@pytest.mark.parametrize("series", [ELSEWHERE, "1.2.3.4"], ids=["of another case", "that does not exist"])
def test_a_series_that_is_not_of_the_case_is_refused_by_a_sentence(visitor: TestClient, series: str) -> None:
    sign_in(visitor, "ada")
    with open_stream(visitor, address(visitor)) as socket:
        socket.send_json({"type": "show", "series": series, "index": 0, "link": "normal"})
        said = socket.receive_json()
    assert (said["type"], said["series"], said["index"]) == ("failed", series, None)
    assert said["reason"].endswith(".")


@pytest.mark.parametrize(
    "text", ["{", '{"type":"show"}', '{"type":"shout"}', '{"type":"credit","bytes":-1}', "x" * 70_000]
)
def test_nonsense_ends_the_socket_as_a_protocol_error(visitor: TestClient, text: str) -> None:
    sign_in(visitor, "ada")
    with open_stream(visitor, address(visitor)) as socket:
        socket.send_text(text)
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_json()
    assert ended.value.code == 4001


def test_a_ticket_opens_one_socket(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    url = address(visitor)
    with open_stream(visitor, url) as socket:
        socket.send_json({"type": "show", "series": ELSEWHERE, "index": 0, "link": "normal"})
        assert socket.receive_json()["type"] == "failed"
    with open_stream(visitor, url) as socket, pytest.raises(WebSocketDisconnect) as ended:
        socket.receive_json()
    assert ended.value.code == 4008


def test_somebody_outside_the_board_gets_no_ticket(visitor: TestClient) -> None:
    sign_in(visitor, "fay")
    answer = visitor.post("/tickets", json={"for": "images", "case": "case1"}, headers=SAME)
    assert answer.status_code == 403


def test_a_series_is_in_the_audit_once_however_often_it_is_shown(visitor: TestClient, held: Services) -> None:
    sign_in(visitor, "ada")
    with open_stream(visitor, address(visitor)) as socket:
        for index in (0, 3, 1):
            socket.send_json({"type": "show", "series": SERIES, "index": index, "link": "normal"})
        everything(socket)
    assert held.database.read_now(_reads) == [f"case1/series/{SERIES}"]


def _reads(session: Session) -> list[str]:
    rows = session.exec(select(AuditEntry).where(AuditEntry.activity == "image.read"))
    return [row.record for row in rows]


def test_what_may_be_looked_at_next_comes_with_its_opening_picture_alone(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    with open_stream(visitor, address(visitor)) as socket:
        socket.send_json({"type": "show", "series": SERIES, "index": 2, "link": "normal", "ahead": True})
        assert socket.receive_json()["series"] == SERIES
        got = [struct.unpack_from("<BBHII", socket.receive_bytes()) for _ in range(2)]
        assert [(kind, index) for kind, _, _, index, _ in got] == [(1, 2), (2, 2)]
        socket.send_json({"type": "show", "series": SERIES, "index": 0, "link": "normal"})
        kind, _, _, index, _ = struct.unpack_from("<BBHII", socket.receive_bytes())
        assert (kind, index) == (1, 0)


def test_a_long_series_says_nothing_of_its_frames_twice() -> None:
    frames: list[dict[str, object]] = [
        {"sop_instance_uid": f"1.2.{place}", "frame": 1, "rows": 4, "position": [0, 0, place]} for place in range(200)
    ]
    frames[7]["aspect"] = 2.0
    said = images.in_short({"type": "series", "frames": frames})
    assert said["common"] == {"sop_instance_uid": "1.2.", "frame": 1, "rows": 4}
    assert said["each"] == {
        "sop_instance_uid": [str(place) for place in range(200)], "position": [[0, 0, place] for place in range(200)],
    }  # fmt: skip
    assert said["frames"] == [{"aspect": 2.0} if place == 7 else {} for place in range(200)]
    assert images.in_short({"frames": [{"sop_instance_uid": f"1.{place}"} for place in range(40)]})["frames"] == []
    assert images.in_short({"frames": frames[:5]}) == {"frames": frames[:5]}
