"""The host: durable first, then told; the same answer after a retry; the log as the truth."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlmodel import Session

from agenda.clinical import spine
from conference.errors import RoomUnavailable
from conference.record import audit, log
from conference.record.replay import Follower
from conference.room import commands as c
from conference.room.evolve import replay
from conference.room.recorded import Recorded
from conference.room.refused import Refused
from conference.room.room import Accepted
from tests.live_rooms import DEED, ROOM, Wire, enter, rooms, seed, settle
from tests.rooms import CHAIR, HIP, KNEE, OBSERVER, REFERRER, SURGEON, draw, opinion
from web.database import Database
from web.sockets.store import RoomStore


@pytest.fixture
def seeded(database: Database) -> Database:
    audit.install(database.engine)
    database.write_now(DEED, seed)
    return database


async def begin(opened: Any) -> None:
    for person in (CHAIR, SURGEON):
        await enter(opened, person, Wire())
    assert isinstance(await opened.execute(ROOM, CHAIR, "open-0001", c.OpenConference()), Accepted)
    assert isinstance(await opened.execute(ROOM, CHAIR, "call-0001", c.CallCase(HIP)), Accepted)


def test_a_room_knows_its_agenda_when_it_opens(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded) as opened:
            state = await opened.state(ROOM)
            assert state.order == (HIP, KNEE)
            assert state.cases[HIP].brief.required == ("spine-surgery", "physical-therapy")
            assert len(state.cases[HIP].options) >= 3
            before = await opened.head(ROOM)
            await opened.sync_agenda(ROOM)
            assert await opened.head(ROOM) == before

    asyncio.run(scene())


def test_what_was_acknowledged_is_in_the_log(seeded: Database) -> None:
    async def scene() -> int:
        async with rooms(seeded) as opened:
            await begin(opened)
            answer = await opened.execute(ROOM, SURGEON, "draw-0001", draw())
            assert isinstance(answer, Accepted)
            assert seeded.read_now(log.head_of, ROOM).seq >= answer.seq
            return answer.seq

    seq = asyncio.run(scene())
    history = seeded.read_now(log.history, ROOM)
    assert history.commands["draw-0001"] == (SURGEON.person_id, seq)
    assert "m1" in replay(history.recorded).cases[HIP].marks
    assert seeded.read_now(log.verify, ROOM) == history.head


def test_R1_a_command_resent_to_another_host_has_the_same_answer(seeded: Database) -> None:
    async def scene() -> tuple[int, int]:
        async with rooms(seeded) as opened:
            await begin(opened)
            first = await opened.execute(ROOM, SURGEON, "draw-0001", draw())
        async with rooms(seeded, owner="other") as opened:
            again = await opened.execute(ROOM, SURGEON, "draw-0001", draw())
            assert isinstance(first, Accepted)
            assert isinstance(again, Accepted)
            return first.seq, again.seq

    first, again = asyncio.run(scene())
    assert first == again
    drawn = [one for one in seeded.read_now(log.history, ROOM).recorded if type(one.event).__name__ == "Drawn"]
    assert len(drawn) == 1


def test_many_commands_at_once_are_one_batch_in_order(seeded: Database) -> None:
    async def scene() -> list[int]:
        async with rooms(seeded) as opened:
            await begin(opened)
            answers = [await opened.submit(ROOM, SURGEON, f"draw-{n:04}", draw(f"m{n}")) for n in range(200)]
            return [answer.seq for answer in await asyncio.gather(*answers)]

    seqs = asyncio.run(scene())
    assert seqs == list(range(seqs[0], seqs[0] + 200))


def test_whoever_was_present_when_the_server_died_has_left(seeded: Database) -> None:
    async def scene() -> None:
        first = rooms(seeded, leave_grace_s=60.0)
        opened = await first.__aenter__()
        await begin(opened)
        await first.__aexit__(None, None, None)
        async with rooms(seeded) as again:
            people = (await again.state(ROOM)).people
            assert not any(seat.present for seat in people.values())

    asyncio.run(scene())


def test_a_second_host_fences_the_first(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded) as first, rooms(seeded, owner="second") as second:
            await begin(first)
            wire = Wire()
            await enter(first, OBSERVER, wire)
            await second.room(ROOM)
            with pytest.raises(RoomUnavailable):
                await first.execute(ROOM, SURGEON, "draw-0001", draw())
            await settle()
            assert wire.closed is not None
            assert wire.closed[0] == 4010

    asyncio.run(scene())
    assert "draw-0001" not in seeded.read_now(log.history, ROOM).commands


class _Flaky(RoomStore):
    """Loses the connection at the next append: before the commit, or just after it."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.lose: str = ""

    async def write(self, activity: str, work: Any, *args: Any, **kwargs: Any) -> Any:
        if activity == "room.append" and self.lose == "before":
            self.lose = ""
            raise OSError("connection lost")
        result = await super().write(activity, work, *args, **kwargs)
        if activity == "room.append" and self.lose == "after":
            self.lose = ""
            raise OSError("connection lost during COMMIT")
        return result


@pytest.mark.parametrize("lose", ["before", "after"])
def test_after_an_unknown_outcome_the_log_decides(seeded: Database, lose: str) -> None:
    async def scene() -> None:
        store = _Flaky(seeded)
        async with rooms(seeded, store=store) as opened:
            await begin(opened)
            wire = Wire()
            await enter(opened, OBSERVER, wire)
            store.lose = lose
            if lose == "after":
                assert isinstance(await opened.execute(ROOM, SURGEON, "draw-0001", draw()), Accepted)
            else:
                with pytest.raises(RoomUnavailable):
                    await opened.execute(ROOM, SURGEON, "draw-0001", draw())
                assert isinstance(await opened.execute(ROOM, SURGEON, "draw-0001", draw()), Accepted)
            await settle()
            drawn = [one for one in wire.events() if one["event"]["type"] == "drawn"]
            assert len(drawn) == 1
            assert [one["seq"] for one in wire.events()] == sorted({one["seq"] for one in wire.events()})

    asyncio.run(scene())
    seeded.read_now(log.verify, ROOM)


def test_late_joiner_resume_and_members_have_one_digest(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded) as opened:
            await begin(opened)
            early, late, back = Wire(), Wire(), Wire(fast=True)
            await enter(opened, OBSERVER, early)
            await opened.execute(ROOM, SURGEON, "draw-0001", draw())
            await settle()
            seen = early.of("events")[-1]["events"][-1]["seq"]
            await opened.execute(ROOM, SURGEON, "draw-0002", draw("m2"))
            await enter(opened, OBSERVER, late)
            await enter(opened, OBSERVER, back, since=seen)
            await settle()
            assert late.of("welcome")[0]["snapshot"]["seq"] == late.of("welcome")[0]["seq"]
            assert back.of("welcome")[0]["snapshot"] is None
            assert [one["seq"] for one in back.of("welcome")[0]["events"]] == [seen + 1]
            digests = {
                early.of("events")[-1]["digest"],
                late.of("welcome")[0]["digest"],
                back.of("welcome")[0]["digest"],
            }
            assert len(digests) == 1

    asyncio.run(scene())


def test_a_client_too_far_behind_gets_the_whole_state(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded, resume_events=3) as opened:
            await begin(opened)
            for since in (1, 10_000):
                wire = Wire()
                await enter(opened, OBSERVER, wire, since=since)
                await settle()
                assert wire.of("welcome")[0]["snapshot"] is not None
                assert wire.of("welcome")[0]["events"] == []

    asyncio.run(scene())


def test_R62_a_sealed_opinion_reaches_nobody_else(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded) as opened:
            await begin(opened)
            wires = {person: Wire() for person in (CHAIR, OBSERVER, REFERRER, SURGEON)}
            for person, wire in wires.items():
                await enter(opened, person, wire)
            assert isinstance(
                await opened.execute(ROOM, SURGEON, "give-0001", c.GiveOpinion(HIP, _known())), Accepted
            )
            late = Wire()
            await enter(opened, CHAIR, late)
            await settle()
            told = {person.person_id: "CANARY-OPINION" in str(wire.received) for person, wire in wires.items()}
            assert told == {"ada": False, "ed": False, "fay": False, "bo": True}
            assert "CANARY-OPINION" not in str(late.received)

    asyncio.run(scene())


def _known() -> Any:
    key = spine().options[0].key
    return opinion(key, ratings={key: 7})


def test_two_tabs_of_one_person_and_leaving_with_the_last(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded) as opened:
            await begin(opened)
            one, two = Wire(), Wire()
            first = await enter(opened, OBSERVER, one)
            second = await enter(opened, OBSERVER, two)
            opened.leave(ROOM, first)
            await settle()
            assert (await opened.state(ROOM)).people[OBSERVER.person_id].present
            opened.leave(ROOM, second)
            for _ in range(20):
                await asyncio.sleep(0.01)
                if not (await opened.state(ROOM)).people[OBSERVER.person_id].present:
                    break
            assert not (await opened.state(ROOM)).people[OBSERVER.person_id].present
            joined = [one for one in seeded.read_now(log.after, ROOM, 0) if type(one.event).__name__ == "Joined"]
            assert len([one for one in joined if one.event.participant.person_id == OBSERVER.person_id]) == 1

    asyncio.run(scene())


def test_followers_see_each_event_once_in_order_also_after_a_failure(seeded: Database) -> None:
    seen: list[int] = []
    broken = [True]

    def project(_session: Session, _room_id: str, recorded: Sequence[Recorded]) -> None:
        if broken and any(type(one.event).__name__ == "Drawn" for one in recorded):
            broken.clear()
            raise RuntimeError("a follower's fault")
        seen.extend(one.seq for one in recorded)

    async def scene() -> None:
        follower = Follower("test", project)
        async with rooms(seeded, followers=(follower,)) as opened:
            await begin(opened)
            await opened.execute(ROOM, SURGEON, "draw-0001", draw())
        async with rooms(seeded, followers=(follower,)):
            pass

    asyncio.run(scene())
    assert seen == list(range(1, seeded.read_now(log.head_of, ROOM).seq + 1))


def test_a_wrong_image_and_a_wrong_role_are_refused_with_a_reason(seeded: Database) -> None:
    async def scene() -> None:
        async with rooms(seeded) as opened:
            await begin(opened)
            unknown = c.Draw("m1", HIP, "length", "9.9.9", 1, ((1.0, 1.0), (2.0, 2.0)), "")  # type: ignore[arg-type]
            assert await opened.execute(ROOM, SURGEON, "draw-0001", unknown) == Refused(
                "no-such-image", "This case has no such image."
            )
            assert isinstance(await opened.execute(ROOM, OBSERVER, "draw-0002", draw()), Refused)

    asyncio.run(scene())
