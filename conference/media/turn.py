"""What lets a browser use the relay for some hours (draft-uberti-behave-turn-rest-00, coturn's use-auth-secret).

The name says when it ends, the password is HMAC-SHA-1 of the name under a secret the relay holds as well. The relay
writes names into its log, so a name shows a digest of the person, never who it is.
"""

import hashlib
import hmac
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Relay:
    """A relay with a name and password that hold for a while."""

    uris: tuple[str, ...]
    username: str
    password: str


def relay(uris: tuple[str, ...], secret: str, lifetime: timedelta, person: str, at: datetime) -> Relay:
    """Name and password of a person, valid from `at` for `lifetime`."""
    who = hmac.new(secret.encode(), b"consilium relay\0" + person.encode(), hashlib.sha256).hexdigest()[:16]
    username = f"{int((at + lifetime).timestamp())}:{who}"
    password = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()  # the scheme fixes SHA-1
    return Relay(uris, username, b64encode(password).decode("ascii"))
