"""The demo's images: generated in processes of their own, then taken in by the one door like anybody's."""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

from imaging.intake import Arrived, Intake, KeptFile
from imaging.sandbox import Sandbox
from imaging.settings import ImagingSettings
from imaging.vault import Vault
from web.demo.drawing import Order, draw
from web.demo.story import Story

Progress = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""
_PROCESSES = 2


class PicturesRefused(Exception):
    """A generated image was not taken; the text says why."""


@contextmanager
def kept(
    stories: Sequence[Story], at: datetime, vault: Vault, settings: ImagingSettings, progress: Progress
) -> Iterator[Mapping[str, Sequence[KeptFile]]]:
    """Every case's images, checked and safe in the vault, ready to be indexed; raises PicturesRefused."""
    with TemporaryDirectory(prefix="consilium-demo-") as folder:
        orders = _orders(stories, at, Path(folder))
        sandbox = Sandbox(settings.worker)
        intake = Intake(settings.file, vault, sandbox)
        found: dict[str, list[KeptFile]] = {}
        weight = sum(map(_weight, orders))
        done = 0.0
        try:
            # Spawned, not forked: a fork of a process with threads may inherit a lock that nobody will release.
            spawn = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(_PROCESSES, mp_context=spawn) as pool:
                running = {pool.submit(draw, order): order for order in orders}
                for future in as_completed(running):
                    case, paths = future.result()
                    found.setdefault(case, []).extend(_taken(intake, paths))
                    done += _weight(running[future])
                    progress(done / weight)
        finally:
            sandbox.close()
        yield found


def _taken(intake: Intake, paths: Sequence[str]) -> list[KeptFile]:
    inspection = intake.inspect([Arrived(Path(path).name, Path(path)) for path in paths])
    if inspection.refused:
        first = inspection.refused[0]
        raise PicturesRefused(f"{first.name}: {first.reason}")
    return intake.keep(inspection.candidates)


def _orders(stories: Sequence[Story], at: datetime, folder: Path) -> list[Order]:
    made = []
    for story in stories:
        for number, wanted in enumerate(story.pictures):
            day = (at - timedelta(days=wanted.days_ago)).date()
            taken = datetime.combine(day, time(9 + number, 20 + 7 * number), UTC)
            seed = crc32(f"{story.key}/{number}/{wanted.kind}".encode()) % 100_000
            made.append(Order(story.key, story.who, wanted, taken, seed, folder / f"{story.key}-{number}"))
    return sorted(made, key=_weight, reverse=True)  # the long ones first, so that two processes end together


def _weight(order: Order) -> float:
    """About how long it takes, in seconds."""
    slow = order.wanted.kind.endswith(("-mr", "-ct"))
    full = 3.0 if order.wanted.kind.endswith("-mr") else 1.2
    return (1.0 if order.wanted.small else full) * (1.0 if slow else 0.3)
