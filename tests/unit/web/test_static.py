"""Built files: sent small, kept for ever; the few others asked for again."""

import gzip
import zlib
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from web.app import Static


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    assets = tmp_path / "dist" / "assets"
    assets.mkdir(parents=True)
    (assets / "room-1a.js").write_bytes(b"export const a = 1;" * 100)
    (assets / "room-1a.js.gz").write_bytes(gzip.compress(b"export const a = 1;" * 100))
    (assets / "type-2b.woff2").write_bytes(b"wOF2")
    (tmp_path / "mark.svg").write_text("<svg/>")
    return TestClient(Starlette(routes=[Mount("/static", Static(directory=tmp_path))]))


def test_a_twin_is_sent_to_a_browser_that_takes_it(client: TestClient) -> None:
    with client.stream("GET", "/static/dist/assets/room-1a.js", headers={"Accept-Encoding": "br, gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert zlib.decompress(raw, 31) == b"export const a = 1;" * 100
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"


def test_a_browser_that_takes_none_gets_the_plain_file(client: TestClient) -> None:
    answer = client.get("/static/dist/assets/room-1a.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert answer.content.startswith(b"export")
    assert "immutable" in answer.headers["cache-control"]


def test_a_file_without_a_twin_is_sent_as_it_is(client: TestClient) -> None:
    answer = client.get("/static/dist/assets/type-2b.woff2", headers={"Accept-Encoding": "br"})
    assert answer.content == b"wOF2"
    assert "content-encoding" not in answer.headers


def test_a_file_without_a_hash_is_asked_for_again(client: TestClient) -> None:
    assert client.get("/static/mark.svg").headers["cache-control"] == "public, max-age=3600"
