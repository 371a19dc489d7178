"""A file that lies like one before it is not walked again, and one that does not is."""

import pytest

from imaging import layouts
from imaging.errors import Unreadable
from imaging.layouts import Layouts
from imaging.settings import FileSettings
from imaging.walk import Buffer, Walk, walk
from tests.unit.imaging.samples import JPEG_BASELINE, compressed, deflate_bomb, jpeg_of, slice_of

LIMITS = FileSettings()


@pytest.fixture
def lengths(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the files that were walked."""
    walked: list[int] = []

    def noted(data: Buffer, limits: FileSettings) -> Walk:
        walked.append(len(data))
        return walk(data, limits)

    monkeypatch.setattr(layouts, "walk", noted)
    return walked


def test_of_files_that_lie_alike_one_is_walked(lengths: list[int]) -> None:
    known = Layouts(LIMITS)
    for number in (1, 2, 3):
        data = slice_of(number)
        found = known.walk(data)
        assert found.text(0x00080018) == f"1.2.826.0.1.3680043.9.1.{number}", "values are of the file itself"
        assert found.elements == walk(data, LIMITS).elements
    assert len(lengths) == 1


def test_what_lies_otherwise_is_walked(lengths: list[int]) -> None:
    known = Layouts(LIMITS)
    first, longer = slice_of(1), slice_of(1, PatientID="a longer one than before")
    assert known.walk(first).elements != known.walk(longer).elements
    other = slice_of(1, PatientName="A", PatientID="bc") , slice_of(1, PatientName="Abc", PatientID="")
    assert len(other[0]) == len(other[1])
    for data in other:
        assert known.walk(data).elements == walk(data, LIMITS).elements
    assert len(lengths) == 4


def test_a_damaged_file_of_the_same_length_is_refused() -> None:
    known, data = Layouts(LIMITS), slice_of(1)
    place = known.walk(data).elements[0x00100010].start
    with pytest.raises(Unreadable):
        known.walk(data[: place - 4] + b"??" + data[place - 2 :])
    with pytest.raises(Unreadable, match="DICM"):
        known.walk(bytes(132) + data[132:])


def test_the_transfer_syntax_is_part_of_how_a_file_lies(lengths: list[int]) -> None:
    known, data = Layouts(LIMITS), slice_of(1)
    assert known.walk(data).transfer_syntax == "1.2.840.10008.1.2.1"
    other = data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0", 1)
    assert known.walk(other).transfer_syntax == "1.2.840.10008.1.2.5"
    assert len(lengths) == 2


@pytest.mark.parametrize("data", [
    compressed([jpeg_of(16, 16)], JPEG_BASELINE), deflate_bomb(1), slice_of() + bytes(512),
], ids=["compressed", "deflated", "padded"])
def test_what_more_than_heads_decides_is_walked_each_time(data: bytes, lengths: list[int]) -> None:
    known = Layouts(LIMITS)
    assert known.walk(data).elements == known.walk(data).elements
    assert len(lengths) == 2


def test_few_layouts_are_remembered(lengths: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    known, files = Layouts(LIMITS), [slice_of(1, PatientID="x" * size) for size in (2, 4, 6)]
    monkeypatch.setattr(layouts, "_HEADS", 2 * len(walk(files[0], LIMITS).heads))
    for data in files:
        known.walk(data)
    known.walk(files[2])
    known.walk(files[1])
    assert len(lengths) == 3
    known.walk(files[0])
    assert len(lengths) == 4, "the oldest was forgotten"


def test_of_files_of_one_length_the_latest_layouts_are_remembered(
    lengths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layouts, "_OF_A_LENGTH", 2)
    monkeypatch.setattr(layouts, "_HEADS", 3 * len(walk(slice_of(1), LIMITS).heads))
    names = [{"PatientName": "x" * (12 - size), "PatientID": "x" * size} for size in (2, 4, 6, 8, 10)]
    known, files = Layouts(LIMITS), [slice_of(1, **said) for said in names]
    assert len({len(data) for data in files}) == 1
    for data in files:
        known.walk(data)
    for data in files[-2:]:
        known.walk(data)
    assert len(lengths) == 5
    known.walk(slice_of(1, PatientID="another length"))
    known.walk(files[-1])
    assert len(lengths) == 6, "what was forgotten of a length makes room for others"
