"""The numbers our offers fix, so that every participant uses the same ones and nothing has to be mapped."""

from enum import IntEnum
from typing import Final

OPUS: Final = 111
VP8: Final = 96
RTX: Final = 97
"""Payload types (RFC 3551 dynamic range)."""

AUDIO_CLOCK: Final = 48_000
VIDEO_CLOCK: Final = 90_000
"""Ticks of the RTP timestamp a second (RFC 7587, RFC 7741)."""

AUDIO_SLOTS: Final = 5
VIDEO_SLOTS: Final = 4
SCREEN_SLOTS: Final = 1
"""What one listener receives at most; the offer never changes in a meeting."""

LOW: Final = "l"
HIGH: Final = "h"
"""Names of the two simulcast layers of a camera (RFC 8851 restriction identifiers)."""


class Extension(IntEnum):
    """Identifiers of the RTP header extensions of our offers (RFC 8285)."""

    LEVEL = 1
    SEND_TIME = 2
    TRANSPORT_SEQUENCE = 3
    MID = 4
    RID = 10
    REPAIRED_RID = 11


URI: Final = {
    Extension.LEVEL: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    Extension.SEND_TIME: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    Extension.TRANSPORT_SEQUENCE: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    Extension.MID: "urn:ietf:params:rtp-hdrext:sdes:mid",
    Extension.RID: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    Extension.REPAIRED_RID: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
}
