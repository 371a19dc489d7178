"""The joint texts of one open room: merged as they come, and shown to nobody before they are durable.

`take` and `follow` merge into the running documents and stage what is new; the host writes that together with the
turn's records, then asks for `committed`. When the outcome of a write is unknown, the host makes new ones from the
store.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agenda.ids import CaseId, PersonId
from conference.room.commands import TypeText
from conference.room.events import RecommendationDrafted
from conference.room.recorded import Recorded
from conference.room.refused import Refused
from conference.room.state import RoomState
from conference.room.text_fields import fields_of, words_of
from conference.room.values import CommandId, Recommendation, Typed
from conference.text import store
from conference.text.document import EMPTY, TextDocument, TooLong
from conference.text.update import Malformed

COMPACT_AFTER = 200
"""Updates of a document that are kept one by one at most."""


@dataclass(frozen=True, slots=True)
class Compaction:
    """A document as one update, to be written."""

    case: CaseId
    seq: int
    whole: bytes


@dataclass(slots=True)
class _Kept:
    """The document of one case, and how far it has come in the store."""

    document: TextDocument
    seq: int = 0
    loose: int = 0


class Texts:
    """The joint texts of one room."""

    def __init__(self, stored: Mapping[CaseId, store.Stored] = {}) -> None:
        self._cases = {case: _Kept(TextDocument(one.updates), one.seq, one.loose) for case, one in stored.items()}
        self._staged: list[store.Typed] = []

    @property
    def staged(self) -> list[store.Typed]:
        """What has been merged and is not durable."""
        return list(self._staged)

    def ends(self) -> dict[CaseId, int]:
        """The number of the last update of each case."""
        return {case: kept.seq for case, kept in self._cases.items()}

    def typed(self, state: RoomState) -> dict[CaseId, Typed]:
        """What the texts say now, for the cases in which somebody has typed."""
        return {
            case: kept.document.words(fields_of(state.cases[case]))
            for case, kept in self._cases.items() if case in state.cases
        }

    def take(
        self, command: TypeText, command_id: CommandId, person: PersonId, state: RoomState, at: str
    ) -> Refused | None:
        """Merge what somebody typed, whom the room allows to."""
        kept = self._kept(command.case)
        try:
            update = base64.b64decode(command.update, validate=True)
            new = kept.document.merge(update, fields_of(state.cases[command.case]))
        except (Malformed, binascii.Error):
            return Refused("bad-update", "This change does not fit the text; your window will fetch it anew.")
        except TooLong as why:
            return Refused("too-long", str(why))
        self._stage(kept, store.Typed(command.case, 0, command_id, person, at, new))
        return None

    def follow(self, recorded: Iterable[Recorded], state: RoomState) -> None:
        """A draft written as a whole becomes the joint text (R96)."""
        for one in recorded:
            if isinstance(one.event, RecommendationDrafted):
                event = one.event
                self._write(event.case, event.recommendation, event.person, state, one.at)

    def seed(self, state: RoomState) -> None:
        """Drafts of before there was a joint text become one."""
        for case_id, case in state.cases.items():
            draft = case.recommendation
            if draft is not None and case_id not in self._cases:
                self._write(case_id, draft.recommendation, draft.person, state, state.at)

    def committed(self) -> dict[CaseId, list[tuple[str, str, bytes]]]:
        """What was staged is durable: author, time and update, by case."""
        found: dict[CaseId, list[tuple[str, str, bytes]]] = {}
        for one in self._staged:
            found.setdefault(one.case, []).append((one.author, one.at, one.content))
        self._staged = []
        return found

    def since(self, case: CaseId, state: bytes) -> tuple[bytes, bytes]:
        """The state vector of a text and what somebody with `state` lacks of it; raises Malformed.

        Call it while nothing is staged: what is not durable is nobody's to see.
        """
        assert not self._staged, "a text was read before it was durable"
        kept = self._cases.get(case)
        document = TextDocument() if kept is None else kept.document
        return document.state(), document.since(state or b"\x00")

    def due(self) -> list[Compaction]:
        """Documents with so many updates that they are to be kept as one."""
        long = [(case, kept) for case, kept in self._cases.items() if kept.loose >= COMPACT_AFTER]
        return [Compaction(case, kept.seq, kept.document.whole()) for case, kept in long]

    def compacted(self, done: Compaction) -> None:
        """The compaction is durable."""
        self._cases[done.case].loose = self._cases[done.case].seq - done.seq

    def _kept(self, case: CaseId) -> _Kept:
        return self._cases.setdefault(case, _Kept(TextDocument()))

    def _write(self, case: CaseId, words: Recommendation, person: PersonId, state: RoomState, at: str) -> None:
        kept = self._kept(case)
        new = kept.document.write(words_of(words), fields_of(state.cases[case]))
        self._stage(kept, store.Typed(case, 0, None, person, at, new))

    def _stage(self, kept: _Kept, typed: store.Typed) -> None:
        if typed.content == EMPTY:
            return
        kept.seq += 1
        kept.loose += 1
        self._staged.append(replace(typed, seq=kept.seq))
