"""One room's media: decrypted datagrams in, datagrams to encrypt out. Pure: no socket, no clock.

Times are seconds of a monotonic clock. What comes out is for the named participant; whether it is RTP or RTCP is in
its second byte (RFC 5761, 4).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice

from conference.media import rtcp, rtp
from conference.media.forwarder import Switchboard, Track
from conference.media.participant import SOURCE_OF, Chosen, Participant, Seat, Stream
from conference.media.profile import OPUS, RTX, VP8, Extension
from conference.media.signalling import SOURCES
from conference.media.slot import Slot
from conference.media.speakers import Speakers, arrange

Out = list[tuple[Participant, bytes | bytearray]]
Best = Callable[[str, str, bool], Stream | None]
"""Person, source, whether the high layer is wanted → the living stream that suits."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A listener's place shows another person's source from now on, or nothing."""

    listener: str
    place: str
    person: str | None
    source: str


class Meeting:
    """Everybody who sends or receives in one room."""

    def __init__(self) -> None:
        self.participants: dict[str, Participant] = {}
        self._board = Switchboard()
        self._speakers = Speakers()
        self._owners: dict[Stream, Participant] = {}
        self._listeners: dict[Slot, Participant] = {}

    def enter(self, one: Participant) -> None:
        """The person takes part; who was here under the same name is replaced."""
        if one.person in self.participants:
            self.leave(self.participants[one.person])
        self.participants[one.person] = one
        self._speakers.enter(one.person)
        self._listeners.update((seat.slot, one) for seat in one.seats)

    def leave(self, one: Participant) -> None:
        """The person is gone: their slots and everybody's slots that show them are empty."""
        if self.participants.get(one.person) is not one:
            return
        del self.participants[one.person]
        self._speakers.leave(one.person)
        for seat in one.seats:
            self._board.point(seat.slot, None)
            del self._listeners[seat.slot]
        for stream in one.streams.values():
            self._board.drop(stream.track)
            self._owners.pop(stream, None)

    def announce(self, one: Participant, source: str, ssrc: int, repair: int | None) -> None:
        """The answer names the SSRC of a line without layers."""
        stream = self._learn(one, source, None, ssrc)
        if stream is not None and repair is not None:
            one.repairs[repair] = stream

    def take_media(self, one: Participant, data: bytes, at: float) -> Out:
        """What goes out because this RTP packet came; raises Malformed."""
        packet = rtp.parse(data)
        transport = packet.transport_sequence
        if transport is not None:
            one.arrivals.note(transport, at)
        if packet.payload_type == RTX:
            return self._repair(one, packet, at)
        stream = one.streams.get(packet.ssrc)
        if stream is None:
            mid = packet.text(Extension.MID)
            stream = self._learn(one, mid, packet.text(Extension.RID), packet.ssrc) if mid in SOURCES else None
        if stream is None or packet.payload_type != (VP8 if stream.track.video else OPUS):
            return []
        asked = _asked(one, stream, at) if stream.reception.note(packet.sequence, packet.timestamp, at) else []
        if stream.source == "mic" and packet.level is not None:
            self._speakers.heard(one.person, packet.level, at)
        if not packet.payload:  # padding that only probes the line
            return asked
        return [*self._forward(stream, packet, at), *asked] if asked else self._forward(stream, packet, at)

    def take_reports(self, one: Participant, data: bytes, at: float) -> Out:
        """What goes out because this RTCP datagram came; raises Malformed."""
        out: Out = []
        for packet in rtcp.parse(data):
            match packet:
                case rtcp.SenderReport(ssrc, ntp):
                    if ssrc in one.streams:
                        one.streams[ssrc].reception.sender_report(ntp, at)
                        one.streams[ssrc].report = (packet, at)
                    self._judge(one, packet.blocks, at)
                case rtcp.ReceiverReport(_, blocks):
                    self._judge(one, blocks, at)
                case rtcp.Nack(_, media, lost):
                    out += self._answer(one, media, lost, at)
                case rtcp.PictureLoss(_, media):
                    out += self._key(one, media, at)
                case rtcp.FullIntraRequest(_, requests):
                    out += [sent for ssrc, _ in requests for sent in self._key(one, ssrc, at)]
                case rtcp.Bandwidth(_, bitrate):
                    one.downlink.estimated(bitrate, at)
                case _:
                    pass
        return out

    def tick(self, at: float) -> Out:
        """Requests for what is missing and for key frames that are awaited; every 20 to 50 ms."""
        out: Out = []
        for one in self.participants.values():
            for source in one.thinned(at):
                self._show_what_is_left(one.person, source, at)
            for stream in one.streams.values():
                out += _asked(one, stream, at)
                if stream.track.ask_again(at):
                    out.append((one, _picture_loss(one, stream)))
        return out

    def feedback(self) -> Out:
        """What arrived when, for the senders' estimates of their lines; every 50 to 100 ms."""
        out: Out = []
        for one in self.participants.values():
            media = next(iter(one.streams), 0)
            out += [(one, rtcp.serialise(packet)) for packet in one.arrivals.feedback(one.ssrc, media)]
        return out

    def report(self, at: float, ntp: int) -> Out:
        """Receiver reports to those who send, sender reports of the slots; once a second. `ntp` is 32.32 NTP time."""
        out: Out = []
        shown = {stream.track: stream for stream in self._owners}
        for one in self.participants.values():
            blocks = [stream.reception.block(at) for stream in one.streams.values()]
            known = tuple(block for block in blocks if block is not None)
            if known:
                out.append((one, rtcp.serialise(rtcp.ReceiverReport(one.ssrc, known))))
            one.downlink.sent(sum(seat.slot.octets for seat in one.seats_for["cam"]), at)
            for seat in one.seats:
                timestamp = self._now_on(seat, shown, at)
                if timestamp is None:
                    continue
                slot = seat.slot
                report = rtcp.SenderReport(
                    slot.ssrc, ntp, timestamp, slot.packets & 0xFFFFFFFF, slot.octets & 0xFFFFFFFF
                )
                out.append((one, rtcp.serialise(report) + rtcp.serialise(rtcp.Name(slot.ssrc, "consilium"))))
        return out

    def arrange(self, at: float) -> list[Shown]:
        """Give every listener's slots to those who speak; what changed. Every 200 ms."""
        order = self._speakers.order(at)
        speaking = self._speakers.speaking(at)
        best = self._best(at)
        sending = {
            source: {person for person in order if best(person, source, True) is not None}
            for source in SOURCE_OF.values()
        }
        changes: list[Shown] = []
        for one in self.participants.values():
            for source, seats in one.seats_for.items():
                shown = [seat.chosen[0] if seat.chosen else None for seat in seats]
                wanted: Iterable[str | None] = order
                if source == "mic":
                    wanted = dict.fromkeys((*speaking, *shown, *order))
                elif one.voices_only:
                    wanted = ()
                here = (person for person in wanted if person in sending[source] and person != one.person)
                for seat, person in zip(seats, arrange(shown, [*islice(here, len(seats))]), strict=True):
                    changes += self._seat(one, seat, (person, source) if person else None, at, best)
        return changes

    def _best(self, at: float) -> Best:
        """Who sends what, asked once for all listeners."""
        @cache
        def best(person: str, source: str, high: bool) -> Stream | None:
            sender = self.participants.get(person)
            return None if sender is None else sender.best(source, at, high=high)

        return best

    def _seat(self, one: Participant, seat: Seat, chosen: Chosen | None, at: float, best: Best) -> list[Shown]:
        stream = None if chosen is None else best(*chosen, one.downlink.try_high(at))
        track = stream.track if stream is not None else None
        if self._board.expected(seat.slot) is not track:
            self._board.point(seat.slot, track)
        if seat.chosen == chosen:
            return []
        seat.chosen = chosen
        person = chosen[0] if chosen else None
        return [Shown(one.person, seat.place.mid, person, SOURCE_OF[seat.place.mid[0]])]

    def _show_what_is_left(self, person: str, source: str, at: float) -> None:
        """A layer has ended beside another: whoever watched it gets that one, without waiting to be arranged."""
        best = self._best(at)
        for listener in self.participants.values():
            for seat in listener.seats:
                if seat.chosen == (person, source):
                    self._seat(listener, seat, seat.chosen, at, best)

    def _learn(self, one: Participant, source: str | None, layer: str | None, ssrc: int) -> Stream | None:
        if source is None:
            return None
        stream, old = one.learn(source, layer, ssrc)
        if old is not None:
            self._board.drop(old.track)
            self._owners.pop(old, None)
        if stream is not None:
            self._owners[stream] = one
        return stream

    def _repair(self, one: Participant, packet: rtp.RtpPacket, at: float) -> Out:
        stream = one.repairs.get(packet.ssrc)
        if stream is None:
            mid, layer = packet.text(Extension.MID), packet.text(Extension.REPAIRED_RID)
            stream = one.stream(mid, layer) if mid is not None else None
            if stream is None:
                return []
            one.repairs = {ssrc: known for ssrc, known in one.repairs.items() if known is not stream}
            one.repairs[packet.ssrc] = stream
        if len(packet.payload) <= 2:  # padding that only probes the line
            return []
        original = rtp.unwrap_retransmission(packet, ssrc=stream.ssrc, payload_type=VP8)
        if not stream.reception.recovered(original.sequence):
            return []
        return self._forward(stream, original, at)

    def _forward(self, stream: Stream, packet: rtp.RtpPacket, at: float) -> Out:
        sent = self._board.receive(stream.track, packet, at)
        return [(self._listeners[slot], data) for slot, data in sent]

    def _answer(self, one: Participant, ssrc: int, lost: tuple[int, ...], at: float) -> Out:
        seat = one.seat_of(ssrc)
        track = self._board.shown(seat.slot) if seat is not None else None
        if seat is None or track is None:
            return []
        missed = seat.slot.missed(lost)
        if missed and seat.place.mid[0] == "v":
            packets = sum(other.slot.packets for other in one.seats_for["cam"])
            one.downlink.missed(missed, packets, at)
        return [(one, data) for data in track.answer(seat.slot, lost, at)]

    def _key(self, one: Participant, ssrc: int, at: float) -> Out:
        seat = one.seat_of(ssrc)
        track = self._board.expected(seat.slot) if seat is not None else None
        for stream, owner in self._owners.items():
            if stream.track is track and track.video and track.ask_key(at):
                return [(owner, _picture_loss(owner, stream))]
        return []

    def _judge(self, one: Participant, blocks: tuple[rtcp.Block, ...], at: float) -> None:
        lost = [
            block.fraction_lost / 256
            for block in blocks
            if (seat := one.seat_of(block.ssrc)) is not None and seat.place.mid[0] == "v"
        ]
        if lost:
            one.downlink.reported(max(lost), at)

    def _now_on(self, seat: Seat, shown: Mapping[Track, Stream], at: float) -> int | None:
        """The slot's timestamp at this moment: the sender's own report carried forward, else its last packet."""
        track = self._board.shown(seat.slot)
        if track is None or track not in shown or track.last_at is None:
            return None
        stream = shown[track]
        timestamp, since = track.timestamp, track.last_at
        if stream.report is not None:
            timestamp, since = stream.report[0].timestamp, stream.report[1]
        return seat.slot.timestamp_of(timestamp + int((at - since) * seat.slot.clock))


def _asked(one: Participant, stream: Stream, at: float) -> Out:
    """What is missing of a stream, asked for: soon enough that the picture need not wait for it."""
    lost = stream.reception.missing(at)
    return [(one, rtcp.serialise(rtcp.Nack(one.ssrc, stream.ssrc, lost)))] if lost else []


def _picture_loss(one: Participant, stream: Stream) -> bytes:
    return rtcp.serialise(rtcp.PictureLoss(one.ssrc, stream.ssrc))
