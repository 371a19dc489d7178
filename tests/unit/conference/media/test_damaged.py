"""A hundred thousand datagrams that were genuine before something happened to them.

They are checks, handshakes, media and reports: damaged on the way by a stranger or from a bound address, and damaged
before they were sealed by somebody who is in the call. Nothing escapes, nobody is bound without integrity, the call
goes on.
"""

import asyncio
import logging
from random import Random

import pylibsrtp
import pytest

from conference.media import rtcp, rtp, stun
from conference.media.errors import Malformed
from conference.media.profile import OPUS, RTX, VP8, Extension
from conference.media.server import MediaServer
from tests.unit.conference.media.browsers import media_server
from tests.unit.conference.media.callers import Caller, packet, until, wire

COUNT = 100_000
AT_ONCE = 50
LONGEST = 1_200
"""Bytes of a packet that a browser would seal."""
HANDSHAKES = 10


def damaged(chance: Random, data: bytes) -> bytes:
    """It was cut off, lengthened, shuffled, or some of its bytes were changed; it is another one in any case."""
    changed = bytearray(data)
    match chance.randrange(8):
        case 0:
            del changed[chance.randrange(len(changed)) :]
        case 1:
            changed += chance.randbytes(1 + chance.randrange(40))
        case 2:
            at, to = sorted(chance.randrange(len(changed) + 1) for _ in range(2))
            changed[at:at] = changed[at:to] or b"\x00"
        case 3:
            at = chance.randrange(len(changed))
            del changed[at : at + 1 + chance.randrange(8)]
        case _:
            for _ in range(chance.choice([1, 1, 1, 2, 8])):
                within = min(len(changed), chance.choice([4, 16, 60, 2_000]))
                changed[chance.randrange(within)] ^= 1 << chance.randrange(8)
    return bytes(changed) if changed != data else damaged(chance, data)


def said() -> list[bytes]:
    """Media and reports as a browser makes them, not sealed yet."""
    key, inter = b"\x90\x80\x80\x05\x00" + bytes(200), b"\x90\x80\x80\x06\x01" + bytes(900)
    camera = ((Extension.MID, b"cam"), (Extension.TRANSPORT_SEQUENCE, b"\x00\x07"))
    layers = [(*camera, (Extension.RID, layer)) for layer in (b"l", b"h")]
    media = [
        rtp.RtpPacket(OPUS, 1, 960, 7, b"voice", extensions=((Extension.MID, b"mic"), (Extension.LEVEL, b"\x10"))),
        *(rtp.RtpPacket(VP8, 1, 3000, 8 + at, key, extensions=layer) for at, layer in enumerate(layers)),
        *(rtp.RtpPacket(VP8, 4, 9000, 8 + at, inter, extensions=layer) for at, layer in enumerate(layers)),
        rtp.RtpPacket(RTX, 1, 3000, 12, b"\x00\x02" + inter, extensions=(*camera, (Extension.REPAIRED_RID, b"h"))),
    ]
    block = rtcp.Block(8, 30, 5, 9, 1, 2, 3)
    reports = [
        rtcp.SenderReport(8, 1 << 40, 3000, 5, 900, (block,)), rtcp.ReceiverReport(7, (block, block)),
        rtcp.Nack(7, 8, (1, 2, 9, 40)), rtcp.PictureLoss(7, 8), rtcp.FullIntraRequest(7, ((8, 1),)),
        rtcp.Bandwidth(7, 400_000, (8, 9)), rtcp.Name(7, "name"), rtcp.Bye((7,)),
    ]
    return [*map(rtp.serialise, media), *map(rtcp.serialise, reports)]


def datagrams(chance: Random, caller: Caller) -> tuple[list[bytes], list[bytes]]:
    """What a stranger, and what somebody in the call, sends next: (from anywhere, from the bound address)."""
    plain = chance.choice(said())
    genuine = [caller.check(chance.randbytes(12)), stun.inquiry(chance.randbytes(12))[0], *caller.flights]
    try:
        inside = caller.seal(damaged(chance, plain)[:LONGEST])
    except pylibsrtp.Error:  # not even the head of a packet is left of it
        inside = damaged(chance, plain)
    try:
        genuine.append(caller.seal(plain))
    except pylibsrtp.Error:
        genuine.append(plain)
    return [damaged(chance, chance.choice(genuine))], [damaged(chance, chance.choice(genuine)), inside]


def test_nothing_escapes_nobody_is_bound_and_the_call_goes_on(monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    raised: list[dict] = []
    taken = 0

    async def bombard() -> None:
        nonlocal taken
        asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
        chance = Random(11)
        async with media_server(monkeypatch) as server, asyncio.timeout(600):
            server._checks.times = server._flights.times = 10 * COUNT  # nothing is spared because there is much of it
            original = server._datagram

            def counted(*given) -> None:
                nonlocal taken
                taken += 1
                original(*given)

            monkeypatch.setattr(server, "_datagram", counted)
            caller, listener = Caller(server, "ana"), Caller(server, "bo")
            for one in (caller, listener):
                await one.join()
                await one.shake_hands()
            bound = dict(server._known)
            assert len(bound) == 2
            stranger = wire((await server.addresses())[0])
            await handshakes(server, chance)
            await heard(caller, listener, 1)  # whoever invents streams from now on may begin no further one
            sent, before = 0, taken
            while sent < COUNT:
                for _ in range(AT_ONCE // 3):
                    outside, inside = datagrams(chance, caller)
                    for data in outside:
                        stranger.send(data)
                    for data in inside:
                        caller.wire.send(data)
                    sent += len(outside) + len(inside)
                listener.wire.send(listener.check())  # who says nothing for long is taken for gone
                sent += 1
                await until(lambda: taken >= before + sent)  # noqa: B023  # it is awaited here
            assert {at: one for at, one in server._known.items() if at in bound} == bound
            assert stranger.getsockname() not in server._known
            assert len(server._known) == len(bound)
            assert server.sessions == 2
            assert len(server._sessions[caller.session].participant.streams) <= 5
            await heard(caller, listener, 2_000)
            for one in (stranger, caller.wire, listener.wire):
                one.close()

    asyncio.run(bombard())
    assert taken > COUNT
    assert raised == []
    assert [one.getMessage() for one in caplog.records] == []


async def handshakes(server: MediaServer, chance: Random) -> None:
    """Damage in the middle of a handshake ends it or does not matter."""
    for number in range(HANDSHAKES):
        one = Caller(server, f"cy {number}")
        await one.join()
        for flight in said() * 2:
            one.wire.send(damaged(chance, b"\x16\xfe\xff" + flight))
        hello = Caller(server, f"di {number}")
        await hello.join()
        await hello.shake_hands()
        for flight in hello.flights:
            one.wire.send(damaged(chance, flight))
            one.wire.send(flight)  # and somebody else's genuine one
        for ended in (one, hello):
            await server.leave(ended.session)
            ended.wire.close()


async def heard(caller: Caller, listener: Caller, first: int) -> None:
    """A genuine voice gets through, from this sequence number on."""
    async def speak() -> None:
        for sequence in range(first, first + 1_000):
            caller.wire.send(caller.seal(packet("mic", sequence, 4_711)))
            await asyncio.sleep(0.02)

    speaking = asyncio.create_task(speak())
    numbers: list[int] = []
    while len(numbers) < 5:
        came = await listener.take()
        if came.payload_type == OPUS:
            numbers.append(came.sequence)
    assert numbers == [number & 0xFFFF for number in range(numbers[0], numbers[0] + 5)]
    speaking.cancel()


@pytest.mark.parametrize("seed", range(3))
def test_damage_is_told_from_what_is_genuine(seed: int):
    chance = Random(seed)
    for data in said():
        for _ in range(300):
            assert damaged(chance, data) != data
            try:
                rtcp.parse(damaged(chance, data)) if 192 <= data[1] <= 223 else rtp.parse(damaged(chance, data))
            except Malformed:
                continue
