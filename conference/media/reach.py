"""Whether media gets through from here: a STUN binding from the media process, an allocation from the relay."""

import asyncio
import re
import secrets
from typing import Final

from aioice.stun import TransactionError
from aioice.turn import create_turn_endpoint

from conference.media import stun
from conference.media.signalling import Address
from conference.media.turn import Relay

_PATIENCE_S: Final = 3.0
_ASK_EVERY_S: Final = 0.5
_URI: Final = re.compile(
    r"(?P<scheme>turns?):(?P<host>\[[^\]]+\]|[^:?]+)(:(?P<port>\d+))?(\?transport=(?P<transport>udp|tcp))?"
)


class Unreached(Exception):
    """Nobody answered there, or not as they should; the text is for an operator."""


class _Asking(asyncio.DatagramProtocol):
    def __init__(self, answer: "asyncio.Future[bytes]") -> None:
        self._answer = answer

    def datagram_received(self, data: bytes, _source: tuple[str, int]) -> None:
        if not self._answer.done():
            self._answer.set_result(data)

    def error_received(self, error: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(error)


async def bound(address: Address) -> None:
    """Ask for a binding as browsers do (RFC 8489, 11); raises Unreached."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()
    asked, transaction = stun.inquiry(secrets.token_bytes(12))
    where = f"UDP {address.host} port {address.port}"
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Asking(answer), remote_addr=(address.host, address.port)
        )
    except OSError as error:
        raise Unreached(f"{where}: {error.strerror}.") from error
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while not answer.done():
                transport.sendto(asked)
                await asyncio.wait([answer], timeout=_ASK_EVERY_S)
        if not stun.answers(answer.result(), transaction):
            raise Unreached(f"{where} answers, but not as a media process does.")
    except TimeoutError:
        raise Unreached(f"{where} does not answer: is the port open in the firewall?") from None
    except OSError as error:
        raise Unreached(f"{where}: {error.strerror}.") from error
    finally:
        transport.close()


async def allocated(uri: str, given: Relay) -> str:
    """Have the relay at a URI set aside an address, and give it back; the address. Raises Unreached."""
    found = _URI.fullmatch(uri)
    assert found is not None, "the settings have checked it"
    secure = found["scheme"] == "turns"
    port = int(found["port"] or (5349 if secure else 3478))
    try:
        async with asyncio.timeout(_PATIENCE_S):
            transport, _ = await create_turn_endpoint(
                asyncio.DatagramProtocol, (found["host"].strip("[]"), port), given.username, given.password,
                ssl=secure or None, transport=found["transport"] or ("tcp" if secure else "udp"),
            )
    except TimeoutError:
        raise Unreached(f"{uri} does not answer.") from None
    except TransactionError as error:
        raise Unreached(f"{uri} refuses: {error}. Is its static-auth-secret ours?") from error
    except OSError as error:
        raise Unreached(f"{uri}: {error.strerror or error}.") from error
    host, port = transport.get_extra_info("sockname")[:2]
    transport.close()
    return f"{host}:{port}"
