"""How the command line speaks: plain sentences, progress on a terminal, JSON for scripts."""

import contextlib
import json
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

ERRORS = Console(stderr=True, highlight=False, soft_wrap=True)


class Fault(Exception):
    """A command that failed: a sentence and the exit code (1 refused or failed, 2 wrong use, 3 in use elsewhere)."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


def say(text: str = "") -> None:
    """One line on standard output, never wrapped: links and tokens must be copied whole."""
    print(text, flush=True)


def say_json(value: object) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str), flush=True)


@contextlib.contextmanager
def bar(*, quiet: bool = False) -> Iterator[Callable[[str, float], None]]:
    """A progress bar on standard error; gives the function that moves it. Nothing is drawn where nobody looks."""
    if quiet or not ERRORS.is_terminal:
        yield lambda _what, _share: None
        return
    columns = (TextColumn("{task.description:<12}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=ERRORS, transient=True) as shown:
        task = shown.add_task("", total=1.0)
        yield lambda what, share: shown.update(task, description=what, completed=share)
