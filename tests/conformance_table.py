"""What becomes of every file of a collection, as the table of web/docs/conformance.md.

`python -m tests.conformance_table FOLDER` prints it. Zips are opened; each member is a row.
"""

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydicom.uid import UID

from imaging.archive import is_zip, unpacked
from imaging.errors import Refused
from imaging.pixels.errors import NoPicture
from imaging.settings import ArchiveSettings
from imaging.studies import Instance
from tests.unit.imaging.taken import Taken, take

Row = tuple[str, str, str]
"""File, transfer syntax, what became of it."""


def table(root: Path) -> Iterator[str]:
    """The lines of the table, and a summary before it."""
    files = sorted(one for one in root.rglob("*") if one.is_file() and one.suffix != ".md")
    plain = [one for one in files if not is_zip(one)]
    with tempfile.TemporaryDirectory() as folder:
        taken = take(Path(folder), plain, root)
        rows = asyncio.run(_rows(taken))
        taken.engine.dispose()
    rows += [row for one in files if is_zip(one) for row in _members(one, root)]
    counted = Counter(row[2].split(":")[0] for row in rows)
    yield ", ".join(f"{count} {what}" for what, count in sorted(counted.items()))
    yield ""
    yield "| File | Transfer syntax | Result |"
    yield "|---|---|---|"
    yield from (f"| {' | '.join(cell.replace('|', '¦') for cell in row)} |" for row in sorted(rows))


async def _rows(taken: Taken) -> list[Row]:
    instances = {row.sop_instance_uid: row for row in taken.instances()}
    drawn = await _drawn(taken)
    return [
        (one.name, *_result(one.result, one.reason, instances.get(one.sop_instance_uid), drawn))
        for one in taken.outcomes
    ]


def _result(result: str, reason: str, row: Instance | None, drawn: dict[str, str]) -> tuple[str, str]:
    if result in ("refused", "passed over") or row is None:
        return "", f"{result}: {reason}"
    syntax = UID(row.transfer_syntax_uid).name
    why = drawn.get(row.sop_instance_uid, row.picture)
    again = " (the same file twice)" if result == "already here" else ""
    return syntax, "shown" + again if why == "yes" else f"kept without a picture: {why}"


async def _drawn(taken: Taken) -> dict[str, str]:
    """``yes`` or the reason, for every instance whose first frame was drawn."""
    found: dict[str, str] = {}
    with taken.pictures() as pictures:
        for stack in taken.stacks():
            for index, one in enumerate(stack.slices):
                if one.frame.number != 1:
                    continue
                try:
                    await pictures.preview(await pictures.opened(stack), index)
                    found[one.frame.sop_instance_uid] = "yes"
                except NoPicture as reason:
                    found[one.frame.sop_instance_uid] = str(reason)
    return found


def _members(path: Path, root: Path) -> Iterator[Row]:
    name = str(path.relative_to(root))
    with tempfile.TemporaryDirectory() as folder:
        try:
            members = list(unpacked(path, Path(folder), ArchiveSettings(), 20_000))
        except Refused as why:
            yield name, "", f"refused: {why.reason}"
            return
        good = [one for one in members if one.path is not None]
        bad = [one.refusal.reason for one in members if one.refusal is not None]
        yield name, "", f"opened: {len(good)} files" + (f"; not taken: {'; '.join(sorted(set(bad)))}" if bad else "")


if __name__ == "__main__":
    print("\n".join(table(Path(sys.argv[1]))))
