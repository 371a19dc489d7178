"""Invitations from publishing to the answer: who is told what, once, and how answers come back."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select
from starlette.testclient import TestClient

from agenda.boards import seat
from agenda.calendar.invitations import Invite
from agenda.calendar.messages import itip
from agenda.calendar.personal import keep_hours, mute
from agenda.calendar.reminders import remind
from agenda.cases import Case, change_state
from agenda.conferences import attendance, place, plan_conference
from agenda.notices import listener
from agenda.notices.queue import Notice, due, notices
from agenda.people import add_person
from tests.unit.web.application import SAME, application, client, deed, sign_in
from web.auth.invitations import invite
from web.clock import now
from web.post.mail import compose, meeting_of, reply_link
from web.post.posting import plan_ahead
from web.routes import calendar as calendar_pages
from web.routes import conferences as conference_pages
from web.routes import outbox as outbox_pages
from web.routes import sign_in as sign_in_pages
from web.services import Services

CANARY = "Featherstonehaugh"


@pytest.fixture
def sitting(held: Services, people: dict[str, str]) -> str:
    return held.database.write_now(deed(), _plan, people)


@pytest.fixture
def visitor(held: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    class Quiet:
        async def sync_agenda(self, conference_id: str) -> None: ...

    object.__setattr__(held, "rooms", Quiet())
    pages = [*sign_in_pages.routes, *conference_pages.routes, *calendar_pages.routes, *outbox_pages.routes]
    with client(application(held, pages)) as made:
        made.headers.update(SAME)
        yield made


def _plan(session: Session, people: dict[str, str]) -> str:
    extended = add_person(
        session, name="Kim Ext", email="kim@example.org", standing="member", site_id="rural", discipline=None
    )
    seat(session, "spine", extended.id, "extended")
    made = plan_conference(
        session, board_id="spine", title="Thursday", starts_at=(now() + timedelta(days=10)).replace(microsecond=0),
        duration_min=60, chair_id=people["Ada"], at=now(),
    )
    place(session, made.id, "case1", people["Ben"], now(), minutes=15)
    invite(session, case_id="case1", name="Gil Guest", email="gil@example.org", invited_by=people["Ben"],
           lifetime=timedelta(days=30), at=now())
    return made.id


def queued(held: Services) -> dict[str, dict[str, str]]:
    rows = held.database.read_now(lambda session: list(session.exec(select(Notice))))
    return {row.address.partition("@")[0]: row.data for row in rows if row.kind == "invitation"}


def invited(held: Services, name: str) -> Invite:
    wanted = select(Invite).where(Invite.address == f"{name}@example.org")
    return held.database.read_now(lambda session: session.exec(wanted).one())


def post(visitor: TestClient, path: str, **given: Any) -> Any:
    answer = visitor.post(path, data=given)
    assert answer.status_code in (200, 204, 303), answer.text
    return answer


def published(visitor: TestClient, sitting: str) -> None:
    sign_in(visitor, "ben")
    post(visitor, f"/conferences/{sitting}/publish")


def test_publishing_tells_whom_it_concerns_and_each_their_own_time(
    visitor: TestClient, held: Services, sitting: str
) -> None:
    published(visitor, sitting)
    told = queued(held)
    assert set(told) == {"ada", "ben", "cem", "gil"}, "core, chair and coordinator, the referrer and a guest"
    minutes = {
        name: (datetime.fromisoformat(data["ends_at"]) - datetime.fromisoformat(data["starts_at"])).seconds // 60
        for name, data in told.items()
    }
    assert minutes == {"ada": 60, "ben": 60, "cem": 15, "gil": 15}
    post(visitor, f"/conferences/{sitting}/publish")
    post(visitor, f"/conferences/{sitting}/invitations")
    assert len(held.database.read_now(notices)) == 4, "nobody is told twice"


def test_a_change_updates_the_same_invitation_and_a_cancellation_ends_it(
    visitor: TestClient, held: Services, sitting: str
) -> None:
    published(visitor, sitting)
    post(visitor, f"/conferences/{sitting}/attendance", answer="accepted")
    before = invited(held, "ben")
    later = (before.starts_at + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    post(visitor, f"/conferences/{sitting}/time", starts_at=later, duration_min="60", place="Room 4")
    after = invited(held, "ben")
    assert (after.id, after.sequence, after.answer) == (before.id, 1, ""), "another time asks anew"
    assert held.database.read_now(attendance, sitting) == {}
    assert queued(held)["gil"]["place"] == "Room 4"
    post(visitor, f"/conferences/{sitting}/cancel")
    assert {data["method"] for data in queued(held).values()} == {"CANCEL"}
    assert {data["sequence"] for data in queued(held).values()} == {"2"}


def test_moving_a_case_waits_until_the_coordinator_sends_the_updates(
    visitor: TestClient, held: Services, sitting: str
) -> None:
    published(visitor, sitting)
    post(visitor, f"/conferences/{sitting}/items", act="break", at_min="0", minutes="10")
    assert invited(held, "cem").sequence == 0
    shown = visitor.get(f"/conferences/{sitting}").text
    assert "2 people have not been told" in shown
    post(visitor, f"/conferences/{sitting}/invitations")
    assert (invited(held, "cem").sequence, invited(held, "ada").sequence) == (1, 0)
    assert "have not been told" not in visitor.get(f"/conferences/{sitting}").text


def test_a_mail_holds_a_calendar_part_links_and_nothing_of_the_patient(
    visitor: TestClient, held: Services, sitting: str
) -> None:
    published(visitor, sitting)
    for row in held.database.read_now(due, now() + timedelta(seconds=1)):
        mail = compose(row, held.letterhead)
        assert mail["Message-ID"] == f"<{row.id}@localhost.localdomain>"
        assert bytes(mail) == bytes(compose(row, held.letterhead)), "sending again is the same message"
        parts = {part.get_content_type(): part for part in mail.walk()}
        assert parts["text/calendar"].get_param("method") == "REQUEST"
        assert parts["text/calendar"].get_content().replace("\r\n", "\n") == itip(
            meeting_of(row, held.letterhead)
        ).replace("\r\n", "\n")
        assert CANARY not in mail.as_string()
        assert "/replies/" in parts["text/plain"].get_content()


def test_a_link_shows_by_get_records_by_post_and_needs_no_sign_in(
    visitor: TestClient, held: Services, sitting: str
) -> None:
    published(visitor, sitting)
    visitor.cookies.clear()
    told = invited(held, "cem")
    path = reply_link(told.id, told.ends_at, held.letterhead).removeprefix(held.settings.public_url)
    page = visitor.get(path)
    assert page.status_code == 200
    assert CANARY not in page.text
    assert invited(held, "cem").answer == "", "looking is not answering"
    assert "You come" in post(visitor, path, answer="accepted").text
    assert held.database.read_now(attendance, sitting) == {told.person_id: "accepted"}
    assert visitor.post(path, data={"answer": "maybe"}).status_code == 422


@pytest.mark.parametrize("spoil", [
    lambda token: token[:-1] + ("B" if token.endswith("A") else "A"), lambda token: "x" + token, lambda token: "x",
])
def test_a_link_that_was_tampered_with_or_is_over_records_nothing(
    visitor: TestClient, held: Services, sitting: str, spoil: Any
) -> None:
    published(visitor, sitting)
    visitor.cookies.clear()
    told = invited(held, "cem")
    token = held.letterhead.links.token(told.id, told.ends_at)
    assert visitor.post(f"/replies/{spoil(token)}", data={"answer": "accepted"}).status_code == 410
    over = held.letterhead.links.token(told.id, datetime(2026, 1, 1, tzinfo=UTC))
    assert visitor.post(f"/replies/{over}", data={"answer": "accepted"}).status_code == 410
    assert invited(held, "cem").answer == ""


def reply(held: Services, name: str, *, sequence: int = 0, partstat: str = "DECLINED", sender: str = "") -> str:
    return (
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"
        f"UID:{invited(held, name).id}@localhost.localdomain\r\nSEQUENCE:{sequence}\r\n"
        f"ATTENDEE;PARTSTAT={partstat}:mailto:{sender or name}@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def test_a_calendar_reply_is_taken_pasted_and_posted(visitor: TestClient, held: Services, sitting: str) -> None:
    published(visitor, sitting)
    path = f"/conferences/{sitting}/replies"
    post(visitor, path, reply=reply(held, "gil"))
    assert invited(held, "gil").answer == "declined"
    sent = visitor.post(path, content=reply(held, "ada", partstat="TENTATIVE"),
                        headers={"Content-Type": "text/calendar; method=REPLY"})
    assert sent.status_code == 204
    assert invited(held, "ada").answer == "tentative"
    told = [row for row in held.database.read_now(notices) if row.kind == "answer"]
    assert {(row.address, row.data["who"]) for row in told} == {
        ("ben@example.org", "Gil Guest"), ("ben@example.org", "Ada Example")
    }


def test_a_reply_to_an_earlier_time_or_of_somebody_else_changes_nothing(
    visitor: TestClient, held: Services, sitting: str
) -> None:
    published(visitor, sitting)
    later = (invited(held, "ben").starts_at + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    post(visitor, f"/conferences/{sitting}/time", starts_at=later, duration_min="60", place="")
    path = f"/conferences/{sitting}/replies"
    stale = visitor.post(path, data={"reply": reply(held, "ada", partstat="ACCEPTED")})
    assert (stale.status_code, "answered an earlier time" in stale.text) == (409, True)
    other = visitor.post(path, data={"reply": reply(held, "ada", sequence=1, sender="gil")})
    assert (other.status_code, "from another address" in other.text) == (422, True)
    assert invited(held, "ada").answer == ""


def test_the_outbox_shows_the_administrator_what_was_written(
    visitor: TestClient, held: Services, sitting: str
) -> None:
    published(visitor, sitting)
    sign_in(visitor, "dee")
    listed = visitor.get("/outbox?words=gil").text
    found = re.search(r'href="(/outbox/[0-9a-f]{32})"', listed)
    assert found is not None
    shown = visitor.get(found[1]).text
    assert "You are invited to Spine board: case 1001" in shown
    assert "BEGIN:VCALENDAR" in shown
    assert CANARY not in listed + shown
    raw = visitor.get(f"{found[1]}/message.eml")
    assert raw.headers["content-type"] == "message/rfc822"
    told = invited(held, "gil")
    assert told.id not in shown.partition("Calendar entry")[0], "the link answers for its receiver alone"
    assert "(the-receiver-alone-sees-this)" in shown


def test_reminders_come_once_and_not_to_those_who_declined(visitor: TestClient, held: Services, sitting: str) -> None:
    published(visitor, sitting)
    post(visitor, f"/conferences/{sitting}/attendance", answer="declined")
    starts_at = invited(held, "ada").starts_at

    def at(hours: int) -> list[str]:
        when = starts_at - timedelta(hours=hours)
        held.database.write_now(deed(), remind, when, (168, 24))
        held.database.write_now(deed(), remind, when, (168, 24))
        rows = [row for row in held.database.read_now(notices) if row.kind == "reminder"]
        return sorted(row.address.partition("@")[0] for row in rows)

    assert at(169) == []
    assert at(168) == ["ada", "cem", "gil"]
    assert at(25) == ["ada", "cem", "gil"]
    assert at(23) == ["ada", "ada", "cem", "cem", "gil", "gil"]


def test_nobody_is_reminded_of_a_time_that_changed_meanwhile(visitor: TestClient, held: Services, sitting: str) -> None:
    published(visitor, sitting)
    post(visitor, f"/conferences/{sitting}/items", act="break", at_min="0", minutes="10")
    at = invited(held, "ada").starts_at - timedelta(hours=20)
    asyncio.run(plan_ahead(held.database, held.settings.agenda, at))
    rows = held.database.read_now(notices)
    assert {row.address[:3] for row in rows if row.kind == "reminder"} == {"ada", "ben"}
    told = [row for row in rows if row.kind == "invitation" and row.created_at == at]
    changed = {row.address[:3]: row.data["sequence"] for row in told}
    assert changed == {"cem": "1", "gil": "1"}, "they are told of the new time instead"


def test_whoever_switched_a_kind_off_has_no_mail_but_stays_invited(
    visitor: TestClient, held: Services, sitting: str, people: dict[str, str]
) -> None:
    held.database.write_now(deed(), mute, people["Ada"], ["invitation"])
    published(visitor, sitting)
    assert "ada" not in queued(held)
    assert invited(held, "ada").sequence == 0
    assert "wants no mail" in visitor.get(f"/conferences/{sitting}").text


def test_what_becomes_of_a_case_is_told_in_its_transaction_without_its_patient(held: Services) -> None:
    listener.install(held.database.engine)

    def ask(session: Session) -> None:
        found = session.get(Case, "case1")
        assert found is not None
        change_state(session, found, "needs_info", None, now(), f"{CANARY}: which side?")

    def ask_and_fail(session: Session) -> None:
        ask(session)
        raise ValueError("the change did not happen")

    with pytest.raises(ValueError, match="did not happen"):
        held.database.write_now(deed(), ask_and_fail)
    assert held.database.read_now(notices) == []
    held.database.write_now(deed(), ask)
    told = held.database.read_now(notices)
    assert [(row.kind, row.address) for row in told] == [("needs-info", "cem@example.org")]
    assert CANARY not in compose(told[0], held.letterhead).as_string()


def test_a_case_that_comes_after_the_cut_off_is_marked_with_who_put_it_there(
    visitor: TestClient, held: Services, sitting: str
) -> None:
    sign_in(visitor, "ben")
    assert "after the cut-off" not in visitor.get(f"/conferences/{sitting}").text
    soon = (now() + timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M")
    post(visitor, f"/conferences/{sitting}/time", starts_at=soon, duration_min="60", place="")
    text = visitor.get(f"/conferences/{sitting}").text
    assert "added after the cut-off" in text
    assert "by Ben Example" in text


def test_the_page_says_who_is_outside_their_own_hours_and_why(
    visitor: TestClient, held: Services, sitting: str, people: dict[str, str]
) -> None:
    held.database.write_now(deed(), keep_hours, people["Ada"], "Asia/Tokyo", ())
    sign_in(visitor, "ben")
    shown = re.search(r"Ada Example<span class=\"sub\">([^<]+)</span>", visitor.get(f"/conferences/{sitting}").text)
    assert shown is not None
    assert "in Asia/Tokyo; keeps no hours on" in shown[1]
