"""Somebody who types into a joint text: a Yjs document of their own, whose changes become updates to send."""

import base64

from pycrdt import Doc, Text

from agenda.ids import CaseId
from conference.room.commands import TypeText
from tests.rooms import HIP


class Hand:
    """One window; `said` holds its own updates in their order."""

    def __init__(self) -> None:
        self.doc: Doc[Text] = Doc()
        self.said: list[bytes] = []
        self._own = False
        self._heard = self.doc.observe(lambda event: self.said.append(event.update) if self._own else None)

    def text(self, name: str = "minutes") -> Text:
        return self.doc.get(name, type=Text)

    def words(self, name: str = "minutes") -> str:
        return str(self.text(name))

    def type(self, words: str, name: str = "minutes", at: int | None = None) -> bytes:
        """Insert at a character; None: at the end."""
        before = self.words(name)
        place = len(before if at is None else before[:at].encode()) if at is not None else len(before.encode())
        return self._do(lambda: self.text(name).insert(place, words))

    def delete(self, at: int, count: int, name: str = "minutes") -> bytes:
        before = self.words(name)
        start, end = len(before[:at].encode()), len(before[: at + count].encode())

        def gone() -> None:
            del self.text(name)[start:end]

        return self._do(gone)

    def hear(self, *updates: bytes | str) -> None:
        """Take in what others typed."""
        for update in updates:
            self.doc.apply_update(base64.b64decode(update) if isinstance(update, str) else update)

    def command(self, words: str, name: str = "minutes", case: CaseId = HIP) -> TypeText:
        return typing(self.type(words, name), case)

    def _do(self, change) -> bytes:  # type: ignore[no-untyped-def]
        self._own = True
        try:
            change()
        finally:
            self._own = False
        return self.said[-1]


def typing(update: bytes, case: CaseId = HIP) -> TypeText:
    """The command that carries an update."""
    return TypeText(case, base64.b64encode(update).decode())
