"""Pictures by HTTP: thumbnails and the rendered path."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from pydicom.uid import generate_uid
from sqlmodel import Session, select
from starlette.testclient import TestClient

from conference.record.audit import AuditEntry
from tests.unit.web.application import application, client, sign_in
from tests.unit.web.images.conftest import ELSEWHERE, SERIES
from web.routes import images
from web.routes import sign_in as pages
from web.services import Services


@pytest.fixture
def visitor(services: Services) -> Iterator[TestClient]:
    with client(application(services, [*pages.routes, *images.routes])) as made:
        yield made


def path(series: str = SERIES, place: int = 0, frame: int = 1, what: str = "preview.webp") -> str:
    return f"/cases/case1/images/{generate_uid(entropy_srcs=[series, str(place)])}/{frame}/{what}"


def test_a_thumbnail_is_a_small_webp_that_is_never_enlarged(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    answer = visitor.get(path() + "?size=32")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert Image.open(io.BytesIO(answer.content)).size == (64, 64)


def test_a_known_picture_is_not_sent_again(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    tag = visitor.get(path()).headers["etag"]
    again = visitor.get(path(), headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert visitor.get(path(place=1)).headers["etag"] != tag


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_rendered_takes_format_and_window(visitor: TestClient, form: str) -> None:
    sign_in(visitor, "ada")
    dark = visitor.get(path(what="rendered"), params={"format": form, "centre": 30_000, "width": 2})
    assert dark.headers["content-type"] == f"image/{form}"
    image = Image.open(io.BytesIO(dark.content))
    assert image.format == form.upper()
    assert max(image.convert("L").tobytes()) <= 2


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (path(ELSEWHERE), 404),
        (path(frame=2), 404),
        ("/cases/case1/images/1.2.3/1/preview.webp", 404),
        (path().replace("case1", "case2"), 404),
        (path() + "?size=1", 422),
        (path(what="rendered") + "?format=gif", 422),
    ],
    ids=["image of no case", "frame", "image", "case", "size", "format"],
)
def test_what_is_not_there_or_not_possible(visitor: TestClient, address: str, status: int) -> None:
    sign_in(visitor, "ada")
    assert visitor.get(address, headers={"Accept": "application/json"}).status_code == status


def test_somebody_outside_the_board_sees_nothing(visitor: TestClient) -> None:
    sign_in(visitor, "fay")
    assert visitor.get(path(), headers={"Accept": "application/json"}).status_code == 403
    visitor.cookies.clear()
    assert visitor.get(path(), headers={"Accept": "application/json"}).status_code == 401


def test_thumbnails_of_a_series_share_a_row_of_the_audit_and_each_reader_has_one(
    visitor: TestClient, held: Services
) -> None:
    sign_in(visitor, "ada")
    for place in range(3):
        assert visitor.get(path(place=place) + "?size=96").status_code == 200
    known = {"If-None-Match": visitor.get(path()).headers["etag"]}
    assert held.database.read_now(_readers) == ["ada"]
    visitor.cookies.clear()
    sign_in(visitor, "ben")
    assert visitor.get(path(), headers=known).status_code == 304  # shown again, though not sent again
    assert held.database.read_now(_readers) == ["ada", "ben"]


def test_no_picture_leaves_without_its_row(visitor: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no space left")

    sign_in(visitor, "ada")
    monkeypatch.setattr("web.access.audit_read", refuse)
    assert visitor.get(path()).status_code == 500
    monkeypatch.undo()
    assert visitor.get(path()).status_code == 200


def test_an_image_without_overlay_planes_says_so(visitor: TestClient) -> None:
    sign_in(visitor, "ada")
    answer = visitor.get(path(what="overlay.png"))
    assert answer.status_code == 409
    assert "overlay" in answer.text


def _readers(session: Session) -> list[str]:
    rows = session.exec(select(AuditEntry).where(AuditEntry.activity == "image.read")).all()
    assert {(row.kind, row.record) for row in rows} == {("case", f"case1/series/{SERIES}")}
    return [row.actor_name.split()[0].lower() for row in rows]
