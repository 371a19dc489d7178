"""Which installation a command is about, and who may touch its database just now."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, create_engine

from conference.record import audit
from imaging.intake import Intake
from imaging.sandbox import Sandbox
from imaging.vault.place import vault_of
from web.cli.say import Fault
from web.control import NAME, NotRunning, ask
from web.database import DatabaseInUse, opened
from web.migrate import pending, upgrade
from web.settings import ConfigurationError, Effective, Settings, load
from web.upkeep.orders import Json, Office, OrderRefused, Progress, carry_out

DEFAULT_FILE = Path("config.toml")


@dataclass(frozen=True, slots=True)
class Place:
    """One installation: its settings, where each came from, and the file they were read from."""

    effective: Effective
    file: Path | None

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.effective.settings

    @property
    def socket(self) -> Path:
        """Where its server listens for orders."""
        return self.settings.storage.directory / NAME


def find(config: Path | None, folder: Path | None, *, port: int | None = None) -> Place:
    """The installation of ``--config FILE`` or ``--dir DIR``; else of ./config.toml; else the defaults.

    Raises Fault with exit code 2 when the settings cannot be used.
    """
    if config is not None and folder is not None:
        raise Fault("Give --config or --dir, not both.", 2)
    file = config
    if folder is not None:
        inside = folder / "config.toml"
        file = inside if inside.is_file() else None
    elif config is None and DEFAULT_FILE.is_file():
        file = DEFAULT_FILE
    try:
        directory = folder.resolve() if folder is not None else None
        return Place(load(file, storage__directory=directory, server__port=port), file)
    except ConfigurationError as error:
        raise Fault(str(error), 2) from None


def order(place: Place, name: str, arguments: Json, progress: Progress) -> Json:
    """Have an order carried out: by the running server, or here when none runs. Raises Fault."""
    try:
        return ask(place.socket, name, arguments, progress)
    except NotRunning:
        pass
    except OrderRefused as refused:
        raise Fault(str(refused)) from None
    try:
        with office(place) as own:
            return carry_out(own, name, arguments, progress)
    except OrderRefused as refused:
        raise Fault(str(refused)) from None


@contextlib.contextmanager
def office(place: Place) -> Iterator[Office]:
    """The database as its only user, migrated and audited; raises Fault with exit code 3 when it is in use."""
    settings = place.settings
    settings.storage.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    sandbox = Sandbox(settings.imaging.worker)
    try:
        with opened(settings.database_url) as database:
            upgrade(database.engine)
            audit.install(database.engine)
            intake = Intake(settings.imaging.file, vault_of(settings.imaging, settings.storage.directory), sandbox)
            yield Office(settings, database, intake)
    except DatabaseInUse as error:
        raise Fault(str(error), 3) from None
    finally:
        sandbox.close()


@contextlib.contextmanager
def reading(place: Place) -> Iterator[Session]:
    """A session that cannot write; works beside a running server. Raises Fault when there is no database."""
    url = make_url(place.settings.database_url)
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite and not Path(url.database or "").is_file():
        raise Fault(f"{url.database}: there is no database yet. `consilium serve` or `consilium migrate` makes it.")
    engine = create_engine(url)
    if sqlite:
        @event.listens_for(engine, "connect")
        def configure(connection: object, _record: object) -> None:
            cursor = connection.cursor()  # type: ignore[attr-defined]  # a DB-API connection
            for pragma in ("busy_timeout=5000", "wal_autocheckpoint=0", "query_only=ON"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
    try:
        with engine.connect() as connection:
            if missing := pending(connection):
                raise Fault(f"The database is {len(missing)} migration(s) behind; run `consilium migrate` first.")
        with Session(engine) as session:
            yield session
    except OperationalError as error:
        raise Fault(f"The database does not answer: {type(error.orig).__name__}.") from None
    finally:
        engine.dispose()
