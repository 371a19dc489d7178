"""Links with which somebody answers an invitation without signing in: signed, for one invitation, until it is over.

The link of an invitation is ``/replies/<token>``. Its page answers GET with buttons only, because mail scanners follow
links; the answer is recorded by POST.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from pathlib import Path

from web.auth.errors import LinkSpent
from web.auth.secret import secret_key

_MAC_BYTES = 18


class ReplyLinks:
    """Makes and checks the tokens, under a key that lives in a file beside the database."""

    def __init__(self, keys: Path) -> None:
        self._key = secret_key(keys / "replies.key")

    def token(self, invite_id: str, until: datetime) -> str:
        """The token of one invitation, good until an instant."""
        body = f"{invite_id}.{int(until.timestamp())}"
        return f"{body}.{self._mac(body)}"

    def invite_id(self, token: str, at: datetime) -> str:
        """The invitation of a token; raises LinkSpent with the reason."""
        body, _, mac = token.rpartition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(body).encode()):
            raise LinkSpent("This link is not one of ours. Check that it was copied whole.")
        invite_id, _, until = body.partition(".")
        if at >= datetime.fromtimestamp(int(until), UTC):
            raise LinkSpent("This sitting is over; there is nothing to answer any more.")
        return invite_id

    def hidden(self) -> "ReplyLinks":
        """The same without a key: what it makes opens nothing."""
        return _Hidden()

    def _mac(self, body: str) -> str:
        made = hmac.digest(self._key, body.encode(), hashlib.sha256)[:_MAC_BYTES]
        return base64.urlsafe_b64encode(made).decode()


class _Hidden(ReplyLinks):
    """Links for the eyes of somebody they were not written to."""

    def __init__(self) -> None:
        self._key = b""

    def token(self, invite_id: str, until: datetime) -> str:  # noqa: ARG002 - the signature of the real one
        """Words in the place of a token."""
        return "(the-receiver-alone-sees-this)"

    def invite_id(self, token: str, at: datetime) -> str:  # noqa: ARG002 - the signature of the real one
        """Nothing is behind a hidden link."""
        raise LinkSpent("This link is not one of ours.")
