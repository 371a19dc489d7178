"""The pixels under a mark of the room, from the vault; and that nobody waits for what cannot be read."""

import asyncio
from collections.abc import Sequence

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

from agenda.ids import CaseId
from conference.live.sampling import sampled
from conference.room.commands import Draw
from conference.room.state import RoomState
from conference.room.values import FrameFacts, MarkId, MarkKind, Point
from imaging.errors import WorkerLost
from imaging.measure import Sampled
from tests.unit.web.images.conftest import SERIES
from web.images.sampling import reader
from web.services import Services

IMAGE = generate_uid(entropy_srcs=[SERIES, "3"])
FRAME = FrameFacts(IMAGE, 1, 64, 64, None, CaseId("case1"))
CORNERS = ((10.0, 20.0), (30.0, 25.0))


def draw(kind: MarkKind = "rectangle", points: tuple[Point, ...] = CORNERS) -> Draw:
    return Draw(MarkId("m1"), CaseId("case1"), kind, IMAGE, 1, points, "")


def test_the_mean_of_an_area_is_that_of_the_stored_pixels(services: Services) -> None:
    pixels = reader(services.database, services.pictures)
    found = asyncio.run(sampled(pixels, RoomState(), draw(), FRAME))
    part = dcmread(str(get_testdata_file("MR_small.dcm", download=False))).pixel_array[20:25, 10:30].astype(float)
    assert found is not None
    assert (found.pixels, found.unit) == (100, "stored")
    assert (found.lowest, found.highest) == (part.min(), part.max())
    assert (found.mean, found.sd) == pytest.approx((part.mean(), part.std()))


def test_a_probe_reads_its_pixel(services: Services) -> None:
    pixels = reader(services.database, services.pictures)
    found = asyncio.run(sampled(pixels, RoomState(), draw("probe", ((0.5, 0.5),)), FRAME))
    assert found == Sampled(3.0, 0.0, 3.0, 3.0, 1, "stored")  # slice k holds k in its first pixel


@pytest.mark.parametrize(
    ("command", "frame"),
    [(draw("length"), FRAME), (draw(points=((-1.0, 2.0), (3.0, 4.0))), FRAME), (draw(), None)],
    ids=["a kind without pixels", "outside", "no image"],
)
def test_nothing_is_read_where_nothing_can_be(command: Draw, frame: FrameFacts | None) -> None:
    async def pixels(_frame: FrameFacts, _kind: str, _points: Sequence[Point]) -> Sampled | None:
        raise AssertionError("not to be asked")

    assert asyncio.run(sampled(pixels, RoomState(), command, frame)) is None


def test_what_cannot_be_read_costs_the_mark_its_mean_alone() -> None:
    async def pixels(_frame: FrameFacts, _kind: str, _points: Sequence[Point]) -> Sampled | None:
        raise WorkerLost("The reader ended on this file.")

    assert asyncio.run(sampled(pixels, RoomState(), draw(), FRAME)) is None
