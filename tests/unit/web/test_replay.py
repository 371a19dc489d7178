"""The replay of a case: what it holds, what it never holds, and the export that verifies."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda.ids import CaseId
from conference.outcome.course import SignedCourse, course_pdf, lines_of, signed_course, verify_course
from conference.outcome.signing import Signer
from conference.room import commands as c
from conference.room.values import Opinion
from tests.unit.web.application import SAME
from tests.unit.web.desk import Desk, a_desk, a_sitting
from tests.unit.web.test_cli_verify import run
from tests.unit.web.test_recommendation import CHAIR, RADIOLOGIST, Meeting
from web.auth.invitations import invite
from web.auth.passwords import keep_password
from web.clock import now


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> Iterator[Desk]:
    with a_desk(tmp_path_factory.mktemp("replay")) as made:
        made.do(lambda session: [keep_password(session, who, password_hash, now()) for who in ("chair", "radiologist")])
        yield made


def opinion(comment: str) -> Opinion:
    return Opinion("surgical", {"surgical": 8}, 70, None, None, comment)


class TwoCases(Meeting):
    """A sitting in which two cases were heard; the second opinion of the first is still sealed."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        sitting, (first, second) = desk.do(a_sitting, 2)
        self.sitting, self.case, self.other = sitting, CaseId(first), CaseId(second)
        self.say(CHAIR, c.GiveOpinion(self.other, opinion("CANARY-OTHER")))
        self.say(CHAIR, c.GiveOpinion(self.case, opinion("CANARY-FIRST")))
        self.say(None, c.Join(CHAIR))
        self.say(None, c.Join(RADIOLOGIST))
        self.say(CHAIR, c.OpenConference())
        self.say(CHAIR, c.CallCase(self.other))
        self.say(RADIOLOGIST, c.RaiseHand())
        self.say(CHAIR, c.Reveal(self.other))
        self.say(CHAIR, c.CallCase(self.case))

    def entries(self, who: str = "chair", case: str = "") -> Any:
        return self.desk.as_(who).get(f"/cases/{case or self.case}/replay/{self.sitting}/entries.json")


@pytest.fixture
def meeting(desk: Desk) -> TwoCases:
    return TwoCases(desk)


def kinds(answer: Any) -> list[str]:
    return [entry["event"]["type"] for entry in answer.json()["entries"]]


def test_an_opinion_is_there_from_its_reveal_on_and_not_before(meeting: TwoCases) -> None:
    for who in ("chair", "coordinator", "trainee", "referrer"):  # its author, too, replays what everybody saw
        assert "CANARY-FIRST" not in meeting.entries(who).text
    assert "opinion-sealed" in kinds(meeting.entries())
    meeting.say(CHAIR, c.Reveal(meeting.case))
    told = meeting.entries("trainee").json()["entries"]
    assert all("CANARY-FIRST" not in json.dumps(one) for one in told if one["event"]["type"] != "opinions-revealed")
    [revealed] = [one for one in told if one["event"]["type"] == "opinions-revealed"]
    assert "CANARY-FIRST" in json.dumps(revealed)


def test_nothing_of_another_case_is_in_it(meeting: TwoCases) -> None:
    for answer in (meeting.entries(), meeting.entries("referrer")):
        assert meeting.other not in answer.text
        assert "CANARY-OTHER" not in answer.text
        assert "sealed" not in kinds(answer)
        assert "hand-raised" not in kinds(answer), "somebody asked for the floor of another case"
    assert "hand-raised" in kinds(meeting.entries(case=meeting.other))


def test_the_case_leaves_the_table_when_another_is_called(meeting: TwoCases) -> None:
    told = [one["event"] for one in meeting.entries(case=meeting.other).json()["entries"]]
    called = [one["case"] for one in told if one["type"] == "case-called"]
    assert called == [meeting.other, None]


@pytest.mark.parametrize(("who", "status"), [("stranger", 403), ("administrator", 403), ("trainee", 200)])
def test_only_who_may_see_the_case_replays_it(meeting: TwoCases, who: str, status: int) -> None:
    assert meeting.entries(who).status_code == status
    assert meeting.desk.as_(who).get(f"/cases/{meeting.case}/replay").status_code == status


def test_a_guest_replays_their_case_alone_and_takes_nothing_along(meeting: TwoCases) -> None:
    _, token = meeting.desk.do(
        invite, case_id=meeting.case, name="Guest", email="", invited_by="coordinator", lifetime=timedelta(days=1),
        at=now(),
    )
    guest = meeting.desk.as_("stranger")
    guest.cookies.clear()
    answer = guest.post(f"/guest/{token}", headers=SAME)
    assert answer.status_code == 303, answer.text
    home = f"/cases/{meeting.case}/replay/{meeting.sitting}"
    assert guest.get(f"{home}/entries.json").status_code == 200
    assert guest.get(f"/cases/{meeting.other}/replay/{meeting.sitting}/entries.json").status_code == 403
    assert guest.get(f"{home}/signed.json").status_code == 403
    assert guest.get(f"{home}/replay.pdf").status_code == 403


def test_a_case_that_was_not_called_has_nothing_to_replay(desk: Desk) -> None:
    sitting, (case,) = desk.do(a_sitting, 1)
    assert "Nothing to replay yet" in desk.as_("chair").get(f"/cases/{case}/replay").text
    assert desk.as_("chair").get(f"/cases/{case}/replay/{sitting}/entries.json").status_code == 404


def test_the_export_verifies_offline_with_its_pdf(meeting: TwoCases, tmp_path: Path) -> None:
    meeting.say(CHAIR, c.Reveal(meeting.case))
    chair, home = meeting.desk.as_("chair"), f"/cases/{meeting.case}/replay/{meeting.sitting}"
    file, paper = tmp_path / "replay.json", tmp_path / "replay.pdf"
    file.write_bytes(chair.get(f"{home}/signed.json").content)
    paper.write_bytes(chair.get(f"{home}/replay.pdf").content)
    good, said = run(str(file), "--letter", str(paper))
    assert good, said
    assert "the PDF of this replay, byte for byte" in said
    assert meeting.other not in file.read_text("utf-8")
    broken = bytearray(paper.read_bytes())
    broken[len(broken) // 3] ^= 1
    paper.write_bytes(bytes(broken))
    assert "was changed" in run(str(file), "--letter", str(paper))[1]


def a_record() -> dict[str, Any]:
    joined = {"type": "joined", "participant": {"person_id": "p1", "name": "Dr Chair"}, "entry": "chair"}
    return {
        "schema": "consilium.replay/1", "case": {"id": "c1", "number": 1042}, "board": {"id": "b", "name": "Board"},
        "conference": {"id": "r", "title": "Weekly", "starts_at": "2026-11-26T15:00:00+00:00", "time_zone": "UTC"},
        "entries": [
            {"seq": 1, "at": "2026-11-26T15:00:00.000Z", "actor": None, "event": joined},
            {"seq": 2, "at": "2026-11-26T15:01:00.000Z", "actor": "p1", "event": {"type": "case-called", "case": "c1"}},
        ],
        "log": {"room": "r", "seq": 2, "digest": "0" * 64},
    }


def test_the_same_log_makes_the_same_paper() -> None:
    assert course_pdf(a_record()) == course_pdf(a_record())
    assert [line.what for line in lines_of(a_record())] == ["Dr Chair comes in.", "The case is called to the table."]


@pytest.fixture(scope="module")
def signed_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return signed_course(a_record(), "0" * 64, Signer(tmp_path_factory.mktemp("keys")))


@given(place=st.integers(0, 100_000), new=st.integers(0, 255))
def test_no_byte_of_the_export_can_be_changed_unseen(signed_file: bytes, place: int, new: int) -> None:
    content = bytearray(signed_file)
    content[place % len(content)] = new
    try:
        same = json.loads(bytes(content)) == json.loads(signed_file)
    except ValueError:
        same = False
    assert (verify_course(bytes(content))[0] == "") == same


def test_another_replays_seal_is_refused(signed_file: bytes, tmp_path: Path) -> None:
    found = msgspec.json.decode(signed_file, type=SignedCourse)
    another = signed_course(a_record() | {"schema": "x"}, "0" * 64, Signer(tmp_path))
    other = msgspec.json.decode(another, type=SignedCourse)
    mixed = msgspec.structs.replace(found, pdf=other.pdf, keys=found.keys | other.keys)
    assert verify_course(msgspec.json.encode(mixed)) == ("The seal of the PDF is that of another replay.", ("pdf",))
