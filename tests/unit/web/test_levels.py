"""Numbering, grading and the plan by HTTP: who sees what, what is refused, and what keeps a signature away."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import Session

from agenda.cases import add_study
from agenda.grades import seen
from agenda.numberings import standing
from agenda.plans import plan_of
from imaging.studies import Instance, Series, Study
from tests.unit.web.desk import Desk, a_desk, a_sitting, a_triaged_case
from tests.unit.web.test_printing import text_of
from tests.unit.web.test_recommendation import Meeting
from web.auth.passwords import keep_password
from web.clock import now

MARKS = "L1 2 50 10\nS1 2 60 90"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("levels")) as made:
        made.do(lambda session: [keep_password(session, who, password_hash, now()) for who in ("chair", "radiologist")])
        yield made


def a_sagittal_series(session: Session, case_id: str) -> str:
    """Three sagittal images, 100 by 100, 2 mm a pixel, rows running down the patient."""
    uid = f"1.2.{len(case_id)}.{int(case_id[:8], 16)}"
    session.add(Study(study_instance_uid=uid, received_at=now()))
    session.flush()
    run = f"{uid}.1"
    session.add(Series(series_instance_uid=run, study_instance_uid=uid, modality="MR", description="Sagittal T2"))
    session.flush()
    for number in range(1, 4):
        session.add(Instance(
            sop_instance_uid=f"{uid}.1.{number}", series_instance_uid=f"{uid}.1", sop_class_uid="1", size=1,
            transfer_syntax_uid="1", number=number, digest="0" * 64, received_at=now(), rows=100, columns=100, frames=1,
            row_spacing_mm=2.0, column_spacing_mm=2.0, position=[5.0 * number, 0.0, 100.0],
            orientation=[0.0, 1.0, 0.0, 0.0, 0.0, -1.0], frame_of_reference_uid=f"{uid}.9",
        ))
    add_study(session, case_id, uid, now())
    session.flush()
    return f"{uid}.1"


def summary(desk: Desk, case_id: str, who: str = "chair") -> Any:
    """What the room shows of a case's levels."""
    return desk.as_(who).get(f"/cases/{case_id}/levels-summary.json").json()


def number(desk: Desk, case_id: str, series: str, who: str = "chair", /, **changes: Any) -> Any:
    sent = {"series": series, "method": "t1", "ribs": "12", "lumbar": "5", "anchors": MARKS, "why": "Counted again",
            "shown": "0"} | changes
    return desk.as_(who).post(f"/cases/{case_id}/numbering", data=sent)


@pytest.fixture
def case(desk: Desk) -> str:
    return desk.do(a_triaged_case)


def test_a_numbering_is_proposed_by_one_accepted_by_another_and_labels_every_level(desk: Desk, case: str) -> None:
    series = desk.do(a_sagittal_series, case)
    assert "Nobody has counted" in desk.as_("referrer").get(f"/cases/{case}").text
    assert "Sagittal T2" in desk.as_("chair").get(f"/cases/{case}/numbering").text
    assert summary(desk, case)["numbering"]["state"] == "missing"
    assert number(desk, case, series, method="iliolumbar", castellvi="IIa").status_code == 303
    waits = summary(desk, case)["numbering"]
    assert (waits["state"], waits["shown"], waits["latest"]["castellvi"]) == ("proposed", 1, "IIa")
    assert desk.as_("trainee").get(f"/cases/{case}/levels.json").json()["state"] == "proposed"
    assert desk.as_("referrer").post(f"/cases/{case}/numbering/1/accept").status_code == 403
    assert desk.as_("radiologist").post(f"/cases/{case}/numbering/1/accept").status_code == 303
    found = desk.as_("trainee").get(f"/cases/{case}/levels.json").json()
    assert found["state"] == "accepted"
    assert summary(desk, case, "trainee")["numbering"]["state"] == "accepted"
    assert [one["vertebra"] for one in found["labels"]] == ["L1", "L2", "L3", "L4", "L5", "S1"]
    assert found["labels"][0]["at"] == [10.0, 99.0, 81.0]
    assert "Castellvi IIa" in desk.as_("referrer").get(f"/cases/{case}").text


def test_a_mark_may_name_its_image_as_the_viewer_does(desk: Desk, case: str) -> None:
    series = desk.do(a_sagittal_series, case)
    named = f"L1 {series}.2/1 50 10\nS1 {series}.2/1 60 90"
    as_program = desk.as_("chair").post(
        f"/cases/{case}/numbering", headers={"Accept": "application/json"},
        data={"series": series, "method": "t1", "anchors": named, "shown": "0"},
    )
    assert (as_program.status_code, as_program.content) == (204, b"")
    latest = summary(desk, case)["numbering"]["latest"]
    assert [(one["vertebra"], one["sop_instance_uid"], one["at"]) for one in latest["anchors"]] == [
        ("L1", f"{series}.2", [10.0, 99.0, 81.0]), ("S1", f"{series}.2", [10.0, 119.0, -79.0]),
    ]


def test_a_program_hears_what_is_wrong_and_in_which_field(desk: Desk, case: str) -> None:
    series = desk.do(a_sagittal_series, case)
    program = {"headers": {"Accept": "application/json"}}
    elsewhere = {"series": series, "method": "t1", "anchors": "L1 1.2.9/1 5 5\nS1 2 60 90", "shown": "0"}
    said = desk.as_("chair").post(f"/cases/{case}/numbering", data=elsewhere, **program)
    assert (said.status_code, said.json()["field"]) == (422, "anchors")
    grade = {"instrument": "lee-foraminal", "level": "L4-L5", "side": "", "grade": "1"}
    said = desk.as_("chair").post(f"/cases/{case}/grades", data=grade, **program)
    assert (said.status_code, said.json()["field"]) == (422, "side")
    alone = {"revision": "0", "cell": ["L4.fusion-posterior"]}
    said = desk.as_("chair").post(f"/cases/{case}/plans/board", data=alone, **program)
    assert (said.status_code, said.json()["field"]) == (422, "plan")


def test_a_later_count_that_renames_a_bone_is_contested_until_it_is_accepted(desk: Desk, case: str) -> None:
    series = desk.do(a_sagittal_series, case)
    number(desk, case, series)
    desk.as_("chair").post(f"/cases/{case}/numbering/1/accept")
    assert number(desk, case, series, lumbar="6", anchors="L1 2 50 10\nL6 2 60 90", shown="1").status_code == 303
    on_image = desk.as_("trainee").get(f"/cases/{case}/levels.json").json()
    assert (on_image["state"], on_image["contested"]) == ("contested", ["L6", "S1", "S2"])
    assert [one["vertebra"] for one in on_image["labels"]] == ["L1", "L2", "L3", "L4", "L5", "S1"]
    shown = summary(desk, case)["numbering"]
    assert (shown["state"], shown["latest"]["lumbar"], shown["latest"]["waits"]) == ("contested", 6, True)
    assert "Numbering contested" in desk.as_("referrer").get(f"/cases/{case}").text


@pytest.mark.parametrize(("changes", "said"), [
    ({"anchors": "L1 2 50"}, "Line 1"), ({"anchors": "L1 9 50 10\nS1 2 60 90"}, "images 1 to 3"),
    ({"anchors": "L1 2 500 10\nS1 2 60 90"}, "outside the image"), ({"anchors": "L1 2 50 90\nS1 2 60 10"}, "above"),
    ({"anchors": "L1 2 50 10\nL6 2 60 90"}, "there is none"), ({"ribs": "9"}, "11, 12 or 13"),
    ({"method": ""}, "Say how"), ({"series": "1.9.9"}, "Choose a series"),
])
def test_a_numbering_that_cannot_be_says_why(desk: Desk, case: str, changes: Any, said: str) -> None:
    series = desk.do(a_sagittal_series, case)
    answer = number(desk, case, series, **changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert desk.read(standing, case).proposed is None


def test_a_grade_stays_out_of_every_page_until_both_are_in(desk: Desk) -> None:
    sitting, (case,) = desk.do(a_sitting, 1)
    grade = {"instrument": "lee-foraminal", "level": "L4-L5", "side": "left", "grade": "3"}
    assert desk.as_("radiologist").post(f"/cases/{case}/grades", data=grade).status_code == 303
    pages = ("/grades", "", "/plans/board", "/numbering", "/levels.json", "/letter", "/studies.json", "/exports",
             "/levels-summary.json")
    assert "was graded" not in desk.as_("coordinator").get(f"/conferences/{sitting}").text
    for who in ("chair", "coordinator", "trainee", "referrer", "administrator"):
        for path in (*(f"/cases/{case}{end}" for end in pages), f"/conferences/{sitting}/cases/{case}"):
            text = desk.as_(who).get(path).text
            assert "<strong>3</strong>" not in text.partition('id="graded"')[2], (who, path)
            assert "was graded" not in text, (who, path)
    for who in ("chair", "coordinator", "trainee", "referrer"):
        (place,) = summary(desk, case, who)["grades"]["places"]
        assert (place["opened"], [one["grade"] for one in place["grades"]]) == (False, [None])
    (own,) = summary(desk, case, "radiologist")["grades"]["places"]
    assert own["grades"] == [{"discipline": "Radiology", "grade": "3", "own": True}]
    assert "Waits for the other" in desk.as_("chair").get(f"/cases/{case}/grades").text
    assert desk.as_("chair").post(f"/cases/{case}/grades", data=grade | {"grade": "1"}).status_code == 303
    shown = desk.as_("referrer").get(f"/conferences/{sitting}/cases/{case}").text
    assert "L4–L5 left was graded 3" in shown
    assert "L4–L5 left was graded 3" in desk.as_("coordinator").get(f"/conferences/{sitting}").text
    printed = text_of(desk.as_("coordinator").get(f"/conferences/{sitting}/agenda.pdf").content)
    assert "left was graded" in printed
    (pair,), (kappa,) = summary(desk, case)["grades"]["places"], summary(desk, case)["grades"]["kappas"]
    assert (pair["level"], pair["side"], pair["apart"]) == ("L4–L5", "left", 2)
    assert sorted(one["grade"] for one in pair["grades"]) == ["1", "3"]
    assert (kappa["pairs"], kappa["kappa"]) == (1, None)
    assert "Too few" in desk.as_("chair").get(f"/cases/{case}/grades").text
    assert desk.read(seen, case, "")[0].opened


@pytest.mark.parametrize("changes", [{"grade": "9"}, {"side": ""}, {"instrument": "x"}])
def test_a_grade_that_cannot_be_is_refused(desk: Desk, case: str, changes: Any) -> None:
    said = {"instrument": "lee-foraminal", "level": "L4-L5", "side": "left", "grade": "1"} | changes
    assert desk.as_("chair").post(f"/cases/{case}/grades", data=said).status_code == 422


def test_the_board_keeps_a_grid_and_sees_what_it_changes(desk: Desk, case: str) -> None:
    cells = [f"{name}.{one}-posterior" for name in ("L4", "L5") for one in ("decompression", "fusion")]
    path = f"/cases/{case}/plans/board"
    kept = desk.as_("chair").post(path, data={"revision": "0", "part": "lumbar", "cell": cells})
    assert kept.status_code == 303
    assert desk.read(plan_of, case, "board").invasiveness == 4
    plan = summary(desk, case, "trainee")["plan"]
    assert (plan["revision"], plan["board"]["index"], plan["proposed"]["index"]) == (1, 4, 0)
    assert sorted(plan["board"]["cells"]) == sorted(cells)
    assert (plan["may_change"], summary(desk, case)["plan"]["may_change"]) == (False, True)
    assert "+4" in desk.as_("trainee").get(path).text
    assert desk.as_("chair").post(path, data={"revision": "0", "cell": cells[:1]}).status_code == 409
    assert desk.as_("chair").post(path, data={"revision": "1", "cell": [cells[1]]}).status_code == 422
    assert desk.as_("trainee").post(path, data={"revision": "1"}).status_code == 403
    assert desk.as_("chair").post(f"/cases/{case}/plans/performed/copy").status_code == 409
    assert desk.as_("chair").get(f"/cases/{case}/plans/proposed").status_code == 404


def test_levels_are_signed_only_on_an_accepted_numbering_and_signed_again_once_it_changes(desk: Desk) -> None:
    meeting = Meeting(desk)
    series = desk.do(a_sagittal_series, meeting.case)
    cells = {"revision": "0", "cell": ["S1.decompression-posterior"]}
    assert desk.as_("chair").post(f"/cases/{meeting.case}/plans/board", data=cells).status_code == 303
    meeting.read_back()
    meeting.close()
    refused = meeting.sign("chair")
    assert refused.status_code == 409
    assert "nobody has numbered" in refused.text
    assert number(desk, meeting.case, series).status_code == 303
    assert "not been accepted" in meeting.sign("chair").text
    assert desk.as_("chair").post(f"/cases/{meeting.case}/numbering/1/accept").status_code == 303
    assert meeting.sign("chair").status_code == 200
    assert "sign again" not in desk.as_("referrer").get(f"/cases/{meeting.case}").text
    six = {"lumbar": "6", "anchors": "L1 2 50 10\nL6 2 60 90", "shown": "1"}
    assert number(desk, meeting.case, series, **six).status_code == 303
    assert desk.as_("chair").post(f"/cases/{meeting.case}/numbering/2/accept").status_code == 303
    shown = desk.as_("referrer").get(f"/cases/{meeting.case}").text
    assert "sign again" in shown
    assert summary(desk, meeting.case)["resign"] == ["S1"]
    assert "S1" in shown.partition("sign again")[2][:60]
