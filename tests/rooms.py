"""What tests of the room say often: people, a case, images, and a table at which commands are given one by one."""

from collections.abc import Mapping

from agenda.ids import CaseId, PersonId, QuestionId
from conference.room import commands as c
from conference.room.recorded import Recorded
from conference.room.refused import Refused
from conference.room.room import Accepted, Decided, RoomMachine
from conference.room.values import (
    ActionItem,
    CaseBrief,
    CommandId,
    Context,
    EvidenceRow,
    FrameFacts,
    MarkId,
    Opinion,
    Option,
    PaneView,
    Participant,
    QuestionAsked,
    Recommendation,
    Signature,
    Spacing,
    Stance,
    Typed,
    Viewport,
)
from imaging.measure import Sampled

HIP, KNEE = CaseId("case-hip"), CaseId("case-knee")
IMAGE = "1.2.840.99.1"
CHAIR = Participant(PersonId("ada"), "Dr Ada Chair", "spine-surgery", "chair")
COORDINATOR = Participant(PersonId("cora"), "Cora Coordinator", None, "coordinator")
SURGEON = Participant(PersonId("bo"), "Dr Bo Surgeon", "spine-surgery", "member")
THERAPIST = Participant(PersonId("cy"), "Cy Therapist", "physical-therapy", "member")
PAIN = Participant(PersonId("di"), "Dr Di Pain", "pain-medicine", "member")
OBSERVER = Participant(PersonId("ed"), "Ed Observer", "neuroradiology", "observer")
REFERRER = Participant(PersonId("fay"), "Dr Fay Rural", "primary-care", "guest", (HIP,))
EVERYBODY = (CHAIR, COORDINATOR, SURGEON, THERAPIST, PAIN, OBSERVER, REFERRER)

OPTIONS = (
    Option("fusion", "surgical", "Fusion L4-S1"),
    Option("therapy", "rehabilitation", "Supervised physical therapy"),
    Option("wait", "watchful", "Watchful waiting"),
)
SPACING = Spacing(0.7, 0.5, "pixel")


def brief(case: CaseId = HIP, required: tuple[str, ...] = ("spine-surgery", "physical-therapy")) -> CaseBrief:
    asked = QuestionAsked(QuestionId(f"q-{case}"), "surgical-candidacy", "Is surgery indicated?", "spine-surgery")
    return CaseBrief(
        case, "Low back pain, two earlier operations", (asked,), required, "Walk to the barn", 10, REFERRER.person_id
    )


def frame(case: CaseId = HIP, spacing: Spacing | None = SPACING) -> FrameFacts:
    return FrameFacts(IMAGE, 1, 512, 512, spacing, case)


HIP_FRAME = frame()


def view(zoom: float = 1.0) -> Viewport:
    return Viewport("1.2.840.99", IMAGE, 1, 40.0, 400.0, zoom, (0.0, 0.0), 0, flipped=False, inverted=False)


PANE = PaneView("1.2.840.99", IMAGE, 1, None, None, 1.0, (0.0, 0.0), 0, flipped=False, inverted=False)


def four_panes() -> Viewport:
    """Four panes, the third one worked in, the second empty."""
    own = {name: getattr(view(), name) for name in PaneView.__slots__}
    return Viewport(**own, layout="2x2", place=2, linked=False, beside=(PANE, None, PANE))


def draw(mark: str = "m1", case: CaseId = HIP, **changes: object) -> c.Draw:
    fields = {"kind": "length", "points": ((10.0, 10.0), (110.0, 10.0)), "text": ""} | changes
    return c.Draw(MarkId(mark), case, sop_instance_uid=IMAGE, frame=1, **fields)  # type: ignore[arg-type]


def opinion(preferred: str = "therapy", **changes: object) -> Opinion:
    fields = {
        "ratings": {"fusion": 3, "therapy": 8, "wait": 5},
        "confidence": 70,
        "concordance": 4,
        "improvement": 55,
        "comment": "CANARY-OPINION",
    } | changes
    return Opinion(preferred, **fields)  # type: ignore[arg-type]


def words(option: str = "therapy", **changes: object) -> Recommendation:
    fields = {
        "outcome": "consensus",
        "rationale": "Concordance is low.",
        "answers": {QuestionId(f"q-{HIP}"): "Not now."},
        "actions": (ActionItem("Refer to therapy", "Cy Therapist", "2026-12-01"),),
        "follow_up": "12 weeks",
        "goal_answered": "The barn is within reach.",
        "cited": (),
    } | changes
    return Recommendation(option=option, **fields)  # type: ignore[arg-type]


TRIED = (
    EvidenceRow("t1", "Physical therapy: core stabilisation; 18 sessions; 2026-03-01 to 2026-06-30; Worse by 10 %"),
    EvidenceRow("t2", "Injection: epidural L5; one; 2026-07-14; No change"),
)
"""What was tried, as the host lists it."""


def justified(table: "Table") -> None:
    """Non-operative care is exhausted, on what was tried."""
    table.do(None, c.ListEvidence(HIP, TRIED))
    table.do(CHAIR, c.StateNonOperative(HIP, "exhausted", "", ("t1",)))


def stances(**taken: str) -> Mapping[str, Stance]:
    """Option → stance, with nothing said of what it would take."""
    return {key: Stance(one, "") for key, one in taken.items()}  # type: ignore[arg-type]


def signature(digest: str) -> Signature:
    return Signature(digest, "c2lnbmF0dXJl", "key-1", "approval of the joint recommendation")


class Table:
    """A room without a host: every answer is committed at once; `log` is what a host would have stored."""

    def __init__(self) -> None:
        self.machine = RoomMachine()
        self.log: list[Recorded] = []
        self.minute = 0
        self._count = 0

    @property
    def state(self):
        return self.machine.state

    @property
    def case(self):
        return self.state.cases[HIP]

    def say(
        self,
        who: Participant | None,
        command: c.Command,
        *,
        frame: FrameFacts | None = HIP_FRAME,
        signature: Signature | None = None,
        sampled: Sampled | None = None,
        beside: tuple[FrameFacts | None, ...] = (),
        typed: Mapping[CaseId, Typed] | None = None,
        command_id: str | None = None,
    ) -> Accepted | Refused:
        self._count += 1
        context = Context(self.now(), frame, signature, sampled, beside, typed or {})
        answer = self.machine.receive(who, CommandId(command_id or f"command-{self._count}"), command, context)
        if isinstance(answer, Decided):
            self.machine.commit(answer.recorded)
            self.log += answer.recorded
            return Accepted(answer.recorded[-1].seq, answer.recorded)
        return answer

    def do(self, who: Participant | None, command: c.Command, **extra: object) -> Accepted:
        answer = self.say(who, command, **extra)  # type: ignore[arg-type]
        assert isinstance(answer, Accepted), answer
        return answer

    def refused(self, who: Participant | None, command: c.Command, **extra: object) -> str:
        before = self.state
        answer = self.say(who, command, **extra)  # type: ignore[arg-type]
        assert isinstance(answer, Refused), f"accepted: {command}"
        assert answer.reason.strip().endswith((".", "?")) or ":" in answer.reason
        assert self.state is before
        return answer.code

    def now(self) -> str:
        return f"2026-11-26T{8 + self.minute // 60:02}:{self.minute % 60:02}:00.000Z"


def listed() -> Table:
    """Two cases on the agenda, everybody in the room, not opened."""
    table = Table()
    table.do(None, c.ListCase(brief(), OPTIONS))
    table.do(None, c.ListCase(brief(KNEE), OPTIONS))
    for person in EVERYBODY:
        table.do(None, c.Join(person))
    return table


def opened() -> Table:
    """The conference runs and HIP is on the table."""
    table = listed()
    table.do(CHAIR, c.OpenConference())
    table.do(CHAIR, c.CallCase(HIP))
    table.do(CHAIR, c.AdmitGuest(REFERRER.person_id))
    return table


def read_back(**changes: object) -> Table:
    """A recommendation of revision 1 is read back."""
    table = opened()
    table.do(CHAIR, c.DraftRecommendation(HIP, 0, words(**changes)))  # type: ignore[arg-type]
    table.do(CHAIR, c.ReadBack(HIP, 1))
    return table


def signable() -> Table:
    """Every required discipline has closed."""
    table = read_back()
    table.do(SURGEON, c.Attest(HIP, 1, "concur", ""))
    table.do(THERAPIST, c.Attest(HIP, 1, "concur", ""))
    return table


def signed() -> Table:
    """The recommendation is signed."""
    table = signable()
    table.do(CHAIR, c.Sign(HIP, 1), signature=signature(table.case.recommendation.digest))
    return table
