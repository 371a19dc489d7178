"""Sealed opinions, their reveal, further rounds. Rules R30 to R38."""

from conference.policy import RoomAction
from conference.room import commands as c
from conference.room import events as e
from conference.room.refused import LONG_TEXT_LIMIT, Refused, too_long
from conference.room.seats import Answer, denied, listed
from conference.room.sitting import not_open
from conference.room.state import CaseState, RoomState, opinion_key
from conference.room.values import Opinion, Participant


def give_opinion(state: RoomState, who: Participant, command: c.GiveOpinion) -> Answer:
    """Give one's opinion of the running round, or replace it while it is sealed."""
    if refusal := denied(state, who, RoomAction.OPINE):
        return refusal
    if state.phase == "ended":
        return Refused("ended", "This conference has ended.")
    case = listed(state, who, command.case)
    if isinstance(case, Refused):
        return case
    if who.discipline is None:
        return Refused("no-discipline", "Only somebody who speaks for a discipline gives an opinion.")
    if refusal := _not_sealable(case):
        return refusal
    if refusal := _unsound(case, command.opinion):
        return refusal
    before = case.opinions.get(opinion_key(case.round, who.person_id))
    if before is not None and before.opinion == command.opinion:
        return ()
    return (e.OpinionGiven(command.case, case.round, who.person_id, who.name, who.discipline, command.opinion),)


def reveal(state: RoomState, who: Participant, command: c.Reveal) -> Answer:
    """Open the running round to everybody, all at once."""
    case = _run_on_table(state, who, command)
    if isinstance(case, Refused):
        return case
    if case.round in case.revealed:
        return ()
    if not any(given.round == case.round for given in case.opinions.values()):
        return Refused("no-opinions", "Nobody has given an opinion in this round.")
    return (e.OpinionsRevealed(command.case, case.round),)


def reveal_complete(state: RoomState, command: c.Reveal) -> Answer:
    """The host opens a round by itself once every required discipline has given its opinion (R38)."""
    case = state.cases.get(command.case)
    if case is None or state.phase != "open" or state.table != command.case or case.signed is not None:
        return Refused("not-on-table", "This case is not on the table.")
    if case.round in case.revealed:
        return ()
    spoken = {given.discipline for given in case.opinions.values() if given.round == case.round}
    if not spoken or not set(case.brief.required) <= spoken:
        return Refused("no-opinions", "A required discipline has not given its opinion yet.")
    return (e.OpinionsRevealed(command.case, case.round),)


def open_round(state: RoomState, who: Participant, command: c.OpenRound) -> Answer:
    """Ask again, once the running round is open; what was said before is kept."""
    case = _run_on_table(state, who, command)
    if isinstance(case, Refused):
        return case
    if case.round not in case.revealed:
        return Refused("round-sealed", "Reveal the running round first.")
    return (e.RoundOpened(command.case, case.round + 1),)


def _run_on_table(state: RoomState, who: Participant, command: c.Reveal | c.OpenRound) -> CaseState | Refused:
    if refusal := denied(state, who, RoomAction.RUN) or not_open(state):
        return refusal
    case = listed(state, who, command.case)
    if isinstance(case, Refused):
        return case
    if state.table != command.case:
        return Refused("not-on-table", "This case is not on the table.")
    if case.signed is not None:
        return Refused("signed", "The recommendation of this case is signed; nothing of it changes any more.")
    return case


def _not_sealable(case: CaseState) -> Refused | None:
    if case.signed is not None:
        return Refused("signed", "The recommendation of this case is signed; nothing of it changes any more.")
    if case.round in case.revealed:
        return Refused("revealed", "The opinions of this round are open; wait for the next round.")
    return None


def _unsound(case: CaseState, opinion: Opinion) -> Refused | None:
    keys = {option.key for option in case.options}
    if opinion.preferred not in keys:
        return Refused("no-such-option", "The preferred option is not on the grid.")
    if not set(opinion.ratings) <= keys:
        return Refused("no-such-option", "A rating names an option that is not on the grid.")
    if not all(1 <= rating <= 9 for rating in opinion.ratings.values()):
        return Refused("bad-rating", "Appropriateness is rated from 1 to 9.")
    if not 0 <= opinion.confidence <= 100:
        return Refused("bad-rating", "Confidence is from 0 to 100 per cent.")
    if opinion.concordance is not None and not 0 <= opinion.concordance <= 10:
        return Refused("bad-rating", "Concordance of symptoms and images is from 0 to 10.")
    if opinion.improvement is not None and not 0 <= opinion.improvement <= 100:
        return Refused("bad-rating", "Expected improvement is from 0 to 100 per cent.")
    return too_long("The comment", opinion.comment, LONG_TEXT_LIMIT)
