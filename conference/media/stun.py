"""STUN binding requests of a browser's connectivity checks, and our answers (RFC 8489, RFC 8445 section 7.3).

We are ICE-lite: we never check ourselves, we only answer. An address is believed once its request carries a message
integrity made with our password; `request` tells what it claims, `authentic` whether that holds.
"""

import hashlib
import hmac
import socket
import zlib
from dataclasses import dataclass
from struct import Struct
from typing import Final

from conference.media.errors import Malformed

_HEADER = Struct("!HHI12s")
_ATTRIBUTE = Struct("!HH")
_COOKIE: Final = 0x2112A442
_REQUEST, _SUCCESS = 0x0001, 0x0101
_USERNAME, _INTEGRITY, _XOR_ADDRESS, _USE_CANDIDATE, _FINGERPRINT = 0x0006, 0x0008, 0x0020, 0x0025, 0x8028
_FINGERPRINT_MASK: Final = 0x5354554E
_LONGEST_INQUIRY: Final = 64


@dataclass(frozen=True, slots=True)
class Request:
    """A binding request as claimed; `ufrag` is the left half of its user name, ours."""

    transaction: bytes
    ufrag: str
    nominates: bool
    signed: bytes
    integrity: bytes

    def authentic(self, password: str) -> bool:
        """Whether the request was made with this password."""
        return hmac.compare_digest(_mac(self.signed, password), self.integrity)


def inquiry(transaction: bytes) -> tuple[bytes, bytes]:
    """A binding request of somebody who only wants to know whether we answer: (the message, its transaction)."""
    return _HEADER.pack(_REQUEST, 0, _COOKIE, transaction), transaction


def inquired(data: bytes) -> bytes | None:
    """The transaction of a binding request without user name or integrity; None for everything else.

    Browsers ask so before they know any password, to see whether the network lets UDP through (RFC 8489, 11).
    """
    if len(data) < _HEADER.size:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind != _REQUEST or cookie != _COOKIE or length != len(data) - _HEADER.size or length > _LONGEST_INQUIRY:
        return None
    at = _HEADER.size
    while at + 4 <= len(data):
        name, size = _ATTRIBUTE.unpack_from(data, at)
        if name in (_USERNAME, _INTEGRITY):
            return None
        at += 4 + size + -size % 4
    return bytes(transaction) if at == len(data) else None


def told(transaction: bytes, address: tuple[str, int]) -> bytes:
    """The answer to an inquiry: how we see the address it came from, no longer than twice the question."""
    value = _seen(transaction, address)
    return _HEADER.pack(_SUCCESS, len(value), _COOKIE, transaction) + value


def answers(data: bytes, transaction: bytes) -> bool:
    """Whether this is a success response to the binding request of that transaction."""
    head = data[: _HEADER.size]
    return len(data) >= _HEADER.size and _HEADER.unpack(head)[::3] == (_SUCCESS, transaction)


def request(data: bytes) -> Request:
    """A binding request with user name and integrity; raises Malformed for everything else."""
    if len(data) < _HEADER.size:
        raise Malformed("A STUN message has at least 20 bytes (RFC 8489, 5).")
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind != _REQUEST or cookie != _COOKIE or length != len(data) - _HEADER.size or length % 4:
        raise Malformed("This is no STUN binding request of this length (RFC 8489, 5).")
    ufrag = None
    nominates = False
    at = _HEADER.size
    while at < len(data):
        name, size = _ATTRIBUTE.unpack_from(data, at)
        value = data[at + 4 : at + 4 + size]
        if len(value) != size:
            raise Malformed("A STUN attribute is cut off (RFC 8489, 14).")
        if name == _INTEGRITY:
            if size != 20 or ufrag is None:
                raise Malformed("The integrity comes after the user name and has 20 bytes (RFC 8489, 14.5).")
            _check_tail(data, at + 24)
            head = _ATTRIBUTE.pack(kind, at + 24 - _HEADER.size)
            return Request(transaction, ufrag, nominates, head + data[4:at], value)
        if name == _USERNAME:
            ufrag = _ufrag(value)
        nominates = nominates or name == _USE_CANDIDATE
        at += 4 + size + -size % 4
    raise Malformed("The request has no message integrity (RFC 8445, 7.3).")


def success(asked: Request, address: tuple[str, int], password: str) -> bytes:
    """The answer that tells the browser how we see its address, under the same password."""
    body = _seen(asked.transaction, address)
    signed = _HEADER.pack(_SUCCESS, len(body) + 24, _COOKIE, asked.transaction) + body
    body += _ATTRIBUTE.pack(_INTEGRITY, 20) + _mac(signed, password)
    message = _HEADER.pack(_SUCCESS, len(body) + 8, _COOKIE, asked.transaction) + body
    return message + _ATTRIBUTE.pack(_FINGERPRINT, 4) + _crc(message)


def _seen(transaction: bytes, address: tuple[str, int]) -> bytes:
    """XOR-MAPPED-ADDRESS (RFC 8489, 14.2)."""
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    mask = _COOKIE.to_bytes(4, "big") + transaction
    seen = bytes(one ^ other for one, other in zip(socket.inet_pton(family, host), mask, strict=False))
    value = bytes([0, 2 if family == socket.AF_INET6 else 1]) + (port ^ _COOKIE >> 16).to_bytes(2, "big") + seen
    return _ATTRIBUTE.pack(_XOR_ADDRESS, len(value)) + value


def _check_tail(data: bytes, at: int) -> None:
    """After the integrity comes the fingerprint or nothing (RFC 8489, 14.5 and 14.7)."""
    if at == len(data):
        return
    fingerprint = _ATTRIBUTE.pack(_FINGERPRINT, 4) + _crc(data[:at])
    if data[at:] != fingerprint:
        raise Malformed("The fingerprint does not fit the message (RFC 8489, 14.7).")


def _ufrag(value: bytes) -> str:
    if not value.isascii() or b":" not in value:
        raise Malformed("The user name is not two fragments (RFC 8445, 7.2.2).")
    return value.decode("ascii").partition(":")[0]


def _mac(signed: bytes, password: str) -> bytes:
    return hmac.new(password.encode(), signed, hashlib.sha1).digest()  # RFC 8489, 14.5 fixes SHA-1


def _crc(message: bytes) -> bytes:
    return (zlib.crc32(message) ^ _FINGERPRINT_MASK).to_bytes(4, "big")
