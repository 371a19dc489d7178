"""Signing: exact bytes, one key with a history, and every changed byte found."""

import hashlib
import json
import stat
import subprocess
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.outcome.bundle import bundle, verify
from conference.outcome.letter import facts, headline, pdf
from conference.outcome.plain import plain_facts, plain_pdf
from conference.outcome.report import SCHEMA
from conference.outcome.signing import APPROVAL, SignedRecord, Signer, canonical
from conference.room.references import reference

AT = datetime(2026, 11, 26, 15, 20, tzinfo=UTC)


def a_record(**changes: Any) -> dict[str, Any]:
    """A record as `conference.outcome.report` makes it, with invented people."""
    return {
        "schema": "consilium.recommendation/1",
        "case": {
            "id": "c1", "number": 1042,
            "patient": {
                "family_name": "Osei", "given_name": "Kwame", "born_on": "1965-03-02", "sex": "M", "id": "K-22",
            },
        },
        "board": {"id": "b1", "name": "Spine board"},
        "conference": {
            "id": "r1", "title": "Weekly", "starts_at": "2026-11-26T15:00:00+00:00", "time_zone": "America/Denver",
        },
        "referrer": {"person": "p2", "name": "Dr Lena Ortiz", "site": "Kilmore"},
        "questions": [{"id": "q1", "kind": "level", "text": "Which level?"}],
        "goal": "Walk the dog",
        "revision": 2,
        "options": [{"key": "o1", "kind": "rehabilitation", "label": "Directed exercise"}],
        "recommendation": {
            "outcome": "majority", "option": "o1", "rationale": "Because.", "answers": {"q1": "L4–L5."}, "actions": [],
            "follow_up": "", "goal_answered": "Likely.", "cited": [],
        },
        "attestations": [{"discipline": "Neurosurgery", "name": "Dr A", "closing": "dissent", "reason": "Too early."}],
        "absent": [],
        "log": {"room": "r1", "seq": 40, "digest": "00"},
        "signer": {"person": "p1", "name": "Dr Chair", "discipline": "Spine surgery"},
        "meaning": APPROVAL,
        "signed_at": "2026-11-26T15:20:00+00:00",
    } | changes


def a_whole_record(**changes: Any) -> dict[str, Any]:
    """A record of today: with what was tried, stances and minutes."""
    option = {"key": "o1", "kind": "surgical", "label": "Fusion L4–L5"}
    return a_record(
        schema=SCHEMA, options=[option],
        tried=[{"key": "t1", "text": "Exercise, twelve weeks: no change"}, {"key": "t2", "text": "Facet block"}],
        non_operative={
            "standing": "exhausted", "reason": "Nothing helped.", "evidence": ["t1"], "person": "p1",
            "name": "Dr Chair",
        },
        stances=[{
            "option": "o1", "discipline": "Physical therapy", "name": "Cy", "stance": "against",
            "needs": "A supervised programme first.",
        }],
        minutes={"text": "Dr A was heard first.\nThe films of May were missing.", "digest": "0" * 64},
    ) | changes


def signed(signer: Signer, record: dict[str, Any]) -> SignedRecord:
    body = canonical(record)
    return SignedRecord(
        case_id="c1", conference_id="r1", revision=2, record=body.decode(), digest=hashlib.sha256(body).hexdigest(),
        signature=signer.sign(body), public_key=signer.public_key, key_id=signer.key_id, signer_id="p1", signed_at=AT,
    )


def test_a_bundle_verifies_with_nothing_but_itself(tmp_path: Path) -> None:
    found = verify(bundle(signed(Signer(tmp_path), a_record())))
    assert found.genuine
    assert "Dr Chair" in found.reason


@pytest.mark.parametrize("field", ["record", "digest", "signature", "key_id", "public_key"])
def test_a_changed_character_in_any_field_is_found(tmp_path: Path, field: str) -> None:
    content = json.loads(bundle(signed(Signer(tmp_path), a_record())))
    text = content[field]
    middle = len(text) // 2
    content[field] = text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]
    assert not verify(json.dumps(content).encode()).genuine


@pytest.mark.parametrize(
    "record", ["", "z", "[]", "3", '"{}"', '{"a":', '{"revision":1e999}', '{"revision":9007199254740993}']
)
def test_a_row_that_is_no_record_any_more_is_found_changed(tmp_path: Path, record: str) -> None:
    row = signed(Signer(tmp_path), a_record())
    row.record = record
    found = verify(bundle(row))
    assert not found.genuine
    assert "changed" in found.reason


def test_a_file_that_is_no_bundle_says_so() -> None:
    assert "not a signed recommendation" in verify(b"hello").reason


def test_the_key_is_made_once_kept_private_and_remembered(tmp_path: Path) -> None:
    first, second = Signer(tmp_path / "keys"), Signer(tmp_path / "keys")
    assert first.key_id == second.key_id
    assert first.history() == {first.key_id: first.public_key}
    assert stat.S_IMODE((tmp_path / "keys" / "signing.pem").stat().st_mode) == 0o600


def test_the_same_record_has_the_same_bytes_whatever_the_order_of_its_keys() -> None:
    record = a_record()
    assert canonical(record) == canonical(dict(reversed(record.items())))


def test_the_letter_is_a_tagged_pdf_that_says_what_the_record_says(tmp_path: Path) -> None:
    record = signed(Signer(tmp_path), a_record())
    content = pdf(record)
    assert content.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in content or b"/MarkInfo" in content
    assert facts(record)["signed_time"].startswith("26 November 2026, 08:20:00 M")


def test_the_letter_says_stances_non_operative_care_and_minutes(tmp_path: Path) -> None:
    record = signed(Signer(tmp_path), a_whole_record())
    told = facts(record)
    assert told["non_operative"]["words"] == "Non-operative care is exhausted"
    assert told["non_operative"]["tried"] == ["Exercise, twelve weeks: no change"]
    [option] = told["stances"]
    assert (option["label"], option["taken"][0]["words"]) == ("Fusion L4–L5", "against it")
    said = pages(pdf(record), tmp_path)
    for words in (
        "Why non-operative care is not enough", "Nothing helped.", "Exercise, twelve weeks", "A supervised programme",
        "Appendix: minutes", "The films of May were missing.",
    ):
        assert words in said
    assert "Facet block" not in said
    assert "was tried first" in plain_facts(record)["instead"]
    assert "was tried first" in pages(plain_pdf(record), tmp_path)


def test_the_letter_names_the_marks_its_words_refer_to(tmp_path: Path) -> None:
    value = {"value": 12.34, "unit": "mm", "error": 1.0, "parts": [], "spacing": "pixel"}
    marks = [
        {"mark": "1a2b3c4d-0001", "kind": "length", "text": "", "measured": value},
        {"mark": "5e6f7a8b-0002", "kind": "arrow", "text": "the cyst", "measured": None},
    ]
    named, other = (reference(mark["mark"]) for mark in marks)  # type: ignore[arg-type]
    advice = a_record()["recommendation"] | {"rationale": f"Because of {named}, not of [#0000]."}
    minutes = {"text": f"All looked at {other}.", "digest": "0" * 64}
    record = signed(Signer(tmp_path), a_record(recommendation=advice, marks=marks, minutes=minutes, pictures=[]))
    told = facts(record)
    assert told["record"]["recommendation"]["rationale"] == "Because of Length 12.3 mm ± 1.0 mm, not of [#0000]."
    assert told["minutes"] == "All looked at Arrow the cyst."
    assert named in record.record
    assert verify(bundle(record)).genuine


def test_a_record_of_before_stances_and_minutes_still_verifies_and_makes_its_letters(tmp_path: Path) -> None:
    record = signed(Signer(tmp_path), a_record(schema="consilium.recommendation/2", pictures=[], marks=[]))
    assert verify(bundle(record)).genuine
    told = facts(record)
    assert (told["stances"], told["non_operative"], told["minutes"]) == ([], None, "")
    said = pages(pdf(record), tmp_path)
    assert "Because." in said
    assert "minutes" not in said.lower()
    assert plain_facts(record)["instead"] == ""


def pages(content: bytes, folder: Path) -> str:
    """The words of a PDF, lines joined."""
    file = folder / "letter.pdf"
    file.write_bytes(content)
    told = subprocess.run(["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True, text=True).stdout
    return " ".join(told.split())


def test_the_headline_says_how_the_board_decided() -> None:
    assert headline(a_record()) == "By majority: Directed exercise"
    none = a_record()["recommendation"] | {"outcome": "deferred", "option": ""}
    assert headline(a_record(recommendation=none)) == "Deferred"


@pytest.mark.parametrize(("closings", "how"), [
    (["concur", "reservation"], "By consensus"), (["concur", "dissent"], "By consensus, over a dissent"),
    (["dissent", "dissent"], "By consensus, over 2 dissents"),
])
def test_a_consensus_that_somebody_dissented_from_says_so_in_its_first_line(closings: list[str], how: str) -> None:
    agreed = a_record()["recommendation"] | {"outcome": "consensus"}
    voices = [{"discipline": "Surgery", "name": "Dr A", "closing": one, "reason": "Because."} for one in closings]
    assert headline(a_record(recommendation=agreed, attestations=voices)) == f"{how}: Directed exercise"


@pytest.mark.parametrize(("path", "part"), [
    (("recommendation", "rationale"), "recommendation"), (("attestations", 0, "closing"), "attestations"),
    (("marks", 0, "points", 0, 0), "marks"), (("goal",), "goal"), (("log", "digest"), "log"),
])
def test_a_changed_byte_is_found_and_its_place_is_named(tmp_path: Path, path: tuple[Any, ...], part: str) -> None:
    marks = [{"mark": "m1", "kind": "length", "points": [[1.5, 2.5], [3.5, 4.5]]}]
    content = json.loads(bundle(signed(Signer(tmp_path), a_record(marks=marks))))
    record = json.loads(content["record"])
    inner = record
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = 9.5 if isinstance(inner[path[-1]], float) else inner[path[-1]] + "x"
    content["record"] = canonical(record).decode()
    found = verify(json.dumps(content).encode())
    assert (found.genuine, found.where) == (False, (part,))
    content["digest"] = hashlib.sha256(content["record"].encode()).hexdigest()
    content["parts"] = {}
    assert verify(json.dumps(content).encode()).where == ("signature",)


def test_digests_of_parts_cannot_be_changed_either(tmp_path: Path) -> None:
    content = json.loads(bundle(signed(Signer(tmp_path), a_record())))
    content["parts"]["goal"] = "0" * 64
    assert verify(json.dumps(content).encode()).where == ("goal",)


@cache
def a_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return bundle(signed(Signer(Path(folder)), a_record()))


@given(st.data())
def test_no_byte_of_the_file_can_be_changed_unseen(data: st.DataObject) -> None:
    file = a_file()
    content = bytearray(file)
    place = data.draw(st.integers(0, len(content) - 1))
    before = json.loads(file)
    content[place] = data.draw(st.integers(0, 255))
    try:
        same = json.loads(bytes(content)) == before
    except ValueError:
        same = False
    assert verify(bytes(content)).genuine == same
