"""A query string finds what PS3.4 C.2.2.2 says it finds, and says which parameter it cannot read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, create_engine

from imaging.asking import by_session
from imaging.dicomweb.attributes import Level
from imaging.dicomweb.errors import BadQuery
from imaging.dicomweb.present import result
from imaging.dicomweb.qido import LIMIT, NEWEST, Condition, counts, find, find_studies, newest_studies, query
from imaging.studies import Instance, Series, Study

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
STUDIES = {
    "1.1": ("Rivera^Ana=李^安", "MRN-7", "2026-10-01", "08:15:00", "Lumbar spine", ("MR", "MR")),
    "1.2": ("rivera^Zoe", "MRN-70", "2026-10-02", "14:00:30", "100% spine_x", ("CT",)),
    "1.3": ("Okafor^Ben", "X*1", "", "", "", ("CR", "SR")),
}


@pytest.fixture
def session() -> Iterator[Session]:
    yield from filled()


def filled() -> Iterator[Session]:
    """A session on an index of `STUDIES`."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    tables = [model.__table__ for model in (Study, Series, Instance)]  # type: ignore[union-attr]
    SQLModel.metadata.create_all(engine, tables=tables)
    with Session(engine) as made:
        for uid, (name, patient, day, time, description, modalities) in STUDIES.items():
            made.add(Study(study_instance_uid=uid, patient_name=name, patient_id=patient, study_date=day,
                           study_time=time, description=description, received_at=AT))
            for number, modality in enumerate(modalities, 1):
                series = f"{uid}.{number}"
                made.add(Series(series_instance_uid=series, study_instance_uid=uid, number=number, modality=modality))
                for image in (1, 2):
                    made.add(Instance(
                        sop_instance_uid=f"{series}.{image}", series_instance_uid=series, number=image, size=1,
                        sop_class_uid="1.2", transfer_syntax_uid="1.2.840.10008.1.2.1", digest="0" * 64,
                        received_at=AT, rows=16, columns=8, frames=3, bits_allocated=16,
                    ))
        made.commit()
        yield made
    engine.dispose()


def asked(session: Session, text: str, level: Level = "study", only: tuple[str, ...] = tuple(STUDIES)) -> list[str]:
    readable = Condition(f"study.study_instance_uid IN ({', '.join('{}' for _ in only)})", only)
    question = query(level, parse_qsl(text, keep_blank_values=True))
    rows, more = find(session, question, readable).rows, find(session, question, readable).more
    if level == "study":
        uids = [row.study.study_instance_uid for row in rows]
        assert find_studies(by_session(session), question, readable) == (uids, more)
    names = {"study": "study_instance_uid", "series": "series_instance_uid", "instance": "sop_instance_uid"}
    return [getattr(getattr(row, level), names[level]) for row in rows]


@pytest.mark.parametrize(("text", "found"), [
    ("", ["1.2", "1.1", "1.3"]),
    ("PatientName=", ["1.2", "1.1", "1.3"]),
    ("PatientName=RIVERA*", ["1.2", "1.1"]),
    ("00100010=*ana*", ["1.1"]),
    ("PatientName=Rivera^?na=*", ["1.1"]),
    ("PatientName=Rivera", []),
    ("PatientID=MRN-7", ["1.1"]),
    ("StudyDescription=100%25 spine_x", ["1.2"]),
    ("StudyDescription=100%25 spine?x", ["1.2"]),
    ("StudyDescription=*_spine*", []),
    ("StudyDate=20261001", ["1.1"]),
    ("StudyDate=20261002-", ["1.2"]),
    ("StudyDate=-20261001", ["1.1"]),
    ("StudyDate=20260101-20261231", ["1.2", "1.1"]),
    ("StudyTime=08", ["1.1"]),
    ("StudyTime=0816-1400", ["1.2"]),
    ("StudyInstanceUID=1.1,1.3", ["1.1", "1.3"]),
    ("StudyInstanceUID=1.1\\1.2", ["1.2", "1.1"]),
    ("ModalitiesInStudy=sr", ["1.3"]),
    ("ModalitiesInStudy=CT\\CR", ["1.2", "1.3"]),
    ("limit=1", ["1.2"]),
    ("limit=1&offset=2", ["1.3"]),
    ("offset=3", []),
    ("StudyDate=20261001&PatientName=Oka*", []),
])
def test_studies_are_found(session: Session, text: str, found: list[str]) -> None:
    assert asked(session, text) == found


def test_series_and_instances_are_found_in_reading_order(session: Session) -> None:
    assert asked(session, "Modality=MR", "series") == ["1.1.1", "1.1.2"]
    assert asked(session, "PatientID=MRN-7&SeriesNumber=2", "series") == ["1.1.2"]
    assert asked(session, "SeriesInstanceUID=1.3.1", "instance") == ["1.3.1.1", "1.3.1.2"]
    assert asked(session, "InstanceNumber=2&Modality=CT", "instance") == ["1.2.1.2"]


def test_what_a_person_may_not_read_is_not_there(session: Session) -> None:
    assert asked(session, "", only=("1.3",)) == ["1.3"]
    assert asked(session, "StudyInstanceUID=1.1", only=("1.3",)) == []
    assert asked(session, "StudyInstanceUID=1.1", "instance", only=("1.3",)) == []


@pytest.mark.parametrize(("level", "text", "parameter"), [
    ("study", "limit=-1", "limit"), ("study", "limit=many", "limit"), ("study", "offset=1.5", "offset"),
    ("study", "StudyDate=2026", "StudyDate"), ("study", "StudyDate=20261301", "StudyDate"),
    ("study", "StudyDate=-", "StudyDate"), ("study", "StudyTime=noon", "StudyTime"),
    ("study", "StudyInstanceUID=1.x", "StudyInstanceUID"), ("study", "Modality=MR", "Modality"),
    ("series", "SOPInstanceUID=1", "SOPInstanceUID"), ("series", "SeriesNumber=two", "SeriesNumber"),
    ("study", "Nonsense=1", "Nonsense"), ("study", "00099999=1", "00099999"), ("study", "StudyID=1", "StudyID"),
    ("study", "fuzzymatching=maybe", "fuzzymatching"), ("study", "includefield=Nonsense", "includefield"),
    ("study", "PatientName=" + "x" * 300, "PatientName"), ("study", "PatientName=" + "*x" * 9, "PatientName"),
])
def test_a_parameter_that_cannot_be_read_is_named(level: Level, text: str, parameter: str) -> None:
    with pytest.raises(BadQuery) as refused:
        query(level, parse_qsl(text))
    assert refused.value.parameter == parameter


def test_a_page_knows_whether_there_is_more(session: Session) -> None:
    everything = Condition("1 = 1")
    assert find(session, query("study", [("limit", "2")]), everything).more
    assert not find(session, query("study", [("limit", "3")]), everything).more
    assert query("study", [("limit", "999999")]).limit == LIMIT


def test_the_newest_follow_one_another_in_the_order_of_a_search(session: Session) -> None:
    first = newest_studies(by_session(session), 2)
    assert [uid for _, uid in first] == asked(session, "limit=2")
    assert [uid for _, uid in newest_studies(by_session(session), 2, first[-1])] == asked(session, "offset=2")
    assert newest_studies(by_session(session), 9, NEWEST)[-1] == ("", "1.3")


def test_a_result_is_the_dicom_json_of_its_level(session: Session) -> None:
    found = find(session, query("instance", [("SOPInstanceUID", "1.1.2.1")]), Condition("1 = 1"))
    tally = counts(session, found.rows)
    said = result(found.rows[0], tally, "https://x/dicom-web", ("study", "instance"), ("00080060",))
    assert said["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Rivera^Ana", "Ideographic": "李^安"}]}
    assert said["00080020"] == {"vr": "DA", "Value": ["20261001"]}
    assert said["00080030"] == {"vr": "TM", "Value": ["081500"]}
    assert said["00080061"] == {"vr": "CS", "Value": ["MR"]}
    assert (said["00201206"]["Value"], said["00201208"]["Value"]) == ([2], [4])
    assert said["00280008"] == {"vr": "IS", "Value": [3]}
    assert said["00080060"] == {"vr": "CS", "Value": ["MR"]}
    assert "0008103E" not in said
    assert said["00080050"] == {"vr": "SH"}
    assert said["00081190"]["Value"] == ["https://x/dicom-web/studies/1.1/series/1.1.2/instances/1.1.2.1"]
    assert list(said) == sorted(said)
