"""Roles, floor and hands."""

import pytest

from conference.room import commands as c
from conference.room.values import Participant
from tests.rooms import (
    CHAIR,
    COORDINATOR,
    EVERYBODY,
    HIP,
    KNEE,
    OBSERVER,
    REFERRER,
    SURGEON,
    THERAPIST,
    Table,
    brief,
    draw,
    listed,
    opened,
    opinion,
    signable,
    signature,
    view,
)


def test_R1_a_command_sent_again_has_the_same_answer_and_no_second_event() -> None:
    table = opened()
    first = table.do(SURGEON, draw(), command_id="same-id-1")
    again = table.do(SURGEON, draw(), command_id="same-id-1")
    assert again.seq == first.seq
    assert again.events == ()
    assert len(table.log) == table.state.seq == first.seq


def test_R1_a_refusal_sent_again_stays_a_refusal() -> None:
    table = opened()
    assert table.refused(OBSERVER, draw(), command_id="same-id-1") == "not-permitted"
    table.do(CHAIR, c.AssignRole(OBSERVER.person_id, "member"))
    assert table.refused(OBSERVER, draw(), command_id="same-id-1") == "not-permitted"


def test_R1_another_persons_command_identity_is_refused() -> None:
    table = opened()
    table.do(SURGEON, draw(), command_id="same-id-1")
    assert table.refused(THERAPIST, draw("m2"), command_id="same-id-1") == "duplicate-command"


def test_R2_somebody_outside_can_do_nothing() -> None:
    table = opened()
    table.do(None, c.Leave(SURGEON.person_id))
    stranger = Participant(SURGEON.person_id.__class__("zoe"), "Zoe", "spine-surgery", "chair")
    assert table.refused(SURGEON, draw()) == "not-present"
    assert table.refused(stranger, c.EndConference()) == "not-present"


def test_R2_an_opinion_and_a_signature_may_come_from_outside() -> None:
    table = signable()
    table.do(None, c.Leave(CHAIR.person_id))
    table.do(None, c.Leave(SURGEON.person_id))
    table.do(SURGEON, c.GiveOpinion(KNEE, opinion()))
    table.do(CHAIR, c.Sign(HIP, 1), signature=signature(table.case.recommendation.digest))


def test_R3_a_lost_role_counts_from_the_very_next_command() -> None:
    table = opened()
    table.do(SURGEON, draw("m1"))
    table.do(CHAIR, c.AssignRole(SURGEON.person_id, "observer"))
    assert table.refused(SURGEON, draw("m2")) == "not-permitted"
    assert table.refused(SURGEON, c.Reshape("m1", 1, ((1.0, 1.0), (2.0, 2.0)), "")) == "not-permitted"


def test_R3_what_the_client_claims_to_be_does_not_count() -> None:
    table = opened()
    claims = Participant(OBSERVER.person_id, OBSERVER.name, OBSERVER.discipline, "chair")
    assert table.refused(claims, c.EndConference()) == "not-permitted"


@pytest.mark.parametrize(
    "command",
    [
        c.Join(SURGEON),
        c.Leave(SURGEON.person_id),
        c.ListCase(brief(), ()),
        c.UnlistCase(KNEE),
        c.ArrangeCases((KNEE, HIP)),
        c.AnnounceImages(HIP, "1.2"),
        c.AnnounceLevels(HIP, "grades"),
    ],
)
def test_R4_what_only_the_host_does_is_refused_from_a_person(command: c.Command) -> None:
    assert opened().refused(CHAIR, command) == "host-only"


def test_R4_the_host_cannot_act_as_a_person() -> None:
    assert opened().refused(None, c.EndConference()) == "no-person"


def test_R5_an_assigned_role_outlives_a_lost_connection() -> None:
    table = opened()
    table.do(CHAIR, c.AssignRole(OBSERVER.person_id, "member"))
    table.do(None, c.Leave(OBSERVER.person_id))
    table.do(None, c.Join(OBSERVER))
    assert table.state.people[OBSERVER.person_id].role == "member"


def test_R5_an_assigned_role_falls_when_the_door_gives_another() -> None:
    table = opened()
    table.do(CHAIR, c.AssignRole(SURGEON.person_id, "chair"))
    table.do(None, c.Join(Participant(SURGEON.person_id, SURGEON.name, SURGEON.discipline, "observer")))
    assert table.state.people[SURGEON.person_id].role == "observer"


def test_R6_whoever_leaves_loses_floor_and_hand() -> None:
    table = opened()
    table.do(CHAIR, c.PassFloor(SURGEON.person_id))
    table.do(THERAPIST, c.RaiseHand())
    table.do(None, c.Leave(SURGEON.person_id))
    table.do(None, c.Leave(THERAPIST.person_id))
    assert table.state.floor is None
    assert table.state.hands == ()
    assert not table.state.people[SURGEON.person_id].present


def test_R7_the_floor_adds_showing_and_nothing_else() -> None:
    table = opened()
    assert table.refused(SURGEON, c.Show(HIP, view())) == "not-permitted"
    table.do(CHAIR, c.PassFloor(SURGEON.person_id))
    table.do(SURGEON, c.Show(HIP, view()))
    assert table.refused(SURGEON, c.CallCase(KNEE)) == "not-permitted"
    table.do(CHAIR, c.PassFloor(REFERRER.person_id))
    table.do(REFERRER, draw())
    assert table.refused(REFERRER, c.GiveOpinion(HIP, opinion())) == "not-permitted"


def test_R7_an_observer_cannot_hold_the_floor() -> None:
    table = opened()
    assert table.refused(CHAIR, c.PassFloor(OBSERVER.person_id)) == "bad-role"
    table.do(CHAIR, c.PassFloor(SURGEON.person_id))
    table.do(CHAIR, c.AssignRole(SURGEON.person_id, "observer"))
    assert table.state.floor is None


def test_R7_the_holder_lays_the_floor_down_and_passes_it_to_nobody_else() -> None:
    table = opened()
    table.do(CHAIR, c.PassFloor(SURGEON.person_id))
    assert table.refused(SURGEON, c.PassFloor(THERAPIST.person_id)) == "not-permitted"
    table.do(SURGEON, c.PassFloor(None))
    assert table.state.floor is None


def test_R7_the_floor_goes_to_somebody_who_is_there() -> None:
    table = opened()
    table.do(None, c.Leave(SURGEON.person_id))
    assert table.refused(CHAIR, c.PassFloor(SURGEON.person_id)) == "no-such-person"


def test_R8_another_case_does_not_exist_for_a_guest() -> None:
    table = opened()
    table.do(CHAIR, c.PassFloor(REFERRER.person_id))
    assert table.refused(REFERRER, c.Show(KNEE, view())) == "no-such-case"
    assert table.refused(REFERRER, draw(case=KNEE)) == "no-such-case"


def test_R9_hands() -> None:
    table = opened()
    table.do(SURGEON, c.RaiseHand())
    table.do(REFERRER, c.RaiseHand())
    assert table.do(SURGEON, c.RaiseHand()).events == ()
    assert table.state.hands == (SURGEON.person_id, REFERRER.person_id)
    assert table.refused(THERAPIST, c.LowerHand(SURGEON.person_id)) == "not-permitted"
    table.do(COORDINATOR, c.LowerHand(SURGEON.person_id))
    table.do(REFERRER, c.LowerHand(REFERRER.person_id))
    assert table.state.hands == ()
    assert table.refused(OBSERVER, c.RaiseHand()) == "not-permitted"


def test_R9_a_hand_goes_down_with_the_floor() -> None:
    table = opened()
    table.do(SURGEON, c.RaiseHand())
    table.do(CHAIR, c.PassFloor(SURGEON.person_id))
    assert table.state.hands == ()


def test_R18_presenting_is_not_assigned_and_guests_take_no_seat() -> None:
    table = opened()
    assert table.refused(CHAIR, c.AssignRole(SURGEON.person_id, "presenter")) == "bad-role"
    assert table.refused(CHAIR, c.AssignRole(REFERRER.person_id, "member")) == "bad-role"
    assert table.refused(SURGEON, c.AssignRole(SURGEON.person_id, "chair")) == "not-permitted"
    assert table.refused(CHAIR, c.AssignRole("nobody", "chair")) == "no-such-person"


def test_R18_the_last_chair_stays() -> None:
    table = opened()
    assert table.refused(CHAIR, c.AssignRole(CHAIR.person_id, "member")) == "last-chair"
    table.do(CHAIR, c.AssignRole(SURGEON.person_id, "chair"))
    table.do(CHAIR, c.AssignRole(CHAIR.person_id, "member"))


def test_R80_R81_records_are_numbered_without_gap_and_time_never_goes_back() -> None:
    table = listed()
    table.minute = 30
    table.do(CHAIR, c.OpenConference())
    table.minute = 10
    table.do(CHAIR, c.CallCase(HIP))
    assert [one.seq for one in table.log] == list(range(1, len(table.log) + 1))
    assert [one.at for one in table.log] == sorted(one.at for one in table.log)


def test_joining_twice_is_the_same_as_once() -> None:
    table = Table()
    for person in EVERYBODY:
        table.do(None, c.Join(person))
        assert table.do(None, c.Join(person)).events == ()
    assert table.do(None, c.Leave("nobody")).events == ()
