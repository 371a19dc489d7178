import struct
import zipfile
from pathlib import Path

import pytest

from imaging.archive import is_zip, unpacked
from imaging.errors import Refused
from imaging.settings import ArchiveSettings
from tests.unit.imaging.samples import slice_of, zip_of

LIMITS = ArchiveSettings()


def refusal(archive: Path, into: Path, limits: ArchiveSettings = LIMITS, files: int = 100) -> Refused:
    with pytest.raises(Refused) as caught:
        list(unpacked(archive, into, limits, files))
    return caught.value


@pytest.fixture
def into(tmp_path: Path) -> Path:
    made = tmp_path / "into"
    made.mkdir()
    return made


def test_members_are_written_under_numbers_whatever_they_are_called(tmp_path: Path, into: Path) -> None:
    archive = zip_of({"DISC/IM 1": slice_of(1), "DISC/sub/ünï": b"x", "DISC/empty/": b""}, tmp_path / "a.zip")
    found = list(unpacked(archive, into, LIMITS, 100))
    assert [(one.name, one.path) for one in found] == [
        ("DISC/IM 1", into / "000001"), ("DISC/sub/ünï", into / "000002"),
    ]
    assert (into / "000001").read_bytes() == slice_of(1)


@pytest.mark.parametrize(("name", "said"), [
    ("../../etc/cron.d/x", "leads outside"), ("a/../../b", "leads outside"), ("..\\x", "leads outside"),
    ("/etc/passwd", "absolute path"), ("C:\\x.dcm", "absolute path"),
])
def test_a_dishonest_name_refuses_the_whole_zip_before_anything_is_written(
    tmp_path: Path, into: Path, name: str, said: str
) -> None:
    archive = zip_of({"good.dcm": slice_of(), name: b"x"}, tmp_path / "a.zip")
    refused = refusal(archive, into)
    assert (refused.code, said in refused.reason) == ("zip-path", True)
    assert list(into.iterdir()) == []


def test_a_link_is_refused(tmp_path: Path, into: Path) -> None:
    link = zipfile.ZipInfo("IM1")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "a link" in refusal(tmp_path / "a.zip", into).reason


def test_a_bomb_is_refused_by_its_announced_ratio(tmp_path: Path, into: Path) -> None:
    archive = zip_of({"bomb": bytes(50_000_000)}, tmp_path / "a.zip", level=9)
    assert archive.stat().st_size < 1_000_000
    assert refusal(archive, into).code == "zip-ratio"


def test_a_bomb_that_lies_about_its_size_is_stopped_while_it_unfolds(tmp_path: Path, into: Path) -> None:
    archive = zip_of({"bomb": bytes(50_000_000)}, tmp_path / "a.zip", level=9)
    data = archive.read_bytes().replace(struct.pack("<I", 50_000_000), struct.pack("<I", 1000))
    archive.write_bytes(data)
    (found,) = unpacked(archive, into, LIMITS, 100)
    assert found.refusal is not None
    assert found.path is None
    assert list(into.iterdir()) == []


def test_more_files_than_allowed_are_refused(tmp_path: Path, into: Path) -> None:
    archive = zip_of({f"{one}": b"x" for one in range(11)}, tmp_path / "a.zip")
    assert refusal(archive, into, files=10).code == "zip-files"


def test_more_bytes_than_allowed_are_refused(tmp_path: Path, into: Path) -> None:
    archive = zip_of({"a": bytes(range(256)) * 8192}, tmp_path / "a.zip")
    assert refusal(archive, into, ArchiveSettings(total_bytes=1024 * 1024)).code == "zip-size"


def test_a_zip_inside_a_zip_is_refused_alone(tmp_path: Path, into: Path) -> None:
    inner = zip_of({"x": b"x"}, tmp_path / "inner.zip").read_bytes()
    archive = zip_of({"inner.zip": inner, "good.dcm": slice_of()}, tmp_path / "a.zip")
    nested, good = unpacked(archive, into, LIMITS, 100)
    assert nested.refusal is not None
    assert nested.refusal.code == "zip-nested"
    assert good.path is not None


def test_a_zip_cut_in_half_is_refused(tmp_path: Path, into: Path) -> None:
    archive = zip_of({"a": slice_of()}, tmp_path / "a.zip")
    archive.write_bytes(archive.read_bytes()[:200])
    assert refusal(archive, into).code == "broken-zip"


def test_a_damaged_member_costs_itself_alone(tmp_path: Path, into: Path) -> None:
    archive = zip_of({"a": slice_of(1), "b": slice_of(2)}, tmp_path / "a.zip")
    data = bytearray(archive.read_bytes())
    data[60:70] = b"\xff" * 10
    archive.write_bytes(data)
    first, second = unpacked(archive, into, LIMITS, 100)
    assert first.refusal is not None
    assert second.path is not None


def test_a_table_of_contents_larger_than_its_files_need_is_refused_unread(tmp_path: Path, into: Path) -> None:
    archive = zip_of({"a": b"x"}, tmp_path / "a.zip")
    data = bytearray(archive.read_bytes())
    at = data.rfind(b"PK\x05\x06")
    data[at + 12 : at + 16] = struct.pack("<I", 900_000_000)
    archive.write_bytes(data)
    assert refusal(archive, into).code == "zip-files"


def test_a_dicom_file_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(slice_of())
    assert not is_zip(tmp_path / "a.zip")
