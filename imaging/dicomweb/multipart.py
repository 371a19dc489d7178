"""``multipart/related`` as DICOMweb uses it (PS3.18 8.6.1.2, RFC 2387), piece by piece in both directions. Pure.

A message of gigabytes is never in memory: `Splitter` is fed what arrives and gives what each piece completed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message

from imaging.dicomweb.errors import BadMessage

_HEADING_BYTES = 8192
_BOUNDARY_CHARACTERS = 70
"""RFC 2046 5.1.1."""


@dataclass(frozen=True, slots=True)
class PartBegins:
    """A part's heading is complete; names are in lower case."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the part that began last, where they lie in what was fed."""

    data: memoryview


@dataclass(frozen=True, slots=True)
class PartEnds:
    """The part that began last is complete."""


Event = PartBegins | PartData | PartEnds


def media_type(header: str) -> tuple[str, dict[str, str]]:
    """A Content-Type header as its media type and its parameters, names in lower case."""
    message = Message()
    message["Content-Type"] = header
    said = message.get_params(failobj=[])
    return message.get_content_type(), {name.lower(): value for name, value in said[1:]}


def boundary_of(parameters: Mapping[str, str]) -> str:
    """The boundary of a multipart heading; raises BadMessage."""
    boundary = parameters.get("boundary", "")
    if not 0 < len(boundary) <= _BOUNDARY_CHARACTERS or not boundary.isascii():
        raise BadMessage("The Content-Type names no usable boundary between the parts.")
    return boundary


class Splitter:
    """Cuts a message into its parts as it arrives."""

    def __init__(self, boundary: str) -> None:
        self._mark = b"\r\n--" + boundary.encode("ascii")
        self._held = b"\r\n"  # so that a message may begin with its first boundary
        self._at = 0
        """How much of `_held` is done with."""
        self._state = "preamble"

    def feed(self, *pieces: bytes) -> Iterator[Event]:
        """What these bytes complete, in order; raises BadMessage."""
        for piece in pieces:
            yield from self._hold(piece)
            while (step := self._step()) is not None:
                yield from step

    def finish(self) -> None:
        """The message is over; raises BadMessage when its closing boundary is missing."""
        if self._state != "done":
            raise BadMessage("The message ends before its closing boundary; nothing was taken. Send it again.")

    def _hold(self, piece: bytes) -> list[Event]:
        """Put a piece behind what is held; it is copied only where a boundary may lie across the seam."""
        held, most = memoryview(self._held)[self._at :], len(self._mark) - 1
        across = self._state != "data" or len(piece) < most or self._mark in bytes(held) + piece[:most]
        self._held, self._at = b"".join((held, piece)) if across else piece, 0
        return [PartData(held)] if held and not across else []

    def _step(self) -> list[Event] | None:
        match self._state:
            case "preamble" | "data":
                return self._until_mark()
            case "after":
                return self._after_mark()
            case "heading":
                return self._heading()
            case _:
                self._held, self._at = b"", 0  # an epilogue says nothing (RFC 2046 5.1.1)
                return None

    def _until_mark(self) -> list[Event] | None:
        at = self._held.find(self._mark, self._at)
        inside = self._state == "data"
        if at < 0:
            found = self._until(max(len(self._held) - len(self._mark) + 1, self._at))
            return [PartData(found)] if inside and found else None
        found = self._until(at)
        self._at += len(self._mark)
        self._state = "after"
        if not inside:
            return []
        return [PartData(found), PartEnds()] if found else [PartEnds()]

    def _after_mark(self) -> list[Event] | None:
        if len(self._held) - self._at < 2:
            return None
        if self._held.startswith(b"--", self._at):
            self._state = "done"
            return []
        at = self._held.find(b"\r\n", self._at)
        if at < 0:
            self._judge_length()
            return None
        if self._held[self._at : at].strip(b" \t"):
            raise BadMessage("The message is damaged: text follows a boundary on its line.")
        self._at = at  # its line end stays: it may be half of the empty line after no headers
        self._state = "heading"
        return []

    def _heading(self) -> list[Event] | None:
        at = self._held.find(b"\r\n\r\n", self._at)
        if at < 0:
            self._judge_length()
            return None
        lines = bytes(self._until(at)).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs if name}
        self._at += 4
        self._state = "data"
        return [PartBegins(headers)]

    def _judge_length(self) -> None:
        if len(self._held) - self._at > _HEADING_BYTES:
            raise BadMessage("The heading of a part is longer than 8 KiB.")

    def _until(self, end: int) -> memoryview:
        """What is held up to there, done with."""
        found = memoryview(self._held)[self._at : end]
        self._at = end
        return found


def part_heading(boundary: str, content_type: str, location: str = "") -> bytes:
    """What goes before the bytes of a part."""
    where = f"Content-Location: {location}\r\n" if location else ""
    return f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\n{where}\r\n".encode("ascii")


def closing(boundary: str) -> bytes:
    """What goes after the last part."""
    return f"\r\n--{boundary}--\r\n".encode("ascii")


def heading(boundary: str, part_type: str, transfer_syntax: str = "") -> str:
    """The Content-Type of a whole message."""
    syntax = f"; transfer-syntax={transfer_syntax}" if transfer_syntax else ""
    return f'multipart/related; type="{part_type}"{syntax}; boundary={boundary}'
