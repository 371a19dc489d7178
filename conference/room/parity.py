"""Parity: every discipline says how it stands to every option, and surgery says why nothing less is enough.

Rules R110 to R116. Why: of 100 patients told to have a fusion 58 went non-operative when non-surgeons had an equal
voice (Yanamadala 2017, Spine 42:E1016; CLINICAL N15).
"""

from conference.policy import RoomAction
from conference.room import commands as c
from conference.room import events as e
from conference.room.refused import Refused, too_long
from conference.room.seats import Answer, denied, listed
from conference.room.sitting import not_open
from conference.room.state import CaseState, RoomState
from conference.room.values import Participant, Recommendation

_SIGNED = Refused("signed", "The recommendation of this case is signed; nothing of it changes any more.")


def list_evidence(state: RoomState, command: c.ListEvidence) -> Answer:
    """Say what was tried; once a recommendation is signed, it was signed on the rows as they stood (R110)."""
    case = state.cases.get(command.case)
    if case is None:
        return Refused("no-such-case", "This case is not on the agenda.")
    if case.signed is not None or case.tried == command.rows:
        return ()
    return (e.EvidenceListed(command.case, command.rows),)


def take_stances(state: RoomState, who: Participant, command: c.TakeStances) -> Answer:
    """Say how one's own discipline stands to options, when no opinion waits to be revealed (R111, R112)."""
    if refusal := denied(state, who, RoomAction.ATTEST) or not_open(state):
        return refusal
    case = _open(state, who, command)
    if isinstance(case, Refused):
        return case
    if who.discipline is None:
        return Refused("no-discipline", "Only somebody who speaks for a discipline takes a stance.")
    if sealed(case):
        return Refused("round-sealed", "Opinions of this round are still sealed; reveal them first.")
    if not set(command.stances) <= {option.key for option in case.options}:
        return Refused("no-such-option", "A stance names an option that is not on the grid.")
    for stance in command.stances.values():
        if refusal := too_long("What it would take", stance.needs):
            return refusal
    before = case.stances.get(who.discipline, {})
    fresh = {
        key: one for key, one in command.stances.items()
        if key not in before or (before[key].stance, before[key].needs) != (one.stance, one.needs)
    }
    if not fresh:
        return ()
    return (e.StancesTaken(command.case, who.person_id, who.name, who.discipline, fresh),)


def state_non_operative(state: RoomState, who: Participant, command: c.StateNonOperative) -> Answer:
    """Say why non-operative care is not enough: exhausted on rows that are there, or why not begun (R113, R114)."""
    if refusal := denied(state, who, RoomAction.DRAFT) or not_open(state):
        return refusal
    case = _open(state, who, command)
    if isinstance(case, Refused):
        return case
    if case.recommendation is not None and case.recommendation.digest is not None:
        return Refused("read-back", "The recommendation is read back and frozen; reopen it to change a word.")
    if refusal := _unfounded(case, command):
        return refusal
    before = case.non_operative
    said = (command.standing, command.reason, command.evidence)
    if before is not None and (before.standing, before.reason, before.evidence) == said:
        return ()
    return (e.NonOperativeStated(command.case, who.person_id, who.name, *said),)


def _unfounded(case: CaseState, command: c.StateNonOperative) -> Refused | None:
    if not set(command.evidence) <= {row.key for row in case.tried}:
        return Refused("no-such-evidence", "A row of what was tried is not there any more; look at the list again.")
    if command.standing == "exhausted" and not command.evidence:
        return Refused("evidence-needed", "Name at least one thing that was tried; or say why it was not.")
    if command.standing != "exhausted" and not command.reason.strip():
        return Refused("reason-needed", "Say why non-operative care is contraindicated, or what the patient declined.")
    return too_long("The reason", command.reason)


def surgical(case: CaseState, words: Recommendation) -> bool:
    """Does a recommendation choose an operation?"""
    return any(option.key == words.option and option.kind == "surgical" for option in case.options)


def unjustified(case: CaseState, words: Recommendation) -> Refused | None:
    """A refusal unless a recommended operation says why non-operative care is not enough (R115)."""
    if not surgical(case, words) or case.non_operative is not None:
        return None
    return Refused(
        "non-operative", "An operation is recommended: say first whether non-operative care is exhausted, "
        "contraindicated or declined.",
    )


def unstanced(case: CaseState, words: Recommendation) -> tuple[str, ...]:
    """Required disciplines, not absent, that have not said how they stand to a recommended operation (R116).

    A rating that is open says it as well as a stance.
    """
    if not surgical(case, words):
        return ()
    rated = {
        given.discipline for given in case.opinions.values()
        if given.round in case.revealed and words.option in given.opinion.ratings
    }
    return tuple(
        code for code in case.brief.required
        if code not in case.absent and code not in rated and words.option not in case.stances.get(code, {})
    )


def sealed(case: CaseState) -> bool:
    """Do opinions of the running round wait to be revealed?"""
    waits = any(given.round == case.round for given in case.opinions.values())
    return waits and case.round not in case.revealed


def _open(state: RoomState, who: Participant, command: c.TakeStances | c.StateNonOperative) -> CaseState | Refused:
    case = listed(state, who, command.case)
    if isinstance(case, Refused):
        return case
    if case.signed is not None:
        return _SIGNED
    if case.called_at is None:
        return Refused("not-on-table", "This case has not been called to the table.")
    return case
