"""Names and passwords of the relay are those coturn computes, end when they say, and name nobody."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from conference.media.settings import MediaSettings, TurnSettings
from conference.media.turn import relay

AT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


def test_the_password_is_the_digest_of_a_name_that_ends():
    given = relay(("turn:relay.example",), "north", timedelta(hours=6), "person-1", AT)
    ends, who = given.username.split(":")
    assert int(ends) == int(AT.timestamp()) + 6 * 3600
    assert "person" not in who
    digest = hmac.new(b"north", given.username.encode(), hashlib.sha1).digest()
    assert given.password == base64.b64encode(digest).decode()
    assert relay((), "north", timedelta(hours=6), "person-2", AT).username != given.username


@pytest.mark.parametrize("uri", ["http://relay", "turn:", "turn:relay?transport=sctp", "turn:a b", "stun:relay"])
def test_what_is_no_relay_is_named(uri: str):
    with pytest.raises(ValidationError, match="RFC 7065"):
        TurnSettings(uris=(uri,), secret_file="x")


@pytest.mark.parametrize("uri", ["turn:relay.example", "turns:a.example:443?transport=tcp", "turn:[2001:db8::1]:3478"])
def test_relays_by_name_and_by_address_are_taken(uri: str):
    assert TurnSettings(uris=(uri,), secret_file="x").uris == (uri,)


def test_secrets_are_asked_for_and_read(tmp_path):
    with pytest.raises(ValidationError, match="need secret_file"):
        TurnSettings(uris=("turn:relay",))
    with pytest.raises(ValidationError, match="needs secret_file"):
        MediaSettings(url="unix:///run/media.sock")
    file = tmp_path / "secret"
    file.write_text("")
    with pytest.raises(ValueError, match="is empty"):
        TurnSettings(secret_file=str(file)).secret()
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        MediaSettings(secret_file=str(file)).secret()
    file.write_text("ab" * 32 + "\n")
    assert TurnSettings(secret_file=str(file)).secret() == "ab" * 32
    assert MediaSettings(secret_file=str(file)).secret() == b"\xab" * 32
