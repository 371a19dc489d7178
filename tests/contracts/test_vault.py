"""What every vault promises, held against the one in a folder and the one in a bucket."""

import errno
import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from imaging.errors import ObjectNotFound, VaultFailed
from imaging.settings import ImagingSettings, S3Settings
from imaging.vault import LocalVault, Ready, Vault, local
from imaging.vault.place import is_remote, vault_of
from imaging.vault.s3 import s3_vault
from tests.buckets import BUCKET, bucket_vault, empty_bucket, s3_service
from tests.patience import patience
from web.clock import now

DATA = b"as received, byte for byte" * 100
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(scope="module")
def service() -> Iterator[S3Settings]:
    with s3_service() as made:
        yield made


@pytest.fixture(params=["folder", "bucket"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    if request.param == "folder":
        return LocalVault(tmp_path / "vault")
    settings: S3Settings = request.getfixturevalue("service")
    empty_bucket(settings.endpoint)
    return bucket_vault(settings, tmp_path / "cache")


@pytest.fixture
def spoil(vault: Vault, request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    """Puts other bytes where an object is, behind the vault's back."""

    def spoilt(digest: str, data: bytes) -> None:
        if isinstance(vault, LocalVault):
            place = vault.root / digest[:2] / digest
            place.chmod(0o600)
            place.write_bytes(data)
        else:
            obstore.put(raw(request.getfixturevalue("service")), f"one/vault/{digest[:2]}/{digest}", data)

    return spoilt


def raw(settings: S3Settings) -> S3Store:
    return S3Store(
        BUCKET, endpoint=settings.endpoint, region="us-east-1", access_key_id="key", secret_access_key="secret",
        virtual_hosted_style_request=False, client_options={"allow_http": True},
    )


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("incoming/*") if path.is_file()]


def test_a_file_that_is_adopted_is_the_object_and_may_lose_its_own_name(vault: Vault, tmp_path: Path) -> None:
    file = tmp_path / "spooled"
    file.write_bytes(DATA)
    assert vault.adopt([Ready(file, DIGEST)])[0].fresh
    file.unlink()
    with vault.open(DIGEST) as found:
        assert found.read() == DATA
    assert vault.verify(DIGEST)
    file.write_bytes(DATA)
    assert not vault.adopt([Ready(file, DIGEST)])[0].fresh
    assert list(vault.digests()) == [DIGEST]


def test_many_files_are_adopted_at_once_each_as_its_own_object(vault: Vault, tmp_path: Path) -> None:
    vault.keep([DATA])
    bodies = [DATA, b"one", b"two", b"one", b""]
    files = []
    for number, body in enumerate(bodies):
        files.append(Ready(tmp_path / f"spooled {number}", hashlib.sha256(body).hexdigest()))
        files[-1].path.write_bytes(body)
    kept = vault.adopt(files)
    assert [(one.digest, one.size) for one in kept] == [
        (digest, len(body)) for (_, digest, _), body in zip(files, bodies, strict=True)
    ]
    assert [kept[at].fresh for at in (0, 2, 4)] == [False, True, True]
    assert kept[1].fresh != kept[3].fresh, "of the same bytes twice in one call, whichever came first"
    for one in files:
        one.path.unlink()
    assert sorted(vault.digests()) == sorted({one.digest for one in files})
    assert all(vault.verify(digest) for _, digest, _ in files)


def test_a_file_that_was_begun_with_is_adopted_like_any_other(vault: Vault, tmp_path: Path) -> None:
    files = [tmp_path / "begun", tmp_path / "not begun", tmp_path / "given up"]
    for number, file in enumerate(files):
        file.write_bytes(DATA + bytes(number))
    begun = [vault.begin(files[0]), None, vault.begin(files[2])]
    files[2].unlink()  # what is refused is not adopted
    ready = [
        Ready(one, hashlib.sha256(one.read_bytes()).hexdigest(), said)
        for one, said in zip(files[:2], begun[:2], strict=True)
    ]
    kept = vault.adopt(ready)
    assert [(one.size, one.fresh) for one in kept] == [(len(DATA), True), (len(DATA) + 1, True)]
    assert sorted(vault.digests()) == sorted(one.digest for one in ready)


def test_a_file_that_did_not_reach_the_disk_is_no_object(tmp_path: Path) -> None:
    vault, file, begun = LocalVault(tmp_path / "vault"), tmp_path / "spooled", Future[int]()
    file.write_bytes(DATA)
    begun.set_exception(OSError(errno.EIO, "the disk failed"))
    with pytest.raises(OSError, match="the disk failed"):
        vault.adopt([Ready(file, DIGEST, begun)])
    assert not vault.has(DIGEST)


def test_a_file_of_another_file_system_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def far(_here: Path, _there: Path) -> None:
        raise OSError(errno.EXDEV, "another file system")

    vault, file = LocalVault(tmp_path / "vault"), tmp_path / "spooled"
    file.write_bytes(DATA)
    monkeypatch.setattr(os, "link", far)
    assert vault.adopt([Ready(file, DIGEST)])[0].digest == DIGEST
    assert vault.verify(DIGEST)
    assert leftovers(tmp_path) == []


def test_what_is_kept_comes_back_byte_for_byte(vault: Vault) -> None:
    kept = vault.keep([DATA[:7], DATA[7:]])
    assert (kept.digest, kept.size, kept.fresh) == (DIGEST, len(DATA), True)
    with vault.open(DIGEST) as file:
        assert os.fstat(file.fileno()).st_size == len(DATA)
        assert Path(file.name).read_bytes() == DATA
        assert file.read() == DATA
    assert vault.has(DIGEST)
    assert vault.size(DIGEST) == len(DATA)
    assert list(vault.digests()) == [DIGEST]


def test_an_empty_object_is_an_object(vault: Vault) -> None:
    kept = vault.keep([])
    assert (kept.size, vault.size(kept.digest), vault.verify(kept.digest)) == (0, 0, True)


def test_objects_are_listed_with_size_and_age(vault: Vault) -> None:
    vault.keep([DATA])
    vault.keep([b"another"])
    held = {one.digest: one for one in vault.objects()}
    assert {one.size for one in held.values()} == {len(DATA), 7}
    assert abs(now() - held[DIGEST].since) < timedelta(minutes=10)


def test_the_same_bytes_twice_are_one_object(vault: Vault, tmp_path: Path) -> None:
    vault.keep([DATA])
    assert not vault.keep([DATA]).fresh
    assert list(vault.digests()) == [DIGEST]
    assert leftovers(tmp_path) == []


def test_the_same_bytes_from_many_at_once_are_one_object(vault: Vault, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda _: vault.keep([DATA]), range(16)))
    assert {one.digest for one in kept} == {DIGEST}
    assert vault.verify(DIGEST)
    assert list(vault.digests()) == [DIGEST]
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("verb", ["keep", "adopt"])
def test_nobody_is_told_that_bytes_are_kept_while_their_folder_waits_for_its_sync(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, file = LocalVault(tmp_path / "vault"), tmp_path / "spooled"
    file.write_bytes(DATA)
    named, go_on, synced = threading.Event(), threading.Event(), list[str]()
    plain = local._sync

    def slow(folder: Path) -> None:
        if not named.is_set():
            named.set()
            go_on.wait()
        plain(folder)
        synced.append(folder.name)

    monkeypatch.setattr(local, "_sync", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(vault.keep, [DATA])
        try:
            named.wait()
            assert vault.has(DIGEST)
            second = vault.keep([DATA]) if verb == "keep" else vault.adopt([Ready(file, DIGEST)])[0]
            assert (second.fresh, synced) == (False, [DIGEST[:2]])
        finally:
            go_on.set()
        assert first.result().fresh


def test_an_interrupted_keep_leaves_nothing(vault: Vault, tmp_path: Path) -> None:
    def torn() -> Iterator[bytes]:
        yield DATA[:10]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        vault.keep(torn())
    assert list(vault.digests()) == []
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(("start", "length"), [(0, 5), (100, 50), (0, 10_000), (2590, 100), (2600, 1), (9000, 1)])
def test_a_range_is_read_as_it_lies(vault: Vault, start: int, length: int, tmp_path: Path) -> None:
    vault.keep([DATA])
    for copy in (tmp_path / "cache").glob("??/*"):
        copy.unlink()
    assert vault.read(DIGEST, start, length) == DATA[start : start + length]


def test_a_changed_byte_is_found(vault: Vault, spoil: Callable[[str, bytes], None]) -> None:
    vault.keep([DATA])
    assert vault.verify(DIGEST)
    spoil(DIGEST, b"B" + DATA[1:])
    assert not vault.verify(DIGEST)


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64])
def test_what_is_no_digest_of_ours_is_not_found(vault: Vault, digest: str) -> None:
    for verb in (vault.open, vault.size, vault.verify):
        with pytest.raises(ObjectNotFound):
            verb(digest)
    with pytest.raises(ObjectNotFound):
        vault.read(digest, 0, 1)


def test_removed_is_gone_and_removing_again_is_no_error(vault: Vault) -> None:
    vault.keep([DATA])
    vault.remove(DIGEST)
    vault.remove(DIGEST)
    assert not vault.has(DIGEST)
    with pytest.raises(ObjectNotFound):
        vault.open(DIGEST)


def test_what_a_crash_left_is_cleared(vault: Vault, tmp_path: Path) -> None:
    vault.keep([DATA])
    folder = next(path for path in tmp_path.rglob("incoming"))
    (folder / "half").write_bytes(b"half")
    assert vault.clear_incoming() == 1
    assert list(vault.digests()) == [DIGEST]


def test_the_probe_says_that_all_is_well_and_leaves_nothing(vault: Vault) -> None:
    assert vault.name in vault.probe()
    assert list(vault.objects()) == []


def test_a_large_object_goes_in_parts_and_is_whole(service: S3Settings, tmp_path: Path) -> None:
    empty_bucket(service.endpoint)
    vault = bucket_vault(service, tmp_path)
    block = os.urandom(1024 * 1024)
    kept = vault.keep(block for _ in range(36))
    assert kept.fresh
    assert vault.verify(kept.digest)
    assert vault.size(kept.digest) == 36 * len(block)


def test_a_copy_that_was_dropped_is_fetched_again_and_checked(service: S3Settings, tmp_path: Path) -> None:
    empty_bucket(service.endpoint)
    vault = bucket_vault(service, tmp_path)
    vault.keep([DATA])
    elsewhere = bucket_vault(service, tmp_path / "another machine")
    with elsewhere.open(DIGEST) as file:
        assert file.read() == DATA
    obstore.put(raw(service), f"one/vault/{DIGEST[:2]}/{DIGEST}", b"not what it was")
    third = bucket_vault(service, tmp_path / "third machine")
    with pytest.raises(VaultFailed, match="damaged"):
        third.open(DIGEST)
    assert leftovers(tmp_path / "third machine") == []


def test_copies_nobody_used_lately_make_room(service: S3Settings, tmp_path: Path) -> None:
    empty_bucket(service.endpoint)
    settings = service.model_copy(update={"cache_bytes": 3000})
    vault = bucket_vault(settings, tmp_path)
    first = vault.keep([b"1" * 1000]).digest
    vault.keep([b"2" * 1000])
    long_ago = time.time() - 3600
    os.utime(tmp_path / first[:2] / first, (long_ago, long_ago))
    for letter in (b"3", b"4"):
        vault.keep([letter * 1000])
    assert not (tmp_path / first[:2] / first).exists()
    with vault.open(first) as file:
        assert file.read() == b"1" * 1000


def test_a_storage_that_is_not_there_is_said_so_in_time(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        settings = S3Settings(endpoint=endpoint, access_key_id="a", secret_key="b", connect_timeout_s=1, retry_s=1)
        vault = s3_vault("s3://images", settings, tmp_path)
        began = time.perf_counter()
        with pytest.raises(VaultFailed, match="s3://images does not answer"):
            vault.probe()
        assert time.perf_counter() - began < patience(10)
        with pytest.raises(VaultFailed):
            vault.keep([DATA])
    assert leftovers(tmp_path) == []


def test_a_bucket_that_is_not_there_is_said_so(service: S3Settings, tmp_path: Path) -> None:
    with pytest.raises(VaultFailed, match="no such bucket"):
        s3_vault("s3://nobody-made-this", service, tmp_path).probe()


@pytest.mark.parametrize("url", ["gs://bucket", "http://host/x", "s3://", "s3://Upper/x"])
def test_an_address_we_cannot_use_is_refused_with_the_settings(url: str) -> None:
    with pytest.raises(ValueError, match="vault_url"):
        ImagingSettings(vault_url=url)


def test_the_address_chooses_the_vault(service: S3Settings, tmp_path: Path) -> None:
    assert isinstance(vault_of(ImagingSettings(), tmp_path), LocalVault)
    assert vault_of(ImagingSettings(vault_url="elsewhere"), tmp_path).name == str(tmp_path / "elsewhere")
    assert vault_of(ImagingSettings(vault_url=f"file://{tmp_path}/abs"), tmp_path / "x").name == f"{tmp_path}/abs"
    remote = ImagingSettings(vault_url="s3://images/one/vault", s3=service)
    assert is_remote(remote)
    assert vault_of(remote, tmp_path).name == "s3://images/one/vault"
    assert (tmp_path / "vault-cache").is_dir()


def test_the_secret_may_lie_in_a_file(service: S3Settings, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret\n")
    settings = service.model_copy(update={"secret_key": "", "secret_key_file": str(tmp_path / "secret")})
    assert bucket_vault(settings, tmp_path).probe()
    missing = service.model_copy(update={"secret_key_file": str(tmp_path / "none")})
    with pytest.raises(VaultFailed, match="No such file"):
        bucket_vault(missing, tmp_path)


def test_an_object_kept_again_is_young_again_and_survives_the_clearing(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    vault.keep([DATA])
    moment = now() + timedelta(minutes=5)
    assert not vault.remove_older(DIGEST, moment - timedelta(hours=1))
    assert not vault.remove_older("0" * 64, moment)
    if isinstance(vault, LocalVault):
        os.utime(tmp_path / "vault" / DIGEST[:2] / DIGEST, (0, 0))
    monkeypatch.setattr("imaging.vault.s3._YOUNG_S", -60.0)
    before = next(iter(vault.objects())).since
    end = time.monotonic() + 60
    while next(iter(vault.objects())).since == before:  # S3 tells times in whole seconds
        assert time.monotonic() < end
        assert not vault.keep([DATA]).fresh
    assert vault.remove_older(DIGEST, moment)
    assert not vault.has(DIGEST)
