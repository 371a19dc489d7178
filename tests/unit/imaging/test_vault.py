import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from imaging.errors import ObjectNotFound
from imaging.vault import LocalVault

DATA = b"as received, byte for byte" * 100
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def vault(tmp_path: Path) -> LocalVault:
    return LocalVault(tmp_path / "vault")


def test_what_is_kept_comes_back_byte_for_byte(vault: LocalVault) -> None:
    kept = vault.keep([DATA[:7], DATA[7:]])
    assert (kept.digest, kept.size, kept.fresh) == (DIGEST, len(DATA), True)
    with vault.open(DIGEST) as file:
        assert file.read() == DATA
    assert vault.has(DIGEST)
    assert vault.size(DIGEST) == len(DATA)
    assert list(vault.digests()) == [DIGEST]


def test_the_same_bytes_twice_are_one_object(vault: LocalVault) -> None:
    vault.keep([DATA])
    assert not vault.keep([DATA]).fresh
    assert list(vault.digests()) == [DIGEST]
    assert list((vault.root / "incoming").iterdir()) == []


def test_an_interrupted_keep_leaves_nothing(vault: LocalVault) -> None:
    def torn() -> Iterator[bytes]:
        yield DATA[:10]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        vault.keep(torn())
    assert list(vault.digests()) == []
    assert list((vault.root / "incoming").iterdir()) == []


def test_a_changed_byte_is_found(vault: LocalVault) -> None:
    vault.keep([DATA])
    assert vault.verify(DIGEST)
    place = vault.root / DIGEST[:2] / DIGEST
    place.chmod(0o600)
    place.write_bytes(b"B" + DATA[1:])
    assert not vault.verify(DIGEST)


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64])
def test_what_is_no_digest_of_ours_is_not_found(vault: LocalVault, digest: str) -> None:
    with pytest.raises(ObjectNotFound):
        vault.open(digest)


def test_removed_is_gone_and_removing_again_is_no_error(vault: LocalVault) -> None:
    vault.keep([DATA])
    vault.remove(DIGEST)
    vault.remove(DIGEST)
    assert not vault.has(DIGEST)
