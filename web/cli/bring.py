"""`consilium import` and `consilium export`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from web.cli.place import find, order
from web.cli.say import Fault, bar, say, say_json


def bring(
    paths: Sequence[Path], case: int, config: Path | None, folder: Path | None, *, accept: bool, deidentify: bool,
    as_json: bool,
) -> None:
    """Import files, folders and zips into a case; raises Fault when any file was refused."""
    given = [str(path.resolve()) for path in paths]
    place = find(config, folder)
    with bar(quiet=as_json) as progress:
        wanted = {"paths": given, "case": case, "accept": accept, "deidentify": deidentify}
        done = order(place, "images.import", wanted, progress)
    counts = cast(Mapping[str, int], done["counts"])
    refused = cast(Sequence[Mapping[str, str]], done["refused"])
    if as_json:
        say_json(done)
    else:
        for one in refused:
            say(f"{one['name']}: {one['reason']}")
        say("; ".join(f"{count} {result}" for result, count in sorted(counts.items())) + ".")
    if refused:
        raise Fault(f"{len(refused)} file(s) were not taken.")


def take_out(case: int, target: Path, config: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Write the objects of a case into a folder; raises Fault when there is nothing to write."""
    place = find(config, folder)
    with bar(quiet=as_json) as progress:
        done = order(place, "case.export", {"case": case, "directory": str(target.resolve())}, progress)
    files = cast(Sequence[str], done["files"])
    if as_json:
        say_json(done)
    else:
        for name in files:
            say(name)
        say(f"{len(files)} file(s) in {target}.")
    if not files:
        raise Fault("There is nothing to export yet: no marks, no letter.")
