"""QIDO-RS: a query string to a question, the question to rows, rows to DICOM JSON (PS3.18 10.6).

What a person may see comes as a condition of the caller: nothing outside it is counted, matched or named. Conditions
are text with places for their values: making an expression of objects costs several times what SQLite takes to answer.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from imaging.asking import Ask, by_session, clause
from imaging.dicomweb.attributes import STUDY, Attribute, Level, matched, tag_of
from imaging.dicomweb.errors import BadQuery
from imaging.dicomweb.present import Counts, Row
from imaging.studies import Instance, Series, Study

LIMIT = 5000
"""Most results of one answer, and how many are given when the client names no limit."""
_UID = re.compile(r"[0-9.]{1,64}")
_VALUES = 500
_TEXT = 200
_WILDCARDS = 8
"""A pattern of many asterisks takes a database very long."""
_TIME = re.compile(r"(\d\d)(\d\d)?(\d\d)?(\.\d{1,6})?")
_STUDIES = (
    "SELECT study.study_date, study.study_instance_uid FROM study WHERE {} "
    "ORDER BY study.study_date DESC, study.study_instance_uid DESC LIMIT :most OFFSET :after"
)
"""In the order of `_order`."""
_DESCRIBED = (  # only names of columns come into it
    f"SELECT {', '.join(f'study.{one.column.key}' for one in STUDY)} FROM study WHERE {{}}"  # noqa: S608
)
NEWEST = ("9999-99-99", "")
"""In the place of a study's date and identity: before all there are."""
_AFTER = "(study.study_date, study.study_instance_uid) < (:day, :uid)"
_ANY_SERIES = "EXISTS (SELECT 1 FROM series AS one WHERE one.study_instance_uid = study.study_instance_uid AND {})"
_COUNTS = (
    "SELECT series.study_instance_uid, series.series_instance_uid, series.modality, (SELECT count(*) FROM instance "
    "WHERE instance.series_instance_uid = series.series_instance_uid AND instance.held = FALSE) FROM series WHERE {}"
)
"""Counted for each series by itself: a join, grouped, goes through all instances there are."""
_DEPTH: dict[Level, int] = {"study": 0, "series": 1, "instance": 2}


class Condition(NamedTuple):
    """Part of a WHERE; tables go by their names."""

    words: str
    """A ``{}`` stands for each of the values; nothing that came from outside is in it."""
    values: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A question, checked."""

    level: Level
    conditions: tuple[Condition, ...] = ()
    limit: int = LIMIT
    offset: int = 0
    fields: frozenset[str] = frozenset()
    """Tags asked for with ``includefield``."""
    everything: bool = False
    fuzzy: bool = False
    """The client asked for fuzzy matching, which there is none of; the answer warns."""

    def within(self, study: str = "", series: str = "") -> "Query":
        """The same question of one study, or one series of it."""
        inside: tuple[Condition, ...] = ()
        if study:
            inside += (Condition("study.study_instance_uid = {}", (study,)),)
        if series:
            inside += (Condition("series.series_instance_uid = {}", (series,)),)
        return replace(self, conditions=(*self.conditions, *inside)) if inside else self


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results."""

    rows: tuple[Row, ...]
    more: bool
    """There are results after these."""


def query(level: Level, parameters: Iterable[tuple[str, str]]) -> Query:
    """The question in a query string; raises BadQuery naming the parameter."""
    found = _Asked()
    for name, value in parameters:
        _take(found, level, name, value)
    conditions, fields = tuple(found.conditions), frozenset(found.fields)
    return Query(level, conditions, found.limit, found.offset, fields, found.everything, found.fuzzy)


def find(session: Session, asked: Query, readable: Condition) -> Found:
    """The results a person may see, newest study first, in an order that paging can rely on.

    readable: what is true of the studies this person may read.
    """
    kinds: list[Any] = [Study, Series, Instance][: _DEPTH[asked.level] + 1]
    wanted = select(*kinds)
    if asked.level != "study":
        wanted = wanted.join(Series, col(Series.study_instance_uid) == col(Study.study_instance_uid))
    if asked.level == "instance":
        wanted = wanted.join(Instance, col(Instance.series_instance_uid) == col(Series.series_instance_uid))
        wanted = wanted.where(col(Instance.held).is_(False))
    words, values = _joined((*asked.conditions, readable))
    wanted = wanted.where(clause(words, session).bindparams(**values))
    wanted = wanted.order_by(*_order(asked.level)).offset(asked.offset).limit(asked.limit + 1)
    found = [one if isinstance(one, Sequence) else (one,) for one in _tuples(session.exec(wanted).all())]
    rows = tuple(Row(*one) for one in found[: asked.limit])
    return Found(rows, len(found) > asked.limit)


def find_studies(ask: Ask, asked: Query, readable: Condition) -> tuple[list[str], bool]:
    """The identities alone of the studies `find` would give, and whether there are more."""
    words, values = _joined((*asked.conditions, readable))
    page = {"most": asked.limit + 1, "after": asked.offset}
    found = [uid for _, uid in ask(_STUDIES.format(words), values | page)]
    return found[: asked.limit], len(found) > asked.limit


def newest_studies(ask: Ask, most: int, after: Sequence[str] = NEWEST) -> Sequence[Sequence[str]]:
    """Date and identity of the newest studies there are, whoever may see them, or of those that follow after one."""
    day, uid = after
    return ask(_STUDIES.format(_AFTER), {"day": day, "uid": uid, "most": most, "after": 0})


def described(ask: Ask, studies: Sequence[str]) -> list[Sequence[str]]:
    """The values of `STUDY` of these studies, as far as they are there, in any order."""
    return [row for chosen in _chosen("study", studies) for row in ask(_DESCRIBED.format(chosen[0]), chosen[1])]


def _chosen(table: str, studies: Sequence[str]) -> Iterator[tuple[str, dict[str, str | int]]]:
    """The rows of a table that are of these studies, some hundreds at a time."""
    for at in range(0, len(studies), _VALUES):
        yield _joined((_in(f"{table}.study_instance_uid", studies[at : at + _VALUES]),))


def _joined(conditions: Sequence[Condition]) -> tuple[str, dict[str, str | int]]:
    """All of them as one, its values by the names of their places."""
    values = [value for one in conditions for value in one.values]
    names = [f"v{number}" for number in range(len(values))]
    words = " AND ".join(one.words for one in conditions).format(*(f":{name}" for name in names))
    return words, dict(zip(names, values, strict=True))


def counts(session: Session, rows: Sequence[Row]) -> Counts:
    """How many series and instances the studies of these rows have, and of which modalities."""
    return counted(by_session(session), list(dict.fromkeys(row.study.study_instance_uid for row in rows)))


def counted(ask: Ask, studies: Sequence[str]) -> Counts:
    """How many series and instances these studies have, and of which modalities."""
    return Counts.of(
        (str(a), str(b), str(c), int(d))
        for words, values in _chosen("series", studies) for a, b, c, d in ask(_COUNTS.format(words), values)
    )


def _tuples(rows: Sequence[Any]) -> list[Any]:
    return [row if isinstance(row, Study) else tuple(row) for row in rows]


def _order(level: Level) -> list[Any]:
    ways: list[Any] = [col(Study.study_date).desc(), col(Study.study_instance_uid).desc()]  # as the index lies
    if level != "study":
        ways += [col(Series.number), col(Series.series_instance_uid)]
    if level == "instance":
        ways += [col(Instance.number), col(Instance.sop_instance_uid)]
    return ways


@dataclass(slots=True)
class _Asked:
    """A question while it is read."""

    conditions: list[Condition] = field(default_factory=list)
    limit: int = LIMIT
    offset: int = 0
    fields: set[str] = field(default_factory=set)
    everything: bool = False
    fuzzy: bool = False


def _take(asked: _Asked, level: Level, name: str, value: str) -> None:
    match name:
        case "limit":
            asked.limit = min(_count(name, value), LIMIT)
        case "offset":
            asked.offset = _count(name, value)
        case "fuzzymatching":
            asked.fuzzy = _truth(name, value)
        case "includefield":
            _include(asked, value)
        case "accept" | "case" | "emptyvaluematching" | "multiplevaluematching":
            pass
        case _:
            _match(asked, level, name, value.strip())


def _match(asked: _Asked, level: Level, name: str, value: str) -> None:
    found = matched(name)
    if found is None:
        raise BadQuery(name, "this is neither an attribute of DICOM nor a parameter of this search.")
    if _DEPTH[found.level] > _DEPTH[level]:
        raise BadQuery(name, f"this is an attribute of the {found.level}; it cannot select a {level}.")
    if value not in ("", "*"):  # universal matching (PS3.4 C.2.2.2.3)
        asked.conditions.append(_condition(found, name, value))


def _count(name: str, value: str) -> int:
    if not value.isdecimal() or len(value) > 9:
        raise BadQuery(name, "this must be a whole number, 0 or more.")
    return int(value)


def _truth(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise BadQuery(name, "this must be true or false.")
    return value.lower() == "true"


def _include(asked: _Asked, value: str) -> None:
    for name in value.split(","):
        if name.strip() == "all":
            asked.everything = True
            continue
        tag = tag_of(name.strip())
        if tag is None:
            raise BadQuery("includefield", f"“{name.strip()[:64]}” is no attribute of DICOM.")
        asked.fields.add(tag)


def _condition(found: Attribute, name: str, value: str) -> Condition:
    if len(value) > (_TEXT if found.kind != "uid" else _VALUES * 65):
        raise BadQuery(name, "this value is too long.")
    match found.kind:
        case "uid":
            return _in(_place(found), _uids(name, value))
        case "exact":
            return _in(_place(found), [one.upper() for one in value.split("\\")])
        case "modalities":
            said = [one.strip().upper() for one in re.split(r"[\\,]", value)]
            words, values = _in("one.modality", said)
            return Condition(_ANY_SERIES.format(words), values)
        case "number":
            if not re.fullmatch(r"-?\d{1,10}", value):
                raise BadQuery(name, "this must be a whole number.")
            return Condition(f"{_place(found)} = {{}}", (int(value),))
        case "date":
            return _range(_place(found), *_dates(name, value))
        case "time":
            return _range(_place(found), *_times(name, value))
        case "text":
            if value.count("*") > _WILDCARDS:
                raise BadQuery(name, f"this may have up to {_WILDCARDS} asterisks.")
            return _like(_place(found), value)


def _place(found: Attribute) -> str:
    return f"{found.level}.{found.column.key}"


def _in(place: str, values: Sequence[str]) -> Condition:
    return Condition(f"{place} IN ({', '.join('{}' for _ in values)})", tuple(values))


def _uids(name: str, value: str) -> list[str]:
    found = [one.strip() for one in re.split(r"[\\,]", value)]
    if len(found) > _VALUES or not all(_UID.fullmatch(one) for one in found):
        raise BadQuery(name, f"this must be a UID, or up to {_VALUES} of them with commas between.")
    return found


def _range(place: str, low: str, high: str) -> Condition:
    words = f"{place} != ''"
    if low:
        words += f" AND {place} >= {{}}"
    if high:
        words += f" AND {place} <= {{}}"
    return Condition(words, tuple(one for one in (low, high) if one))


def _halves(value: str) -> tuple[str, str]:
    low, dash, high = value.partition("-")
    return (low.strip(), high.strip()) if dash else (value, value)


def _dates(name: str, value: str) -> tuple[str, str]:
    low, high = _halves(value)
    if not low and not high:
        raise BadQuery(name, "a range needs at least one of its ends: 20260101-20261231.")
    return _day(name, low), _day(name, high)


def _day(name: str, text: str) -> str:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat() if text else ""
    except ValueError:
        raise BadQuery(name, "this must be a date such as 20261121, or a range such as 20260101-20261231.") from None


def _times(name: str, value: str) -> tuple[str, str]:
    low, high = _halves(value)
    return _clock(name, low, "00"), _clock(name, high, "59")


def _clock(name: str, text: str, missing: str) -> str:
    if not text:
        return ""
    found = _TIME.fullmatch(text)
    if found is None:
        raise BadQuery(name, "this must be a time such as 0815 or 081500, or a range such as 0800-1200.")
    return f"{found[1]}:{found[2] or missing}:{found[3] or missing}"


def _like(place: str, value: str) -> Condition:
    """Single value and wildcard matching; case does not matter (PS3.4 C.2.2.2.1, C.2.2.2.4)."""
    escaped = re.sub(r"([%_!])", r"!\1", value).replace("*", "%").replace("?", "_")
    return Condition(f"{place} ILIKE {{}} ESCAPE '!'", (escaped,))
