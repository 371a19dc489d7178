import pytest
from sqlmodel import Session

from agenda.boards import add_board
from agenda.clinical import spine
from agenda.questions import add_question
from agenda.suggestions import case_facts, fitting_boards, rules, suggest, who_should_see
from agenda.treatments import add_treatment
from tests.unit.agenda.desk import AT, a_draft, a_submitted_case


def codes(**facts: int) -> set[str]:
    named = {name.replace("__", "."): value for name, value in facts.items()}
    return {one.discipline for one in suggest(named, frozenset(), rules())}


@pytest.mark.parametrize(("facts", "expected"), [
    ({"tried__injection": 1}, "pain-medicine"), ({"asked__pain-plan": 1}, "pain-medicine"),
    ({"asked__level-or-diagnosis": 1}, "neuroradiology"), ({"surgery-in-question": 1}, "spine-surgery"),
    ({"fusion-proposed": 1}, "physiatry"), ({"invasiveness": 10}, "anaesthesia"),
    ({"flag__cord-compression": 1}, "neurosurgery"), ({"kinds-without-benefit": 3}, "psychology"),
    ({}, "physical-therapy"),
])
def test_each_rule_suggests_its_discipline(facts: dict[str, int], expected: str) -> None:
    assert expected in codes(**facts)
    silenced = dict.fromkeys(facts, 0) | ({"tried__physical-therapy": 1} if not facts else {})
    assert expected not in codes(**silenced)


def test_every_fact_a_rule_asks_for_is_given(session: Session) -> None:
    given = case_facts(session, a_draft(session))
    asked = {fact for rule in rules() for fact, _, _ in rule.when}
    assert asked <= given.keys()
    assert all(spine().discipline(rule.discipline) and rule.source for rule in rules())


def test_a_suggestion_gives_its_reasons_and_knows_what_was_asked(session: Session) -> None:
    made = a_submitted_case(session)
    add_question(session, made, kind="diagnosis", discipline="neuroradiology", text="What is it?")
    for kind in ("physical-therapy", "injection"):
        add_treatment(session, made, {"kind": kind, "description": "Tried", "response": "same"}, AT)
    found = {one.discipline: one for one in who_should_see(session, made)}
    assert found["neuroradiology"].asked
    assert not found["pain-medicine"].asked
    assert "Two or more kinds of treatment" in found["physiatry"].reasons[0].text


def test_the_board_with_all_of_them_comes_first(session: Session) -> None:
    add_board(session, name="A board of nobody", charter="", time_zone="UTC", required_disciplines=[])
    fits = fitting_boards(session, ["spine-surgery", "chiropractic"])
    assert fits[0].board.id == "spine"
    assert fits[0].lacks == ("chiropractic",)
    assert fits[-1].has == ()
