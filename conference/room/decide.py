"""`decide`: from a state and a command to the events that follow, or a refusal.

Pure: no clock, no randomness, no I/O; what a shell knows arrives in the context. The rules are numbered in RULES.md.
"""

from typing import assert_never

from conference.room import commands as c
from conference.room import joint_text, marks, opinions, options, parity, recommendation, seats, sitting
from conference.room.refused import Refused
from conference.room.seats import Answer
from conference.room.state import RoomState
from conference.room.values import Context, Participant

_FROM_OUTSIDE = (c.GiveOpinion, c.Sign)
"""Commands of people who need not be in the room: from the packet before it opens, from the signing page after (R2)."""


def decide(state: RoomState, who: Participant | None, command: c.Command, context: Context) -> Answer:
    """The events that follow from `command`; () when it changes nothing, Refused when it may not be.

    who: the person, proven outside; None for the host itself. Their role is looked up in the state at each command.
    """
    if who is None:
        return _decide_host(state, command)
    if isinstance(command, c.HOST_ONLY) and not isinstance(command, c.Sign):
        return Refused("host-only", "Only the server itself does this.")
    if not isinstance(command, _FROM_OUTSIDE) and (refusal := seats.absent(state, who)):
        return refusal
    if refusal := seats.waiting(state, who):
        return refusal
    return _decide_person(state, who, command, context)


def _decide_host(state: RoomState, command: c.Command) -> Answer:
    match command:
        case c.Join():
            return seats.join(state, command)
        case c.Leave():
            return seats.leave(state, command)
        case c.ListCase():
            return sitting.list_case(state, command)
        case c.UnlistCase():
            return sitting.unlist_case(state, command)
        case c.ArrangeCases():
            return sitting.arrange_cases(state, command)
        case c.AnnounceImages():
            return sitting.announce_images(state, command)
        case c.AnnounceLevels():
            return sitting.announce_levels(state, command)
        case c.TimeCases():
            return sitting.time_cases(state, command)
        case c.ListEvidence():
            return parity.list_evidence(state, command)
        case c.Reveal():
            return opinions.reveal_complete(state, command)
        case _:
            return Refused("no-person", "This takes a person.")


def _decide_person(state: RoomState, who: Participant, command: c.Command, context: Context) -> Answer:
    match command:
        case c.OpenConference():
            return sitting.open_conference(state, who)
        case c.CallCase():
            return sitting.call_case(state, who, command)
        case c.EndConference():
            return sitting.end_conference(state, who, context)
        case c.AssignRole() | c.AdmitGuest() | c.PutOut() | c.PassFloor() | c.RaiseHand() | c.LowerHand():
            return _decide_on_people(state, who, command)
        case c.Show() | c.Draw() | c.Reshape() | c.Erase():
            return _decide_on_image(state, who, command, context)
        case c.GiveOpinion():
            return opinions.give_opinion(state, who, command)
        case c.Reveal():
            return opinions.reveal(state, who, command)
        case c.OpenRound():
            return opinions.open_round(state, who, command)
        case c.AddOption():
            return options.add_option(state, who, command)
        case c.TakeStances():
            return parity.take_stances(state, who, command)
        case c.StateNonOperative():
            return parity.state_non_operative(state, who, command)
        case c.TypeText():
            return joint_text.type_text(state, who, command)
        case (
            c.DraftRecommendation() | c.Choose() | c.ReadBack() | c.Reopen() | c.Attest() | c.MarkAbsent() | c.Sign()
        ):
            return _decide_on_words(state, who, command, context)
        case (
            c.Join() | c.Leave() | c.ListCase() | c.UnlistCase() | c.ArrangeCases() | c.AnnounceImages()
            | c.AnnounceLevels() | c.TimeCases() | c.ListEvidence()
        ):
            raise AssertionError("refused before")
        case _:
            assert_never(command)


def _decide_on_people(
    state: RoomState, who: Participant,
    command: c.AssignRole | c.AdmitGuest | c.PutOut | c.PassFloor | c.RaiseHand | c.LowerHand,
) -> Answer:
    match command:
        case c.AssignRole():
            return seats.assign_role(state, who, command)
        case c.AdmitGuest():
            return seats.admit_guest(state, who, command)
        case c.PutOut():
            return seats.put_out(state, who, command)
        case c.PassFloor():
            return seats.pass_floor(state, who, command)
        case c.RaiseHand():
            return seats.raise_hand(state, who)
        case c.LowerHand():
            return seats.lower_hand(state, who, command)
        case _:
            assert_never(command)


def _decide_on_image(
    state: RoomState, who: Participant, command: c.Show | c.Draw | c.Reshape | c.Erase, context: Context
) -> Answer:
    match command:
        case c.Show():
            return sitting.show(state, who, command, context)
        case c.Draw():
            return marks.draw(state, who, command, context)
        case c.Reshape():
            return marks.reshape(state, who, command, context)
        case c.Erase():
            return marks.erase(state, who, command)
        case _:
            assert_never(command)


def _decide_on_words(
    state: RoomState, who: Participant,
    command: c.DraftRecommendation | c.Choose | c.ReadBack | c.Reopen | c.Attest | c.MarkAbsent | c.Sign,
    context: Context,
) -> Answer:
    match command:
        case c.DraftRecommendation():
            return recommendation.draft(state, who, command)
        case c.Choose():
            return recommendation.choose(state, who, command, context)
        case c.ReadBack():
            return recommendation.read_back(state, who, command, context)
        case c.Reopen():
            return recommendation.reopen(state, who, command)
        case c.Attest():
            return recommendation.attest(state, who, command)
        case c.MarkAbsent():
            return recommendation.mark_absent(state, who, command)
        case c.Sign():
            return recommendation.sign(state, who, command, context)
        case _:
            assert_never(command)
