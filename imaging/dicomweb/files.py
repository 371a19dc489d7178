"""WADO-RS of whole instances: which transfer syntax a client gets them in, and the files as parts of a message."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from imaging.dicomweb.accept import Accepted
from imaging.dicomweb.errors import NotAcceptable
from imaging.dicomweb.multipart import closing, part_heading
from imaging.dicomweb.wado import EXPLICIT, HTJ2K_RPCL, spans
from imaging.errors import WorkerLost
from imaging.pixels.frames import Layout
from imaging.sandbox import Answer
from imaging.studies import Instance
from imaging.vault import Vault, chunks_of

DICOM = "application/dicom"
HTJ2K = "1.2.840.10008.1.2.4.201"
_TASK = "imaging.dicomweb.transcode:transcoded"
_PREAMBLE = 128
_LARGEST = 256 * 1024 * 1024
"""Bytes of decoded pixels up to which an instance is brought to another transfer syntax."""
_GREY = frozenset({"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"})
_COLOUR = frozenset({"RGB", "YBR_RCT", "YBR_ICT", "YBR_FULL", "YBR_FULL_422"})


@dataclass(frozen=True, slots=True)
class FilesForm:
    """How files are given."""

    multipart: bool
    transfer_syntax: str | None
    """None: each in the one it arrived in."""

    def changes(self, row: Instance) -> bool:
        """Whether this instance must be written anew."""
        return self.transfer_syntax not in (None, row.transfer_syntax_uid)

    def syntax_of(self, row: Instance) -> str:
        """The transfer syntax this instance is given in."""
        return self.transfer_syntax or row.transfer_syntax_uid


def files_form(rows: Sequence[Instance], wanted: Sequence[Accepted]) -> FilesForm:
    """The form a client gets these instances in; raises NotAcceptable with what there is."""
    stored = {row.transfer_syntax_uid for row in rows}
    possible = set.intersection(*(set(_syntaxes(row)) for row in rows))
    for one in wanted:
        if not one.takes(DICOM) or (one.multipart is False and len(stored) != 1):
            continue
        multipart = one.multipart is not False or len(rows) > 1
        if one.transfer_syntax in ("", "*") or stored == {one.transfer_syntax}:
            return FilesForm(multipart, None)
        if one.transfer_syntax in possible:
            return FilesForm(multipart, one.transfer_syntax)
    there = ", ".join(dict.fromkeys([*sorted(stored), *sorted(possible)]))
    raise NotAcceptable(
        f"These instances are given as {DICOM} in the transfer syntax they arrived in or, where all of them can be "
        f"brought there without loss, in one of: {there}."
    )


def _syntaxes(row: Instance) -> list[str]:
    """What an instance can be given in, as stored first."""
    found = [row.transfer_syntax_uid]
    if row.big_endian:
        return found
    if not row.encapsulated or _decodable(row):
        found.append(EXPLICIT)
    if _decodable(row) and not row.deflated and row.photometric != "PALETTE COLOR":
        found += [HTJ2K_RPCL, HTJ2K]
    return found


def _decodable(row: Instance) -> bool:
    """Our decoder gives values that the header still describes, or says itself how they are described now."""
    if row.picture != "yes" or not row.frames or row.high_bit != row.bits_stored - 1:
        return False
    if row.rows * row.columns * row.samples * row.frames * row.bits_allocated // 8 > _LARGEST:
        return False
    if row.samples == 1:
        return row.photometric in _GREY and row.bits_allocated in (8, 16)
    native_ycc = not row.encapsulated and row.photometric != "RGB"
    return row.samples == 3 and row.bits_allocated == 8 and row.photometric in _COLOUR and not native_ycc


def anew(vault: Vault, row: Instance, syntax: str, ask: Callable[..., Answer]) -> bytes:
    """An instance written in another transfer syntax by a worker; blocks. Raises NotAcceptable with the reason.

    ask: `imaging.intake.Intake.read_more`.
    """
    pixels = row.encapsulated or syntax != EXPLICIT
    pieces = [spans(row, number) for number in range(1, row.frames + 1)] if pixels else []
    with vault.open(row.digest) as file:
        path = str(Path(file.name).resolve())
    try:
        answer = ask(_TASK, path=path, to=syntax, layout=asdict(_layout(row)) if pixels else None, spans=pieces)
    except WorkerLost as lost:
        raise NotAcceptable(f"This instance cannot be given in {syntax}. {lost}") from None
    if "reason" in answer.facts:
        raise NotAcceptable(f"This instance cannot be given in {syntax}. {answer.facts['reason']}")
    return answer.payload


def _layout(row: Instance) -> Layout:
    """The stored values alone: no table, overlay or profile is applied, and indices of a palette stay indices."""
    photometric = "MONOCHROME2" if row.samples == 1 else row.photometric
    return Layout(
        row.transfer_syntax_uid, row.rows, row.columns, row.samples, photometric, row.planar, row.bits_allocated,
        row.bits_stored, row.high_bit, row.signed, frames=row.frames,
    )  # fmt: skip


def files_length(rows: Iterable[Instance], boundary: str) -> int:
    """How many bytes `files` will give of files as they are stored."""
    return sum(len(_heading(row.transfer_syntax_uid, boundary)) + row.size for row in rows) + len(closing(boundary))


def files(
    vault: Vault, rows: Sequence[Instance], form: FilesForm, boundary: str, ask: Callable[..., Answer],
    first: bytes | None = None,
) -> Iterator[bytes]:
    """The files of instances as the parts of a message, piece by piece; `first`: of the first one, where it is made."""
    for row, made in zip(rows, itertools.chain([first], itertools.repeat(None)), strict=False):
        yield _heading(form.syntax_of(row), boundary)
        if made is not None:
            yield made
        elif form.changes(row):
            yield anew(vault, row, form.syntax_of(row), ask)
        else:
            yield from file_of(vault, row)
    yield closing(boundary)


def file_of(vault: Vault, row: Instance) -> Iterator[bytes]:
    """One file as stored but for its preamble, which is zero: it may hold what another program would run."""
    with vault.open(row.digest) as file:
        file.seek(_PREAMBLE)
        yield bytes(_PREAMBLE)
        yield from chunks_of(file)


def _heading(syntax: str, boundary: str) -> bytes:
    return part_heading(boundary, f"{DICOM}; transfer-syntax={syntax}")
