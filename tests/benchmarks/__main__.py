"""`python -m tests.benchmarks [NAME…] [--short] [--json]`: what is measured, against whom, and whether the bar is met.

A benchmark is a module of this folder with `run(*, short) -> Iterator[Figure]`. Ends with 3 when a bar is not met or a
peer is not installed.
"""

import argparse
import importlib
import sys
from pathlib import Path

from tests.benchmarks.figures import Figure, as_json, as_text
from tests.benchmarks.rig.processes import Missing

_NOT_BENCHMARKS = {"__init__", "__main__", "figures"}


def names() -> list[str]:
    """Every benchmark there is."""
    return sorted(
        path.stem.replace("_", "-") for path in Path(__file__).parent.glob("*.py")
        if path.stem not in _NOT_BENCHMARKS and not path.stem.startswith("test_")
    )


def main(arguments: list[str]) -> int:
    """Run what was asked for; text as it is measured, or one JSON document at the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("name", nargs="*", metavar="NAME", type=str.lower,
                        help=f"one of: {', '.join(names())}; all without any")
    parser.add_argument("--short", action="store_true", help="fewer rounds: to see that it runs, not to quote")
    parser.add_argument("--json", action="store_true", help="nothing but a JSON list on standard output")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.name if name not in names()]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(names())}")
    figures: list[Figure] = []
    missing = False
    for name in asked.name or names():
        try:
            for figure in importlib.import_module(f"tests.benchmarks.{name.replace('-', '_')}").run(short=asked.short):
                figures.append(figure)
                print(as_text([figure]), file=sys.stderr if asked.json else sys.stdout, flush=True)
        except Missing as peer:
            missing = True
            print(f"{name}: not measured. {peer}", file=sys.stderr, flush=True)
    if asked.json:
        print(as_json(figures))
    return 0 if all(figure.met for figure in figures) and not missing else 3


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
