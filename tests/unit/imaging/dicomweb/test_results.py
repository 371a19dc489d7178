"""A study's result is written once and given again only while the rows it comes from are the same."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from sqlmodel import Session

from imaging.asking import by_session
from imaging.dicomweb.attributes import ATTRIBUTES, STUDY, Level
from imaging.dicomweb.present import Counts, Row, result
from imaging.dicomweb.results import Results, Shown, study_writer, written
from imaging.studies import Instance, Series, Study
from tests.unit.imaging.dicomweb import test_qido
from tests.unit.imaging.dicomweb.test_qido import AT

BASE = "https://consilium.example/dicom-web"
TEXT, IMAGES = "00081030", "00201208"


@pytest.fixture
def session() -> Iterator[Session]:
    """Three studies of the index; nothing is committed afterwards."""
    yield from test_qido.filled()


def said(results: Results, session: Session, version: int | None, *uids: str, base: str = BASE) -> list[object]:
    found = results.studies(by_session(session), uids, Shown(base, ("study",)), version)
    return [json.loads(one) for one in found]


def value(result: object, tag: str) -> object:
    assert isinstance(result, dict)
    return result[tag]["Value"][0]


def describe(session: Session, text: str) -> None:
    row = session.get_one(Study, "1.1")
    row.description = text
    session.add(row)
    session.flush()


def test_after_a_write_of_its_rows_nobody_is_given_the_old(session: Session) -> None:
    results = Results()
    assert value(said(results, session, 1, "1.1")[0], TEXT) == "Lumbar spine"
    describe(session, "Cervical spine")
    session.add(Series(series_instance_uid="1.1.9", study_instance_uid="1.1", number=9, modality="US"))
    session.add(Instance(
        sop_instance_uid="1.1.9.1", series_instance_uid="1.1.9", sop_class_uid="1.2", size=1, received_at=AT,
        transfer_syntax_uid="1.2.840.10008.1.2.1", digest="1" * 64,
    ))
    session.flush()
    assert value(said(results, session, 1, "1.1")[0], TEXT) == "Lumbar spine"  # no table was touched: the one kept
    [after] = said(results, session, 2, "1.1")
    assert (value(after, TEXT), value(after, IMAGES)) == ("Cervical spine", 5)


def test_where_others_write_too_nothing_is_kept(session: Session) -> None:
    results = Results()
    said(results, session, None, "1.1")
    describe(session, "Cervical spine")
    assert value(said(results, session, None, "1.1")[0], TEXT) == "Cervical spine"


def test_results_come_in_the_order_asked_for_whichever_were_kept(session: Session) -> None:
    results = Results()
    said(results, session, 1, "1.2")
    found = said(results, session, 1, "1.3", "1.2", "1.1")
    assert [value(one, "0020000D") for one in found] == ["1.3", "1.2", "1.1"]


def test_each_address_of_the_service_has_its_own(session: Session) -> None:
    results = Results()
    said(results, session, 1, "1.1")
    [other] = said(results, session, 1, "1.1", base="https://other.example/dicom-web")
    assert value(other, "00081190") == "https://other.example/dicom-web/studies/1.1"


def test_a_study_that_is_gone_is_left_out(session: Session) -> None:
    assert [value(one, "0020000D") for one in said(Results(), session, 1, "1.3", "1.9", "1.1")] == ["1.3", "1.1"]


def test_what_is_kept_asks_nothing(session: Session) -> None:
    results = Results()
    said(results, session, 1, "1.1", "1.2")

    def ask(*_: object) -> list[list[str]]:
        raise AssertionError("this was written before")

    assert len(results.studies(ask, ["1.2", "1.1"], Shown(BASE, ("study",)), 1)) == 2


_WORDS = some.text(some.characters(exclude_categories=["Cs"])) | some.sampled_from(
    ["", '""', ',"Value":[""]', "-", ":", "=", "==", "A=B=C", "%s", "{0}", "2026-10-01", "08:15:00", "Rivera^Ana=李^安"]
)
_SERIES = some.tuples(some.sampled_from(["1.1", "1.2"]), some.uuids().map(str), _WORDS, some.integers(0, 3))
_LEVELS = some.sampled_from([(), ("study",), ("series", "instance"), ("study", "series", "instance")])
_TAGS = [*(one.tag for one in ATTRIBUTES), "00201206", "00201208", "00201209", "00080056"]
_FIELDS = some.frozensets(some.sampled_from(_TAGS))


@given(some.tuples(*[_WORDS] * len(STUDY)), some.lists(_SERIES), _WORDS, _LEVELS, _FIELDS)
@example(("",) * len(STUDY), [], "", ("study",), frozenset())
def test_a_study_is_written_as_its_result_is(
    row: tuple[str, ...], series: list[tuple[str, str, str, int]], base: str, levels: tuple[Level, ...],
    fields: frozenset[str],
) -> None:
    counts = Counts.of(series)
    values = dict(zip((one.column.key for one in STUDY), (*row[:-1], "1.1"), strict=True))
    shown = Shown(base, levels, fields)
    found = study_writer(shown)(tuple(values.values()), counts.of_study("1.1"))
    assert found == written(result(Row(Study(**values)), counts, *shown))
