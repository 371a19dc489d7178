"""Who heard a case."""

from conference.room import commands as c
from conference.room.quorum import hearings, not_yet_heard, overlap_s
from conference.room.state import Interval
from tests.rooms import CHAIR, HIP, KNEE, SURGEON, THERAPIST, listed, read_back


def test_R70_presence_counts_while_the_case_is_on_the_table() -> None:
    table = listed()
    table.do(CHAIR, c.OpenConference())
    table.minute = 10
    table.do(CHAIR, c.CallCase(HIP))
    table.minute = 13
    table.do(None, c.Leave(THERAPIST.person_id))
    table.minute = 18
    table.do(None, c.Join(THERAPIST))
    table.minute = 20
    table.do(CHAIR, c.CallCase(KNEE))
    table.minute = 40
    surgery, therapy = hearings(table.state, HIP, table.now())
    assert (surgery.discipline, surgery.people, surgery.seconds) == ("spine-surgery", ("ada", "bo"), 600.0)
    assert (therapy.people, therapy.seconds) == (("cy",), 300.0)
    assert hearings(table.state, KNEE, table.now())[0].seconds == 1200.0
    assert hearings(table.state, "unknown", table.now()) == ()


def test_R70_a_case_that_comes_back_to_the_table_is_heard_in_both_its_times() -> None:
    table = listed()
    table.do(CHAIR, c.OpenConference())
    for minute, case in ((10, HIP), (14, KNEE), (20, HIP), (23, KNEE)):
        table.minute = minute
        table.do(CHAIR, c.CallCase(case))
    assert hearings(table.state, HIP, table.now())[0].seconds == 7 * 60.0


def test_R71_nobody_there_and_nobody_closed_is_not_yet_heard() -> None:
    table = read_back()
    table.minute = 5
    assert not_yet_heard(table.state, HIP, table.now()) == ()
    assert not_yet_heard(table.state, KNEE, table.now()) == ("spine-surgery", "physical-therapy")


def test_R71_a_closing_counts_as_heard() -> None:
    table = listed()
    for person in (SURGEON, THERAPIST):
        table.do(None, c.Leave(person.person_id))
    table.do(CHAIR, c.OpenConference())
    table.do(CHAIR, c.CallCase(HIP))
    table.minute = 2
    assert not_yet_heard(table.state, HIP, table.now()) == ("physical-therapy",)


def test_intervals_overlap_in_seconds() -> None:
    def at(minute: int) -> str:
        return f"2026-11-26T08:{minute:02}:00.000Z"

    assert overlap_s(Interval(at(0), at(10)), Interval(at(5)), at(30)) == 300.0
    assert overlap_s(Interval(at(0), at(5)), Interval(at(5), at(9)), at(30)) == 0.0
    assert overlap_s(Interval(at(0)), Interval(at(5)), at(6)) == 60.0
