"""Results of a search as they are sent: a study's is written once and given again until a row of the index changes.

Counting a study's series and images, and writing its attributes, is most of what a search costs; a list of studies asks
for the same ones again and again.
"""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from operator import itemgetter
from typing import NamedTuple

from imaging.asking import Ask
from imaging.dicomweb.attributes import STUDY, Attribute, Level
from imaging.dicomweb.json import person_name
from imaging.dicomweb.present import OfStudy
from imaging.dicomweb.qido import counted, described

TABLES = ("study", "series", "instance")
"""What a result is computed from."""
_KEPT = 20_000
_Write = Callable[[Sequence[str], OfStudy], bytes]


class Shown(NamedTuple):
    """What of a result is shown, and under which address."""

    base: str
    """URL of the service."""
    levels: tuple[Level, ...]
    """Those shown whole."""
    fields: frozenset[str] = frozenset()
    """Tags shown of the others."""


class Results:
    """Study results as compact JSON; threads may share it."""

    def __init__(self) -> None:
        self._known: tuple[int | None, dict[Shown, dict[str, bytes]]] = (None, {})

    def studies(self, ask: Ask, uids: Sequence[str], shown: Shown, version: int | None) -> list[bytes]:
        """The results of these studies in their order, of those that are there.

        version: of `TABLES`, taken before this read began; None: nothing is kept.
        """
        known = self._of(shown, version)
        missing = [uid for uid in uids if uid not in known]
        if missing:
            tally, write = counted(ask, missing), study_writer(shown)
            known |= {row[-1]: write(row, tally.of_study(row[-1])) for row in described(ask, missing)}
        return [known[uid] for uid in uids if uid in known]

    def _of(self, shown: Shown, version: int | None) -> dict[str, bytes]:
        """What is kept that shows this, by the identity of the study; it may be added to."""
        known = self._known
        if version is None or known[0] != version or sum(map(len, list(known[1].values()))) > _KEPT:
            known = self._known = (version, {})
        return known[1].setdefault(shown, {})


def written(said: object) -> bytes:
    """DICOM JSON as it is sent."""
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


@lru_cache(64)
def study_writer(shown: Shown) -> _Write:
    """Writes values of `STUDY` and what is counted of that study as `written` does what `present.result` makes of them.

    What comes before each value is written once, here: lists are of studies nobody asked for before, and a search waits
    for each of theirs.
    """
    places = sorted(
        (tag, vr, at) for at, (tag, vr) in enumerate([*((one.tag, one.vr) for one in STUDY), *_COMPUTED])
        if "study" in shown.levels or tag in shown.fields or tag in _ALWAYS
    )
    attributes = ",".join(f'"{tag}":{{"vr":"{vr}","Value":[%s]}}' for tag, vr, _ in places)
    form = f"{{{attributes}}}"
    in_order = itemgetter(*(at for _, _, at in places))

    def write(row: Sequence[str], counts: OfStudy) -> bytes:
        values = [say(value) for say, value in zip(_SAID, row, strict=True)]
        modalities = ",".join(map(quoted, counts.modalities)) or _EMPTY
        address = quoted(f"{shown.base}/studies/{row[-1]}")
        said: str = form % in_order((*values, '"ONLINE"', modalities, address, counts.series, counts.instances))
        return said.replace(_NO_VALUE, "").encode()

    return write


def _said(one: Attribute) -> Callable[[str], str]:
    """Writes a value of a column as JSON."""
    if one.vr == "PN":
        return _name
    return quoted if one.shown is str else lambda value: quoted(one.shown(value))


def _name(value: str) -> str:
    groups = ",".join([f'"{group}":{quoted(part)}' for group, part in person_name(value).items()])
    return f"{{{groups}}}" if value else _EMPTY


_SAID = [_said(one) for one in STUDY]
_COMPUTED = (("00080056", "CS"), ("00080061", "CS"), ("00081190", "UR"), ("00201206", "IS"), ("00201208", "IS"))
_ALWAYS = frozenset({"0020000D", "00080056", "00081190"})
_EMPTY = '""'
_NO_VALUE = f',"Value":[{_EMPTY}]'
"""Is never part of a value: in there a quotation mark has a backslash before it."""
