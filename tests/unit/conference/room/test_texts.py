"""Joint text in the pure room: who may type when, and how typed words become the recommendation and the minutes."""

from typing import get_args

import pytest

from conference.room import commands as c
from conference.room import events as e
from conference.room.recommendation import frozen_digest
from conference.room.references import reference, spoken
from conference.room.text_fields import minutes_digest
from conference.room.values import QuestionId
from tests.rooms import (
    CHAIR,
    COORDINATOR,
    HIP,
    KNEE,
    OBSERVER,
    REFERRER,
    SURGEON,
    THERAPIST,
    draw,
    listed,
    opened,
    read_back,
    signed,
    words,
)

TYPED = {
    "minutes": "Dr Bo asked for a block first.", "rationale": "Typed by three.", f"answer:q-{HIP}": "Not yet.",
    "follow_up": "6 weeks", "goal_answered": "The barn.",
}  # fmt: skip
PLAN = (("therapy", "consensus"), ("wait", "majority"))


def typing(case: str = HIP) -> c.TypeText:
    return c.TypeText(case, "AAA=")  # type: ignore[arg-type]


def choose(revision: int = 0, option: str = "therapy", outcome: str = "consensus") -> c.Choose:
    return c.Choose(HIP, revision, outcome, option, words().actions, ())  # type: ignore[arg-type]


@pytest.mark.parametrize(("who", "may"), [
    (CHAIR, True), (COORDINATOR, True), (SURGEON, True), (OBSERVER, False), (REFERRER, False),
])  # fmt: skip
def test_R90_whoever_may_draft_may_type(who, may) -> None:
    table = opened()
    if may:
        assert table.do(who, typing()).events == ()
    else:
        assert table.refused(who, typing()) == "not-permitted"


def test_R90_a_lost_role_counts_at_the_next_update() -> None:
    table = opened()
    table.do(THERAPIST, typing())
    table.do(CHAIR, c.AssignRole(THERAPIST.person_id, "observer"))
    assert table.refused(THERAPIST, typing()) == "not-permitted"
    table.do(CHAIR, c.AssignRole(THERAPIST.person_id, "member"))
    table.do(THERAPIST, typing())


def test_R90_the_floor_lets_nobody_type() -> None:
    table = opened()
    table.do(CHAIR, c.PassFloor(REFERRER.person_id))
    assert table.refused(REFERRER, typing()) == "not-permitted"


def test_R90_only_a_case_that_was_called_in_an_open_conference_is_typed_into() -> None:
    assert listed().refused(SURGEON, typing()) == "not-open"
    table = opened()
    assert table.refused(SURGEON, typing(KNEE)) == "not-on-table"
    assert table.refused(SURGEON, typing("another-board")) == "no-such-case"
    table.do(CHAIR, c.CallCase(KNEE))
    table.do(SURGEON, typing())
    table.do(CHAIR, c.EndConference())
    assert table.refused(SURGEON, typing()) == "ended"


def test_R92_choices_take_the_words_that_are_typed() -> None:
    table = opened()
    table.do(CHAIR, choose(), typed={HIP: TYPED})
    drafted = table.case.recommendation
    assert (drafted.revision, drafted.recommendation.rationale) == (1, "Typed by three.")
    assert drafted.recommendation.answers == {QuestionId(f"q-{HIP}"): "Not yet."}
    assert drafted.recommendation.actions == words().actions
    assert table.refused(SURGEON, choose(0, "wait"), typed={HIP: TYPED}) == "stale-revision"
    assert table.do(SURGEON, choose(1), typed={HIP: TYPED}).events == ()


def test_R92_choices_keep_the_words_of_a_draft_that_nobody_typed() -> None:
    table = opened()
    table.do(CHAIR, c.DraftRecommendation(HIP, 0, words()))
    table.do(SURGEON, choose(1, "wait", "majority"))
    found = table.case.recommendation.recommendation
    assert (found.option, found.rationale, found.answers) == ("wait", words().rationale, words().answers)


def test_R92_choices_are_refused_as_a_draft_would_be() -> None:
    table = opened()
    assert table.refused(OBSERVER, choose()) == "not-permitted"
    assert table.refused(CHAIR, choose(option="prayer")) == "no-such-option"
    assert table.refused(CHAIR, choose(outcome="none")) == "no-such-option"
    assert read_back().refused(CHAIR, choose(1)) == "read-back"


def test_R92_a_read_back_takes_the_words_of_that_moment() -> None:
    table = opened()
    table.do(CHAIR, choose(), typed={HIP: TYPED})
    later = TYPED | {"rationale": "Typed by four."}
    answer = table.do(CHAIR, c.ReadBack(HIP, 1), typed={HIP: later})
    kinds = [type(one.event) for one in answer.events]
    assert kinds == [e.RecommendationDrafted, e.RecommendationReadBack, e.MinutesFrozen]
    drafted = table.case.recommendation
    assert (drafted.revision, drafted.recommendation.rationale) == (2, "Typed by four.")
    assert drafted.digest == frozen_digest(HIP, 2, drafted.recommendation)


def test_R92_words_that_are_not_new_make_no_revision() -> None:
    table = opened()
    table.do(CHAIR, choose(), typed={HIP: TYPED})
    table.do(CHAIR, c.ReadBack(HIP, 1), typed={HIP: TYPED | {"minutes": "Other minutes."}})
    assert table.case.recommendation.revision == 1


@pytest.mark.parametrize(("field", "code"), [("rationale", "no-rationale"), (f"answer:q-{HIP}", "unanswered")])
def test_R92_words_that_were_deleted_meanwhile_are_missed_at_the_read_back(field: str, code: str) -> None:
    table = opened()
    table.do(CHAIR, choose(), typed={HIP: TYPED})
    assert table.refused(CHAIR, c.ReadBack(HIP, 1), typed={HIP: TYPED | {field: " "}}) == code


def test_R117_R27_words_and_minutes_that_name_a_mark_cite_it() -> None:
    table = opened()
    for mark in ("mark-one-and-more", "mark-two-and-more", "mark-six", "same-beginning-1", "same-beginning-2"):
        table.do(SURGEON, draw(mark))
    table.do(CHAIR, choose())
    typed = TYPED | {"rationale": f"See {reference('mark-one-and-more')}, not [#nothing].",  # type: ignore[arg-type]
                     "minutes": f"[#same-beg] {reference('mark-six')} {reference('mark-one-and-more')}"}  # type: ignore[arg-type]
    table.do(CHAIR, c.ReadBack(HIP, 1), typed={HIP: typed})
    read = table.state.cases[HIP].recommendation
    assert read.recommendation.cited == ("mark-one-and-more", "mark-six")
    assert read.revision == 2
    assert table.refused(SURGEON, c.Erase("mark-six")) == "cited"
    table.do(SURGEON, c.Erase("mark-two-and-more"))


def test_a_reference_is_read_as_what_it_names() -> None:
    names = {"1a2b3c4d-5e6f": "Length 12.3 mm", "ffff0000-1": "one", "ffff0000-2": "other"}
    assert spoken("The [#1a2b3c4d] of [#ffff0000] and [#].", names) == "The Length 12.3 mm of [#ffff0000] and [#]."  # type: ignore[arg-type]


def test_R93_a_read_back_freezes_text_and_minutes_until_it_is_reopened() -> None:
    table = opened()
    table.do(CHAIR, choose(), typed={HIP: TYPED})
    table.do(CHAIR, c.ReadBack(HIP, 1), typed={HIP: TYPED})
    assert table.case.minutes.text == TYPED["minutes"]
    assert table.case.minutes.digest == minutes_digest(HIP, TYPED["minutes"])
    assert table.refused(CHAIR, typing()) == "read-back"
    table.do(CHAIR, c.Reopen(HIP))
    assert table.case.minutes is None
    table.do(THERAPIST, typing())
    table.do(CHAIR, c.ReadBack(HIP, 1), typed={HIP: TYPED | {"minutes": "Better ones."}})
    assert table.case.minutes.text == "Better ones."


def test_R93_no_minutes_are_frozen_where_none_were_typed() -> None:
    table = opened()
    table.do(CHAIR, choose(), typed={HIP: TYPED})
    answer = table.do(CHAIR, c.ReadBack(HIP, 1), typed={HIP: TYPED | {"minutes": " \n"}})
    assert [type(one.event) for one in answer.events] == [e.RecommendationReadBack]


def test_R94_the_end_freezes_the_minutes_that_were_not_read_back() -> None:
    table = opened()
    table.do(CHAIR, choose(), typed={HIP: TYPED})
    table.do(CHAIR, c.ReadBack(HIP, 1), typed={HIP: TYPED})
    table.do(CHAIR, c.CallCase(KNEE))
    answer = table.do(CHAIR, c.EndConference(), typed={HIP: TYPED, KNEE: {"minutes": "Deferred."}})
    assert answer.events[0].event == e.MinutesFrozen(KNEE, "Deferred.", minutes_digest(KNEE, "Deferred."))
    assert isinstance(answer.events[1].event, e.ConferenceEnded)
    assert table.case.minutes.text == TYPED["minutes"]


def test_R95_nothing_is_typed_into_a_signed_case() -> None:
    assert signed().refused(CHAIR, typing()) == "signed"


def test_there_is_no_chat_whatever_is_written_stands_in_the_record() -> None:
    kinds = {one.__name__.lower() for one in (*get_args(c.Command), *get_args(e.Event))}
    assert len(kinds) > 50
    assert not [one for one in kinds if any(word in one for word in ("chat", "message", "whisper", "comment"))]
