"""The joint recommendation: drafted, read back, closed by each discipline, signed. Rules R40 to R54 and R92, R93."""

from collections.abc import Callable

from agenda.ids import CaseId
from conference.policy import RoomAction
from conference.room import commands as c
from conference.room import events as e
from conference.room.canonical import canonical, digest
from conference.room.parity import unjustified, unstanced
from conference.room.plain import Json, plain
from conference.room.references import citing
from conference.room.refused import LONG_TEXT_LIMIT, Refused, too_long
from conference.room.seats import Answer, denied, listed
from conference.room.sitting import not_open
from conference.room.state import CaseState, Draft, RoomState
from conference.room.text_fields import frozen_minutes, same_words, with_words
from conference.room.values import Context, Participant, Recommendation

_OPEN_ENDED = ("none", "deferred")
"""Outcomes that choose no option."""
_MOST_ACTIONS = 50

_SIGNED = Refused("signed", "The recommendation of this case is signed; nothing of it changes any more.")
_STALE = Refused("stale-revision", "The recommendation has changed since you saw it; read it again.")
_NOT_READ_BACK = Refused("not-read-back", "The recommendation has not been read back.")


def frozen_bytes(case: CaseId, revision: int, recommendation: Recommendation) -> bytes:
    """The canonical bytes (RFC 8785) that a read-back freezes and a signature covers."""
    return canonical(_frozen(case, revision, recommendation))


def frozen_digest(case: CaseId, revision: int, recommendation: Recommendation) -> str:
    """SHA-256 over `frozen_bytes`, hex."""
    return digest(_frozen(case, revision, recommendation))


def _frozen(case: CaseId, revision: int, recommendation: Recommendation) -> dict[str, Json]:
    return {"case": case, "revision": revision, "recommendation": plain(recommendation)}


def draft(state: RoomState, who: Participant, command: c.DraftRecommendation) -> Answer:
    """Write the words anew, from the revision one has seen; closings given to earlier words are void."""
    return _drafted(state, who, command, lambda _: command.recommendation)


def choose(state: RoomState, who: Participant, command: c.Choose, context: Context) -> Answer:
    """Draft the choices; the words are those of the joint text, or of the draft where nobody has typed (R92)."""
    return _drafted(state, who, command, lambda case: _chosen(case, command, context))


def _chosen(case: CaseState, command: c.Choose, context: Context) -> Recommendation:
    before = case.recommendation.recommendation if case.recommendation else None
    words = Recommendation(
        outcome=command.outcome, option=command.option, rationale=before.rationale if before else "",
        answers=before.answers if before else {}, actions=command.actions,
        follow_up=before.follow_up if before else "", goal_answered=before.goal_answered if before else "",
        cited=command.cited,
    )
    return with_words(words, case, context.typed.get(command.case))


def _drafted(
    state: RoomState, who: Participant, command: c.DraftRecommendation | c.Choose,
    make: Callable[[CaseState], Recommendation],
) -> Answer:
    if refusal := denied(state, who, RoomAction.DRAFT) or not_open(state):
        return refusal
    case = _unsigned(state, who, command.case)
    if isinstance(case, Refused):
        return case
    if case.called_at is None:
        return Refused("not-on-table", "This case has not been called to the table.")
    before = case.recommendation
    if command.revision != (0 if before is None else before.revision):
        return _STALE
    if before is not None and before.digest is not None:
        return Refused("read-back", "The recommendation is read back and frozen; reopen it to change a word.")
    words = make(case)
    if before is not None and before.recommendation == words:
        return ()
    if refusal := _unsound(case, words):
        return refusal
    return (e.RecommendationDrafted(command.case, command.revision + 1, who.person_id, words),)


def read_back(state: RoomState, who: Participant, command: c.ReadBack, context: Context) -> Answer:
    """Freeze the words as they are typed now, and the minutes; every question must have its answer (R92, R93)."""
    if refusal := denied(state, who, RoomAction.RUN) or not_open(state):
        return refusal
    case = _unsigned(state, who, command.case)
    if isinstance(case, Refused):
        return case
    words = _seen(case, command.revision)
    if isinstance(words, Refused):
        return words
    if words.digest is not None:
        return ()
    typed = context.typed.get(command.case)
    read, revision = citing(with_words(words.recommendation, case, typed), case, typed), words.revision
    newly: tuple[e.Event, ...] = ()
    if same_words(read, words.recommendation) and read.cited == words.recommendation.cited:
        read = words.recommendation
    else:
        revision += 1
        newly = (e.RecommendationDrafted(command.case, revision, who.person_id, read),)
    if refusal := _unsound(case, read) or _incomplete(case, read) or unjustified(case, read):
        return refusal
    frozen = e.RecommendationReadBack(command.case, revision, frozen_digest(command.case, revision, read))
    return (*newly, frozen, *frozen_minutes(command.case, case, typed))


def reopen(state: RoomState, who: Participant, command: c.Reopen) -> Answer:
    """Let the words change again; every closing given to them is void."""
    if refusal := denied(state, who, RoomAction.RUN) or not_open(state):
        return refusal
    case = _unsigned(state, who, command.case)
    if isinstance(case, Refused):
        return case
    frozen = case.recommendation is not None and case.recommendation.digest is not None
    return (e.RecommendationReopened(command.case),) if frozen else ()


def attest(state: RoomState, who: Participant, command: c.Attest) -> Answer:
    """Close for one's own discipline; a colleague's voice stands beside it, never over it."""
    if refusal := denied(state, who, RoomAction.ATTEST):
        return refusal
    case = _unsigned(state, who, command.case)
    if isinstance(case, Refused):
        return case
    if who.discipline is None:
        return Refused("no-discipline", "Only somebody who speaks for a discipline closes for it.")
    words = _read_back(case, command.revision)
    if isinstance(words, Refused):
        return words
    if command.closing != "concur" and not command.reason.strip():
        return Refused("reason-needed", "A reservation or a dissent says why.")
    if refusal := too_long("The reason", command.reason):
        return refusal
    event = e.Attested(
        command.case, command.revision, who.person_id, who.name, who.discipline, command.closing, command.reason
    )
    return () if _said_already(case, event) else (event,)


def _said_already(case: CaseState, event: e.Attested) -> bool:
    closed = case.closings.get(event.discipline)
    voices = () if closed is None else (closed.first, *closed.others)
    return any(
        (voice.person, voice.closing, voice.reason) == (event.person, event.closing, event.reason) for voice in voices
    )


def mark_absent(state: RoomState, who: Participant, command: c.MarkAbsent) -> Answer:
    """State that a required discipline was not there, and why; the recommendation becomes provisional."""
    if refusal := denied(state, who, RoomAction.RUN):
        return refusal
    case = _unsigned(state, who, command.case)
    if isinstance(case, Refused):
        return case
    if command.discipline not in case.brief.required:
        return Refused("not-required", "This discipline is not required for this case.")
    if command.discipline in case.closings:
        return Refused("already-closed", "This discipline has closed; it was there.")
    if not command.reason.strip():
        return Refused("reason-needed", "Say why the discipline is absent.")
    if case.absent.get(command.discipline) == command.reason:
        return ()
    return too_long("The reason", command.reason) or (
        e.DisciplineMarkedAbsent(command.case, command.discipline, command.reason),
    )


def sign(state: RoomState, who: Participant, command: c.Sign, context: Context) -> Answer:
    """Sign what was read back, once every required discipline has closed or is marked absent."""
    if refusal := denied(state, who, RoomAction.SIGN):
        return refusal
    case = _unsigned(state, who, command.case)
    if isinstance(case, Refused):
        return case
    words = _read_back(case, command.revision)
    if isinstance(words, Refused):
        return words
    if missing := unheard(case):
        return Refused("not-closed", f"Not signable: {', '.join(missing)} has neither closed nor been marked absent.")
    if silent := unstanced(case, words.recommendation):
        return Refused(
            "no-stance", f"Not signable: {', '.join(silent)} has not said how it stands to the operation."
        )
    if context.signature is None or context.signature.digest != words.digest:
        return Refused("bad-signature", "The signature is not over the words that were read back.")
    return (e.Signed(
        command.case, words.revision, who.person_id, who.name, context.signature, is_provisional(case)
    ),)


def unheard(case: CaseState) -> tuple[str, ...]:
    """Required disciplines that have neither closed nor been marked absent, in the board's order."""
    return tuple(code for code in case.brief.required if code not in case.closings and code not in case.absent)


def is_provisional(case: CaseState) -> bool:
    """Would a signature now be given without a required discipline?"""
    return any(code in case.absent for code in case.brief.required)


def _unsigned(state: RoomState, who: Participant, case_id: CaseId) -> CaseState | Refused:
    case = listed(state, who, case_id)
    if isinstance(case, Refused):
        return case
    return case if case.signed is None else _SIGNED


def _seen(case: CaseState, revision: int) -> Draft | Refused:
    words = case.recommendation
    if words is None:
        return Refused("no-recommendation", "There is no recommendation yet.")
    return words if words.revision == revision else _STALE


def _read_back(case: CaseState, revision: int) -> Draft | Refused:
    words = _seen(case, revision)
    if isinstance(words, Refused):
        return words
    return words if words.digest is not None else _NOT_READ_BACK


def _unsound(case: CaseState, words: Recommendation) -> Refused | None:
    if words.option and words.option not in {option.key for option in case.options}:
        return Refused("no-such-option", "The chosen option is not on the grid.")
    if words.option and words.outcome in _OPEN_ENDED:
        return Refused("no-such-option", "With this outcome no option is chosen.")
    if not set(words.answers) <= {asked.question for asked in case.brief.questions}:
        return Refused("no-such-question", "An answer names a question that was not asked.")
    if not set(words.cited) <= set(case.marks):
        return Refused("no-such-mark", "A cited mark is not on the images of this case.")
    if len(words.actions) > _MOST_ACTIONS:
        return Refused("too-long", f"At most {_MOST_ACTIONS} actions fit.")
    for action in words.actions:
        if refusal := too_long("An action", action.text) or too_long("An owner", action.owner):
            return refusal
    texts = (words.rationale, words.follow_up, words.goal_answered, *words.answers.values())
    return next((refusal for text in texts if (refusal := too_long("A text", text, LONG_TEXT_LIMIT))), None)


def _incomplete(case: CaseState, words: Recommendation) -> Refused | None:
    unanswered = [asked for asked in case.brief.questions if not words.answers.get(asked.question, "").strip()]
    if unanswered:
        return Refused("unanswered", f"Not answered yet: {unanswered[0].text}")
    if not words.rationale.strip():
        return Refused("no-rationale", "The recommendation needs a rationale.")
    if not words.option and words.outcome not in _OPEN_ENDED:
        return Refused("no-such-option", "With this outcome an option is chosen.")
    return None
