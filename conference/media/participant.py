"""One person's side of a meeting: the streams they send and the slots they receive."""

import secrets
from dataclasses import dataclass, field
from math import inf
from typing import Final

from conference.media.arrivals import Arrivals
from conference.media.downlink import Downlink
from conference.media.forwarder import Track
from conference.media.profile import AUDIO_CLOCK, HIGH, LOW, VIDEO_CLOCK
from conference.media.reception import Reception
from conference.media.rtcp import SenderReport
from conference.media.signalling import SOURCES, Place, mids
from conference.media.slot import Slot

_ALIVE_S: Final = 2.0
_LAYER_S: Final = 0.25
_LAYERS: Final = {"mic": (None,), "cam": (None, LOW, HIGH), "screen": (None,)}

SOURCE_OF: Final = {"a": "mic", "v": "cam", "s": "screen"}
"""What a place shows, by the first letter of its name."""

Chosen = tuple[str, str]
"""A person and one of their sources."""


@dataclass(slots=True, eq=False)
class Stream:
    """One incoming SSRC of a person."""

    source: str
    layer: str | None
    ssrc: int
    track: Track
    reception: Reception
    report: tuple[SenderReport, float] | None = None

    @property
    def last_at(self) -> float:
        """When the last packet came; before all time where none did."""
        return -inf if self.track.last_at is None else self.track.last_at

    def alive(self, at: float) -> bool:
        """Whether packets came lately."""
        return at - self.last_at < _ALIVE_S


@dataclass(slots=True, eq=False)
class Seat:
    """One slot of a person and whom it shows or awaits."""

    place: Place
    slot: Slot
    chosen: Chosen | None = None


@dataclass(slots=True, eq=False)
class Participant:
    """One person in a meeting. `ssrc` names us in the feedback we send them."""

    person: str
    seats: tuple[Seat, ...]
    ssrc: int
    streams: dict[int, Stream] = field(default_factory=dict)
    repairs: dict[int, Stream] = field(default_factory=dict)
    arrivals: Arrivals = field(default_factory=Arrivals)
    downlink: Downlink = field(default_factory=Downlink)
    voices_only: bool = False
    """Pictures of others are not sent to this person."""
    seats_for: dict[str, tuple[Seat, ...]] = field(init=False)
    """The seats by the source they show."""

    def __post_init__(self) -> None:
        self.seats_for = {
            source: tuple(seat for seat in self.seats if seat.place.mid[0] == letter)
            for letter, source in SOURCE_OF.items()
        }

    def seat_of(self, ssrc: int) -> Seat | None:
        """The seat that sends under this SSRC; None where it is none of ours."""
        return next((seat for seat in self.seats if seat.slot.ssrc == ssrc), None)

    def stream(self, source: str, layer: str | None) -> Stream | None:
        """What the person sends of this source in this layer."""
        for one in self.streams.values():
            if one.source == source and one.layer == layer:
                return one
        return None

    def best(self, source: str, at: float, *, high: bool) -> Stream | None:
        """The living stream of a source that suits a line best.

        Browsers end a layer without a word when their own line thins: one that is silent beside another is over.
        """
        order = (HIGH, None, LOW) if high else (LOW, None, HIGH)
        living = [one for one in self.streams.values() if one.source == source and one.alive(at)]
        latest = max((one.last_at for one in living), default=at)
        fresh = {one.layer: one for one in living if latest - one.last_at < _LAYER_S}
        return next((fresh[layer] for layer in order if layer in fresh), None)

    def thinned(self, at: float) -> list[str]:
        """Sources of which somebody still watches a layer that has ended beside another."""
        return [
            one.source for one in self.streams.values()
            if one.layer is not None and one.track.slots and one.alive(at)
            and self.best(one.source, at, high=one.layer == HIGH) is not one
        ]

    def learn(self, source: str, layer: str | None, ssrc: int) -> tuple[Stream | None, Stream | None]:
        """A new SSRC of a source: (the stream, the one it replaces); nothing for a source or layer we never offered."""
        if source not in SOURCES or layer not in _LAYERS[source]:
            return None, None
        old = self.stream(source, layer)
        if old is not None:
            del self.streams[old.ssrc]
            self.repairs = {repair: one for repair, one in self.repairs.items() if one is not old}
        video = source != "mic"
        reception = Reception(ssrc, VIDEO_CLOCK if video else AUDIO_CLOCK, repairs=video)
        new = Stream(source, layer, ssrc, Track(video=video), reception)
        self.streams[ssrc] = new
        return new, old


def participant(person: str) -> Participant:
    """A person with empty slots, whose numbers are drawn by chance (RFC 3550, 5.1)."""
    drawn: set[int] = set()
    while len(drawn) < 2 * len(mids()) + 1:
        drawn.add(secrets.randbelow(2**32 - 1) + 1)
    numbers = iter(drawn)
    seats = []
    for mid, video in mids():
        place = Place(mid, video, next(numbers), next(numbers))
        slot = Slot(
            video=video, ssrc=place.ssrc, retransmission_ssrc=place.retransmission_ssrc,
            sequence=secrets.randbelow(2**14), timestamp=secrets.randbelow(2**31),
        )
        seats.append(Seat(place, slot))
    return Participant(person, tuple(seats), next(numbers))
