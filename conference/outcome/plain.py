"""The letter's twin for the patient: the same signed record in plain words, one page, nothing added to the advice.

Medical words are explained only where the board used them. It names the patient's goal first and says what it is not.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from conference.outcome.addenda import Addendum
from conference.outcome.letter import facts, typeset
from conference.outcome.signing import SignedRecord

TEMPLATE = Path(__file__).parent / "plain.typ"
MOST_PICTURES = 2
"""Pictures on the patient's page: those the advice rests on."""


@dataclass(frozen=True, slots=True)
class Words:
    """The plain words of a field of medicine."""

    kinds: Mapping[str, str]
    """Kind of option → what it is."""
    outcomes: Mapping[str, str]
    """How the board decided → a sentence."""
    non_operative: Mapping[str, str]
    """Why non-operative care is not enough → a sentence."""
    words: Mapping[str, str]
    """Beginning of a medical word, lower case → its explanation."""


@cache
def words(folder: str = "spine") -> Words:
    """The words, read once."""
    data = tomllib.loads(files("agenda").joinpath(folder, "plain_words.toml").read_text(encoding="utf-8"))
    return Words(data["kinds"], data["outcomes"], data["non_operative"], data["words"])


def plain_facts(signed: SignedRecord, added: Sequence[Addendum] = ()) -> dict[str, Any]:
    """What the patient's page and PDF show."""
    known = facts(signed, added)
    record: dict[str, Any] = known["record"]
    advice = record["recommendation"]
    chosen = next((one for one in record["options"] if one["key"] == advice["option"]), None)
    instead = known["non_operative"]
    said = " ".join([advice["rationale"], advice["goal_answered"], advice["follow_up"], *advice["answers"].values()])
    return {
        "number": record["case"]["number"], "board": record["board"]["name"], "day": known["conference_day"],
        "goal": record["goal"], "goal_answered": advice["goal_answered"],
        "suggestion": words().kinds.get(chosen["kind"], "") if chosen else "",
        "label": chosen["label"] if chosen else "",
        "agreement": words().outcomes[advice["outcome"]],
        "instead": "" if instead is None else words().non_operative[instead["standing"]],
        "instead_reason": "" if instead is None else instead["reason"],
        "answers": [
            {"question": one["text"], "answer": advice["answers"].get(one["id"], "Not answered.")}
            for one in record["questions"]
        ],
        "steps": advice["actions"], "follow_up": advice["follow_up"],
        "team": list(dict.fromkeys(one["discipline"] for one in record["attestations"])),
        "referrer": record["referrer"]["name"], "explained": explained(said), "digest": signed.digest,
        "pictures": [one for one in known["pictures"] if one["marks"]][:MOST_PICTURES],
        "later": [{"text": one["text"], "time": one["signed_time"]} for one in known["addenda"]],
    }


def explained(text: str) -> list[str]:
    """The explanations of the medical words that occur, in the order of the data."""
    used = set(re.findall(r"[a-z]+", text.lower()))
    return [said for start, said in words().words.items() if any(word.startswith(start) for word in used)]


def plain_pdf(signed: SignedRecord, added: Sequence[Addendum] = (), images: Mapping[str, bytes] = {}) -> bytes:
    """The patient's page as PDF/UA-1; takes a few tenths of a second, so call it off the event loop.

    images: as for `conference.outcome.letter.pdf`.
    """
    return typeset(TEMPLATE, plain_facts(signed, added), images)
