"""Join tokens: they open one room for one person for half a minute, and nothing else."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest

from conference.media.errors import NotAdmitted
from conference.media.tokens import LIFETIME, Admission, check, mint

SECRET = b"s" * 32
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
WHO = Admission("room-1", "person-1")


def test_a_token_admits_whom_it_was_minted_for():
    assert check(SECRET, mint(SECRET, WHO, AT), AT + LIFETIME - timedelta(seconds=1)) == WHO


def test_a_token_ends():
    with pytest.raises(NotAdmitted):
        check(SECRET, mint(SECRET, WHO, AT), AT + LIFETIME)


def test_another_secret_does_not_open():
    with pytest.raises(NotAdmitted):
        check(b"t" * 32, mint(SECRET, WHO, AT), AT)


def test_every_changed_character_closes():
    token = mint(SECRET, WHO, AT)
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(NotAdmitted):
            check(SECRET, changed, AT)


@pytest.mark.parametrize("token", ["", ".", "a.b", "é.é", "====.====", "x" * 2000])
def test_rubbish_is_refused_in_the_same_words(token: str):
    with pytest.raises(NotAdmitted, match=r"^This token does not open the room\.$"):
        check(SECRET, token, AT)


def test_another_signature_over_the_same_payload_is_refused():
    body = mint(SECRET, WHO, AT).partition(".")[0]
    forged = urlsafe_b64encode(b"0" * 32).rstrip(b"=").decode()
    with pytest.raises(NotAdmitted):
        check(SECRET, f"{body}.{forged}", AT)


def test_a_short_secret_is_a_mistake_of_ours():
    with pytest.raises(AssertionError):
        mint(b"short", WHO, AT)
