"""The packet and the sealed opinion: nothing of it is on any page but its author's before the reveal."""

from collections.abc import Iterator

import pytest

from agenda.clinical import spine
from tests.unit.web.desk import Desk, a_desk, a_sitting

SECRET = "Xylocopa"
OPINION = {f"rating-{option.key}": "7" for option in spine().options} | {
    "preferred": "watchful", "confidence": "85", "concordance": "3", "comment": f"Wait and see, {SECRET}",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("packet")) as made:
        yield made


@pytest.fixture
def listed(desk: Desk) -> str:
    sitting, (case_id, _) = desk.do(a_sitting, 2)
    return f"/conferences/{sitting}/cases/{case_id}"


def test_every_line_of_the_packet_has_its_source(desk: Desk, listed: str) -> None:
    page = desk.as_("radiologist").get(listed).text
    assert "case 1 of 2" in page
    assert "Referral form, Dr Referrer" in page
    assert "“Walk my dog”" in page
    assert 'rel="next"' in page


def test_an_opinion_is_sealed_for_everybody_but_its_author(desk: Desk, listed: str) -> None:
    given = desk.as_("radiologist").post(f"{listed}/opinion", data=OPINION)
    assert given.headers["location"] == f"{listed}#opinion"
    mine = desk.as_("radiologist").get(listed).text
    assert SECRET in mine
    assert "85 % sure" in mine
    sitting = listed.rpartition("/cases/")[0]
    for person in ("chair", "coordinator", "trainee", "referrer"):
        browser = desk.as_(person)
        for path in (listed, sitting, "/", "/cases", "/cases/" + listed.rpartition("/")[2]):
            page = browser.get(path).text
            assert SECRET not in page, (person, path)
            assert "85 % sure" not in page, (person, path)
    assert ">1 of 2<" in desk.as_("coordinator").get(listed).text


def test_an_opinion_can_be_replaced_while_it_is_sealed(desk: Desk, listed: str) -> None:
    browser = desk.as_("chair")
    browser.post(f"{listed}/opinion", data=OPINION)
    browser.post(f"{listed}/opinion", data=OPINION | {"preferred": "surgical", "confidence": "20"})
    assert "20 % sure" in browser.get(listed).text
    assert 'value="20"' in browser.get(f"{listed}?change=1").text


@pytest.mark.parametrize(("field", "wrong", "sentence"), [
    ("rating-surgical", "", "Rate “Operate” from 1 to 9."),
    ("rating-surgical", "10", "Rate “Operate” from 1 to 9."),
    ("preferred", "prayer", "Choose the option you prefer."),
    ("confidence", "101", "How sure you are is a whole number from 0 to 100."),
    ("concordance", "eleven", "Concordance is a whole number from 0 to 10."),
])
def test_a_wrong_opinion_says_what_and_keeps_the_rest(
    desk: Desk, listed: str, field: str, wrong: str, sentence: str
) -> None:
    answer = desk.as_("radiologist").post(f"{listed}/opinion", data=OPINION | {field: wrong})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert SECRET in answer.text


@pytest.mark.parametrize("person", ["coordinator", "trainee", "referrer", "stranger", "administrator"])
def test_who_speaks_for_no_discipline_gives_no_opinion(desk: Desk, listed: str, person: str) -> None:
    assert desk.as_(person).post(f"{listed}/opinion", data=OPINION).status_code == 403


def test_a_case_of_another_sitting_is_not_here(desk: Desk, listed: str) -> None:
    other, _ = desk.do(a_sitting, 1)
    case_id = listed.rpartition("/")[2]
    assert desk.as_("radiologist").get(f"/conferences/{other}/cases/{case_id}").status_code == 404


def test_the_first_page_counts_the_opinions_that_are_missing(desk: Desk) -> None:
    sitting, (one, _) = desk.do(a_sitting, 2)
    browser = desk.as_("radiologist")
    before = browser.get("/").text.count("Your opinion")
    browser.post(f"/conferences/{sitting}/cases/{one}/opinion", data=OPINION)
    assert browser.get("/").text.count("Your opinion") == before - 1
