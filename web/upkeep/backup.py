"""Backup and restore of a whole installation: database, vault, keys, anchors and configuration, each with its digest.

The database is copied with SQLite's online backup API, so the server may go on. It is copied before the vault: every
file that a copied row names is in the vault by then, because files are kept before they are indexed. Images that are
kept in a bucket are part of the backup too, and go back into the bucket that the configuration names.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from sqlalchemy.engine import make_url

from imaging.errors import ObjectNotFound, VaultFailed
from imaging.vault import Vault, chunks_of
from imaging.vault.place import is_remote, vault_of
from web.settings import Settings

Progress = Callable[[str, float], None]
"""Called with what is being done and the share of it, 0 to 1."""
FORMAT = "consilium.backup/1"
MANIFEST = "manifest.json"
_DATABASE = "consilium.db"
_ALONGSIDE = ("keys", "audit-anchors.jsonl", "demo.json", "config.toml")
"""What lies beside the database and cannot be made again."""
_PAGES = 1024
_CHUNK = 1024 * 1024


class BackupRefused(Exception):
    """Nothing was written, or nothing restored; the text is a sentence that names the file."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a backup holds."""

    files: int
    size: int
    """Bytes."""


def backup(settings: Settings, config: Path | None, target: Path, at: datetime, progress: Progress) -> Written:
    """Write a backup into a new or empty folder; raises BackupRefused."""
    source = _database_of(settings)
    if target.exists() and any(target.iterdir()):
        raise BackupRefused(f"{target} is not empty; give a new folder for every backup.")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    _copy_database(source, target / _DATABASE, lambda share: progress("Database", share))
    for name, path in _beside(settings, config):
        _copy(path, target / name)
    vault = vault_of(settings.imaging, settings.storage.directory)
    _copy_vault(vault, target / "vault", lambda share: progress("Images", share))
    _demand_whole(target)
    files = {name: _fact(target / name) for name in _names(target)}
    _write_manifest(target, files, at)
    return Written(len(files), sum(size for _, size in files.values()))


def verified(source: Path, progress: Progress) -> Written:
    """Check every file of a backup against its manifest, and its database; raises BackupRefused naming the file."""
    files = _manifest(source)
    present = set(_names(source)) - {MANIFEST}
    if missing := sorted(set(files) - present):
        raise BackupRefused(f"{missing[0]} is missing from the backup.")
    if extra := sorted(present - set(files)):
        raise BackupRefused(f"{extra[0]} is not in the backup's manifest.")
    for done, (name, (digest, size)) in enumerate(files.items(), 1):
        if _fact(source / name) != (digest, size):
            raise BackupRefused(f"{name} was changed or damaged since the backup was made.")
        progress("Checking", done / len(files))
    _check_database(source / _DATABASE)
    return Written(len(files), sum(size for _, size in files.values()))


def restore(source: Path, settings: Settings, progress: Progress) -> Written:
    """Verify a backup, then lay it out as a new installation; the folder must be new or empty."""
    target = settings.storage.directory
    if target.exists() and any(target.iterdir()):
        raise BackupRefused(f"{target} is not empty; a backup is restored into a new folder.")
    if settings.storage.database_url:
        raise BackupRefused("The configuration names a database of its own; a backup is restored into a folder.")
    found = verified(source, progress)
    building = target.parent / f".{target.name}.restoring"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True, mode=0o700)
    names = sorted(_manifest(source))
    if is_remote(settings.imaging) or settings.vault_directory != target / "vault":
        vault = vault_of(settings.imaging, building)
        try:
            _bring_vault(source / "vault", vault, lambda share: progress("Images", share))
        except VaultFailed as failed:
            raise BackupRefused(str(failed)) from None
        names = [name for name in names if not name.startswith("vault/")]
    for done, name in enumerate(names, 1):
        _copy(source / name, building / name)
        progress("Restoring", done / len(names))
    if target.exists():
        target.rmdir()
    building.rename(target)
    return found


def _database_of(settings: Settings) -> Path:
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise BackupRefused("This installation's database is PostgreSQL: back it up with pg_dump, then the folder.")
    path = Path(url.database)
    if not path.is_file():
        raise BackupRefused(f"{path}: there is no database yet.")
    return path


def _copy_database(source: Path, target: Path, progress: Callable[[float], None]) -> None:
    def step(_status: int, remaining: int, total: int) -> None:
        progress(1.0 - remaining / max(total, 1))

    opened = sqlite3.connect(f"file:{quote(str(source))}?mode=rw", uri=True)
    with closing(opened) as live, closing(sqlite3.connect(target)) as copy:
        live.execute("PRAGMA wal_autocheckpoint=0")  # the server's one writer is also the one that checkpoints
        live.backup(copy, pages=_PAGES, progress=step)
        copy.execute("PRAGMA journal_mode=DELETE")
    target.chmod(0o600)


def _check_database(path: Path) -> None:
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as copy:
        try:
            said = copy.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            said = str(error)
    if said != "ok":
        raise BackupRefused(f"{path.name} is damaged: {said}.")


def _beside(settings: Settings, config: Path | None) -> Iterator[tuple[str, Path]]:
    folder = settings.storage.directory
    for name in _ALONGSIDE:
        path = folder / name
        if path.is_dir():
            for one in sorted(path.rglob("*")):
                if one.is_file():
                    yield one.relative_to(folder).as_posix(), one
        elif path.is_file():
            yield name, path
    if config is not None and config.resolve() != (folder / "config.toml").resolve():
        yield "config.toml", config


def _copy_vault(vault: Vault, target: Path, progress: Callable[[float], None]) -> None:
    """Every object of the vault, wherever it is kept, each checked against its digest while it is copied."""
    digests = sorted(vault.digests())
    for done, digest in enumerate(digests, 1):
        place = target / digest[:2] / digest
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with vault.open(digest) as reading:
                found = _write_copy(chunks_of(reading), place)
        except ObjectNotFound:  # cleared away meanwhile; whether a record needs it, `_demand_whole` asks
            continue
        except VaultFailed as failed:
            raise BackupRefused(str(failed)) from None
        if found != digest:
            raise BackupRefused(f"The vault holds a damaged object, {digest}; see `consilium vault verify`.")
        progress(done / len(digests))


def _demand_whole(target: Path) -> None:
    """Every image that the copied database names was copied with it."""
    with closing(sqlite3.connect(f"file:{quote(str(target / _DATABASE))}?mode=ro&immutable=1", uri=True)) as copy:
        try:
            named = [str(row[0]) for row in copy.execute("SELECT DISTINCT digest FROM instance")]
        except sqlite3.OperationalError:  # an older schema without images
            return
    missing = [digest for digest in named if not (target / "vault" / digest[:2] / digest).is_file()]
    if missing:
        raise BackupRefused(
            f"{len(missing)} image(s) are not in the vault, or were removed while the backup was made; run `consilium "
            "vault verify`, then make the backup anew."
        )


def _bring_vault(source: Path, vault: Vault, progress: Callable[[float], None]) -> None:
    """Put the images of a backup into a vault that is kept elsewhere."""
    files = sorted(one for one in source.rglob("*") if one.is_file())
    for done, one in enumerate(files, 1):
        with one.open("rb") as reading:
            vault.keep(chunks_of(reading))
        progress(done / len(files))


def _write_copy(chunks: Iterable[bytes], target: Path) -> str:
    """Write a new file durably; gives its digest."""
    sha = hashlib.sha256()
    with target.open("xb") as writing:
        for chunk in chunks:
            sha.update(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    target.chmod(0o600)
    return sha.hexdigest()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with source.open("rb") as reading, target.open("xb") as writing:
        shutil.copyfileobj(reading, writing, _CHUNK)
        writing.flush()
        os.fsync(writing.fileno())
    target.chmod(0o600)


def _names(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


def _fact(path: Path) -> tuple[str, int]:
    """Digest and size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _write_manifest(target: Path, files: Mapping[str, tuple[str, int]], at: datetime) -> None:
    """Last of all: a folder without it is no backup."""
    body = {
        "format": FORMAT, "made_at": at.isoformat(timespec="seconds"),
        "files": {name: {"sha256": digest, "bytes": size} for name, (digest, size) in files.items()},
    }
    with (target / MANIFEST).open("x", encoding="utf-8") as file:
        json.dump(body, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def _manifest(source: Path) -> dict[str, tuple[str, int]]:
    try:
        body = json.loads((source / MANIFEST).read_text("utf-8"))
        if body["format"] != FORMAT:
            raise BackupRefused(f"{source} holds a backup of another kind, {body['format']!r}.")
        files = {str(name): (str(one["sha256"]), int(one["bytes"])) for name, one in body["files"].items()}
    except FileNotFoundError:
        raise BackupRefused(f"{source} holds no finished backup: there is no {MANIFEST}.") from None
    except (ValueError, KeyError, TypeError):
        raise BackupRefused(f"{source / MANIFEST} cannot be read.") from None
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise BackupRefused(f"The backup's manifest names a file outside it, {name!r}.")
    if _DATABASE not in files:
        raise BackupRefused("The backup holds no database.")
    return files
