"""The joint text of one case while it is typed: a Yjs document that takes letters and nothing else. No I/O.

Merging is that of Yjs (Nicolaescu et al. 2016, YATA), by pycrdt. Positions inside this module are bytes of UTF-8, as
pycrdt counts them.
"""

from collections.abc import Collection, Iterable, Mapping
from itertools import takewhile

from pycrdt import Doc, Text, TransactionEvent

from conference.room.joint_text import FIELD_LIMIT, MINUTES_LIMIT
from conference.room.text_fields import MINUTES
from conference.text.update import Malformed, clocks, read

UPDATE_LIMIT_BYTES = 32 * 1024
"""One update; a browser splits what it pastes and sends."""
DOCUMENT_LIMIT_BYTES = 512 * 1024
"""The whole document, with what is left of deleted words."""
EMPTY = b"\x00\x00"
"""An update that holds nothing."""


class TooLong(ValueError):
    """Nothing more fits; the text says where."""


class TextDocument:
    """One document. What cannot be merged whole leaves it as it was."""

    def __init__(self, stored: Iterable[bytes] = ()) -> None:
        self._kept = list(stored)
        self._bytes = sum(map(len, self._kept))
        self._rebuild()

    def merge(self, update: bytes, fields: Collection[str]) -> bytes:
        """Take an update in; gives what was new in it, `EMPTY` when nothing was. Raises Malformed or TooLong."""
        if len(update) > UPDATE_LIMIT_BYTES:
            raise TooLong(f"One change has {len(update)} bytes; at most {UPDATE_LIMIT_BYTES} fit.")
        holds = read(update, fields)
        if not holds.builds_on(clocks(self._doc.get_state())):
            raise Malformed("an update that builds on words which are not here")
        new = self._take(update)
        if holds.runs and new != EMPTY and (too_long := self._too_long(fields)):
            self._rebuild()
            raise TooLong(too_long)
        return self._keep(new)

    def write(self, words: Mapping[str, str], fields: Collection[str]) -> bytes:
        """Make the fields say these words, the minutes left alone; gives the update, `EMPTY` when they do already."""
        self._new = EMPTY
        with self._doc.transaction():
            for name in sorted(set(fields) - {MINUTES}):
                _rewrite(self._field(name), words.get(name, ""))
        return self._keep(self._new)

    def words(self, fields: Iterable[str]) -> dict[str, str]:
        """What each field says."""
        return {name: str(self._field(name)) for name in fields}

    def state(self) -> bytes:
        """The state vector: how much of each author's client is here."""
        return self._doc.get_state()

    def since(self, state: bytes) -> bytes:
        """What somebody with this state vector lacks; raises Malformed when it is none."""
        clocks(state)
        return self._doc.get_update(state)

    def whole(self) -> bytes:
        """Everything in one update; what was merged one by one is forgotten."""
        whole = self._doc.get_update()
        self._kept, self._bytes = [whole], len(whole)
        return whole

    def _take(self, update: bytes) -> bytes:
        self._new = EMPTY
        try:
            self._doc.apply_update(update)
        except BaseException as why:
            if not isinstance(why, ValueError) and type(why).__name__ != "PanicException":
                raise
            self._rebuild()  # a panic of the library is no reason to lose the room, nor to trust the document
            raise Malformed("an update that cannot be merged") from why
        return self._new

    def _keep(self, new: bytes) -> bytes:
        if new != EMPTY:
            self._kept.append(new)
            self._bytes += len(new)
        return new

    def _too_long(self, fields: Iterable[str]) -> str:
        if self._bytes > DOCUMENT_LIMIT_BYTES:
            return "The text of this case is full."
        for name, text in self.words(fields).items():
            limit = MINUTES_LIMIT if name == MINUTES else FIELD_LIMIT
            if len(text) > limit:
                return f"This text has {len(text)} characters; at most {limit} fit."
        return ""

    def _rebuild(self) -> None:
        self._doc: Doc[Text] = Doc()
        self._new = EMPTY
        for update in self._kept:
            self._doc.apply_update(update)
        self._heard = self._doc.observe(self._note)

    def _note(self, event: TransactionEvent) -> None:
        """What a transaction brought: of an update, only what was not here already."""
        self._new = event.update

    def _field(self, name: str) -> Text:
        return self._doc.get(name, type=Text)


def _rewrite(field: Text, wanted: str) -> None:
    """Change the least: what begins and ends alike stays, with everybody's place in it."""
    before = str(field)
    if before == wanted:
        return
    start = _alike(before, wanted)
    rest = min(len(before), len(wanted)) - start
    end = min(rest, _alike(before[::-1], wanted[::-1]))
    at = len(before[:start].encode())
    gone = len(before[start : len(before) - end].encode())
    if gone:
        del field[at : at + gone]
    if text := wanted[start : len(wanted) - end]:
        field.insert(at, text)


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
