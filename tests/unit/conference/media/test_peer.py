"""Encrypted lines: two of ours shake hands, seal and open, and never seal a number twice."""

import asyncio
import socket

from conference.media import peer
from conference.media.outbox import Outbox, Way
from conference.media.peer import Certificate, SecureLine
from conference.media.rtcp import PictureLoss, serialise
from conference.media.rtp import RtpPacket
from conference.media.rtp import serialise as packet
from conference.media.signalling import Answer


def lines() -> tuple[SecureLine, SecureLine, asyncio.Event, tuple[Answer, Answer]]:
    """Two ends of one line, whether the second heard a goodbye, and the answers that describe them."""
    goodbye = asyncio.Event()
    both: list[SecureLine] = []
    certificates = Certificate(), Certificate()
    both.append(SecureLine(certificates[0], lambda data: both[1].handshake(data), lambda: None))
    both.append(SecureLine(certificates[1], lambda data: both[0].handshake(data), goodbye.set))
    left, right = (Answer((("sha-256", one.fingerprint),), active, {}) for one, active in zip(
        certificates, (False, True), strict=True
    ))
    return both[0], both[1], goodbye, (left, right)


def seal(line: SecureLine, data: bytes, *, reports: bool = False) -> bytes | None:
    """What leaves by an outbox of this line; None where nothing does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        wire.settimeout(5)
        box = Outbox(wire)
        if not box.put(Way(box, wire.getsockname(), line.context), data):
            return None
        box.flush()
        return wire.recv(2048)


def test_what_one_end_seals_the_other_opens_once():
    async def talk() -> None:
        one, other, goodbye, (first, second) = lines()
        media, report = packet(RtpPacket(96, 1, 2, 3, b"frame")), serialise(PictureLoss(1, 2))
        assert seal(one, media) is None
        assert one.unprotect(media, reports=False) is None
        assert await asyncio.gather(one.open(second), other.open(first)) == [True, True]
        sealed = seal(one, media)
        assert sealed is not None
        assert b"frame" not in sealed
        assert other.unprotect(sealed[:-1] + b"\x00", reports=False) is None
        assert other.unprotect(sealed, reports=False) == media
        assert other.unprotect(sealed, reports=False) is None
        told = seal(other, report, reports=True)
        assert told is not None
        assert one.unprotect(told, reports=True) == report
        await one.close()
        await asyncio.wait_for(goodbye.wait(), 5)
        await other.close()
        assert seal(other, media) is None

    asyncio.run(talk())


def test_no_number_is_sealed_twice_and_nothing_too_long():
    async def talk() -> None:
        one, other, _, (first, second) = lines()
        await asyncio.gather(one.open(second), other.open(first))
        assert seal(one, packet(RtpPacket(96, 1, 2, 3, b"frame"))) is not None
        assert seal(one, packet(RtpPacket(96, 1, 2, 3, b"other"))) is None
        assert seal(one, packet(RtpPacket(96, 2, 2, 3, bytes(1900)))) is None
        await one.close()
        await other.close()

    asyncio.run(talk())


def test_streams_that_are_invented_are_bounded_and_forged_ones_do_not_count(monkeypatch):
    monkeypatch.setattr(peer, "_STREAMS", 4)

    async def talk() -> None:
        one, other, _, (first, second) = lines()
        await asyncio.gather(one.open(second), other.open(first))
        sealed = [seal(one, packet(RtpPacket(96, 1, 2, ssrc, b"frame"))) for ssrc in range(10, 16)]
        again = seal(one, packet(RtpPacket(96, 2, 2, 10, b"again")))
        report = seal(one, serialise(PictureLoss(99, 2)), reports=True)
        assert again is not None
        assert report is not None
        for data in sealed:
            assert data is not None
            assert other.unprotect(data[:-1] + bytes([data[-1] ^ 1]), reports=False) is None
        opened = [other.unprotect(data, reports=False) is not None for data in sealed if data is not None]
        assert opened == [True] * 4 + [False] * 2
        assert other.unprotect(report, reports=True) is None
        assert other.unprotect(again, reports=False) is not None
        await one.close()
        await other.close()

    asyncio.run(talk())


def test_another_certificate_than_announced_is_refused():
    async def talk() -> None:
        one, other, _, (first, second) = lines()
        wrong = Answer((("sha-256", ":".join(["00"] * 32)),), second.active, {})
        assert (await asyncio.gather(one.open(wrong), other.open(first)))[0] is False
        await one.close()
        await other.close()

    asyncio.run(talk())
