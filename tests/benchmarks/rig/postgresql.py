"""A PostgreSQL of its own: a fresh cluster in a temporary folder, on a socket, ended with the block."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

from tests.benchmarks.rig.processes import Missing


@contextmanager
def postgresql() -> Iterator[str]:
    """The SQLAlchemy URL of an empty database; fsync is on, as it is by default."""
    if find_spec("psycopg") is None:
        raise Missing("PostgreSQL is spoken to through psycopg: pip install 'consilium[postgresql]'.")
    programs = _programs()
    folder = Path(mkdtemp(prefix="pg-"))
    run_as = _not_root(folder)
    cluster = folder / "data"
    try:
        _do([programs / "initdb", "--pgdata", cluster, "--username", "consilium", "--auth", "trust"], run_as)
        _do([programs / "pg_ctl", "--pgdata", cluster, "--wait", "--silent", "--log", folder / "log", "--options",
             f"-c listen_addresses='' -k {folder}", "start"], run_as)
        try:
            yield f"postgresql+psycopg://consilium@/postgres?host={folder}"
        finally:
            _do([programs / "pg_ctl", "--pgdata", cluster, "--wait", "--silent", "--mode", "fast", "stop"], run_as)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    if elsewhere is None:
        raise Missing("PostgreSQL is not installed: apt-get install postgresql.")
    return Path(elsewhere).parent


def _not_root(folder: Path) -> int | None:
    """PostgreSQL refuses to run as root; the account its package made owns the folder then."""
    if os.geteuid() != 0:
        return None
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        raise Missing("PostgreSQL does not run as root and there is no account named postgres.") from None
    os.chown(folder, account.pw_uid, account.pw_gid)
    return account.pw_uid


def _do(command: list[object], user: int | None) -> None:
    subprocess.run([str(one) for one in command], check=True, user=user, stdout=subprocess.DEVNULL, cwd="/")
