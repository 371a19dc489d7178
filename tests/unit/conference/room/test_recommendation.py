"""From the first draft to the signature."""

import hashlib
import json

import pytest

from conference.room import commands as c
from conference.room.recommendation import frozen_bytes
from conference.room.values import MarkId, Participant, PersonId
from tests.rooms import (
    CHAIR,
    COORDINATOR,
    HIP,
    KNEE,
    OBSERVER,
    PAIN,
    SURGEON,
    THERAPIST,
    draw,
    opened,
    read_back,
    signable,
    signature,
    signed,
    words,
)


def test_R40_a_draft_builds_on_what_was_seen() -> None:
    table = opened()
    assert table.refused(SURGEON, c.DraftRecommendation(HIP, 1, words())) == "stale-revision"
    table.do(SURGEON, c.DraftRecommendation(HIP, 0, words()))
    assert table.refused(THERAPIST, c.DraftRecommendation(HIP, 0, words("wait"))) == "stale-revision"
    table.do(THERAPIST, c.DraftRecommendation(HIP, 1, words("wait")))
    assert table.do(PAIN, c.DraftRecommendation(HIP, 2, words("wait"))).events == ()
    assert table.case.recommendation.revision == 2
    assert table.refused(OBSERVER, c.DraftRecommendation(HIP, 2, words())) == "not-permitted"


def test_R41_R45_new_words_need_reopening_and_void_closings() -> None:
    table = signable()
    assert table.refused(CHAIR, c.DraftRecommendation(HIP, 1, words("wait"))) == "read-back"
    assert table.refused(SURGEON, c.Reopen(HIP)) == "not-permitted"
    table.do(CHAIR, c.Reopen(HIP))
    assert table.case.closings == {}
    assert table.do(CHAIR, c.Reopen(HIP)).events == ()
    table.do(CHAIR, c.DraftRecommendation(HIP, 1, words("wait")))
    table.do(CHAIR, c.ReadBack(HIP, 2))
    assert table.refused(SURGEON, c.Attest(HIP, 1, "concur", "")) == "stale-revision"
    assert table.refused(CHAIR, c.Sign(HIP, 2), signature=signature(table.case.recommendation.digest)) == "not-closed"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"option": "prayer"}, "no-such-option"),
        ({"outcome": "none"}, "no-such-option"),
        ({"outcome": "deferred"}, "no-such-option"),
        ({"answers": {"q-other": "Yes"}}, "no-such-question"),
        ({"cited": (MarkId("ghost"),)}, "no-such-mark"),
        ({"rationale": "x" * 8001}, "too-long"),
        ({"actions": words().actions * 51}, "too-long"),
    ],
)
def test_R42_a_draft_speaks_of_what_is_there(changes: dict[str, object], code: str) -> None:
    assert opened().refused(SURGEON, c.DraftRecommendation(HIP, 0, words(**changes))) == code  # type: ignore[arg-type]


def test_R42_a_mark_of_another_case_is_not_cited() -> None:
    table = opened()
    table.do(CHAIR, c.CallCase(KNEE))
    assert table.refused(CHAIR, c.DraftRecommendation("unknown", 0, words())) == "no-such-case"
    table.do(CHAIR, c.CallCase(HIP))
    table.do(SURGEON, draw())
    table.do(SURGEON, c.DraftRecommendation(HIP, 0, words(cited=(MarkId("m1"),))))


def test_a_case_that_was_never_called_has_no_recommendation() -> None:
    assert opened().refused(CHAIR, c.DraftRecommendation(KNEE, 0, words(answers={}))) == "not-on-table"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"answers": {}}, "unanswered"),
        ({"answers": {f"q-{HIP}": "  "}}, "unanswered"),
        ({"rationale": " "}, "no-rationale"),
        ({"option": ""}, "no-such-option"),
    ],
)
def test_R43_a_read_back_is_complete(changes: dict[str, object], code: str) -> None:
    table = opened()
    table.do(SURGEON, c.DraftRecommendation(HIP, 0, words(**changes)))  # type: ignore[arg-type]
    assert table.refused(CHAIR, c.ReadBack(HIP, 1)) == code


def test_R43_deferring_needs_no_option() -> None:
    read_back(option="", outcome="deferred")


def test_read_back_is_the_chairs_and_of_the_words_seen() -> None:
    table = opened()
    assert table.refused(CHAIR, c.ReadBack(HIP, 1)) == "no-recommendation"
    table.do(SURGEON, c.DraftRecommendation(HIP, 0, words()))
    assert table.refused(SURGEON, c.ReadBack(HIP, 1)) == "not-permitted"
    assert table.refused(CHAIR, c.ReadBack(HIP, 2)) == "stale-revision"
    table.do(CHAIR, c.ReadBack(HIP, 1))
    assert table.do(CHAIR, c.ReadBack(HIP, 1)).events == ()


def test_R44_the_digest_is_over_the_canonical_words() -> None:
    table = read_back()
    said = frozen_bytes(HIP, 1, words())
    assert table.case.recommendation.digest == hashlib.sha256(said).hexdigest()
    assert json.loads(said)["recommendation"]["rationale"] == "Concordance is low."
    assert b'"actions":[{"due":' in said  # sorted names, no space


def test_R46_closing_waits_for_the_read_back() -> None:
    table = opened()
    assert table.refused(SURGEON, c.Attest(HIP, 0, "concur", "")) == "no-recommendation"
    table.do(SURGEON, c.DraftRecommendation(HIP, 0, words()))
    assert table.refused(SURGEON, c.Attest(HIP, 1, "concur", "")) == "not-read-back"
    assert table.refused(CHAIR, c.Sign(HIP, 1)) == "not-read-back"


def test_R47_a_discipline_is_closed_by_its_own_people() -> None:
    table = read_back()
    table.do(PAIN, c.Attest(HIP, 1, "concur", ""))
    assert set(table.case.closings) == {"pain-medicine"}
    assert table.refused(COORDINATOR, c.Attest(HIP, 1, "concur", "")) == "not-permitted"
    plain = Participant(PersonId("gus"), "Gus", None, "member")
    table.do(None, c.Join(plain))
    assert table.refused(plain, c.Attest(HIP, 1, "concur", "")) == "no-discipline"


@pytest.mark.parametrize("closing", ["reservation", "dissent"])
def test_R48_reservation_and_dissent_say_why(closing: str) -> None:
    table = read_back()
    assert table.refused(SURGEON, c.Attest(HIP, 1, closing, " ")) == "reason-needed"  # type: ignore[arg-type]
    assert table.refused(SURGEON, c.Attest(HIP, 1, closing, "x" * 501)) == "too-long"  # type: ignore[arg-type]
    table.do(SURGEON, c.Attest(HIP, 1, closing, "x" * 500))  # type: ignore[arg-type]
    assert table.case.closings["spine-surgery"].first.closing == closing


def test_R49_a_dissent_does_not_disappear_behind_a_colleague() -> None:
    table = read_back()
    table.do(SURGEON, c.Attest(HIP, 1, "dissent", "Instability was not considered."))
    table.do(CHAIR, c.Attest(HIP, 1, "concur", ""))
    assert table.do(CHAIR, c.Attest(HIP, 1, "concur", "")).events == ()
    closed = table.case.closings["spine-surgery"]
    assert (closed.first.person, closed.first.closing) == (SURGEON.person_id, "dissent")
    assert [(voice.person, voice.closing) for voice in closed.others] == [(CHAIR.person_id, "concur")]
    table.do(SURGEON, c.Attest(HIP, 1, "concur", ""))
    assert table.case.closings["spine-surgery"].first.closing == "concur"


def test_R50_absence_is_stated_with_a_reason_and_lifted_by_a_closing() -> None:
    table = read_back()
    assert table.refused(CHAIR, c.MarkAbsent(HIP, "pain-medicine", "Ill")) == "not-required"
    assert table.refused(CHAIR, c.MarkAbsent(HIP, "physical-therapy", " ")) == "reason-needed"
    assert table.refused(SURGEON, c.MarkAbsent(HIP, "physical-therapy", "Ill")) == "not-permitted"
    table.do(CHAIR, c.MarkAbsent(HIP, "physical-therapy", "Ill"))
    assert table.do(CHAIR, c.MarkAbsent(HIP, "physical-therapy", "Ill")).events == ()
    table.do(THERAPIST, c.Attest(HIP, 1, "concur", ""))
    assert table.case.absent == {}
    assert table.refused(CHAIR, c.MarkAbsent(HIP, "physical-therapy", "Ill")) == "already-closed"


def test_R51_signing_waits_for_every_required_discipline() -> None:
    table = read_back()
    digest = table.case.recommendation.digest
    table.do(SURGEON, c.Attest(HIP, 1, "dissent", "No."))
    assert table.refused(CHAIR, c.Sign(HIP, 1), signature=signature(digest)) == "not-closed"
    table.do(CHAIR, c.MarkAbsent(HIP, "physical-therapy", "Ill"))
    table.do(CHAIR, c.Sign(HIP, 1), signature=signature(digest))


def test_R52_a_signature_is_over_these_words() -> None:
    table = signable()
    assert table.refused(CHAIR, c.Sign(HIP, 1)) == "bad-signature"
    assert table.refused(CHAIR, c.Sign(HIP, 1), signature=signature("0" * 64)) == "bad-signature"
    assert table.refused(CHAIR, c.Sign(HIP, 2), signature=signature("0" * 64)) == "stale-revision"


def test_R53_without_a_required_discipline_it_is_provisional() -> None:
    assert signed().case.signed.provisional is False
    table = read_back()
    table.do(SURGEON, c.Attest(HIP, 1, "concur", ""))
    table.do(CHAIR, c.MarkAbsent(HIP, "physical-therapy", "Ill"))
    table.do(CHAIR, c.Sign(HIP, 1), signature=signature(table.case.recommendation.digest))
    assert table.case.signed.provisional is True


def test_R54_only_a_chair_signs() -> None:
    table = signable()
    digest = table.case.recommendation.digest
    for person in (SURGEON, COORDINATOR, OBSERVER):
        assert table.refused(person, c.Sign(HIP, 1), signature=signature(digest)) == "not-permitted"


def test_R28_a_signed_case_is_final() -> None:
    table = signed()
    for command in (
        c.DraftRecommendation(HIP, 1, words("wait")),
        c.ReadBack(HIP, 1),
        c.Reopen(HIP),
        c.Attest(HIP, 1, "dissent", "No"),
        c.MarkAbsent(HIP, "physical-therapy", "Ill"),
        c.Sign(HIP, 1),
    ):
        assert table.refused(CHAIR, command) == "signed"


def test_closing_and_signing_go_on_after_the_end() -> None:
    table = read_back()
    table.do(CHAIR, c.EndConference())
    table.do(SURGEON, c.Attest(HIP, 1, "concur", ""))
    table.do(THERAPIST, c.Attest(HIP, 1, "concur", ""))
    table.do(CHAIR, c.Sign(HIP, 1), signature=signature(table.case.recommendation.digest))
