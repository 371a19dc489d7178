"""Results of a search as they are sent: a study's is written once and given again until a row of the index changes.

Counting a study's series and images, and writing its attributes, is most of what a search costs; a list of studies asks
for the same ones again and again.
"""

import json
from collections.abc import Sequence

from sqlmodel import Session, col, select

from imaging.dicomweb.attributes import Level
from imaging.dicomweb.present import Row, result
from imaging.dicomweb.qido import Query, counts
from imaging.studies import Study

TABLES = ("study", "series", "instance")
"""What a result is computed from."""
_KEPT = 20_000
_Key = tuple[str, str, tuple[Level, ...], frozenset[str]]


class Results:
    """Study results as compact JSON; threads may share it."""

    def __init__(self) -> None:
        self._known: tuple[int | None, dict[_Key, bytes]] = (None, {})

    def studies(
        self, session: Session, uids: Sequence[str], asked: Query, base: str, levels: tuple[Level, ...],
        version: int | None,
    ) -> list[bytes]:
        """The results of these studies, in their order.

        base: URL of the service. levels: those shown whole. version: of `TABLES`, taken before this read began; None:
        nothing is kept.
        """
        known = self._known
        if version is None or known[0] != version or len(known[1]) > _KEPT:
            known = self._known = (version, {})
        keys: list[_Key] = [(uid, base, levels, asked.fields) for uid in uids]
        missing = [uid for uid, key in zip(uids, keys, strict=True) if key not in known[1]]
        if missing:
            rows = [Row(one) for one in session.exec(select(Study).where(col(Study.study_instance_uid).in_(missing)))]
            tally = counts(session, rows)
            for row in rows:
                said = result(row, tally, base, levels, asked.fields)
                known[1][row.study.study_instance_uid, base, levels, asked.fields] = written(said)
        return [known[1][key] for key in keys]


def written(said: object) -> bytes:
    """DICOM JSON as it is sent."""
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
