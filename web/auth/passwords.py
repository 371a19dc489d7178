"""Passwords: hashed with argon2id, judged by length and by whether they are among the common ones."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from importlib import resources
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlmodel import Field, Session, SQLModel

from agenda.columns import instant
from agenda.errors import Invalid

R = TypeVar("R")

SHORTEST = 8
RECOMMENDED = 15
LONGEST = 256


class Credential(SQLModel, table=True):
    """A person's password, as its argon2id hash."""

    person_id: str = Field(primary_key=True, foreign_key="person.id")
    hash: str
    changed_at: datetime = instant()


def credential(session: Session, person_id: str) -> Credential | None:
    """The password of a person; None: they have none yet."""
    return session.get(Credential, person_id)


def keep_password(session: Session, person_id: str, hashed: str, at: datetime) -> None:
    """Keep the hash of a new password. Ends nothing: `web.auth.sessions` ends the sessions."""
    found = session.get(Credential, person_id) or Credential(person_id=person_id, hash=hashed, changed_at=at)
    found.hash, found.changed_at = hashed, at
    session.add(found)
    session.flush()


def demand_good(password: str, *forbidden: str) -> None:
    """Refuse a password that is too short, too long, common, or one of the person's own words.

    forbidden: the person's name and address. Raises Invalid("password", …). No rules of composition (ASVS 6.2.5).
    """
    if len(password) < SHORTEST:
        raise Invalid("password", f"A password has at least {SHORTEST} characters; {RECOMMENDED} are better.")
    if len(password) > LONGEST:
        raise Invalid("password", f"A password has at most {LONGEST} characters.")
    if not _common().isdisjoint({password.casefold(), _plain(password)}):
        raise Invalid("password", "This password is on the lists that attackers try first. Take another one.")
    own = {word.casefold() for text in forbidden for word in (text, *text.replace("@", " ").split()) if word}
    if password.casefold() in own or len(set(password)) < 3:
        raise Invalid("password", "This password is too easy to guess. Take another one.")


def demand_same(password: str, repeated: str) -> None:
    """Refuse a password that was not typed the same twice; raises Invalid("repeated", …)."""
    if password != repeated:
        raise Invalid("repeated", "The two passwords differ.")


def _plain(password: str) -> str:
    """The word under the usual decorations: ``P@ssw0rd2024!`` is ``password``."""
    word = password.casefold().rstrip("0123456789!?.,;:#*+-_$%&@ ")
    return word.translate(str.maketrans("@40135$7!", "aaoiesst" + "i"))


@cache
def _common() -> frozenset[str]:
    return frozenset(resources.files("web.auth").joinpath("common_passwords.txt").read_text("utf-8").split())


class Passwords:
    """Hashes and verifies on two threads, so that a flood of sign-ins cannot take every core.

    Parameters are OWASP's: 19 MiB, two passes, one lane (26 ms of one core here).
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")
        self._nobody = self._hasher.hash("nobody has this password")

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def hash_now(self, password: str) -> str:
        """The argon2id hash, for callers without an event loop."""
        return self._hasher.hash(password)

    async def hash(self, password: str) -> str:
        """The argon2id hash."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Is this the password? Takes as long for a person who has none (None), so that nobody can list accounts."""
        if len(password) > LONGEST:
            return False
        right = await self._run(lambda: self._verify(hashed or self._nobody, password))
        return right and hashed is not None

    def outdated(self, hashed: str) -> bool:
        """The hash was made with other parameters than today's; hash again while the password is at hand."""
        return self._hasher.check_needs_rehash(hashed)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
