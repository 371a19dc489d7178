"""Guests wait in the lobby, are let in to their own case, and go out again after it."""

import json

from agenda.ids import CaseId, PersonId
from conference.room import commands as c
from conference.room.lobby import in_lobby, lobby
from conference.room.quorum import hearings, not_yet_heard
from conference.room.values import Participant, PlannedTime
from conference.room.visibility import project, shown, sight
from tests.rooms import (
    CHAIR,
    COORDINATOR,
    HIP,
    KNEE,
    OBSERVER,
    REFERRER,
    SURGEON,
    THERAPIST,
    Table,
    draw,
    listed,
    opened,
    signed,
    stances,
)

NEIGHBOUR = Participant(PersonId("gus"), "Dr Gus Neighbour", "primary-care", "guest", (KNEE,))


def called(case: CaseId = HIP) -> Table:
    """The conference runs; nobody has been let in."""
    table = listed()
    table.do(CHAIR, c.OpenConference())
    table.do(CHAIR, c.CallCase(case))
    return table


def test_R100_a_guest_does_nothing_from_the_lobby() -> None:
    table = called()
    for command in (c.RaiseHand(), draw(), c.LowerHand(CHAIR.person_id), c.TakeStances(HIP, stances(fusion="for"))):
        assert table.refused(REFERRER, command) == "in-lobby"
    table.do(CHAIR, c.AdmitGuest(REFERRER.person_id))
    table.do(REFERRER, c.RaiseHand())


def test_R101_chair_and_coordinator_let_a_guest_in_to_their_own_case_on_the_table() -> None:
    table = listed()
    assert table.refused(CHAIR, c.AdmitGuest(REFERRER.person_id)) == "not-their-case"
    table = called(KNEE)
    assert table.refused(CHAIR, c.AdmitGuest(REFERRER.person_id)) == "not-their-case"
    table.do(CHAIR, c.CallCase(HIP))
    for who in (SURGEON, OBSERVER):
        assert table.refused(who, c.AdmitGuest(REFERRER.person_id)) == "not-permitted"
    assert table.refused(CHAIR, c.AdmitGuest(SURGEON.person_id)) == "not-a-guest"
    assert table.refused(CHAIR, c.AdmitGuest(PersonId("nobody"))) == "no-such-person"
    assert table.refused(CHAIR, c.PassFloor(REFERRER.person_id)) == "in-lobby"
    table.do(COORDINATOR, c.AdmitGuest(REFERRER.person_id))
    assert table.do(CHAIR, c.AdmitGuest(REFERRER.person_id)).events == ()
    assert not in_lobby(table.state, REFERRER)


def test_R102_a_guest_goes_out_with_their_case_and_takes_nothing_along() -> None:
    for leave in (c.CallCase(KNEE), c.EndConference(), c.PutOut(REFERRER.person_id)):
        table = opened()
        table.do(REFERRER, c.RaiseHand())
        table.do(CHAIR, c.PassFloor(REFERRER.person_id))
        table.do(REFERRER, c.RaiseHand())
        table.do(CHAIR, leave)
        assert in_lobby(table.state, REFERRER)
        assert (table.state.floor, table.state.hands, table.state.admitted) == (None, (), ())
    assert table.do(CHAIR, c.PutOut(REFERRER.person_id)).events == ()
    assert table.refused(SURGEON, c.PutOut(REFERRER.person_id)) == "not-permitted"


def test_R102_a_lost_connection_does_not_put_out() -> None:
    table = opened()
    table.do(None, c.Leave(REFERRER.person_id))
    table.do(None, c.Join(REFERRER))
    assert not in_lobby(table.state, REFERRER)


def test_R102_no_role_takes_a_guest_past_the_lobby() -> None:
    table = called()
    table.do(CHAIR, c.AssignRole(REFERRER.person_id, "observer"))
    assert in_lobby(table.state, REFERRER)


def test_R104_in_the_lobby_a_guest_is_told_of_their_own_cases_and_of_nothing_else() -> None:
    table = called(KNEE)
    times = {HIP: PlannedTime("2026-11-26T08:00:00Z", 0), KNEE: PlannedTime("2026-11-26T08:10:00Z", 0)}
    table.do(None, c.TimeCases(times))
    told = lobby(table.state, REFERRER, table.now())
    assert told["cases"] == [{
        "case": HIP, "title": "Low back pain, two earlier operations", "standing": "waiting",
        "starts_at": "2026-11-26T08:10+00:00", "ahead": 1,
    }]  # fmt: skip
    assert set(told) == {"phase", "cases", "lets_in"}
    assert KNEE not in json.dumps(told)
    assert not any(seat.name in json.dumps(told) for seat in table.state.people.values())
    assert told["lets_in"] is True
    for person in (CHAIR, COORDINATOR):
        table.do(None, c.Leave(person.person_id))
    assert lobby(table.state, REFERRER, table.now())["lets_in"] is False  # a member cannot


def test_R104_each_standing_of_a_case_is_told() -> None:
    def standing(table: Table) -> tuple[object, object]:
        (only,) = lobby(table.state, REFERRER, table.now())["cases"]  # type: ignore[misc, union-attr]
        return only["standing"], only["starts_at"]  # type: ignore[call-overload, index]

    assert standing(called())[0] == "on-table"
    table = called()
    table.do(CHAIR, c.CallCase(KNEE))
    assert standing(table) == ("heard", None)
    assert standing(signed())[0] == "signed"


def test_R105_what_is_told_changes_with_the_minute_and_not_with_the_second() -> None:
    table = called(KNEE)
    first, later = (lobby(table.state, REFERRER, f"2026-11-26T08:03:{second:02}Z") for second in (1, 59))
    assert first == later


def test_R106_guests_of_different_cases_do_not_meet() -> None:
    table = opened()
    table.do(None, c.Join(NEIGHBOUR))
    eyes = sight(table.state, REFERRER)
    assert "Gus" not in json.dumps(project(table.state, eyes))
    assert "Gus" not in json.dumps([shown(one, eyes, table.state) for one in table.log])
    assert "gus" not in json.dumps([shown(one, eyes, table.state) for one in table.log])
    everybody = project(table.state, sight(table.state, SURGEON))
    assert everybody["people"]["gus"]["cases"] == [KNEE]  # type: ignore[index, call-overload]
    assert project(table.state, eyes)["people"]["fay"]["cases"] == [HIP]  # type: ignore[index, call-overload]


def test_R107_only_time_in_which_one_could_close_counts_as_hearing() -> None:
    table = opened()
    table.minute = 4
    table.do(CHAIR, c.AssignRole(SURGEON.person_id, "observer"))
    table.do(CHAIR, c.AssignRole(OBSERVER.person_id, "member"))
    table.minute = 10
    table.do(CHAIR, c.CallCase(KNEE))
    seat = table.state.people[SURGEON.person_id]
    assert [stay.voiced for stay in seat.presence] == [True, False]
    surgery = hearings(table.state, HIP, table.now())[0]
    assert surgery.people == ("ada", "bo")
    assert not any(stay.voiced for stay in table.state.people[REFERRER.person_id].presence)
    assert [stay.voiced for stay in table.state.people[OBSERVER.person_id].presence] == [False, True]
    mute = listed()
    mute.do(CHAIR, c.AssignRole(THERAPIST.person_id, "observer"))
    mute.do(CHAIR, c.OpenConference())
    mute.do(CHAIR, c.CallCase(HIP))
    mute.minute = 5
    assert hearings(mute.state, HIP, mute.now())[1].seconds == 0.0
    assert not_yet_heard(mute.state, HIP, mute.now()) == ("physical-therapy",)
