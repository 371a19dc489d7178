"""Session descriptions: the offer this process writes, and the answer a browser gives. Pure.

The offer fixes everything once: three lines on which the browser may send (microphone, camera, screen) and ten on
which it receives. Whoever speaks, joins or leaves, no line is added, so nothing is negotiated again (RFC 8829). The
answer is read for what we need and no further: the browser's DTLS fingerprint and role, and where it announced fixed
SSRCs.
"""

import re
from dataclasses import dataclass
from typing import Final

from conference.media.errors import Malformed
from conference.media.profile import (
    AUDIO_SLOTS,
    HIGH,
    LOW,
    OPUS,
    RTX,
    SCREEN_SLOTS,
    URI,
    VIDEO_SLOTS,
    VP8,
    Extension,
)

SOURCES: Final = ("mic", "cam", "screen")
"""What a browser may send; also the `mid` of its line."""

_LONGEST: Final = 200_000
_MID = re.compile(r"[0-9a-z-]{1,16}")
_FINGERPRINT = re.compile(r"(?P<algorithm>sha-256|sha-384|sha-512) (?P<value>[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31,63})")
_SIZES: Final = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
_LINE: Final = {"mic": "audio", "cam": "video", "screen": "video"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the media process is reached by UDP; `host` is a literal IPv4 or IPv6 address."""

    host: str
    port: int

    @property
    def family(self) -> str:
        """`IP4` or `IP6`."""
        return "IP6" if ":" in self.host else "IP4"


@dataclass(frozen=True, slots=True)
class Place:
    """One receiving line of an offer: its `mid` and the SSRCs that are fixed for the meeting."""

    mid: str
    video: bool
    ssrc: int
    retransmission_ssrc: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """The ICE user fragment and password of this side (RFC 8445, 5.3)."""

    ufrag: str
    password: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser's answer tells: its certificates, whether it opens DTLS, and the SSRCs of its sending lines.

    `ssrcs` is (main, retransmission) by `mid`; a line with layers announces none, they are told apart by their rid.
    """

    fingerprints: tuple[tuple[str, str], ...]
    active: bool
    ssrcs: dict[str, tuple[int, int | None]]


def mids() -> list[tuple[str, bool]]:
    """The receiving lines of every offer in order, as (mid, whether video): voices, cameras, the screen."""
    voices = [(f"a{number}", False) for number in range(AUDIO_SLOTS)]
    cameras = [(f"v{number}", True) for number in range(VIDEO_SLOTS)]
    return voices + cameras + [(f"s{number}", True) for number in range(SCREEN_SLOTS)]


def offer(
    *, session: int, version: int, addresses: tuple[Address, ...], credentials: Credentials, fingerprint: str,
    places: tuple[Place, ...],
) -> str:
    """The offer to one browser; `version` grows with each new one of a session (ICE restart), the rest stays."""
    assert addresses, "a browser must be able to reach us"
    first = addresses[0]
    order = [*SOURCES, *(place.mid for place in places)]
    lines = [
        "v=0", f"o=- {session} {version} IN {first.family} {first.host}", "s=-", "t=0 0", "a=ice-lite",
        "a=group:BUNDLE " + " ".join(order), "a=msid-semantic: WMS *",
    ]
    transport = [
        f"a=ice-ufrag:{credentials.ufrag}", f"a=ice-pwd:{credentials.password}",
        f"a=fingerprint:sha-256 {fingerprint}", "a=setup:actpass",
        *(_candidate(number, address) for number, address in enumerate(addresses, 1)), "a=end-of-candidates",
    ]
    for source in SOURCES:
        lines += [*_heading(_LINE[source], source, first), *transport, *_sending(source)]
    for place in places:
        lines += [*_heading("video" if place.video else "audio", place.mid, first), *transport, *_receiving(place)]
    return "\r\n".join(lines) + "\r\n"


def read_answer(text: str) -> Answer:
    """What we need of a browser's answer; raises Malformed naming the line that is missing or cannot be."""
    if len(text) > _LONGEST:
        raise Malformed("The answer is longer than any browser's.")
    head, *sections = re.split(r"\r?\n(?=m=)", text)
    if not head.startswith("v=0") or not sections:
        raise Malformed("The answer has no v= line or no m= line (RFC 8866, 5).")
    prints = {(found["algorithm"], found["value"].upper()) for found in _FINGERPRINT.finditer(text)}
    prints = {(algorithm, value) for algorithm, value in prints if len(value) == 3 * _SIZES[algorithm] - 1}
    if not prints:
        raise Malformed("The answer has no a=fingerprint line with SHA-2 (RFC 8122, 5).")
    roles = {_attribute(part, "setup") for part in (head, *sections)} - {None}
    if roles not in ({"active"}, {"passive"}):
        raise Malformed("The answer says a=setup neither active nor passive (RFC 5763, 5).")
    ssrcs: dict[str, tuple[int, int | None]] = {}
    for section in sections:
        mid = _attribute(section, "mid")
        if mid is None or not _MID.fullmatch(mid):
            raise Malformed("A line of the answer has no a=mid (RFC 5888, 4).")
        if mid in SOURCES:
            ssrcs.update(_announced(mid, section))
    return Answer(tuple(sorted(prints)), roles == {"active"}, ssrcs)


def _announced(mid: str, section: str) -> dict[str, tuple[int, int | None]]:
    sends = re.search(r"^a=(sendonly|sendrecv)\r?$", section, re.MULTILINE)
    if not sends or "a=simulcast:send" in section:  # Firefox lists SSRCs of layers as well
        return {}
    pair = re.search(r"^a=ssrc-group:FID (\d{1,10}) (\d{1,10})\r?$", section, re.MULTILINE)
    if pair:
        return {mid: (_ssrc(pair[1]), _ssrc(pair[2]))}
    single = re.search(r"^a=ssrc:(\d{1,10}) ", section, re.MULTILINE)
    return {mid: (_ssrc(single[1]), None)} if single else {}


def _ssrc(text: str) -> int:
    number = int(text)
    if number >= 2**32:
        raise Malformed("An a=ssrc line names a number of more than 32 bits (RFC 5576, 4.1).")
    return number


def _attribute(section: str, name: str) -> str | None:
    found = re.search(rf"^a={name}:(\S+)\r?$", section, re.MULTILINE)
    return found[1] if found else None


def _candidate(number: int, address: Address) -> str:
    priority = (126 << 24) + ((65_535 - number) << 8) + 255  # RFC 8445, 5.1.2.1
    return f"a=candidate:{number} 1 udp {priority} {address.host} {address.port} typ host"


def _heading(kind: str, mid: str, address: Address) -> list[str]:
    formats = OPUS if kind == "audio" else f"{VP8} {RTX}"
    return [
        f"m={kind} {address.port} UDP/TLS/RTP/SAVPF {formats}", f"c=IN {address.family} {address.host}", f"a=mid:{mid}",
        "a=rtcp-mux", "a=rtcp-rsize",
    ]


def _sending(source: str) -> list[str]:
    """A line on which the browser sends, and we receive."""
    if source == "mic":
        return [
            *_extensions(Extension.MID, Extension.TRANSPORT_SEQUENCE, Extension.LEVEL), *_opus(),
            f"a=rtcp-fb:{OPUS} transport-cc", "a=recvonly",
        ]
    layers = [f"a=rid:{LOW} recv", f"a=rid:{HIGH} recv", f"a=simulcast:recv {LOW};{HIGH}"] if source == "cam" else []
    return [
        *_extensions(Extension.MID, Extension.TRANSPORT_SEQUENCE, Extension.RID, Extension.REPAIRED_RID),
        *_vp8("transport-cc"), "a=recvonly", *layers,
    ]


def _receiving(place: Place) -> list[str]:
    """A line on which the browser receives what we put on the slot."""
    stream = f"consilium-{place.mid}"
    common = ["a=sendonly", f"a=msid:{stream} {stream}"]
    if not place.video:
        return [*_opus(), *common, f"a=ssrc:{place.ssrc} cname:consilium"]
    return [
        *_extensions(Extension.SEND_TIME), *_vp8("goog-remb"), *common,
        f"a=ssrc-group:FID {place.ssrc} {place.retransmission_ssrc}",
        f"a=ssrc:{place.ssrc} cname:consilium", f"a=ssrc:{place.retransmission_ssrc} cname:consilium",
    ]


def _extensions(*kinds: Extension) -> list[str]:
    return [f"a=extmap:{kind.value} {URI[kind]}" for kind in kinds]


def _opus() -> list[str]:
    return [f"a=rtpmap:{OPUS} opus/48000/2", f"a=fmtp:{OPUS} minptime=10;useinbandfec=1;usedtx=1"]


def _vp8(congestion: str) -> list[str]:
    return [
        f"a=rtpmap:{VP8} VP8/90000", f"a=rtpmap:{RTX} rtx/90000", f"a=fmtp:{RTX} apt={VP8}",
        *(f"a=rtcp-fb:{VP8} {kind}" for kind in ("nack", "nack pli", "ccm fir", congestion)),
    ]
