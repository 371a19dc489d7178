"""The patient's copy: the same advice, plain words, and nobody's name on it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from conference.outcome.letter import OUTCOMES
from conference.outcome.plain import explained, plain_facts, plain_pdf, words
from conference.outcome.signing import Signer
from tests.unit.conference.test_signing import a_record, signed

KINDS = {"surgical", "interventional", "rehabilitation", "psychological", "medical", "watchful"}


def test_every_kind_of_option_and_every_outcome_has_plain_words() -> None:
    assert set(words().kinds) == KINDS
    assert set(words().outcomes) == set(OUTCOMES)


def test_the_goal_comes_with_its_answer_and_the_advice_says_what_it_is(tmp_path: Path) -> None:
    shown = plain_facts(signed(Signer(tmp_path), a_record()))
    assert (shown["goal"], shown["goal_answered"]) == ("Walk the dog", "Likely.")
    assert shown["suggestion"] == "a planned programme of exercise and training"
    assert "Who saw it differently" in shown["agreement"]
    assert shown["answers"] == [{"question": "Which level?", "answer": "L4–L5."}]


def test_without_a_chosen_option_nothing_is_suggested(tmp_path: Path) -> None:
    none = a_record()["recommendation"] | {"outcome": "deferred", "option": ""}
    shown = plain_facts(signed(Signer(tmp_path), a_record(recommendation=none)))
    assert (shown["suggestion"], shown["label"]) == ("", "")
    assert "needs to know more" in shown["agreement"]


@pytest.mark.parametrize(("text", "first"), [
    ("Severe stenosis at L4/5", "Stenosis"), ("two discs", "Disc"), ("spinal FUSION", "Fusion"), ("walk daily", ""),
])
def test_only_words_that_occur_are_explained(text: str, first: str) -> None:
    found = explained(text)
    assert [said.startswith(first) for said in found] == ([True] if first else [])


def test_the_pdf_is_tagged_and_names_nobody_but_the_doctor(tmp_path: Path) -> None:
    content = plain_pdf(signed(Signer(tmp_path), a_record()))
    assert b"/StructTreeRoot" in content or b"/MarkInfo" in content
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext")
    (tmp_path / "plain.pdf").write_bytes(content)
    asked = ["pdftotext", "-layout", str(tmp_path / "plain.pdf"), "-"]
    text = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert "In plain words".lower() in text.lower()
    assert "Walk the dog" in text
    assert not any(name in text for name in ("Osei", "Kwame", "K-22", "1965"))
