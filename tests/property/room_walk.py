"""A seeded walk through a room, likelier than chance to do what people do; every law is checked on the way.

Hypothesis finds what nobody thought of and shrinks it; this finds quickly, and the same way every time, whether the
laws bite.
"""

import random

from conference.room import commands as c
from conference.room.values import MarkId, Option, Participant
from tests.property.room_machine import RoomConversation
from tests.rooms import CHAIR, EVERYBODY, HIP, KNEE, OBSERVER, SURGEON, THERAPIST, draw, opinion, view, words

_POINTS = (((1.0, 1.0), (9.0, 9.0)), ((0.0, 0.0), (512.0, 512.0)), ((-1.0, 0.0), (5.0, 5.0)))
_LAWS = (
    "the_log_is_gapless_and_its_time_runs_forward",
    "sealed_opinions_are_on_nobody_elses_screen",
    "a_guest_never_hears_of_another_case",
    "no_opinion_follows_its_reveal",
    "closings_belong_to_the_words_they_were_given_to",
    "a_signature_stands_on_everything_it_needs",
    "nothing_of_a_signed_case_changes",
    "marks_are_inside_and_measured_and_by_people_who_might",
    "marks_on_screen_are_those_of_the_log",
    "the_floor_and_hands_are_of_people_present",
)


def walk(seed: int, steps: int = 250) -> RoomConversation:
    """One conversation; raises where a law is broken."""
    chance, room = random.Random(seed), RoomConversation()
    room.begin()
    for _ in range(steps):
        who, command = _next(chance, room)
        room.say(who, command)
        if chance.random() < 0.1:
            _again(chance, room)
        for law in _LAWS:
            getattr(room, law)()
    room.teardown()
    return room


def _again(chance: random.Random, room: RoomConversation) -> None:
    command_id = chance.choice(sorted(room.answers))
    who, command, answer = room.answers[command_id]
    again = room.give(who, command_id, command)
    if getattr(answer, "events", ()):
        assert getattr(again, "seq", None) == getattr(answer, "seq", None), "a command sent again had another answer"


def _next(chance: random.Random, room: RoomConversation) -> tuple[Participant | None, c.Command]:
    kind = chance.choice((_people, _people, _marks, _marks, _opinions, _words, _words, _words))
    return kind(chance, room)


def _people(chance: random.Random, room: RoomConversation) -> tuple[Participant | None, c.Command]:
    who = chance.choice(EVERYBODY)
    if chance.random() < 0.35 and who is not CHAIR:
        seat = room.machine.state.people[who.person_id]
        return None, c.Leave(who.person_id) if seat.present else c.Join(who)
    other = chance.choice(EVERYBODY).person_id
    commands = (
        (who, c.RaiseHand()), (who, c.RaiseHand()), (who, c.LowerHand(other)), (CHAIR, c.PassFloor(other)),
        (CHAIR, c.PassFloor(other)), (who, c.PassFloor(None)), (CHAIR, c.CallCase(chance.choice((HIP, HIP, KNEE)))),
        (CHAIR, c.AssignRole(other, chance.choice(("member", "observer", "chair")))),
        (who, c.Show(chance.choice((HIP, KNEE)), view(chance.choice((1.0, 2.0))))),
    )  # fmt: skip
    return chance.choice(commands)


def _marks(chance: random.Random, room: RoomConversation) -> tuple[Participant, c.Command]:
    who = chance.choice((CHAIR, SURGEON, SURGEON, THERAPIST, OBSERVER, *EVERYBODY))
    mark = MarkId(chance.choice(("m1", "m2", "m3", f"m{len(room.log)}")))
    points = chance.choice(_POINTS)
    alive = room.machine.state.cases[HIP].marks
    if alive and chance.random() < 0.5:
        mark = chance.choice(sorted(alive))
        revision = alive[mark].revision if chance.random() < 0.8 else 1
        return who, chance.choice((c.Reshape(mark, revision, points, str(len(room.log))), c.Erase(mark)))
    return who, draw(mark, chance.choice((HIP, HIP, KNEE)), points=points)


def _opinions(chance: random.Random, _room: RoomConversation) -> tuple[Participant, c.Command]:
    case = chance.choice((HIP, KNEE))
    if chance.random() < 0.6:
        who = chance.choice((CHAIR, SURGEON, THERAPIST))
        return who, c.GiveOpinion(case, opinion(chance.choice(("fusion", "therapy", "wait"))))
    block = Option("block", "interventional", "Block")
    return CHAIR, chance.choice((c.Reveal(case), c.OpenRound(case), c.AddOption(case, block)))


def _words(chance: random.Random, room: RoomConversation) -> tuple[Participant, c.Command]:
    draft = room.machine.state.cases[HIP].recommendation
    revision = 0 if draft is None else draft.revision - (chance.random() < 0.1)
    who = chance.choice((CHAIR, SURGEON, THERAPIST))
    if draft is None or (draft.digest is None and chance.random() < 0.3):
        return who, c.DraftRecommendation(HIP, revision, words(chance.choice(("fusion", "therapy"))))
    closing = c.Attest(HIP, revision, chance.choice(("concur", "dissent")), "Because.")
    missing = c.MarkAbsent(HIP, chance.choice(("physical-therapy", "spine-surgery")), "Ill")
    rare = chance.choice((c.Reopen(HIP), c.Sign(HIP, revision), c.DraftRecommendation(HIP, revision, words("wait"))))
    return chance.choice(
        ((CHAIR, c.ReadBack(HIP, revision)), (who, closing), (who, closing), (CHAIR, missing), (CHAIR, rare))
    )
