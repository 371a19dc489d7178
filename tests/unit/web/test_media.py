"""The server starts the media process where the settings say so, and takes it along when it ends."""

import asyncio
from pathlib import Path

import pytest

from conference.media.child import MediaChild
from conference.media.remote import RemotePlane
from conference.media.settings import MediaSettings
from conference.settings import ConferenceSettings
from imaging.settings import ImagingSettings, WorkerSettings
from web.app import MEDIA_SOCKET, compose, running
from web.settings import Settings, StorageSettings


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
            assert RemotePlane(tmp_path / MEDIA_SOCKET).available is enabled

    class Noted(MediaChild):
        async def start(self) -> None:
            await super().start()
            started.append(self)

    monkeypatch.setattr("web.app.MediaChild", Noted)
    asyncio.run(serve())
    assert len(started) == enabled
    assert not (tmp_path / MEDIA_SOCKET).exists()
