"""Orders for objects: two small images and one mark of every kind on them."""

import base64
from dataclasses import asdict, replace
from pathlib import Path

import msgspec

from imaging.objects.values import Annotation, Answered, Made, Order, Reading, Value, Window
from imaging.objects.work import make, read
from tests.unit.imaging.samples import slice_of

STUDY, SERIES = "1.2.826.0.1.3680043.9.2.1", "1.2.826.0.1.3680043.9.3.1"
FIRST, SECOND = "1.2.826.0.1.3680043.9.1.1", "1.2.826.0.1.3680043.9.1.2"
COBB = ((1.25, 2.5), (8.0, 3.75), (2.0, 10.5), (9.5, 14.0))
SHAPES: dict[str, tuple[tuple[float, float], ...]] = {
    "cobb": COBB, "length": ((1.0, 2.0), (8.0, 3.0)), "angle": ((1.0, 2.0), (8.0, 3.0), (2.0, 9.0)),
    "arrow": ((1.0, 2.0), (8.0, 7.0)), "text": ((1.0, 2.0),),
    "ellipse": ((1.0, 4.0), (9.0, 4.0), (5.0, 3.0), (5.0, 5.0)),
    "rectangle": ((1.0, 2.0), (8.0, 2.0), (8.0, 7.0), (1.0, 7.0)), "freehand": ((1.0, 2.0), (8.0, 7.0), (3.0, 9.0)),
    "path": ((1.0, 2.0), (3.0, 3.0), (5.0, 9.0)), "point": ((1.0, 2.0),), "level": ((4.0, 2.0),),
    "probe": ((6.0, 2.0),), "spinopelvic": ((1.0, 2.0), (3.0, 3.0), (5.0, 9.0), (6.0, 6.0)),
}
WORDS = {"text": "Syrinx", "level": "L4", "length": "Disc L4/5"}
VALUES = {
    "cobb": (Value("cobb", 23.456789, "deg", 4.9),), "length": (Value("length", 6.25, "mm"),),
    "angle": (Value("angle", 33.125, "deg"),), "path": (Value("length", 9.5, "px"),),
    "ellipse": (Value("area", 12.5, "mm2"), Value("mean", 41.5, "HU"), Value("sd", 3.25, "HU"),
                Value("min", 30.0, "HU"), Value("max", 55.0, "HU"), Value("pixels", 21.0, "count")),
    "rectangle": (Value("area", 35.0, "px2"),),
    "freehand": (Value("area", 17.5, "mm2"), Value("perimeter", 19.0, "mm")),
    "probe": (Value("pixel-value", 55.0, "stored"),),
    "spinopelvic": (Value("pi", 55.5, "deg"), Value("pt", 12.5, "deg"), Value("ss", 43.0, "deg")),
}


def identity(number: int) -> str:
    """The UUID of a mark."""
    return f"{number:08x}-0000-4000-8000-000000000000"


def annotation(number: int, kind: str, author: str = "Ana Müller") -> Annotation:
    """One mark of a kind, on one image or the other."""
    return Annotation(
        identity(number), kind, SECOND if number % 2 else FIRST, 1, SHAPES[kind], WORDS.get(kind, ""),
        VALUES.get(kind, ()), f"{kind}/1" if kind in VALUES else "", author,
    )


def every_kind() -> tuple[Annotation, ...]:
    """One mark of each."""
    return tuple(annotation(number, kind) for number, kind in enumerate(SHAPES))


def order(folder: Path, annotations: tuple[Annotation, ...], **said: object) -> Order:
    """An order over two images in a folder; `said` is of their headers."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in (1, 2):
        (folder / f"{number}.dcm").write_bytes(slice_of(number, **said))
    return Order(
        STUDY, {FIRST: str(folder / "1.dcm"), SECOND: str(folder / "2.dcm")}, annotations, (SECOND, FIRST),
        "Spine board, 26 November 2026", "Prairie Creek", "case-1", "2026-11-26T09:07:41.120-07:00", "0.1.0",
        (Window(SERIES, 120.0, 300.0),), base64.b64encode(b"%PDF-1.7 a letter").decode(),
    )


def objects(asked: Order) -> list[Made]:
    """What a worker makes of an order, in this process."""
    facts, contents = make(asdict(asked))
    made, at = [], 0
    for one in facts["files"]:
        length = one.pop("length")
        made.append(Made(**one, name="", content=contents[at : at + length]))
        at += length
    return made


def only(asked: Order, kind: str) -> bytes:
    """The file of the one object of a kind."""
    (found,) = objects(replace(asked, kinds=(kind,)))  # type: ignore[arg-type]
    return found.content


def read_back(folder: Path, content: bytes) -> Reading:
    """What a worker reads in a file, in this process."""
    place = folder / "object.dcm"
    place.write_bytes(content)
    found = msgspec.json.decode(read(str(place))[1], type=Answered).reading
    assert found is not None
    return found
