"""The server starts the media process where the settings say so, and takes it along when it ends."""

import asyncio
from pathlib import Path

import pytest

from conference.media.child import MediaChild
from conference.media.remote import RemotePlane
from conference.media.settings import SOCKET, MediaSettings, TurnSettings
from conference.media.signalling import Address
from conference.settings import ConferenceSettings
from imaging.settings import ImagingSettings, WorkerSettings
from tests.ports import free_port
from web.app import compose, media_plane, running
from web.cli.check import Finding, media_finding
from web.settings import ConfigurationError, Settings, StorageSettings


def _settings(folder: Path, *, enabled: bool) -> Settings:
    return Settings(
        storage=StorageSettings(directory=folder),
        imaging=ImagingSettings(worker=WorkerSettings(processes=1, wall_seconds=60, cpu_seconds=60)),
        conference=ConferenceSettings(media=MediaSettings(enabled=enabled)),
    )


@pytest.mark.parametrize("enabled", [True, False])
def test_media_runs_with_the_server_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enabled: bool
) -> None:
    started: list[MediaChild] = []

    async def serve() -> None:
        async with asyncio.timeout(60), running(compose(_settings(tmp_path, enabled=enabled))):
            for child in started:
                await child.ready()
            assert RemotePlane(tmp_path / SOCKET).available is enabled

    class Noted(MediaChild):
        async def start(self) -> None:
            await super().start()
            started.append(self)

    monkeypatch.setattr("web.app.MediaChild", Noted)
    asyncio.run(serve())
    assert len(started) == enabled
    assert not (tmp_path / SOCKET).exists()


def test_check_says_that_the_media_port_answers_and_that_a_relay_does_not(tmp_path: Path) -> None:
    async def serve() -> list[Finding]:
        settings = _settings(tmp_path, enabled=True)
        async with asyncio.timeout(60), running(made := compose(settings)):
            assert isinstance(made.media, MediaChild)
            await made.media.ready()
            (tmp_path / "turn.secret").write_text("north wind")
            turn = TurnSettings(uris=("turn:127.0.0.1:9?transport=tcp",), secret_file=str(tmp_path / "turn.secret"))
            media = settings.conference.media
            relayed = media.model_copy(update={"turn": turn})
            return [
                await asyncio.to_thread(media_finding, one, settings.storage.directory)
                for one in (media, relayed, MediaSettings())
            ]

    answering, silent, off = asyncio.run(serve())
    assert answering.good
    assert "UDP 127.0.0.1 port" in answering.says
    assert not silent.good
    assert "turn:127.0.0.1:9" in silent.says
    assert off.says == "off"


def test_check_says_that_the_media_port_is_closed_to_browsers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Address("127.0.0.1", free_port())

    async def addresses(_: RemotePlane) -> tuple[Address, ...]:
        return (silent,)

    monkeypatch.setattr(RemotePlane, "available", True)
    monkeypatch.setattr(RemotePlane, "addresses", addresses)
    found = media_finding(MediaSettings(enabled=True), tmp_path)
    assert not found.good
    assert str(silent.port) in found.says


def test_check_misses_the_media_process_only_where_the_server_runs(tmp_path: Path) -> None:
    at_rest, missing = (media_finding(MediaSettings(enabled=True), tmp_path, served=one) for one in (False, True))
    assert (at_rest.good, missing.good) == (True, False)
    assert "not running" in missing.says


@pytest.mark.parametrize("which", ["url", "turn"])
def test_a_secret_that_is_not_there_is_named_before_anything_starts(tmp_path: Path, which: str) -> None:
    file = str(tmp_path / "nowhere")
    media = (
        MediaSettings(enabled=True, url="unix:///run/media.sock", secret_file=file) if which == "url"
        else MediaSettings(enabled=True, turn=TurnSettings(uris=("turn:relay",), secret_file=file))
    )
    with pytest.raises(ConfigurationError, match="nowhere"):
        media_plane(media, tmp_path)
