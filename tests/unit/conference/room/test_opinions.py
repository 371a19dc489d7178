"""Sealed opinions, rounds and options."""

import pytest

from conference.room import commands as c
from conference.room.values import Option, Participant
from tests.rooms import (
    CHAIR,
    COORDINATOR,
    HIP,
    KNEE,
    OBSERVER,
    PAIN,
    REFERRER,
    SURGEON,
    THERAPIST,
    listed,
    opened,
    opinion,
    signed,
)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (opinion("prayer"), "no-such-option"),
        (opinion(ratings={"prayer": 5}), "no-such-option"),
        (opinion(ratings={"fusion": 0}), "bad-rating"),
        (opinion(ratings={"fusion": 10}), "bad-rating"),
        (opinion(confidence=101), "bad-rating"),
        (opinion(confidence=-1), "bad-rating"),
        (opinion(concordance=11), "bad-rating"),
        (opinion(improvement=101), "bad-rating"),
        (opinion(comment="x" * 8001), "too-long"),
    ],
)
def test_R30_an_opinion_keeps_to_grid_and_scales(given: object, code: str) -> None:
    assert opened().refused(SURGEON, c.GiveOpinion(HIP, given)) == code  # type: ignore[arg-type]


def test_R30_only_a_discipline_has_an_opinion() -> None:
    table = opened()
    assert table.refused(OBSERVER, c.GiveOpinion(HIP, opinion())) == "not-permitted"
    assert table.refused(COORDINATOR, c.GiveOpinion(HIP, opinion())) == "not-permitted"
    assert table.refused(REFERRER, c.GiveOpinion(HIP, opinion())) == "not-permitted"
    plain = Participant("gus", "Gus", None, "member")  # type: ignore[arg-type]
    table.do(None, c.Join(plain))
    assert table.refused(plain, c.GiveOpinion(HIP, opinion())) == "no-discipline"
    assert table.refused(SURGEON, c.GiveOpinion("unknown", opinion())) == "no-such-case"


def test_R31_one_opinion_a_round_replaceable_while_sealed() -> None:
    table = opened()
    table.do(SURGEON, c.GiveOpinion(HIP, opinion("fusion")))
    table.do(SURGEON, c.GiveOpinion(HIP, opinion("wait")))
    assert table.do(SURGEON, c.GiveOpinion(HIP, opinion("wait"))).events == ()
    assert [given.opinion.preferred for given in table.case.opinions.values()] == ["wait"]


def test_R33_the_reveal_opens_the_whole_round() -> None:
    table = opened()
    assert table.refused(CHAIR, c.Reveal(HIP)) == "no-opinions"
    table.do(SURGEON, c.GiveOpinion(HIP, opinion("fusion")))
    table.do(THERAPIST, c.GiveOpinion(HIP, opinion()))
    assert table.refused(SURGEON, c.Reveal(HIP)) == "not-permitted"
    table.do(CHAIR, c.CallCase(KNEE))
    assert table.refused(CHAIR, c.Reveal(HIP)) == "not-on-table"
    table.do(CHAIR, c.CallCase(HIP))
    table.do(COORDINATOR, c.Reveal(HIP))
    assert table.do(CHAIR, c.Reveal(HIP)).events == ()
    assert table.case.revealed == (1,)


def test_R34_a_revealed_round_takes_no_opinion() -> None:
    table = opened()
    table.do(SURGEON, c.GiveOpinion(HIP, opinion()))
    table.do(CHAIR, c.Reveal(HIP))
    assert table.refused(PAIN, c.GiveOpinion(HIP, opinion())) == "revealed"
    assert table.refused(SURGEON, c.GiveOpinion(HIP, opinion("wait"))) == "revealed"


def test_R35_rounds_follow_each_other_and_are_kept() -> None:
    table = opened()
    assert table.refused(CHAIR, c.OpenRound(HIP)) == "round-sealed"
    table.do(SURGEON, c.GiveOpinion(HIP, opinion("fusion")))
    table.do(CHAIR, c.Reveal(HIP))
    table.do(CHAIR, c.OpenRound(HIP))
    table.do(SURGEON, c.GiveOpinion(HIP, opinion("therapy")))
    assert {key: given.opinion.preferred for key, given in table.case.opinions.items()} == {
        "1:bo": "fusion",
        "2:bo": "therapy",
    }
    assert table.refused(CHAIR, c.OpenRound(HIP)) == "round-sealed"


def test_R36_opinions_are_taken_before_the_conference_opens_not_after_it_ended() -> None:
    table = listed()
    table.do(SURGEON, c.GiveOpinion(HIP, opinion()))
    table.do(CHAIR, c.OpenConference())
    table.do(CHAIR, c.EndConference())
    assert table.refused(SURGEON, c.GiveOpinion(KNEE, opinion())) == "ended"


def test_R28_a_signed_case_takes_no_opinion_and_no_option() -> None:
    table = signed()
    assert table.refused(SURGEON, c.GiveOpinion(HIP, opinion())) == "signed"
    assert table.refused(SURGEON, c.AddOption(HIP, Option("block", "interventional", "Facet block"))) == "signed"
    assert table.refused(CHAIR, c.OpenRound(HIP)) == "signed"


def test_R37_an_option_has_a_key_of_its_own() -> None:
    table = opened()
    block = Option("block", "interventional", "Facet block")
    table.do(THERAPIST, c.AddOption(HIP, block))
    assert table.do(SURGEON, c.AddOption(HIP, block)).events == ()
    assert table.refused(SURGEON, c.AddOption(HIP, Option("block", "medical", "Other"))) == "duplicate-option"
    assert table.refused(SURGEON, c.AddOption(HIP, Option("Bad Key", "medical", "Other"))) == "bad-option"
    assert table.refused(SURGEON, c.AddOption(HIP, Option("empty", "medical", "  "))) == "bad-option"
    assert table.refused(SURGEON, c.AddOption(HIP, Option("long", "medical", "x" * 501))) == "too-long"
    assert table.refused(OBSERVER, c.AddOption(HIP, Option("other", "medical", "Other"))) == "not-permitted"
    assert table.case.options[-1] == block


def test_R38_the_host_reveals_a_round_only_when_every_required_discipline_has_spoken() -> None:
    table = opened()
    assert table.refused(None, c.Reveal(HIP)) == "no-opinions"
    table.do(SURGEON, c.GiveOpinion(HIP, opinion()))
    table.do(PAIN, c.GiveOpinion(HIP, opinion()))
    assert table.refused(None, c.Reveal(HIP)) == "no-opinions", "physical therapy is required and silent"
    table.do(THERAPIST, c.GiveOpinion(HIP, opinion()))
    assert table.refused(None, c.Reveal(KNEE)) == "not-on-table"
    table.do(None, c.Reveal(HIP))
    assert table.case.revealed == (1,)
    assert table.do(None, c.Reveal(HIP)).events == ()


def test_R38_the_host_reveals_nothing_before_the_conference_opens() -> None:
    table = listed()
    for who in (SURGEON, THERAPIST):
        table.do(who, c.GiveOpinion(HIP, opinion()))
    assert table.refused(None, c.Reveal(HIP)) == "not-on-table"
