"""Joint text in a live room: durable before it is shown, merged once, frozen for all at once, nobody else's to see."""

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from conference.live.hosts import Rooms
from conference.live.texts import COMPACT_AFTER
from conference.record import audit
from conference.room import commands as c
from conference.room.refused import Refused
from conference.room.room import Accepted
from conference.room.values import CommandId
from conference.text import store
from conference.text.document import TextDocument
from conference.text.store import RoomText, RoomTextWhole
from tests.hands import Hand, typing
from tests.live_rooms import DEED, ROOM, Wire, enter, rooms, seed, settle
from tests.rooms import CHAIR, HIP, KNEE, OBSERVER, REFERRER, SURGEON, THERAPIST, words
from web.database import Database
from web.sockets.store import RoomStore

FIELDS = frozenset({"minutes", "rationale", "follow_up", "goal_answered", f"answer:q-{HIP}"})


@pytest.fixture
def seeded(database: Database) -> Database:
    audit.install(database.engine)
    database.write_now(DEED, seed)
    return database


async def begin(opened: Rooms, *others: Any) -> dict[str, Wire]:
    """The case is on the table; everybody's socket by person."""
    wires = {}
    for person in (CHAIR, SURGEON, THERAPIST, *others):
        wires[person.person_id] = Wire()
        await enter(opened, person, wires[person.person_id])
    await opened.execute(ROOM, CHAIR, "open-0001", c.OpenConference())
    await opened.execute(ROOM, CHAIR, "call-0001", c.CallCase(HIP))
    return wires


def stored(database: Database, case: str = HIP) -> dict[str, str]:
    kept = database.read_now(store.texts, ROOM).get(case)  # type: ignore[call-overload]
    return TextDocument(kept.updates if kept else ()).words(FIELDS)


def rows(session: Session) -> list[RoomText]:
    return list(session.exec(select(RoomText).order_by(RoomText.case_id, RoomText.seq)))


def heard(wire: Wire, hand: Hand) -> str:
    """The minutes of a window that merges everything it was given."""
    for message in wire.of("typed"):
        hand.hear(*(one["update"] for one in message["updates"]))
    return hand.words()


class Gate(RoomStore):
    """A disk that finishes a write when it is told to, or says that it failed after it did not."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.open = asyncio.Event()
        self.open.set()
        self.lies = False

    async def write(self, activity: str, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        await self.open.wait()
        done = await super().write(activity, work, *args, **kwargs)
        if self.lies and activity == "room.append":
            self.lies = False
            raise OSError("the disk did not answer")
        return done


def test_R91_an_update_is_durable_with_author_and_time_before_anybody_is_shown_it(seeded: Database) -> None:
    async def scene() -> None:
        disk, hand = Gate(seeded), Hand()
        async with rooms(seeded, store=disk) as opened:
            wires = await begin(opened)
            disk.open.clear()
            answer = await opened.submit(ROOM, SURGEON, "type-0001", hand.command("durable"))
            opened.read_text(ROOM, await enter_late(opened), HIP, b"")
            await settle()
            assert not answer.done()
            assert all(wire.of("typed") == [] and wire.of("text") == [] for wire in wires.values())
            disk.open.set()
            assert isinstance(await answer, Accepted)
            await settle()
            (row,) = seeded.read_now(rows)
            assert (row.author, row.at, row.command_id) == (SURGEON.person_id, "2026-11-26T08:00:00.000Z", "type-0001")
            assert heard(wires[THERAPIST.person_id], Hand()) == "durable"

    async def enter_late(opened: Rooms) -> Any:
        return next(one for one in opened._hosts[ROOM]._audience.everybody() if one.participant == CHAIR)

    asyncio.run(scene())
    assert stored(seeded)["minutes"] == "durable"


def test_R91_sent_again_it_has_one_answer_and_is_merged_once_also_by_another_host(seeded: Database) -> None:
    async def scene() -> None:
        command = Hand().command("once")
        async with rooms(seeded) as opened:
            await begin(opened)
            for _ in range(2):
                assert isinstance(await opened.execute(ROOM, SURGEON, "type-0001", command), Accepted)
            stolen = await opened.execute(ROOM, THERAPIST, "type-0001", command)
            assert isinstance(stolen, Refused)
            assert stolen.code == "duplicate-command"
        async with rooms(seeded, owner="other") as opened:
            await begin(opened)
            assert isinstance(await opened.execute(ROOM, SURGEON, "type-0001", command), Accepted)

    asyncio.run(scene())
    assert len(seeded.read_now(rows)) == 1
    assert stored(seeded)["minutes"] == "once"


def test_R90_an_identity_used_before_smuggles_nothing_past_a_lost_role(seeded: Database) -> None:
    async def scene() -> None:
        hand = Hand()
        async with rooms(seeded) as opened:
            await begin(opened)
            await opened.execute(ROOM, SURGEON, "type-0001", hand.command("allowed"))
            await opened.execute(ROOM, CHAIR, "role-0001", c.AssignRole(SURGEON.person_id, "observer"))
            refused = await opened.execute(ROOM, SURGEON, "type-0002", hand.command(" refused"))
            assert isinstance(refused, Refused)
            assert refused.code == "not-permitted"
            await opened.execute(ROOM, SURGEON, "type-0001", typing(Hand().type("smuggled")))

    asyncio.run(scene())
    assert stored(seeded)["minutes"] == "allowed"


def test_R90_an_observer_and_a_guest_are_refused_and_read_all_the_same(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded) as opened:
            wires = await begin(opened, OBSERVER, REFERRER)
            await opened.execute(ROOM, CHAIR, "admit-0001", c.AdmitGuest(REFERRER.person_id))
            for number, person in enumerate((OBSERVER, REFERRER)):
                answer = await opened.execute(ROOM, person, f"type-000{number}", Hand().command("forged"))
                assert isinstance(answer, Refused)
            await opened.execute(ROOM, CHAIR, "type-0009", Hand().command("true"))
            for person in (OBSERVER, REFERRER):
                assert heard(wires[person.person_id], Hand()) == "true"

    asyncio.run(scene())
    assert stored(seeded)["minutes"] == "true"


def test_R92_R93_a_read_back_takes_what_was_typed_in_the_same_turn_and_freezes_it_for_all(seeded: Database) -> None:
    async def scene() -> None:
        hand, late = Hand(), Hand()
        async with rooms(seeded) as opened:
            wires = await begin(opened)
            await opened.execute(ROOM, CHAIR, "type-0001", hand.command("A block first.", "rationale"))
            await opened.execute(ROOM, CHAIR, "type-0002", hand.command("Yes.", f"answer:q-{HIP}"))
            await opened.execute(ROOM, CHAIR, "choose-01", c.Choose(HIP, 0, "consensus", "rehabilitation", (), ()))
            late.hear(hand.doc.get_update())
            together = [
                await opened.submit(ROOM, THERAPIST, "type-0003", late.command(" Then see.", "rationale")),
                await opened.submit(ROOM, THERAPIST, "type-0004", late.command("All agreed.")),
                await opened.submit(ROOM, CHAIR, "read-0001", c.ReadBack(HIP, 1)),
                await opened.submit(ROOM, THERAPIST, "type-0005", late.command(" Too late.", "rationale")),
            ]
            answers = [await one for one in together]
            assert [type(one) for one in answers] == [Accepted, Accepted, Accepted, Refused]
            case = (await opened.state(ROOM)).cases[HIP]
            assert case.recommendation is not None
            assert (case.recommendation.revision, case.recommendation.recommendation.rationale) == (
                2, "A block first. Then see."
            )
            assert case.minutes is not None
            assert case.minutes.text == "All agreed."
            shown = [one["event"] for one in wires[SURGEON.person_id].events()]
            assert [one["text"] for one in shown if one["type"] == "minutes-frozen"] == ["All agreed."]

    asyncio.run(scene())
    assert stored(seeded)["rationale"] == "A block first. Then see."


def test_R96_a_draft_written_as_a_whole_becomes_the_text_and_keeps_the_minutes(seeded: Database) -> None:
    async def scene() -> str:
        hand = Hand()
        async with rooms(seeded) as opened:
            wires = await begin(opened)
            await opened.execute(ROOM, SURGEON, "type-0001", hand.command("Minutes stay."))
            draft = c.DraftRecommendation(HIP, 0, words("rehabilitation"))
            assert isinstance(await opened.execute(ROOM, CHAIR, "draft-001", draft), Accepted)
            return heard(wires[SURGEON.person_id], hand) + hand.words("rationale")

    assert asyncio.run(scene()) == "Minutes stay." + words().rationale
    assert stored(seeded) == {
        "minutes": "Minutes stay.", "rationale": words().rationale, "follow_up": words().follow_up,
        "goal_answered": words().goal_answered, f"answer:q-{HIP}": "Not now.",
    }  # fmt: skip
    assert [row.command_id for row in seeded.read_now(rows)] == ["type-0001", None]


@pytest.mark.parametrize(("update", "code"), [
    ("not base64!", "bad-update"), ("", "bad-update"), ("AAAA", "bad-update"),
    (base64.b64encode(Hand().type("x", "elsewhere")).decode(), "bad-update"),
    (base64.b64encode(Hand().type("x" * 8_001, "rationale")).decode(), "too-long"),
])  # fmt: skip
def test_R97_what_does_not_fit_is_refused_with_its_reason(seeded: Database, update: str, code: str) -> None:
    async def scene() -> Accepted | Refused:
        async with rooms(seeded) as opened:
            await begin(opened)
            return await opened.execute(ROOM, SURGEON, "type-0001", c.TypeText(HIP, update))

    answer = asyncio.run(scene())
    assert isinstance(answer, Refused)
    assert answer.code == code
    assert seeded.read_now(rows) == []


def test_R98_a_guest_is_given_their_own_case_and_no_trace_of_another(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded) as opened:
            wires = await begin(opened, REFERRER)
            guest = next(one for one in opened._hosts[ROOM]._audience.everybody() if one.participant == REFERRER)
            await opened.execute(ROOM, CHAIR, "admit-0001", c.AdmitGuest(REFERRER.person_id))
            await opened.execute(ROOM, SURGEON, "type-0001", Hand().command("CANARY-OWN"))
            opened.read_text(ROOM, guest, HIP, b"")
            await settle()
            await opened.execute(ROOM, CHAIR, "call-0002", c.CallCase(KNEE))
            await opened.execute(ROOM, SURGEON, "type-0002", Hand().command("CANARY-OTHER", case=KNEE))
            opened.read_text(ROOM, guest, KNEE, b"")
            await settle()
            wire = wires[REFERRER.person_id]
            own, other = wire.of("text")
            assert b"CANARY-OWN" in base64.b64decode(own["update"])
            assert base64.b64decode(other["update"]) == b"\x00\x00"
            assert [message["case"] for message in wire.of("typed")] == [HIP]
            assert not any(b"CANARY-OTHER" in base64.b64decode(one) for one in _all_base64(wire))

    asyncio.run(scene())


def _all_base64(wire: Wire) -> list[str]:
    updates = [one["update"] for message in wire.of("typed") for one in message["updates"]]
    return updates + [message["update"] for message in wire.of("text")]


def test_R98_a_caret_is_its_owners_on_the_table_and_only_of_somebody_who_may_type(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded) as opened:
            wires = await begin(opened, OBSERVER, REFERRER)
            members = {one.participant.person_id: one for one in opened._hosts[ROOM]._audience.everybody()}

            def move(person: Any, case: str) -> None:
                caret = {"case": case, "field": "minutes", "at": "AA=="}
                opened.move(ROOM, members[person.person_id], {"caret": caret})

            for person, case in ((SURGEON, HIP), (OBSERVER, HIP), (REFERRER, HIP), (THERAPIST, KNEE)):
                move(person, case)
            await asyncio.sleep(0.1)
            said = _carets(wires[CHAIR.person_id])
            assert {person for person, caret in said.items() if caret} == {SURGEON.person_id}
            await opened.execute(ROOM, CHAIR, "call-0002", c.CallCase(KNEE))
            await asyncio.sleep(0.1)
            assert not any(_carets(wires[CHAIR.person_id]).values())
            move(SURGEON, KNEE)
            await asyncio.sleep(0.1)
            assert _carets(wires[CHAIR.person_id])[SURGEON.person_id]["case"] == KNEE
            assert KNEE not in str(wires[REFERRER.person_id].of("presence"))

    asyncio.run(scene())


def _carets(wire: Wire) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for message in wire.of("presence"):
        for person, state in message["people"].items():
            if state is not None and "caret" in state:
                found[person] = state["caret"]
    return found


def test_a_write_of_unknown_outcome_is_asked_of_the_store_and_reaches_everybody(seeded: Database) -> None:
    async def scene() -> None:
        disk, hand = Gate(seeded), Hand()
        async with rooms(seeded, store=disk) as opened:
            wires = await begin(opened)
            await opened.execute(ROOM, SURGEON, "type-0001", hand.command("before, "))
            disk.lies = True
            answer = await opened.execute(ROOM, SURGEON, "type-0002", hand.command("during, "))
            assert isinstance(answer, Accepted)
            await opened.execute(ROOM, SURGEON, "type-0003", hand.command("after"))
            assert heard(wires[THERAPIST.person_id], Hand()) == "before, during, after"

    asyncio.run(scene())
    assert stored(seeded)["minutes"] == "before, during, after"


def test_a_long_text_is_kept_as_one_and_says_the_same_while_who_typed_when_stays(seeded: Database) -> None:
    async def scene() -> None:
        hand = Hand()
        async with rooms(seeded) as opened:
            await begin(opened)
            for number in range(COMPACT_AFTER + 5):
                await opened.execute(ROOM, SURGEON, f"type-{number:04}", hand.command(f"{number} "))
            await opened.execute(ROOM, SURGEON, "type-gone", typing(hand.delete(0, 10)))
        async with rooms(seeded, owner="other") as opened:
            await begin(opened)
            await opened.execute(ROOM, SURGEON, "type-last", hand.command("last"))
        assert stored(seeded)["minutes"] == hand.words()

    asyncio.run(scene())
    found = seeded.read_now(rows)
    assert [row.seq for row in found] == list(range(1, COMPACT_AFTER + 8))
    assert all(row.author == SURGEON.person_id and row.size > 0 for row in found)
    assert sum(1 for row in found if row.content) < COMPACT_AFTER
    assert seeded.read_now(_wholes) == 1


def _wholes(session: Session) -> int:
    return len(session.exec(select(RoomTextWhole)).all())


def test_a_fenced_host_types_nothing(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded) as first:
            await begin(first)
            async with rooms(seeded, owner="other") as second:
                await second.room(ROOM)
                with pytest.raises(Exception, match="not known"):
                    await first.execute(ROOM, SURGEON, "type-0001", Hand().command("from the past"))

    asyncio.run(scene())
    assert seeded.read_now(rows) == []


def test_a_draft_of_before_there_was_joint_text_becomes_it(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded) as opened:
            await begin(opened)
            await opened.execute(ROOM, CHAIR, "draft-001", c.DraftRecommendation(HIP, 0, words("rehabilitation")))
        seeded.write_now(DEED, _forget)
        async with rooms(seeded, owner="other") as opened:
            await begin(opened)
            await settle()

    asyncio.run(scene())
    assert stored(seeded)["rationale"] == words().rationale


def _forget(session: Session) -> None:
    session.connection().exec_driver_sql("DELETE FROM room_text")


def test_the_commands_that_typed_are_known_by_their_authors(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded) as opened:
            await begin(opened)
            await opened.execute(ROOM, SURGEON, "type-0001", Hand().command("x"))

    asyncio.run(scene())
    assert seeded.read_now(store.typed_commands, ROOM) == {CommandId("type-0001"): SURGEON.person_id}
