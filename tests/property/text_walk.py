"""A random life of one joint text: windows that type, lose their line and come back, a server that dies, a disk.

Each word that is typed is one that nobody else types, so that its fate can be told from the outside: what was
acknowledged is there once unless somebody deleted it, what was deleted is gone, and nobody is shown what the disk does
not have. The windows are `tests.hands`; the server's texts and the store are the product's.
"""

import random
from dataclasses import dataclass, field, replace

from pycrdt import merge_updates
from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, select

from agenda.ids import PersonId
from conference.live.texts import Texts
from conference.record.log import RoomLease
from conference.room.refused import Refused
from conference.room.values import CommandId
from conference.text import store
from conference.text.document import TextDocument
from conference.text.store import RoomText
from tests.hands import Hand, typing
from tests.rooms import HIP, opened, words

ROOM, EPOCH, AT = "room", 1, "2026-11-30T16:00:00.000Z"
STATE = opened().state
_TABLES = [SQLModel.metadata.tables[name] for name in ("room_text", "room_text_whole", "room_lease")]


@dataclass
class Window:
    """One person's window: one command on its way, everything typed meanwhile merged into the next."""

    person: PersonId
    hand: Hand = field(default_factory=Hand)
    waiting: list[bytes] = field(default_factory=list)
    sent: tuple[CommandId, bytes, set[str]] | None = None
    typed: set[str] = field(default_factory=set)
    """Words in `waiting`."""
    inbox: list[bytes] = field(default_factory=list)
    online: bool = True


class Life:
    """Everything there is: windows, server, disk, and what an outsider knows of every word."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.engine: Engine = create_engine("sqlite://", poolclass=StaticPool)
        SQLModel.metadata.create_all(self.engine, _TABLES)
        with self.engine.begin() as connection:
            connection.execute(insert(RoomLease.__table__).values(room_id=ROOM, owner="one", epoch=EPOCH))  # type: ignore[attr-defined]
        self.texts = Texts()
        self.windows = [Window(PersonId(name)) for name in ("ada", "bo", "cy")]
        self.count = 0
        self.acked: dict[str, PersonId] = {}
        self.deleted: set[str] = set()
        self.answers: list[tuple[Window, CommandId]] = []

    def go(self, steps: int) -> None:
        acts = (
            [self.type] * 8 + [self.delete] * 2 + [self.send] * 5 + [self.commit] * 5 + [self.hear] * 6
            + [self.cut, self.come_back, self.repeat, self.kill, self.compact, self.paste_too_much, self.skip_one,
               self.draft]
        )  # fmt: skip
        for _ in range(steps):
            self.chance.choice(acts)()
        self.settle()
        self.judge()

    def type(self) -> None:
        window = self.chance.choice(self.windows)
        self.count += 1
        word = f"<{self.count}é😀>"
        place = self.chance.randint(0, len(window.hand.words()))
        before = window.hand.words()
        while 0 < place < len(before) and before[place - 1] != ">":
            place -= 1  # between words, so that a word stays one
        window.waiting.append(window.hand.type(word, at=place))
        window.typed.add(word)

    def delete(self) -> None:
        window = self.chance.choice(self.windows)
        there = [word for word in self.acked if word in window.hand.words()]
        if not there:
            return
        word = self.chance.choice(there)
        window.waiting.append(window.hand.delete(window.hand.words().index(word), len(word)))
        self.deleted.add(word)

    def send(self) -> None:
        window = self.chance.choice(self.windows)
        if not window.online:
            return
        if window.sent is None and window.waiting:
            self.count += 1
            update = merge_updates(*window.waiting) if len(window.waiting) > 1 else window.waiting[0]
            window.sent = (CommandId(f"type-{self.count}"), update, window.typed)
            window.waiting, window.typed = [], set()
        if window.sent is not None:
            command, update, _ = window.sent
            assert self.texts.take(typing(update), command, window.person, STATE, AT) is None
            self.answers.append((window, command))

    def repeat(self) -> None:
        """A message arrives twice."""
        window = self.chance.choice(self.windows)
        if window.online and window.hand.said and window.sent is None and not window.waiting:
            again = self.chance.choice(window.hand.said)
            self.texts.take(typing(again), CommandId(f"again-{self.count}"), window.person, STATE, AT)

    def commit(self) -> None:
        with Session(self.engine) as session, session.begin():
            store.append(session, ROOM, EPOCH, self.texts.staged)
        for updates in self.texts.committed().values():
            for window in self.windows:
                if window.online:
                    window.inbox += [update for _, _, update in updates]
        for window, command in self.answers:
            if window.sent is not None and window.sent[0] == command:
                self.acked |= dict.fromkeys(window.sent[2], window.person)
                window.sent = None
        self.answers = []

    def hear(self) -> None:
        window = self.chance.choice(self.windows)
        window.hand.hear(*window.inbox)
        window.inbox = []

    def cut(self) -> None:
        window = self.chance.choice(self.windows)
        window.online, window.inbox = False, []
        self.answers = [one for one in self.answers if one[0] is not window]

    def come_back(self) -> None:
        for window in self.windows:
            if not window.online and not self.texts.staged:
                window.online = True
                window.inbox.append(self.texts.since(HIP, window.hand.doc.get_state())[1])

    def kill(self) -> None:
        """What was staged is lost with the process; everybody connects again."""
        self.texts, self.answers = Texts(self.stored()), []
        for window in self.windows:
            window.online, window.inbox = False, []
        self.come_back()

    def compact(self) -> None:
        if self.texts.staged or HIP not in self.texts._cases:
            return
        self.texts._cases[HIP].loose = 200
        for due in self.texts.due():
            with Session(self.engine) as session, session.begin():
                store.compact(session, ROOM, EPOCH, due.case, due.seq, due.whole)
            self.texts.compacted(due)

    def paste_too_much(self) -> None:
        stranger = Hand()
        answer = self.texts.take(
            typing(stranger.type("x" * 9_000, "rationale")), CommandId(f"long-{self.count}"), PersonId("di"), STATE, AT
        )
        assert isinstance(answer, Refused)

    def skip_one(self) -> None:
        """A broken window sends what builds on words it never sent."""
        stranger = Hand()
        stranger.type("lost")
        update = stranger.type("<gap>")
        answer = self.texts.take(typing(update), CommandId(f"skip-{self.count}"), PersonId("di"), STATE, AT)
        assert isinstance(answer, Refused), "an update was taken that leaves a gap"

    def draft(self) -> None:
        """A whole draft is written beside those who type the minutes."""
        draft = replace(words(), rationale=f"draft {self.chance.randint(0, 99)}")
        self.texts._write(HIP, draft, PersonId("ada"), STATE, AT)

    def stored(self) -> dict:
        with Session(self.engine) as session:
            return store.texts(session, ROOM)

    def settle(self) -> None:
        """Everybody is back, everything has arrived."""
        for _ in range(4):
            self.commit()
            self.come_back()
            for window in self.windows:
                window.hand.hear(*window.inbox)
                window.inbox = []
                for _ in range(len(self.windows) * 4):
                    self.send()
        for _ in range(200):
            if not any(window.sent or window.waiting for window in self.windows):
                break
            self.send()
            self.commit()
        self.commit()
        for window in self.windows:
            window.hand.hear(*window.inbox)
            window.inbox = []

    def judge(self) -> None:
        kept = self.stored().get(HIP)
        text = TextDocument(kept.updates if kept else ()).words(["minutes", "rationale"])
        for window in self.windows:
            assert not window.waiting, "something typed was never taken"
            assert window.hand.words() == text["minutes"], "two windows read different words"
            assert window.hand.words("rationale") == text["rationale"]
        running = self.texts.typed(STATE).get(HIP, {"minutes": "", "rationale": ""})
        assert {name: running[name] for name in text} == text, "the server says what the disk does not"
        for word in self.acked:
            expected = 0 if word in self.deleted else 1
            assert text["minutes"].count(word) == expected, f"{word} is there {text['minutes'].count(word)} times"
        self._judge_rows()

    def _judge_rows(self) -> None:
        with Session(self.engine) as session:
            rows = session.exec(select(RoomText).order_by(RoomText.seq)).all()
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1)), "an update has no number of its own"
        assert all(row.at == AT and row.size > 0 for row in rows)
        for row in rows:
            for word, author in self.acked.items():
                if word.encode() in row.content and row.command_id is not None:
                    assert row.author == author, f"{word} has another author"


def walk(seed: int, steps: int = 160) -> None:
    """One life; raises AssertionError where a law is broken."""
    Life(seed).go(steps)
