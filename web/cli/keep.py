"""`consilium migrate`, `backup` and `restore`."""

from pathlib import Path

from web.cli.place import find
from web.cli.say import Fault, bar, say, say_json
from web.clock import now
from web.database import DatabaseInUse, opened
from web.migrate import upgrade
from web.upkeep.backup import BackupRefused
from web.upkeep.backup import backup as write_backup
from web.upkeep.backup import restore as restore_backup


def migrate(config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Run the missing migrations; raises Fault with exit code 3 while a server runs."""
    settings = find(config, folder).settings
    settings.storage.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with opened(settings.database_url) as database:
            done = upgrade(database.engine)
    except DatabaseInUse as error:
        raise Fault(str(error), 3) from None
    if as_json:
        say_json({"migrations": done})
    else:
        say(f"Ran {len(done)} migration(s): {', '.join(done)}." if done else "The database is up to date.")


def backup(target: Path, config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Write a backup; the server may go on."""
    place = find(config, folder)
    try:
        with bar(quiet=as_json) as progress:
            done = write_backup(place.settings, place.file, target, now(), progress)
    except BackupRefused as refused:
        raise Fault(str(refused)) from None
    if as_json:
        say_json({"directory": str(target), "files": done.files, "bytes": done.size})
    else:
        say(f"{done.files} files, {done.size / 1e6:.1f} MB, in {target}. Keys are inside: keep it safe.")


def restore(source: Path, config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Verify and restore a backup into a new folder."""
    settings = find(config, folder).settings
    try:
        with bar(quiet=as_json) as progress:
            done = restore_backup(source, settings, progress)
    except BackupRefused as refused:
        raise Fault(str(refused)) from None
    if as_json:
        say_json({"directory": str(settings.storage.directory), "files": done.files, "bytes": done.size})
    else:
        say(f"{done.files} files verified and restored into {settings.storage.directory}.")
