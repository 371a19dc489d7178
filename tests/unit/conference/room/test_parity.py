"""Every discipline says how it stands to every option, and an operation says why nothing less is enough."""

from conference.room import commands as c
from conference.room.values import Stance
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
    TRIED,
    Table,
    justified,
    listed,
    opened,
    opinion,
    read_back,
    signature,
    signed,
    stances,
    words,
)


def operation() -> Table:
    """Surgery is recommended, read back and closed by every required discipline; nobody has taken a stance."""
    table = opened()
    table.do(CHAIR, c.DraftRecommendation(HIP, 0, words("fusion")))
    justified(table)
    table.do(CHAIR, c.ReadBack(HIP, 1))
    table.do(SURGEON, c.Attest(HIP, 1, "concur", ""))
    table.do(THERAPIST, c.Attest(HIP, 1, "concur", ""))
    return table


def test_R110_what_was_tried_is_listed_by_the_host_until_the_signature() -> None:
    table = opened()
    table.do(None, c.ListEvidence(HIP, TRIED))
    assert table.case.tried == TRIED
    assert table.do(None, c.ListEvidence(HIP, TRIED)).events == ()
    assert table.refused(CHAIR, c.ListEvidence(HIP, TRIED)) == "host-only"
    assert table.refused(None, c.ListEvidence("unknown", ())) == "no-such-case"  # type: ignore[arg-type]
    assert signed().do(None, c.ListEvidence(HIP, TRIED)).events == ()


def test_R111_a_stance_comes_from_somebody_who_closes_for_a_discipline_on_options_of_the_grid() -> None:
    table = opened()
    for who in (COORDINATOR, OBSERVER, REFERRER):
        assert table.refused(who, c.TakeStances(HIP, stances(fusion="for"))) == "not-permitted"
    assert table.refused(SURGEON, c.TakeStances(HIP, stances(prayer="for"))) == "no-such-option"
    assert table.refused(SURGEON, c.TakeStances(HIP, {"fusion": Stance("for", "x" * 501)})) == "too-long"
    assert table.refused(SURGEON, c.TakeStances(KNEE, stances(fusion="for"))) == "not-on-table"
    table.do(SURGEON, c.TakeStances(HIP, {"fusion": Stance("against", "A flexion view first.")}))
    taken = table.case.stances["spine-surgery"]["fusion"]
    assert (taken.stance, taken.needs, taken.person) == ("against", "A flexion view first.", "bo")
    assert table.do(SURGEON, c.TakeStances(HIP, {"fusion": Stance("against", "A flexion view first.")})).events == ()


def test_R111_a_stance_changes_alone_and_others_stay() -> None:
    table = opened()
    table.do(SURGEON, c.TakeStances(HIP, stances(fusion="for", therapy="neutral")))
    table.do(CHAIR, c.TakeStances(HIP, stances(therapy="against")))
    own = table.case.stances["spine-surgery"]
    assert {key: (one.stance, one.person) for key, one in own.items()} == {
        "fusion": ("for", "bo"), "therapy": ("against", "ada"),
    }  # fmt: skip
    assert "physical-therapy" not in table.case.stances


def test_R112_no_stance_while_opinions_are_sealed() -> None:
    table = opened()
    table.do(SURGEON, c.GiveOpinion(HIP, opinion()))
    assert table.refused(THERAPIST, c.TakeStances(HIP, stances(fusion="for"))) == "round-sealed"
    table.do(CHAIR, c.Reveal(HIP))
    table.do(THERAPIST, c.TakeStances(HIP, stances(fusion="for")))
    table.do(CHAIR, c.OpenRound(HIP))
    table.do(PAIN, c.GiveOpinion(HIP, opinion()))
    assert table.refused(THERAPIST, c.TakeStances(HIP, stances(therapy="for"))) == "round-sealed"


def test_R113_exhausted_names_rows_that_are_there() -> None:
    table = opened()
    assert table.refused(CHAIR, c.StateNonOperative(HIP, "exhausted", "", ())) == "evidence-needed"
    assert table.refused(CHAIR, c.StateNonOperative(HIP, "exhausted", "", ("t1",))) == "no-such-evidence"
    table.do(None, c.ListEvidence(HIP, TRIED))
    table.do(COORDINATOR, c.StateNonOperative(HIP, "exhausted", "", ("t1", "t2")))
    assert table.case.non_operative is not None
    assert table.case.non_operative.evidence == ("t1", "t2")
    assert table.do(CHAIR, c.StateNonOperative(HIP, "exhausted", "", ("t1", "t2"))).events == ()
    assert table.refused(OBSERVER, c.StateNonOperative(HIP, "exhausted", "", ("t1",))) == "not-permitted"
    assert listed().refused(CHAIR, c.StateNonOperative(HIP, "declined", "No.", ())) == "not-open"


def test_R114_contraindicated_and_declined_say_why() -> None:
    table = opened()
    assert table.refused(CHAIR, c.StateNonOperative(HIP, "declined", "  ", ())) == "reason-needed"
    assert table.refused(CHAIR, c.StateNonOperative(HIP, "contraindicated", "", ())) == "reason-needed"
    assert table.refused(CHAIR, c.StateNonOperative(HIP, "declined", "x" * 501, ())) == "too-long"
    table.do(CHAIR, c.StateNonOperative(HIP, "contraindicated", "Rapid motor loss.", ()))


def test_R115_an_operation_is_read_back_only_with_a_word_on_non_operative_care() -> None:
    table = opened()
    table.do(CHAIR, c.DraftRecommendation(HIP, 0, words("fusion")))
    assert table.refused(CHAIR, c.ReadBack(HIP, 1)) == "non-operative"
    justified(table)
    table.do(CHAIR, c.ReadBack(HIP, 1))
    assert table.refused(CHAIR, c.StateNonOperative(HIP, "declined", "No.", ())) == "read-back"
    read_back()  # what is not an operation needs none


def test_R116_an_operation_is_signed_only_when_every_discipline_there_has_taken_its_stance() -> None:
    table = operation()
    sealed = signature(table.case.recommendation.digest)
    assert table.refused(CHAIR, c.Sign(HIP, 1), signature=sealed) == "no-stance"
    table.do(SURGEON, c.TakeStances(HIP, stances(fusion="for")))
    assert table.refused(CHAIR, c.Sign(HIP, 1), signature=sealed) == "no-stance"
    table.do(THERAPIST, c.TakeStances(HIP, {"fusion": Stance("against", "Six weeks of graded activity.")}))
    table.do(CHAIR, c.Sign(HIP, 1), signature=sealed)


def test_R116_an_absent_discipline_is_not_waited_for() -> None:
    table = opened()
    table.do(CHAIR, c.DraftRecommendation(HIP, 0, words("fusion")))
    justified(table)
    table.do(CHAIR, c.ReadBack(HIP, 1))
    table.do(SURGEON, c.Attest(HIP, 1, "concur", ""))
    table.do(SURGEON, c.TakeStances(HIP, stances(fusion="for")))
    table.do(CHAIR, c.MarkAbsent(HIP, "physical-therapy", "Called away"))
    table.do(CHAIR, c.Sign(HIP, 1), signature=signature(table.case.recommendation.digest))
    assert table.case.signed.provisional
    assert table.refused(SURGEON, c.TakeStances(HIP, stances(fusion="against"))) == "signed"


def test_R116_an_open_rating_says_how_a_discipline_stands() -> None:
    table = opened()
    for who in (SURGEON, THERAPIST):
        table.do(who, c.GiveOpinion(HIP, opinion()))
    table.do(CHAIR, c.DraftRecommendation(HIP, 0, words("fusion")))
    justified(table)
    table.do(CHAIR, c.ReadBack(HIP, 1))
    for who in (SURGEON, THERAPIST):
        table.do(who, c.Attest(HIP, 1, "concur", ""))
    sealed = signature(table.case.recommendation.digest)
    assert table.refused(CHAIR, c.Sign(HIP, 1), signature=sealed) == "no-stance"
    table.do(CHAIR, c.Reveal(HIP))
    table.do(CHAIR, c.Sign(HIP, 1), signature=sealed)
