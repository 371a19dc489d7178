"""A file on its way in is written whole, counted, and never opened for writing again."""

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imaging.vault.arriving import Arriving


def test_what_is_added_is_the_file_and_its_digest(tmp_path: Path) -> None:
    file = Arriving(tmp_path / "one")
    for piece in (b"some", memoryview(b"thing"), b""):
        file.add(piece)
    file.hurry()
    assert file.whole() == hashlib.sha256(b"something").hexdigest()
    assert (tmp_path / "one").read_bytes() == b"something"
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o400


def test_a_write_that_takes_less_than_it_was_given_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain: Callable[[int, bytes], int] = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: plain(handle, bytes(data)[:3]))
    file = Arriving(tmp_path / "one")
    file.add(b"something longer")
    assert file.whole() == hashlib.sha256(b"something longer").hexdigest()
    assert (tmp_path / "one").read_bytes() == b"something longer"


def test_a_full_disk_is_told_and_the_file_is_closed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    closed: list[int] = []
    plain: Callable[[int], None] = os.close

    def close(handle: int) -> None:
        closed.append(handle)
        plain(handle)

    file = Arriving(tmp_path / "one")
    monkeypatch.setattr(os, "write", full)
    monkeypatch.setattr(os, "close", close)
    with pytest.raises(OSError, match="no space"):
        file.add(b"something")
    file.close()
    file.close()
    assert len(closed) == 1


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"somebody's")
    with pytest.raises(FileExistsError):
        Arriving(tmp_path / "one")
    assert (tmp_path / "one").read_bytes() == b"somebody's"
