"""Secrets handed to people and programs: 256 random bits outside, a digest at rest; and keys kept in files."""

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12


def new_token() -> str:
    """256 bits from the system's generator, URL-safe (ASVS 7.2.3 asks for 128)."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What the database keeps of a token: SHA-256 in hex. A random token needs no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def secret_key(path: Path) -> bytes:
    """The key in a file; the file is made, readable by its owner alone, if it does not exist."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        key = secrets.token_bytes(KEY_BYTES)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


class SealBroken(Exception):
    """A sealed value was changed, or the key file is another one than it was sealed with."""


class Seal:
    """AES-256-GCM under a key that lives in a file beside the database, never inside it."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes, this one {len(key)}")
        self._cipher = AESGCM(key)

    @classmethod
    def from_file(cls, path: Path) -> "Seal":
        """The seal of a key file; the file is made, readable by its owner alone, if it does not exist."""
        return cls(secret_key(path))

    def close(self, plain: bytes, owner: str) -> bytes:
        """Seal `plain` for `owner`; it opens for no other owner."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """What was sealed for `owner`; raises SealBroken."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode())
        except InvalidTag:
            raise SealBroken("A sealed secret does not open: it was changed, or the key file is another one.") from None
