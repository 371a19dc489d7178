"""`consilium verify`: a signed recommendation checked offline, with nothing but the file."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from conference.outcome.bundle import Bundle, opened, sealed_letter
from conference.outcome.bundle import verify as check
from conference.outcome.course import FORMAT as REPLAY
from conference.outcome.course import SignedCourse, verify_course
from web.cli.say import Fault, say, say_json

LARGEST = 16 * 1024 * 1024
"""Bytes; a signed record is a few thousand."""


def verify(file: Path, letter: Path | None, trust: str, *, as_json: bool) -> None:
    """Check the file, its key and its letter; raises Fault with exit code 1 where anything is not as it was signed."""
    content = _read(file)
    if REPLAY.encode() in content[:200]:
        _replay(file, content, letter, trust, as_json=as_json)
        return
    found = check(content)
    genuine, reason, where = found.genuine, found.reason, list(found.where)
    seal: dict[str, Any] | None = None
    if genuine:
        bundle = opened(content)
        if trust and trust not in (bundle.key_id, bundle.public_key):
            genuine, reason, where = False, f"It is signed with another key than {trust}: {bundle.key_id}.", ["key_id"]
        elif letter is not None and (seal := sealed_letter(bundle, _read(letter))) is None:
            genuine, where = False, ["letter"]
            reason = _no_letter(letter, bundle)
    if as_json:
        say_json({"file": file.name, "genuine": genuine, "reason": reason, "where": where})
    if not genuine:
        raise Fault(f"{file.name}: {reason}")
    if not as_json:
        say(f"{file.name}: {reason}")
        for one in opened(content).addenda:
            say(_addendum(msgspec.json.decode(one.record)))
        if letter is not None and seal is not None:
            say(f"{letter.name}: the {_called(seal)} of this record, byte for byte.")
        if not trust:
            say("Compare the key with one you trust: the organisation publishes it, and --trust checks it.")


def _replay(file: Path, content: bytes, paper: Path | None, trust: str, *, as_json: bool) -> None:
    reason, where = verify_course(content)
    if not reason:
        found = msgspec.json.decode(content, type=SignedCourse)
        if trust and trust not in (found.replay.key_id, found.replay.public_key):
            reason = f"It is signed with another key than {trust}: {found.replay.key_id}."
            where = ("key_id",)
        elif paper is not None and hashlib.sha256(_read(paper)).hexdigest() not in found.pdf.record:
            reason, where = f"{paper.name} is not the PDF of this replay, or was changed.", ("pdf",)
    if as_json:
        say_json({"file": file.name, "genuine": not reason, "reason": reason, "where": list(where)})
    if reason:
        raise Fault(f"{file.name}: {reason}")
    if not as_json:
        told = msgspec.json.decode(found.replay.record)
        say(f"{file.name}: the replay of case {told['case']['number']}, {len(told['entries'])} entries, signed with "
            f"key {found.replay.key_id}; not one byte has changed.")
        if paper is not None:
            say(f"{paper.name}: the PDF of this replay, byte for byte.")


def _addendum(told: dict[str, Any]) -> str:
    return f"Addendum {told['number']} by {told['author']['name']}, {told['signed_at']}: {told['meaning']}."


def _called(seal: dict[str, Any]) -> str:
    name = "letter" if seal["kind"] == "letter" else "letter in plain words"
    return f"{name} with {seal['edition']} addend{'um' if seal['edition'] == 1 else 'a'}" if seal["edition"] else name


def _no_letter(letter: Path, bundle: Bundle) -> str:
    if not bundle.letters:
        return f"{letter.name} cannot be checked: this file seals no letter. Download it again; the record is genuine."
    return f"{letter.name} is not a letter of this record, or was changed; the record itself is genuine."


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise Fault(f"{path.name} is larger than any signed file.")
        return path.read_bytes()
    except OSError as error:
        raise Fault(f"{path} cannot be read: {error.strerror}.", 2) from None
