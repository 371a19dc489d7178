"""A vault in a bucket that speaks S3, with the same contract as the one in a folder.

`keep` spools to this machine while it counts the digest, puts the object under its digest in one atomic request, reads
it back and compares: only then it is kept. Readers get a local copy, checked against the digest when it was fetched and
dropped when the cache is full and nobody has used it lately; it can always be fetched again.
"""

import contextlib
import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Literal
from uuid import uuid4

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from imaging.errors import ObjectNotFound, VaultFailed
from imaging.settings import S3Settings
from imaging.vault.port import CHUNK, Held, Kept, Ready, chunks_of, is_digest, proper

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config

log = logging.getLogger(__name__)

_AT_ONCE = 32 * CHUNK
"""Objects up to this size are put in one conditional request; larger ones in parts, which become visible together."""
_PARTS = 8 * CHUNK
_SENT_AT_ONCE = 8
_YOUNG_S = 600.0
"""Objects stored within this time are not put again when the same bytes arrive."""
_IN_USE_S = 900.0
"""A copy that was opened within this time is not dropped: a worker may be about to read it."""


class S3Vault:
    """A vault in a bucket; `cache` is a folder of this machine that may be deleted while nothing runs."""

    def __init__(self, store: S3Store, name: str, cache: Path, cache_bytes: int) -> None:
        self._store = store
        self._name = name
        self._cache = cache
        self._cache_bytes = cache_bytes
        self._incoming = cache / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._fetching = tuple(threading.Lock() for _ in range(256))
        self._changing = tuple(threading.Lock() for _ in range(256))
        self._trimming = threading.Lock()
        self._held = sum(place.stat().st_size for place in self._copies())

    @property
    def name(self) -> str:
        """``s3://bucket/prefix``."""
        return self._name

    def keep(self, chunks: Iterable[bytes]) -> Kept:
        """Store the bytes durably and whole, or not at all; the same bytes twice are one object."""
        spool, digest, size = self._spooled(chunks)
        try:
            fresh = self._settle(spool, digest, size)
            self._demand_kept(digest, fresh=fresh)
            self._adopt(spool, digest, size)
        except BaseException:
            spool.unlink(missing_ok=True)
            raise
        return Kept(digest, size, fresh)

    def begin(self, file: Path) -> None:
        """Nothing: what is not kept in the end should not have been sent."""

    def adopt(self, files: Sequence[Ready]) -> list[Kept]:
        """As `keep`, some at a time: a bucket is elsewhere, and what is sent is counted as it goes."""
        if len(files) < 2:
            return [self._sent(one.path) for one in files]
        with ThreadPoolExecutor(min(_SENT_AT_ONCE, len(files)), thread_name_prefix="vault-send") as pool:
            return list(pool.map(self._sent, (one.path for one in files)))

    def _sent(self, file: Path) -> Kept:
        with file.open("rb") as data:
            return self.keep(chunks_of(data))

    def open(self, digest: str) -> BinaryIO:
        """The object as a checked copy on this machine."""
        place = self._place(digest)
        with self._fetching[int(digest[:2], 16)]:
            try:
                os.utime(place)
            except FileNotFoundError:
                self._fetch(digest)
            return place.open("rb")

    def read(self, digest: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`, out of the copy if there is one, else by a ranged request."""
        with contextlib.suppress(FileNotFoundError), self._place(digest).open("rb") as file:
            file.seek(start)
            return file.read(length)
        wanted = min(length, self.size(digest) - start)
        if wanted <= 0:
            return b""
        with self._answering(digest):
            return bytes(obstore.get_range(self._store, _key(digest), start=start, length=wanted))

    def has(self, digest: str) -> bool:
        """Whether the object is in the bucket."""
        try:
            self.size(digest)
        except ObjectNotFound:
            return False
        return True

    def size(self, digest: str) -> int:
        """Bytes of the object; raises ObjectNotFound."""
        with self._answering(digest):
            return obstore.head(self._store, _key(digest))["size"]

    def verify(self, digest: str) -> bool:
        """Whether the bytes in the bucket, not the copy, still have their digest; raises ObjectNotFound."""
        sha = hashlib.sha256()
        for chunk in self._streamed(digest):
            sha.update(chunk)
        return sha.hexdigest() == digest

    def digests(self) -> Iterator[str]:
        """Every object, in no particular order."""
        for held in self.objects():
            yield held.digest

    def objects(self) -> Iterator[Held]:
        """Every object with its size and age, in no particular order."""
        with self._answering(""):
            for batch in obstore.list(self._store):
                for one in batch:
                    name = one["path"].rpartition("/")[2]
                    if is_digest(name) and one["path"] == _key(name):
                        yield Held(name, one["size"], one["last_modified"])

    def remove(self, digest: str) -> None:
        """Take an object and its copy away for good; an absent one is no error."""
        with self._fetching[int(proper(digest)[:2], 16)], contextlib.suppress(ObjectNotFound):
            self._place(digest).unlink(missing_ok=True)
            with self._answering(digest):
                obstore.delete(self._store, _key(digest))

    def remove_older(self, digest: str, before: datetime) -> bool:
        """Take an object away unless it was stored, or kept again, at `before` or later; says whether it went."""
        with self._changing[int(proper(digest)[:2], 16)]:
            try:
                with self._answering(digest):
                    old = obstore.head(self._store, _key(digest))["last_modified"] < before
            except ObjectNotFound:
                return False
            if old:
                self.remove(digest)
        return old

    def clear_incoming(self) -> int:
        """Delete what an interrupted `keep` or fetch left on this machine; a put that was cut off left nothing."""
        left = list(self._incoming.iterdir())
        for path in left:
            path.unlink()
        return len(left)

    def probe(self) -> str:
        """Put, read and remove a few bytes."""
        key = f"probe/{uuid4().hex}"
        with self._answering(""):
            obstore.put(self._store, key, b"consilium", mode="create")
            same = bytes(obstore.get(self._store, key).bytes()) == b"consilium"
            try:
                obstore.put(self._store, key, b"another", mode="create")
                conditional = False
            except AlreadyExistsError:
                conditional = True
            obstore.delete(self._store, key)
        if not same:
            raise VaultFailed(f"{self._name}: what was written does not come back.")
        if not conditional:
            raise VaultFailed(f"{self._name} overwrites what is there; it must honour If-None-Match.")
        return f"{self._name} can be written, read and emptied"

    def _spooled(self, chunks: Iterable[bytes]) -> tuple[Path, str, int]:
        sha, size = hashlib.sha256(), 0
        with NamedTemporaryFile(dir=self._incoming, delete=False) as file:
            try:
                for chunk in chunks:
                    sha.update(chunk)
                    file.write(chunk)
                    size += len(chunk)
            except BaseException:
                Path(file.name).unlink()
                raise
        return Path(file.name), sha.hexdigest(), size

    def _settle(self, spool: Path, digest: str, size: int) -> bool:
        """Whether the object is new; one that is there is put again when it is old, which makes it young."""
        with self._changing[int(digest[:2], 16)], self._answering(digest):
            try:
                known = obstore.head(self._store, _key(digest))
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise
                return self._put(spool, digest, size, "create")
            if time.time() - known["last_modified"].timestamp() > _YOUNG_S:
                self._put(spool, digest, size, "overwrite")
            return False

    def _put(self, spool: Path, digest: str, size: int, mode: Literal["create", "overwrite"]) -> bool:
        """Whether it was put; False: somebody else put the same bytes meanwhile."""
        try:
            if size <= _AT_ONCE:
                obstore.put(self._store, _key(digest), spool.read_bytes(), mode=mode)
            else:
                obstore.put(self._store, _key(digest), spool, chunk_size=_PARTS, max_concurrency=4)
        except AlreadyExistsError:
            return False
        return True

    def _demand_kept(self, digest: str, *, fresh: bool) -> None:
        if self.verify(digest):
            return
        if fresh:
            self.remove(digest)
        raise VaultFailed(f"{self._name} did not keep what was sent; the object came back otherwise.")

    def _fetch(self, digest: str) -> None:
        spool, found, size = self._spooled(self._streamed(digest))
        if found != digest:
            spool.unlink()
            raise VaultFailed(f"An object of {self._name} is damaged: {digest}.")
        self._adopt(spool, digest, size)

    def _streamed(self, digest: str) -> Iterator[bytes]:
        with self._answering(digest):
            yield from (bytes(chunk) for chunk in obstore.get(self._store, _key(digest)).stream(CHUNK))

    def _adopt(self, spool: Path, digest: str, size: int) -> None:
        """Make the spooled file the copy of its object."""
        spool.chmod(0o400)
        place = self._place(digest)
        place.parent.mkdir(exist_ok=True, mode=0o700)
        spool.replace(place)
        with self._trimming:
            self._held += size
            if self._held > self._cache_bytes:
                self._trim()

    def _trim(self) -> None:
        """Drop the copies that were opened longest ago, down to nine tenths of the limit."""
        found = sorted(((place.stat(), place) for place in self._copies()), key=lambda one: one[0].st_mtime)
        self._held = sum(facts.st_size for facts, _ in found)
        before = time.time() - _IN_USE_S
        for facts, place in found:
            if self._held <= self._cache_bytes * 0.9 or facts.st_mtime > before:
                return
            place.unlink(missing_ok=True)
            self._held -= facts.st_size

    def _copies(self) -> list[Path]:
        return [place for place in self._cache.glob("[0-9a-f][0-9a-f]/*") if is_digest(place.name)]

    def _place(self, digest: str) -> Path:
        return self._cache / digest[:2] / proper(digest)

    @contextlib.contextmanager
    def _answering(self, digest: str) -> Iterator[None]:
        """The storage's own errors become ours; its text is for the log, since it may be pages long."""
        try:
            yield
        except FileNotFoundError as error:
            if digest and "NoSuchBucket" not in str(error):
                raise ObjectNotFound(digest) from None
            raise VaultFailed(f"{self._name}: there is no such bucket.") from None
        except (PermissionDeniedError, UnauthenticatedError):
            raise VaultFailed(f"{self._name} does not let us in: look at its key, secret and policy.") from None
        except (BaseError, OSError, ValueError) as error:
            log.warning("the vault's storage failed", extra={"kind": type(error).__name__})
            first = (str(error).splitlines() or [""])[0][:300]
            raise VaultFailed(f"{self._name} does not answer: {first}") from None


def s3_vault(url: str, settings: S3Settings, cache: Path) -> S3Vault:
    """The vault of ``s3://bucket/prefix``; nothing is asked of the storage yet. Raises VaultFailed."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    config: S3Config = {"virtual_hosted_style_request": settings.endpoint == "", "region": settings.region}
    if settings.endpoint:
        config["endpoint"] = settings.endpoint.rstrip("/")
    if settings.access_key_id:
        config["access_key_id"] = settings.access_key_id
        config["secret_access_key"] = _secret(settings)
    client: ClientConfig = {
        "allow_http": settings.endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=settings.connect_timeout_s),
        "read_timeout": timedelta(seconds=settings.silence_s),
        "timeout": timedelta(seconds=settings.request_timeout_s),
    }
    if settings.ca_file:
        client["root_certificate"] = Path(settings.ca_file).read_bytes()
    try:
        store = S3Store(
            bucket, prefix=prefix.strip("/") or None, config=config, client_options=client,
            retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=settings.retry_s)},
        )
    except (BaseError, ValueError) as error:
        raise VaultFailed(f"{url} cannot be used: {(str(error).splitlines() or [''])[0][:300]}") from None
    return S3Vault(store, url, cache, settings.cache_bytes)


def _secret(settings: S3Settings) -> str:
    if not settings.secret_key_file:
        return settings.secret_key
    try:
        return Path(settings.secret_key_file).read_text("utf-8").strip()
    except OSError as error:
        raise VaultFailed(f"{settings.secret_key_file}: {error.strerror}.") from None


def _key(digest: str) -> str:
    return f"{digest[:2]}/{proper(digest)}"
