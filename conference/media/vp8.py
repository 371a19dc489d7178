"""The VP8 payload descriptor: where a key frame begins and what numbers its pictures (RFC 7741 section 4.2)."""

from typing import NamedTuple


class Descriptor(NamedTuple):
    """What a forwarder must know of one payload; positions count from the payload's start, −1 where absent."""

    key: bool = False
    picture_at: int = -1
    picture: int = 0
    base_layer_at: int = -1
    base_layer: int = 0


NOTHING = Descriptor()


def describe(payload: bytes) -> Descriptor:
    """The descriptor of a payload; NOTHING for one that is cut off, which no key frame begins.

    Only picture numbers of 15 bits are told: those of 7 bits are too few to be continued over a switch.
    """
    try:
        return _describe(payload)
    except IndexError:
        return NOTHING


def _describe(payload: bytes) -> Descriptor:
    first = payload[0]
    at = 1
    picture_at = base_layer_at = -1
    picture = base_layer = 0
    if first & 0x80:
        has = payload[at]
        at += 1
        if has & 0x80:
            if payload[at] & 0x80:
                picture_at = at
                picture = (payload[at] & 0x7F) << 8 | payload[at + 1]
                at += 1
            at += 1
        if has & 0x40:
            base_layer_at, base_layer = at, payload[at]
            at += 1
        if has & 0x30:
            at += 1
    begins = first & 0x10 and not first & 0x07
    return Descriptor(bool(begins and not payload[at] & 1), picture_at, picture, base_layer_at, base_layer)
