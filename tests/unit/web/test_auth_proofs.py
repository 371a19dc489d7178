"""Passwords, codes, tokens, tickets, pauses and seals, one by one."""

import asyncio
from datetime import timedelta

import pyotp
import pytest
from sqlmodel import Session

from agenda.errors import Invalid
from agenda.people import person
from conference.policy import Actor
from tests.unit.web.application import AT, PASSWORD, deed
from web.auth import passwords, totp
from web.auth.attempts import Allowance, Attempts
from web.auth.errors import Refused, SlowDown, TicketInvalid
from web.auth.passwords import Passwords, demand_good
from web.auth.reauthenticate import fresh, reauthenticate
from web.auth.secret import Seal, SealBroken, digest, new_token
from web.auth.sessions import actor_from
from web.auth.tickets import LIFETIME, Tickets
from web.auth.tokens import issue_token, token_of
from web.auth.totp import PERIOD_S
from web.services import Services

STEP = timedelta(seconds=PERIOD_S)


def enrolled(held: Services, person_id: str) -> pyotp.TOTP:
    """Enrol a person with the code of three steps before AT, and give their authenticator."""
    seal, database = held.sessions.seal, held.database
    database.write_now(deed(), totp.begin, seal, person_id, AT)
    uri = database.read_now(totp.provisioning_uri, seal, person_id, "x@example.org")
    assert uri is not None
    made = pyotp.parse_uri(uri)
    assert isinstance(made, pyotp.TOTP)
    assert database.write_now(deed(), totp.confirm, seal, person_id, made.at(AT - 3 * STEP), AT - 3 * STEP)
    return made


def verify(held: Services, person_id: str, code: str, after: timedelta = timedelta()) -> bool:
    return held.database.write_now(deed(), totp.verify, held.sessions.seal, person_id, code, AT + after)


def test_a_code_works_once(held: Services, people: dict[str, str]) -> None:
    code = enrolled(held, people["Ada"]).at(AT)
    assert verify(held, people["Ada"], code)
    assert not verify(held, people["Ada"], code)


def test_an_older_code_does_not_work_after_a_newer_one(held: Services, people: dict[str, str]) -> None:
    authenticator = enrolled(held, people["Ada"])
    assert verify(held, people["Ada"], authenticator.at(AT))
    assert not verify(held, people["Ada"], authenticator.at(AT - STEP))


def test_a_code_is_taken_in_its_step_and_the_next_and_never_early(held: Services, people: dict[str, str]) -> None:
    authenticator = enrolled(held, people["Ada"])
    assert not verify(held, people["Ada"], authenticator.at(AT + STEP))
    assert not verify(held, people["Ada"], authenticator.at(AT), 2 * STEP)
    assert verify(held, people["Ada"], authenticator.at(AT), STEP)


@pytest.mark.parametrize("code", ["", "0", "12345678901234567890", "１２３４５６", "' OR 1=1"])
def test_nonsense_is_no_code(held: Services, people: dict[str, str], code: str) -> None:
    enrolled(held, people["Ada"])
    assert not verify(held, people["Ada"], code)


def test_the_secret_is_sealed_at_rest_and_for_its_owner_alone(held: Services, people: dict[str, str]) -> None:
    authenticator = enrolled(held, people["Ada"])
    row = held.database.read_now(lambda session: session.get(totp.TotpSecret, people["Ada"]))
    assert row is not None
    assert authenticator.secret.encode() not in row.sealed
    assert held.sessions.seal.open(row.sealed, people["Ada"]).decode() == authenticator.secret
    with pytest.raises(SealBroken):
        held.sessions.seal.open(row.sealed, people["Ben"])
    with pytest.raises(SealBroken):
        Seal(b"k" * 32).open(row.sealed, people["Ada"])


def test_a_confirmed_secret_is_never_shown_again(held: Services, people: dict[str, str]) -> None:
    enrolled(held, people["Ada"])
    assert held.database.read_now(totp.provisioning_uri, held.sessions.seal, people["Ada"], "x") is None


def test_the_hash_is_argon2id_with_the_parameters_promised() -> None:
    made = Passwords()
    assert made.hash_now("x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    made.close()


def test_a_hash_of_other_parameters_is_renewed_at_the_next_proof(held: Services, people: dict[str, str]) -> None:
    from argon2 import PasswordHasher

    from web.auth.proof import prove_password

    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    held.database.write_now(deed(), passwords.keep_password, people["Ada"], weak, AT)
    asyncio.run(prove_password(held.sessions, "ADA@example.org ", PASSWORD, address="a", at=AT))
    kept = held.database.read_now(passwords.credential, people["Ada"])
    assert kept is not None
    assert "m=19456,t=2" in kept.hash


@pytest.mark.parametrize("password", ["short", "x" * 257, "password", "Password123!", "qwertyuiop", "ababababab"])
def test_poor_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        demand_good(password)
    assert refused.value.field == "password"


@pytest.mark.parametrize("password", ["correct staple 7", "плотный туман утром", "1 + 1 makes a pair"])
def test_any_characters_make_a_good_password(password: str) -> None:
    demand_good(password, "Ada Example", "ada@example.org")


def test_pauses_grow_and_end() -> None:
    time = [0.0]
    attempts = Attempts(3, clock=lambda: time[0])
    pauses = []
    for _ in range(8):
        attempts.failed("ada", "here")
        try:
            attempts.demand("ada", "here")
            pauses.append(0)
        except SlowDown as slow:
            pauses.append(slow.seconds)
    assert pauses[:2] == [0, 0]
    assert pauses[2:] == sorted(pauses[2:])
    assert pauses[-1] <= 61
    time[0] += 61
    attempts.demand("ada", "here")
    attempts.succeeded("ada", "here")
    attempts.failed("ada", "here")
    attempts.demand("ada", "here")


def test_one_address_cannot_try_many_accounts() -> None:
    attempts = Attempts(2)
    for number in range(10):
        attempts.demand(f"account{number}", "here")
    with pytest.raises(SlowDown):
        attempts.demand("account11", "here")
    attempts.demand("account1", "elsewhere")


def test_an_allowance_is_a_persons_own() -> None:
    allowance = Allowance(2)
    allowance.demand("ada", "upload")
    allowance.demand("ada", "upload")
    with pytest.raises(SlowDown):
        allowance.demand("ada", "upload")
    allowance.demand("ben", "upload")


def test_a_ticket_runs_out_after_thirty_seconds_and_works_once() -> None:
    tickets = Tickets()
    given = {"session_id": "s", "person_id": "p", "purpose": "room"}
    text = tickets.issue(**given, resource="c", at=AT)
    with pytest.raises(TicketInvalid):
        tickets.redeem(text, **given, at=AT + LIFETIME)
    text = tickets.issue(**given, resource="c", at=AT)
    assert tickets.redeem(text, **given, at=AT + LIFETIME - timedelta(microseconds=1)).resource == "c"
    with pytest.raises(TicketInvalid):
        tickets.redeem(text, **given, at=AT)


def test_tokens_are_long_and_kept_as_digests() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert all(len(new_token()) >= 43 for _ in range(10))
    assert len(digest("x")) == 64


def _issue(session: Session, person_id: str) -> str:
    return issue_token(session, person_id=person_id, name="Viewer", lifetime=timedelta(days=1), at=AT)[1]


def test_a_bearer_token_ends_with_its_day(held: Services, people: dict[str, str]) -> None:
    text = held.database.write_now(deed(), _issue, people["Ada"])
    assert held.database.read_now(token_of, text, AT + timedelta(hours=23))
    assert held.database.read_now(token_of, text, AT + timedelta(days=1)) is None


def actor(held: Services, person_id: str) -> Actor:
    return held.database.read_now(lambda session: actor_from(session, person(session, person_id)))


def test_a_signature_asks_for_the_password_and_for_the_code_where_there_is_one(
    held: Services, people: dict[str, str]
) -> None:
    ada, ben = actor(held, people["Ada"]), actor(held, people["Ben"])
    authenticator = enrolled(held, people["Ada"])
    assert asyncio.run(reauthenticate(held, ben, PASSWORD, at=AT)) == AT
    for password, code in ((PASSWORD, None), (PASSWORD, "000000"), ("wrong", authenticator.at(AT))):
        with pytest.raises(Refused):
            asyncio.run(reauthenticate(held, ada, password, code, at=AT))
    assert asyncio.run(reauthenticate(held, ada, PASSWORD, authenticator.at(AT), at=AT)) == AT


def test_a_proof_is_fresh_for_five_minutes() -> None:
    assert fresh(AT, AT + timedelta(minutes=5), 5)
    assert not fresh(AT, AT + timedelta(minutes=5, seconds=1), 5)
    assert not fresh(AT, AT - timedelta(seconds=1), 5)
