"""`consilium verify`: the record, its addenda and its letters, offline, each changed byte found and its place named."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conference.outcome.addenda import Addendum
from conference.outcome.bundle import bundle
from conference.outcome.letter import pdf
from conference.outcome.signing import SignedRecord, Signer, Statement
from tests.unit.conference.signed_files import an_addendum, sealed
from tests.unit.conference.test_signing import a_record, signed
from web.cli.commands import app
from web.cli.say import Fault


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[SignedRecord, list[Addendum], list[Statement], bytes, str]:
    """A signed record, one addendum, seals of the letters before and after it, the later letter, the key's identity."""
    signer = Signer(tmp_path_factory.mktemp("keys"))
    record = signed(signer, a_record())
    added = [an_addendum(signer, record)]
    first, second = pdf(record), pdf(record, added)
    seals = [sealed(signer, record, first, 0), sealed(signer, record, second, 1)]
    return record, added, seals, second, signer.key_id


@pytest.fixture
def files(
    tmp_path: Path, made: tuple[SignedRecord, list[Addendum], list[Statement], bytes, str]
) -> tuple[Path, Path, str]:
    """A signed file, its letter, and the key's identity."""
    record, added, seals, letter, key = made
    file, paper = tmp_path / "recommendation.json", tmp_path / "letter.pdf"
    file.write_bytes(bundle(record, [one.statement for one in added], seals))
    paper.write_bytes(letter)
    return file, paper, key


def run(*arguments: str) -> tuple[bool, str]:
    answer = CliRunner().invoke(app, ["verify", *arguments])
    fault = str(answer.exception) if isinstance(answer.exception, Fault) else ""
    return answer.exception is None, answer.output + fault


def test_a_file_its_addendum_and_its_letter_verify_offline(files: tuple[Path, Path, str]) -> None:
    file, letter, key = files
    good, said = run(str(file), "--letter", str(letter), "--trust", key)
    assert good, said
    assert "amended 1 time; not one byte has changed" in said
    assert "Addendum 1 by Dr Radiologist" in said
    assert "the letter with 1 addendum of this record, byte for byte" in said


def test_a_changed_letter_is_found(files: tuple[Path, Path, str]) -> None:
    file, letter, _ = files
    content = bytearray(letter.read_bytes())
    content[len(content) // 2] ^= 1
    letter.write_bytes(bytes(content))
    good, said = run(str(file), "--letter", str(letter), "--json")
    assert not good
    assert "the record itself is genuine" in said
    assert json.loads(said[: said.rindex("}") + 1])["where"] == ["letter"]


def test_a_file_that_seals_no_letter_says_so(files: tuple[Path, Path, str]) -> None:
    file, letter, _ = files
    content = json.loads(file.read_text())
    content["letters"] = []
    file.write_text(json.dumps(content))
    good, said = run(str(file), "--letter", str(letter))
    assert not good
    assert "seals no letter" in said


def test_another_key_and_a_changed_record_are_said(files: tuple[Path, Path, str]) -> None:
    file, _, _ = files
    good, said = run(str(file), "--trust", "0123456789abcdef")
    assert not good
    assert "another key" in said
    content = json.loads(file.read_text())
    content["record"] = content["record"].replace("Walk the dog", "Walk the cat")
    file.write_text(json.dumps(content))
    good, said = run(str(file), "--json")
    assert not good
    assert json.loads(said[: said.rindex("}") + 1])["where"] == ["goal"]


def test_what_is_no_signed_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    assert "not a signed recommendation" in run(str(tmp_path / "x.json"))[1]
    assert "cannot be read" in run(str(tmp_path / "none.json"))[1]
