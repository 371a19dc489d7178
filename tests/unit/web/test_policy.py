import re
from collections.abc import Iterator

import pytest

from agenda.policies import current_version, items_in_force
from tests.unit.web.desk import Desk, a_desk, a_triaged_case


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("policy")) as made:
        yield made


def typed(page: str) -> dict[str, str | list[str]]:
    """The fields of the policy's form as a browser would send them."""
    sent: dict[str, str | list[str]] = {}
    form = next(part for part in page.split("</form>") if "policy-items" in part)
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r' name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        if name is None or (' type="checkbox"' in tag and " checked" not in tag):
            continue
        if ' type="checkbox"' in tag:
            sent.setdefault(name[1], [])
            sent[name[1]].append(value[1] if value else "on")  # type: ignore[union-attr]
        else:
            sent[name[1]] = value[1] if value else ""
    return sent


def test_an_item_is_added_saved_asked_for_and_met(desk: Desk) -> None:
    case_id, browser = desk.do(a_triaged_case), desk.as_("coordinator")
    before = len(desk.read(items_in_force, "spine"))
    sent = typed(browser.get("/boards/spine/policy").text)
    unsaved = browser.post("/boards/spine/policy", data=sent | {"do": "add"}).text
    assert "Not saved yet" in unsaved
    assert len(desk.read(items_in_force, "spine")) == before
    sent = typed(unsaved) | {f"item.{before}.label": "Cotinine test", f"item.{before}.max_age_days": "30"}
    assert browser.post("/boards/spine/policy", data=sent | {"do": "save", "note": "Insurer"}).status_code == 303
    assert [one.label for one in desk.read(items_in_force, "spine")][-1] == "Cotinine test"
    assert "Cotinine test: missing" in browser.get("/triage").text
    evidence = {"act": "evidence", "item": "cotinine-test", "detail": "4 ng/mL", "as_of": "not a day"}
    refused = browser.post(f"/triage/{case_id}", data=evidence)
    assert refused.status_code == 422
    assert "year-month-day" in refused.text
    browser.post(f"/triage/{case_id}", data=evidence | {"as_of": "2020-01-01"})
    assert "Cotinine test: stale" in browser.get("/triage").text


def test_a_bad_item_keeps_what_was_typed(desk: Desk) -> None:
    browser = desk.as_("chair")
    version = desk.read(current_version, "spine")
    sent = typed(browser.get("/boards/spine/policy").text) | {"item.0.max_age_days": "for ever", "do": "save"}
    answer = browser.post("/boards/spine/policy", data=sent)
    assert answer.status_code == 422
    assert "whole number of days" in answer.text
    assert 'value="for ever"' in answer.text
    assert desk.read(current_version, "spine") == version


def test_the_second_of_two_editors_is_told(desk: Desk) -> None:
    browser = desk.as_("chair")
    sent = typed(browser.get("/boards/spine/policy").text) | {"do": "save"}
    assert browser.post("/boards/spine/policy", data=sent).status_code == 303
    late = browser.post("/boards/spine/policy", data=sent)
    assert late.status_code == 409
    assert "Somebody else changed the policy meanwhile" in late.text


def test_an_earlier_version_is_put_back_as_a_new_one(desk: Desk) -> None:
    browser = desk.as_("chair")
    version = desk.read(current_version, "spine")
    answer = browser.post("/boards/spine/policy/restore", data={"restore": "0", "version": str(version)})
    assert answer.status_code == 303
    assert desk.read(current_version, "spine") == version + 1
    page = browser.get("/boards/spine/policy").text
    assert "As the field of medicine brings it" in page
    assert browser.post("/boards/spine/policy/restore", data={"restore": "x", "version": "1"}).status_code == 422


def test_items_are_moved_and_removed_before_saving(desk: Desk) -> None:
    browser = desk.as_("chair")
    first = typed(browser.get("/boards/spine/policy").text)
    moved = typed(browser.post("/boards/spine/policy", data=first | {"do": "up:1"}).text)
    assert (moved["item.0.key"], moved["item.1.key"]) == (first["item.1.key"], first["item.0.key"])
    fewer = typed(browser.post("/boards/spine/policy", data=moved | {"do": "remove:0"}).text)
    assert fewer["item.0.key"] == first["item.0.key"]
