"""A study's result is written once and given again only while the rows it comes from are the same."""

import json
from collections.abc import Iterator

import pytest
from sqlmodel import Session

from imaging.dicomweb.qido import Query
from imaging.dicomweb.results import Results
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
    found = results.studies(session, uids, Query("study"), base, ("study",), version)
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
