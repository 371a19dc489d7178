"""The whole configuration, composed once from ``config.toml`` and the environment, frozen before use.

A setting ``[section] key`` is overridden by the environment variable ``CONSILIUM_SECTION__KEY``; nested tables add
further double underscores. `Effective.origins` says where every value came from.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agenda.settings import AgendaSettings
from conference.settings import ConferenceSettings
from imaging.settings import ImagingSettings
from imaging.vault.place import folder_of

PREFIX = "CONSILIUM_"


class ConfigurationError(Exception):
    """The configuration cannot be used; the text names the file or variable, and the setting."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ServerSettings(_Section):
    """[server]: where the server listens and how it is reached."""

    host: str = "127.0.0.1"
    """Address to listen on. Loopback by default: put a TLS proxy in front for anything else."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one and prints it."""
    public_url: str = ""
    """How browsers reach the server, e.g. https://board.example.org. Empty: http://host:port."""
    allowed_hosts: tuple[str, ...] = ()
    """Further host names accepted in the Host header. The public URL's host and loopback always are."""
    behind_proxy: bool = False
    """Trust X-Forwarded-Proto and X-Forwarded-For of the proxy on loopback."""
    log_level: str = "info"
    """debug, info, warning or error."""


class StorageSettings(_Section):
    """[storage]: where everything is kept."""

    directory: Path = Path("consilium-data")
    """Folder of the database, vault, keys and spool. Relative to the folder of this file."""
    database_url: str = ""
    """SQLAlchemy URL. Empty: SQLite in the directory. postgresql+psycopg://… for PostgreSQL."""


class AuthSettings(_Section):
    """[auth]: sign-in and sessions."""

    idle_minutes: int = Field(default=15, ge=1, le=720)
    """A session ends after this long without anything the person did (45 CFR 164.312(a)(2)(iii))."""
    absolute_hours: int = Field(default=12, ge=1, le=168)
    """A session ends after this long, whatever the person did."""
    guest_hours: int = Field(default=8, ge=1, le=72)
    """A guest's session ends after this long."""
    invitation_days: int = Field(default=7, ge=1, le=60)
    """A guest link that was not redeemed is void after this long."""
    attempts_per_minute: int = Field(default=6, ge=1, le=100)
    """Sign-in attempts per account and address before answers slow down."""
    reauthentication_minutes: int = Field(default=5, ge=1, le=30)
    """How recent a password must be to sign a recommendation (21 CFR 11.200)."""


class MailSettings(_Section):
    """[mail]: invitations, reminders and other notices."""

    smtp_host: str = ""
    """The mail server. Empty: every mail is written as a file into the folder `spool` beside the database instead."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    """Its port: 587 with starttls, 465 with tls, 25 with none."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted; none only for a mail server on this machine."""
    username: str = ""
    """The account there; empty: none is needed."""
    password_file: str = ""
    """A file that holds the account's password and nothing else."""
    sender: str = "consilium@localhost.localdomain"
    """The address mails come from, and to which calendars send replies."""
    sender_name: str = "Consilium"
    """The name beside it."""
    poll_seconds: float = Field(default=2.0, ge=0.1, le=60)
    """How often the outbox is looked through."""


class Settings(_Section):
    """Everything, section by section."""

    server: ServerSettings = ServerSettings()
    storage: StorageSettings = StorageSettings()
    auth: AuthSettings = AuthSettings()
    mail: MailSettings = MailSettings()
    agenda: AgendaSettings = AgendaSettings()
    imaging: ImagingSettings = ImagingSettings()
    conference: ConferenceSettings = ConferenceSettings()

    @property
    def public_url(self) -> str:
        """Scheme, host and port as browsers write them, without a slash at the end."""
        return self.server.public_url.rstrip("/") or f"http://{self.server.host}:{self.server.port}"

    @property
    def secure(self) -> bool:
        """Browsers reach the server over TLS."""
        return self.public_url.startswith("https://")

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.storage.database_url or f"sqlite:///{self.storage.directory / 'consilium.db'}"

    @property
    def vault_directory(self) -> Path:
        """The folder of a vault on this machine; see `imaging.vault.place` for one elsewhere."""
        return folder_of(self.imaging, self.storage.directory)


@dataclass(frozen=True, slots=True)
class Effective:
    """Settings with the origin of every value: ``default``, the file, or the variable."""

    settings: Settings
    origins: Mapping[str, str]
    """``section.key`` → where the value came from."""


def load(file: Path | None = None, environ: Mapping[str, str] = os.environ, **overrides: Any) -> Effective:
    """Read the configuration; raises ConfigurationError naming the setting and its origin.

    overrides: ``section__key=value``, from the command line; they win over everything.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if file is not None:
        _take(values, origins, _read(file), str(file), ())
    for name, text in sorted(environ.items()):
        if name.startswith(PREFIX) and "__" in name:
            path = tuple(part.lower() for part in name.removeprefix(PREFIX).split("__"))
            _set(values, origins, path, _parsed(text), name)
    for name, value in overrides.items():
        if value is not None:
            _set(values, origins, tuple(name.split("__")), value, "command line")
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(_sentence(error, origins)) from None
    if file is not None and not settings.storage.directory.is_absolute():
        storage = settings.storage.model_copy(update={"directory": file.resolve().parent / settings.storage.directory})
        settings = settings.model_copy(update={"storage": storage})
    return Effective(settings, origins)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{file}: there is no such file.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file}: {error}.") from None


def _take(
    into: dict[str, Any], origins: dict[str, str], table: Mapping[str, Any], origin: str, at: tuple[str, ...]
) -> None:
    for key, value in table.items():
        if isinstance(value, Mapping):
            _take(into, origins, value, origin, (*at, key))
        else:
            _set(into, origins, (*at, key), value, origin)


def _set(into: dict[str, Any], origins: dict[str, str], path: tuple[str, ...], value: Any, origin: str) -> None:
    for key in path[:-1]:
        into = into.setdefault(key, {})
    into[path[-1]] = value
    origins[".".join(path)] = origin


def _parsed(text: str) -> Any:
    """An environment variable as the TOML value it looks like, else as text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _sentence(error: ValidationError, origins: Mapping[str, str]) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    what = "is not a setting we know" if first["type"] == "extra_forbidden" else first["msg"].lower()
    return f"{name}: {what} (from {origins.get(name, 'the defaults')})."


def document() -> str:
    """The text of ``config.toml``: every setting, its default, its explanation, all commented in place."""
    head = [
        "# Consilium's settings. Every line shows the default; change what you need.",
        "# CONSILIUM_SECTION__KEY in the environment wins over this file.",
    ]
    return "\n".join([*head, *_table(Settings(), ())]) + "\n"


def _table(section: BaseModel, at: tuple[str, ...]) -> list[str]:
    lines = ["", f"[{'.'.join(at)}]"] if at else []
    nested: list[str] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            nested += _table(value, (*at, name))
            continue
        entry = _entry_of(field.annotation)
        if entry is not None:
            nested += _template(entry, (*at, name), field.description or "")
            continue
        lines += [f"# {line.strip()}" for line in (field.description or "").splitlines()]
        lines.append(f"{name} = {_toml(value)}")
    return lines + nested


def _entry_of(annotation: object) -> type[BaseModel] | None:
    """The class of one table where a setting is a list of tables."""
    first = next(iter(get_args(annotation)), None)
    return first if isinstance(first, type) and issubclass(first, BaseModel) else None


def _template(entry: type[BaseModel], at: tuple[str, ...], description: str) -> list[str]:
    """One table of a list as comments to copy: its settings are in force only where a table is written."""
    lines = ["", *(f"# {line.strip()}" for line in description.splitlines()), f"# [[{'.'.join(at)}]]"]
    for name, field in entry.model_fields.items():
        lines += [f"#   {line.strip()}" for line in (field.description or "").splitlines()]
        inner = [one for one in get_args(field.annotation) if isinstance(one, type) and issubclass(one, BaseModel)]
        if inner:
            shown = ", ".join(f'{key} = "…"' for key in inner[0].model_fields)
            lines.append(f"# {name} = {{ {shown} }}")
        else:
            lines.append(f"# {name} = {_toml('' if field.is_required() else field.default)}")
    return lines


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case tuple() | list():
            return f"[{', '.join(_toml(item) for item in value)}]"
        case _:
            return json.dumps(str(value))
