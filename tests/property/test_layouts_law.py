"""Whatever came before, a file is walked as if it were the first."""

from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imaging.errors import Refused
from imaging.layouts import Layouts
from imaging.settings import FileSettings
from imaging.walk import Walk, walk
from tests.property.test_cut_images import FILES
from tests.unit.imaging.samples import dataset, written

LIMITS = FileSettings()


def with_items(number: int, **said: object) -> Dataset:
    """A data set with sequences, one of them in another."""
    made, item, inner = dataset(number, **said), Dataset(), Dataset()
    inner.ReferencedSOPInstanceUID = f"1.2.3.{number}"
    item.ReferencedSOPInstanceUID, item.PurposeOfReferenceCodeSequence = f"1.2.4.{number}", [inner, Dataset()]
    made.ReferencedImageSequence = [item, inner]
    return made


NATIVE = bytes(512)
ALL = FILES | {
    f"{kind} {number}": written(with_items(number), NATIVE, syntax)
    for number in (1, 2) for kind, syntax in (
        ("explicit", ExplicitVRLittleEndian), ("implicit", ImplicitVRLittleEndian), ("big endian", ExplicitVRBigEndian),
    )
}


@st.composite
def alike(draw: st.DrawFn) -> list[bytes]:
    """A valid file and some like it in which bytes were changed, most of them where elements begin."""
    first = ALL[draw(st.sampled_from(sorted(ALL)))]
    heads = [at for start, length in walk(first, LIMITS).heads for at in range(start, start + length)]
    places = st.sampled_from(heads) | st.integers(0, len(first) - 1) if heads else st.integers(0, len(first) - 1)
    found = [first]
    for _ in range(4):
        data = bytearray(first)
        for at, byte in draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=2)):
            data[at] = byte
        found.append(bytes(data))
    return found


def said(by: "Layouts | None", data: bytes) -> object:
    """Everything the walk of a file says, or why it is refused."""
    try:
        found: Walk = by.walk(data) if by else walk(data, LIMITS)
    except Refused as refusal:
        return refusal.code, refusal.reason
    return found.transfer_syntax, bytes(found.data), found.elements, found.fragments, found.offsets, found.encapsulated


@settings(deadline=None, max_examples=400)
@given(files=alike())
def test_a_walk_says_the_same_whatever_was_walked_before(files: list[bytes]) -> None:
    known = Layouts(LIMITS)
    for data in files:
        assert said(known, data) == said(None, data)


def test_files_with_items_are_among_those_that_are_remembered() -> None:
    assert all(walk(ALL[name], LIMITS).heads for name in ALL if name[-1] in "12")
