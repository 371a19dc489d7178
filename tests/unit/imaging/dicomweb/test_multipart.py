"""Messages are cut into the same parts however they arrive, and broken ones are refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.dicomweb.errors import BadMessage
from imaging.dicomweb.multipart import (
    PartBegins,
    PartData,
    PartEnds,
    Splitter,
    boundary_of,
    closing,
    heading,
    media_type,
    part_heading,
)

BOUNDARY = "xYz"


def parts(pieces: list[bytes]) -> list[tuple[dict[str, str], bytes]]:
    splitter = Splitter(BOUNDARY)
    found: list[tuple[dict[str, str], bytearray]] = []
    ended = 0
    for piece in pieces:
        for event in splitter.feed(piece):
            match event:
                case PartBegins(headers):
                    found.append((dict(headers), bytearray()))
                case PartData(data):
                    found[-1][1].extend(data)
                case PartEnds():
                    ended += 1
    splitter.finish()
    assert ended == len(found)
    return [(headers, bytes(data)) for headers, data in found]


def message(bodies: list[bytes]) -> bytes:
    return b"".join(part_heading(BOUNDARY, "application/dicom") + body for body in bodies) + closing(BOUNDARY)


@given(
    bodies=st.lists(st.binary(max_size=40) | st.sampled_from([b"\r\n--xY", b"\r\n", b"--xYz", b"\r\n\r\n"])),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_parts_come_back_whole_wherever_the_message_is_cut(bodies: list[bytes], cuts: list[int]) -> None:
    bodies = [body for body in bodies if b"\r\n--xYz" not in b"\r\n" + body]
    whole = message(bodies) if bodies else b"--xYz--"
    at = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    pieces = [whole[start:end] for start, end in pairwise(at)]
    assert parts(pieces) == [({"content-type": "application/dicom"}, body) for body in bodies]


def test_preamble_epilogue_and_parts_without_headers_are_read_over() -> None:
    said = b"hello\r\n--xYz\r\n\r\nbody\r\n--xYz  \r\nA: b\r\nC:d\r\n\r\nmore\r\n--xYz--\r\nbye"
    assert parts([said]) == [({}, b"body"), ({"a": "b", "c": "d"}, b"more")]


@pytest.mark.parametrize("broken", [b"", b"--xYz\r\n\r\nbody", b"--xYz\r\n\r\nbody\r\n--xYz", b"--other--"])
def test_a_message_that_ends_early_is_refused(broken: bytes) -> None:
    with pytest.raises(BadMessage, match="closing boundary"):
        parts([broken])


def test_a_heading_without_end_is_refused_before_it_fills_the_memory() -> None:
    splitter = Splitter(BOUNDARY)
    with pytest.raises(BadMessage, match="8 KiB"):
        list(splitter.feed(b"--xYz\r\nA: " + b"b" * 9000))


def test_text_behind_a_boundary_is_refused() -> None:
    with pytest.raises(BadMessage, match="boundary"):
        list(Splitter(BOUNDARY).feed(b"--xYz?\r\n\r\n"))


def test_a_heading_says_its_boundary_to_whoever_reads_it() -> None:
    kind, said = media_type(heading(BOUNDARY, "image/jphc", "1.2.3"))
    assert (kind, said["type"], said["transfer-syntax"]) == ("multipart/related", "image/jphc", "1.2.3")
    assert boundary_of(said) == BOUNDARY


@pytest.mark.parametrize("said", [{}, {"boundary": ""}, {"boundary": "x" * 71}, {"boundary": "é"}])
def test_a_boundary_that_cannot_be_one_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(BadMessage, match="boundary"):
        boundary_of(said)
