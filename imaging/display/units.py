"""Units of a report (UCUM codes, ucum.org) as a person writes them: ``{pixels}`` → pixels, ``mm2`` → mm²."""

import re

_WHOLE = {
    "": "", "1": "", "no units": "", "{ratio}": "", "deg": "°", "[deg]": "°", "Cel": "°C", "[degF]": "°F",
    "[hnsf'U]": "HU", "[arb'U]": "arbitrary units", "[pH]": "pH", "[ppth]": "‰",
}  # fmt: skip
"""Codes that stand for something else than they look like."""
_ATOMS = {
    "deg": "°", "[in_i]": "in", "[ft_i]": "ft", "[lb_av]": "lb", "[iU]": "IU", "Ohm": "Ω", "l": "L", "ml": "mL",
    "dl": "dL", "ul": "µL", "um": "µm", "us": "µs", "ug": "µg", "umol": "µmol", "uGy": "µGy", "uSv": "µSv",
    "mo": "months", "a": "years", "wk": "weeks",
}  # fmt: skip
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NOTE = re.compile(r"\{([^{}]*)\}")
_POWER = re.compile(r"10[*^]([+-]?\d+)")
_ATOM = re.compile(r"(\[[^\[\]]*\]|[A-Za-z%']+)(-?\d+)?")
_CODE = re.compile(r"\d{3,}|[A-Z]+-\d+")
"""A number in a dictionary rather than a unit: its meaning is asked for."""


def readable(code: str, meaning: str = "") -> str:
    """A unit as it is written by hand; empty for a plain number. Anything that is no unit comes as it is."""
    code = code.strip()
    if code in _WHOLE:
        return _WHOLE[code]
    if _CODE.fullmatch(code):
        return meaning or code
    notes = [note for note in (_noted(one) for one in _NOTE.findall(code)) if note]
    bare = _NOTE.sub("", code)
    if not bare or bare.startswith("/"):  # {beats}/min: what is counted stands for the unit
        return f"{' '.join(notes)}{_unit(bare)}"
    return _unit(bare) + (f" ({', '.join(notes)})" if notes else "")


def _noted(note: str) -> str:
    """What stands in braces has no meaning of its own: words for people, but for its square."""
    words = note.replace("_", " ").strip()
    return re.sub(r"(?<=pixels)[23]$", lambda power: power[0].translate(_RAISED), words)


def _unit(bare: str) -> str:
    told = _POWER.sub(lambda power: f"×10{power[1].lstrip('+').translate(_RAISED)}", bare)
    parts = re.split(r"(×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", told)
    return "".join(part if part.startswith("×") else _product(part) for part in parts).strip()


def _product(part: str) -> str:
    return _ATOM.sub(lambda found: _atom(found[1]) + (found[2] or "").translate(_RAISED), part.replace(".", " "))


def _atom(symbol: str) -> str:
    known = _ATOMS.get(symbol)
    if known is not None:
        return known
    return symbol[1:-1].split("_")[0].replace("'", "") if symbol.startswith("[") else symbol
