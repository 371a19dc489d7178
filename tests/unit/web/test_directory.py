from collections.abc import Iterator

import pytest

from tests.unit.web.desk import Desk, a_desk, a_draft


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("directory")) as made:
        yield made


def test_people_are_found_by_discipline_and_by_words(desk: Desk) -> None:
    browser = desk.as_("referrer")
    everybody = browser.get("/directory").text
    assert "Spine board" in everybody
    assert "Dr Stranger" in everybody
    found = browser.get("/directory?discipline=neuroradiology").text
    assert "Dr Radiologist" in found
    assert "Dr Stranger" not in found
    assert "Dr Stranger" in browser.get("/directory?q=valley").text
    assert "Nobody matches" in browser.get("/directory?q=<script>").text
    assert "<script>" not in browser.get("/directory?q=<script>").text.split("<main")[1]


def test_the_form_suggests_whom_to_ask_with_reasons(desk: Desk) -> None:
    case_id, browser = desk.do(a_draft), desk.as_("referrer")
    browser.post(f"/cases/{case_id}/edit", data={
        "do": "add-question", "new-question.kind": "surgical-candidacy", "new-question.discipline": "psychology",
        "new-question.text": "Operate?",
    })
    page = browser.get(f"/cases/{case_id}/edit").text
    assert "An operation is proposed or asked about." in page
    assert "The Spine board has nobody for Physiotherapy" in page or "has nobody for" in page
