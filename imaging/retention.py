"""Letting images go when their time is over: what goes, what stays because a record refers to it, and in which order.

Previews go first, since they can be made again; then the index forgets the images, one audit row each; what no row
names any more is then cleared out of the vault like any orphan. Studies and series keep their rows, so that a record
which names them can still say what was there.
"""

import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import BigInteger
from sqlmodel import Field, Session, SQLModel, col, func, select

from imaging.columns import instant
from imaging.studies import Instance, Series
from imaging.vault.upkeep import Named


class Clearing(SQLModel, table=True):
    """One removal of images: by a board's rule, or of what no record named."""

    id: str = Field(primary_key=True)
    at: datetime = instant(index=True)
    reason: str
    """``retention`` or ``orphans``."""
    subject: str = ""
    """The case whose images went; empty for orphans."""
    objects: int
    size: int = Field(sa_type=BigInteger)
    """Bytes."""


@dataclass(frozen=True, slots=True)
class References:
    """What records refer to, and must therefore stay."""

    instances: frozenset[str] = frozenset()
    """SOP Instance UIDs."""
    series: frozenset[str] = frozenset()
    """Series Instance UIDs: every image of them."""
    digests: frozenset[str] = frozenset()

    def __or__(self, other: "References") -> "References":
        """Both together."""
        return References(
            self.instances | other.instances, self.series | other.series, self.digests | other.digests
        )

    def covers(self, row: Instance) -> bool:
        """Whether a record refers to this image."""
        return (
            row.sop_instance_uid in self.instances or row.series_instance_uid in self.series
            or row.digest in self.digests
        )


@dataclass(frozen=True, slots=True)
class Share:
    """How many images, and their bytes."""

    images: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go of some studies, and what would stay."""

    goes: tuple[str, ...]
    """SOP Instance UIDs."""
    going: Share
    staying: Share
    digests: tuple[str, ...]
    """Of everything, going and staying: whose previews go first."""


def plan(session: Session, studies: Collection[str], refers: References) -> Plan:
    """What would go of these studies."""
    rows = _rows(session, studies)
    goes = [row for row in rows if not refers.covers(row)]
    stays = [row for row in rows if refers.covers(row)]
    return Plan(
        tuple(row.sop_instance_uid for row in goes), _share(goes), _share(stays),
        tuple(dict.fromkeys(row.digest for row in rows)),
    )


def forget_previews(derived: Path, digests: Iterable[str]) -> int:
    """Delete what was derived from these objects, and say of how many there was something; it can be made again."""
    found = 0
    for digest in digests:
        place = derived / digest[:2] / digest
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
            found += 1
    return found


def forget(session: Session, going: Plan) -> None:
    """Take images out of the index, in the caller's transaction; each leaves its row in the audit."""
    for uid in going.goes:
        row = session.get(Instance, uid)
        if row is not None:
            session.delete(row)
    session.flush()


def representatives(session: Session, studies: Collection[str]) -> References:
    """The image by which a list or a packet shows each series: the middle one."""
    found: list[str] = []
    by_series: dict[str, list[Instance]] = {}
    for row in _rows(session, studies):
        by_series.setdefault(row.series_instance_uid, []).append(row)
    for rows in by_series.values():
        drawn = [row for row in rows if row.picture == "yes"] or rows
        drawn.sort(key=lambda row: (row.number is None, row.number or 0, row.sop_instance_uid))
        found.append(drawn[len(drawn) // 2].sop_instance_uid)
    return References(instances=frozenset(found))


def named(session: Session) -> dict[str, Named]:
    """Every object that a record names, by its digest."""
    rows = session.exec(select(Instance.digest, Instance.sop_instance_uid, Instance.size))
    return {digest: Named(uid, size) for digest, uid, size in rows}


def used(session: Session, studies: Collection[str] | None = None) -> int:
    """Bytes of the images of these studies, or of all."""
    query = select(func.coalesce(func.sum(Instance.size), 0))
    if studies is not None:
        query = query.join(Series, col(Series.series_instance_uid) == Instance.series_instance_uid).where(
            col(Series.study_instance_uid).in_(studies)
        )
    return int(session.exec(query).one())


def clearings(session: Session, most: int = 50) -> list[Clearing]:
    """What was removed, the latest first."""
    return list(session.exec(select(Clearing).order_by(col(Clearing.at).desc()).limit(most)))


def _rows(session: Session, studies: Collection[str]) -> list[Instance]:
    return list(session.exec(
        select(Instance).join(Series, col(Series.series_instance_uid) == Instance.series_instance_uid)
        .where(col(Series.study_instance_uid).in_(studies)).order_by(Instance.sop_instance_uid)
    ))


def _share(rows: list[Instance]) -> Share:
    return Share(len(rows), sum(row.size for row in rows))
