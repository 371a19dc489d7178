"""Packets by HTTP: key images, versions by digest, what changed, who has read, and what opinions were given on."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agenda.key_images import key_images
from agenda.packets import bases, versions
from agenda.referrals import save_fields
from conference.room import commands as c
from tests.unit.imaging.objects.orders import FIRST, SECOND
from tests.unit.web.desk import Desk, a_desk
from tests.unit.web.read_packets import CHAIR, OPINION, SECRET, Sat, sit
from web.clock import now


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("packets")) as made:
        yield made


@pytest.fixture
def sat(desk: Desk, tmp_path: Path) -> Sat:
    return sit(desk, tmp_path)


def test_a_key_image_stands_on_the_packet_with_its_window_note_and_who_chose_it(sat: Sat) -> None:
    assert sat.choose(centre="210.5", width="90").headers["location"] == f"{sat.path}#key-images"
    sat.choose(sop=FIRST, act="note", note="the <disc>")
    page = sat.page("chair")
    assert f"/images/{FIRST}/1/rendered?size=512&centre=210.5&width=90.0" in page.replace("&amp;", "&")
    assert "the &lt;disc&gt;" in page
    assert "MR, Sagittal T2, 2026-10-01, image 1 of 2" in page
    assert "Chosen by Dr Radiologist" in page


def test_key_images_are_moved_and_taken_off(sat: Sat) -> None:
    sat.choose()
    sat.choose(sop=SECOND)
    sat.choose(sop=SECOND, act="up")
    assert [one.sop_instance_uid for one in sat.desk.read(key_images, sat.case)] == [SECOND, FIRST]
    sat.choose(sop=SECOND, act="remove")
    assert [one.sop_instance_uid for one in sat.desk.read(key_images, sat.case)] == [FIRST]


@pytest.mark.parametrize(("wrong", "sentence"), [
    ({"sop": "1.2.3"}, "This case has no such image."), ({"frame": "2"}, "This case has no such image."),
    ({"frame": "x"}, "Frames are counted from 1."), ({"centre": "1", "width": "0"}, "at least 1"),
    ({"centre": "nan", "width": "5"}, "at least 1"), ({"centre": "low"}, "two numbers"),
    ({"act": "x"}, "no such button"),
])
def test_a_wrong_key_image_is_refused_with_a_sentence(sat: Sat, wrong: dict[str, str], sentence: str) -> None:
    answer = sat.choose(**wrong)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert sat.desk.read(key_images, sat.case) == []


def test_the_viewer_is_answered_in_json(sat: Sat) -> None:
    browser = sat.desk.as_("chair")
    form = {"act": "choose", "sop": FIRST, "frame": "1"}
    asked = {"Accept": "application/json"}
    assert browser.post(f"/cases/{sat.case}/key-images", data=form, headers=asked).json() == {"count": 1}
    refused = sat.desk.as_("trainee").post(f"/cases/{sat.case}/key-images", data=form, headers=asked)
    assert refused.status_code == 403
    assert "choose key images" in refused.json()["detail"]


def test_before_publication_nothing_is_frozen(sat: Sat) -> None:
    assert "Not published yet" in sat.page("chair")
    assert sat.desk.read(versions, sat.sitting, sat.case) == []


def test_publishing_freezes_and_a_changed_line_makes_a_version_that_says_so(sat: Sat) -> None:
    sat.publish()
    [first] = sat.desk.read(versions, sat.sitting, sat.case)
    page = sat.page("radiologist")
    assert first.digest in page
    assert "changed since" not in page
    sat.desk.do(save_fields, sat.case, {"summary": "Arm pain now"}, {}, now())
    page = sat.page("radiologist")
    assert re.search(r"1\s+line\s+changed since it was published", page)
    assert "<del class=\"prose\">Leg pain</del>" in page
    assert "<ins class=\"prose\">Arm pain now</ins>" in page
    kept = sat.desk.read(versions, sat.sitting, sat.case)
    assert [one.number for one in kept] == [1, 2]
    assert sat.page("chair").count(kept[1].digest) == 1
    assert len(sat.desk.read(versions, sat.sitting, sat.case)) == 2


def test_the_bytes_of_a_version_have_its_digest(sat: Sat) -> None:
    sat.publish()
    [first] = sat.desk.read(versions, sat.sitting, sat.case)
    file = sat.desk.as_("chair").get(f"{sat.path}/versions/1.json")
    assert hashlib.sha256(file.content).hexdigest() == first.digest
    assert first.digest in sat.desk.as_("chair").get(f"{sat.path}/versions").text
    assert sat.desk.as_("chair").get(f"{sat.path}/versions/2.json").status_code == 404


def test_an_ended_sitting_keeps_what_was_read_last(sat: Sat) -> None:
    sat.publish()
    sat.page("chair")
    sat.say(c.Join(CHAIR), None)
    sat.say(c.OpenConference())
    sat.say(c.EndConference())
    sat.until(lambda: "Ended" in sat.desk.as_("chair").get(f"/conferences/{sat.sitting}").text)
    sat.desk.do(save_fields, sat.case, {"summary": "Arm pain now"}, {}, now())
    page = sat.page("chair")
    assert "Leg pain" in page
    assert "Arm pain now" not in page


def test_the_coordinator_sees_who_has_read_and_nobody_else_does(sat: Sat) -> None:
    sat.publish()
    sat.page("radiologist")
    agenda = re.sub(r"\s+", " ", sat.desk.as_("coordinator").get(f"/conferences/{sat.sitting}").text)
    assert "read by 1 of 2" in agenda
    assert "Not yet: Dr Chair" in agenda
    assert 'id="readers"' in sat.page("coordinator")
    assert 'id="readers"' not in sat.page("radiologist")
    assert "Packets read" not in sat.desk.as_("radiologist").get(f"/conferences/{sat.sitting}").text


def test_an_opinion_is_kept_with_the_version_it_was_given_on_and_no_version_holds_one(sat: Sat) -> None:
    sat.publish()
    sat.page("radiologist")
    sat.desk.do(save_fields, sat.case, {"summary": "Arm pain now"}, {}, now())
    sat.page("radiologist")
    assert sat.desk.as_("radiologist").post(f"{sat.path}/opinion", data=OPINION).status_code == 303
    sat.until(lambda: bool(sat.desk.read(bases, sat.sitting, sat.case)))
    [basis] = sat.desk.read(bases, sat.sitting, sat.case)
    assert (basis.person_id, basis.round, basis.number) == ("radiologist", 1, 2)
    sat.page("chair")
    history = sat.desk.as_("chair").get(f"{sat.path}/versions").text
    assert "Opinions given on it: Dr Radiologist" in history
    assert SECRET not in history
    assert all(SECRET not in one.body for one in sat.desk.read(versions, sat.sitting, sat.case))
    assert "Dr Radiologist" not in sat.desk.as_("referrer").get(f"{sat.path}/versions").text
