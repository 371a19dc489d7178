"""The files an operator names for an import: folders walked, zips unpacked in limits, discs by their contents."""

from collections.abc import Sequence
from pathlib import Path

from imaging import dicomdir
from imaging.archive import is_zip, unpacked
from imaging.errors import WorkerLost
from imaging.intake import Arrived, Intake, Outcome
from imaging.settings import ImagingSettings


class NotGathered(Exception):
    """There is nothing to import, or not what was named; the text is a sentence for the operator."""


def gather(
    intake: Intake, limits: ImagingSettings, paths: Sequence[Path], spool: Path
) -> tuple[list[Arrived], list[Outcome]]:
    """Every file, and what was not taken out of a zip; raises NotGathered naming the path."""
    arrived: list[Arrived] = []
    refused: list[Outcome] = []
    for name, path in _files(intake, paths):
        if not is_zip(path):
            arrived.append(Arrived(name, path))
            continue
        into = spool / str(len(arrived) + len(refused))
        into.mkdir()
        for member in unpacked(path, into, limits.archive, limits.upload.files):
            if member.path is not None:
                arrived.append(Arrived(member.name, member.path))
            elif member.refusal is not None:
                reason, code = member.refusal.reason, member.refusal.code
                refused.append(Outcome(member.name, "refused", code, reason, member.size))
    if not arrived and not refused:
        raise NotGathered("There are no files to import.")
    return arrived, refused


def _files(intake: Intake, paths: Sequence[Path]) -> list[tuple[str, Path]]:
    """Every file with the name it is reported by; a disc's table of contents stands for the files it names."""
    found: list[tuple[str, Path]] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.is_file())
            found += [(one.relative_to(path).as_posix(), one) for one in inside]
        elif path.is_file() and path.name.upper() == dicomdir.NAME:
            found += [(one.relative_to(path.parent).as_posix(), one) for one in [path, *_on_disc(intake, path)]]
        elif path.is_file():
            found.append((path.name, path))
        else:
            raise NotGathered(f"{path}: there is no such file or folder.")
    return found


def _on_disc(intake: Intake, table: Path) -> list[Path]:
    try:
        said = dicomdir.contents_of(intake.read_more("imaging.dicomdir:contents", path=str(table)).facts)
    except (WorkerLost, ValueError):
        raise NotGathered(f"{table}: the disc's table of contents cannot be read; give its folder instead.") from None
    return dicomdir.listed(said, table.parent)
