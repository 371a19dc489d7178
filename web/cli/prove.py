"""`consilium verify`: a signed recommendation checked offline, with nothing but the file."""

from pathlib import Path

from conference.outcome.letter import pdf
from conference.outcome.signing import Bundle, SignedRecord, opened
from conference.outcome.signing import verify as check
from web.cli.say import Fault, say, say_json
from web.clock import now

LARGEST = 16 * 1024 * 1024
"""Bytes; a signed record is a few thousand."""


def verify(file: Path, letter: Path | None, trust: str, *, as_json: bool) -> None:
    """Check the file, its key and its letter; raises Fault with exit code 1 where anything is not as it was signed."""
    content = _read(file)
    found = check(content)
    reason, where = found.reason, list(found.where)
    genuine = found.genuine
    if genuine:
        bundle = opened(content)
        if trust and trust not in (bundle.key_id, bundle.public_key):
            genuine, reason, where = False, f"It is signed with another key than {trust}: {bundle.key_id}.", ["key_id"]
        elif letter is not None and _read(letter) != pdf(_record(bundle)):
            genuine, where = False, ["letter"]
            reason = f"{letter.name} is not the letter of this record, or was changed; the record itself is genuine."
    if as_json:
        say_json({"file": file.name, "genuine": genuine, "reason": reason, "where": where})
    if not genuine:
        raise Fault(f"{file.name}: {reason}")
    if not as_json:
        say(f"{file.name}: {reason}")
        if letter is not None:
            say(f"{letter.name}: the letter of this record, byte for byte.")
        if not trust:
            say("Compare the key with one you trust: the organisation publishes it, and --trust checks it.")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise Fault(f"{path.name} is larger than any signed file.")
        return path.read_bytes()
    except OSError as error:
        raise Fault(f"{path} cannot be read: {error.strerror}.", 2) from None


def _record(bundle: Bundle) -> SignedRecord:
    """What the letter is made from; the row's other columns are not printed."""
    return SignedRecord(
        case_id="", conference_id="", revision=0, record=bundle.record, digest=bundle.digest,
        signature=bundle.signature, public_key=bundle.public_key, key_id=bundle.key_id, signer_id="", signed_at=now(),
    )
