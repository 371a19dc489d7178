"""The patient's own words, found in a header, and text without them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

REMOVED = "REMOVED"
_WHOLE = 4
"""A name or number of so many characters is taken out wherever it occurs, also inside longer words; a shorter one
only where it is a word of its own."""
_DATES = ("%Y%m%d", "%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y",
          "%d%m%Y", "%m%d%Y")
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "md", "phd", "prof", "jr", "sr", "van", "von", "de", "der", "la", "le"})
_BARE_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d[-./]?(?:0[1-9]|1[0-2])[-./]?(?:0[1-9]|[12]\d|3[01])(?!\d)"
                        r"|(?<!\d)\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d(?!\d)")
_CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|(?<![\d.])\+?\d[\d ()/-]{8,}\d(?![\d.])")


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that would give the patient away, as it may be written."""

    anywhere: tuple[str, ...]
    """Folded, the longest first."""
    alone: frozenset[str]
    """Folded; words of their own only."""
    wholes: frozenset[str] = frozenset()
    """UIDs, anywhere."""

    @property
    def empty(self) -> bool:
        """Nothing is known about the patient."""
        return not (self.anywhere or self.alone or self.wholes)

    def cleaned(self, text: str) -> str:
        """The text with every word of the patient, every date, telephone number and mail address taken out."""
        folded, places = _folded(text)
        gone = [False] * len(text)
        if self.anywhere:
            for found in _any_of(self.anywhere).finditer(folded):
                _strike(gone, places, found.start(), found.end())
        for word in self.wholes:
            for found in re.finditer(re.escape(word), folded) if word in folded else ():
                _strike(gone, places, found.start(), found.end())
        for found in re.finditer(r"[^\W_]+", folded):
            if found.group() in self.alone:
                _strike(gone, places, found.start(), found.end())
        for pattern in (_BARE_DATE, _CONTACT):
            for found in pattern.finditer(text):
                gone[found.start() : found.end()] = [True] * (found.end() - found.start())
        return _without(text, gone) if any(gone) else text

    def occurs(self, data: bytes) -> bool:
        """Whether one of the longer words stands in bytes, in ASCII, Latin-1 or UTF-8 and any case."""
        lowered = data.lower()
        return any(form in lowered for word in (*self.anywhere, *self.wholes) for form in _bytes_of(word))


@lru_cache(maxsize=8)
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in words))


def words_of(
    names: Iterable[str], numbers: Iterable[str], days: Iterable[str], wholes: Iterable[str] = ()
) -> Words:
    """The words of a patient.

    names: person names as headers write them, of any group. numbers: identifiers, addresses, institutions, stations.
    days: ``YYYYMMDD`` or ``YYYY-MM-DD``, in every common way of writing. wholes: UIDs, which have no parts.
    """
    anywhere: set[str] = set()
    alone: set[str] = set()
    for one in names:
        parts = re.findall(r"[^\W_]+", fold(one))
        for part in parts:
            if len(part) >= _WHOLE:
                anywhere.add(part)
            elif len(part) > 1 and part not in _TITLES:
                alone.add(part)
    for one in numbers:
        whole = fold(one).strip()
        parts = re.findall(r"[^\W_]+", whole)
        if len(whole) >= _WHOLE:
            anywhere.add(whole)
        elif len(whole) > 1:
            alone.add(whole)
        anywhere |= {part for part in parts if len(part) >= _WHOLE and not _common(part)}
        anywhere |= {"".join(parts)} if len(parts) > 1 and len("".join(parts)) >= 6 else set()
    for one in days:
        plain = re.sub(r"\D", "", one)[:8]
        try:
            day = date(int(plain[:4]), int(plain[4:6]), int(plain[6:8]))
        except ValueError:
            continue
        anywhere |= {f"{day:{pattern}}" for pattern in _DATES}
    return Words(tuple(sorted(anywhere, key=lambda word: (-len(word), word))), frozenset(alone - anywhere),
                 frozenset(one for one in wholes if len(one) >= _WHOLE))


def fold(text: str) -> str:
    """Without case and accents, as `Words` compares."""
    return _folded(text)[0]


_COMMON = frozenset({
    "hospital", "clinic", "klinik", "medical", "center", "centre", "university", "institute", "radiology", "department",
    "street", "road", "avenue", "city", "county", "state", "saint", "general", "health", "imaging", "spine",
})
"""Parts of addresses and institutions that name nobody."""


def _common(word: str) -> bool:
    return word in _COMMON


def _folded(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its letters the place it came from."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for part in unicodedata.normalize("NFKD", letter.casefold()):
            if not unicodedata.combining(part):
                letters.append(part)
                places.append(place)
    return "".join(letters), places


def _strike(gone: list[bool], places: list[int], start: int, end: int) -> None:
    for at in range(start, end):
        gone[places[at]] = True


def _without(text: str, gone: list[bool]) -> str:
    kept: list[str] = []
    for letter, away in zip(text, gone, strict=True):
        if not away:
            kept.append(letter)
        elif not kept or kept[-1] != REMOVED:
            kept.append(REMOVED)
    return "".join(kept)


def _bytes_of(word: str) -> set[bytes]:
    forms: set[bytes] = set()
    for coding in ("ascii", "latin-1", "utf-8"):
        try:
            forms.add(word.encode(coding).lower())
        except UnicodeEncodeError:
            continue
    return forms
