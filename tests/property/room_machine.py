"""A random conversation in a room, and the laws that must hold after every step of it."""

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from conference.room import commands as c
from conference.room import events as e
from conference.room import visibility
from conference.room.canonical import canonical
from conference.room.evolve import replay
from conference.room.recorded import Recorded
from conference.room.refused import Refused
from conference.room.room import Accepted, Decided, RoomMachine
from conference.room.values import CommandId, Context, MarkId, Option, Participant
from conference.wire import codec
from tests import replica
from tests.rooms import (
    CHAIR,
    EVERYBODY,
    HIP,
    KNEE,
    OBSERVER,
    OPTIONS,
    REFERRER,
    SURGEON,
    THERAPIST,
    brief,
    draw,
    four_panes,
    frame,
    opinion,
    signature,
    view,
    words,
)

people = st.sampled_from(EVERYBODY)
cases = st.sampled_from([HIP, HIP, HIP, KNEE])
marks = st.sampled_from(["m1", "m2", "m3"]).map(MarkId)
numbers = st.integers(0, 4)
points = st.sampled_from(
    [((1.0, 1.0), (9.0, 9.0)), ((0.0, 0.0), (512.0, 512.0)), ((-1.0, 0.0), (5.0, 5.0)), ((1.0, 1.0),)]
)

by_people = st.one_of(
    st.sampled_from([c.OpenConference(), c.RaiseHand(), c.PassFloor(None)]),
    st.builds(c.CallCase, cases),
    st.builds(
        c.AssignRole,
        people.map(lambda one: one.person_id),
        st.sampled_from(["member", "observer", "chair", "presenter"]),
    ),
    st.builds(c.PassFloor, people.map(lambda one: one.person_id)),
    st.builds(c.LowerHand, people.map(lambda one: one.person_id)),
    st.builds(c.Show, cases, st.sampled_from([view(), view(2.0), four_panes()])),
    st.builds(lambda mark, case, at: draw(mark, case, points=at), marks, cases, points),
    st.builds(c.Reshape, marks, numbers, points, st.just("")),
    st.builds(c.Erase, marks),
    st.builds(c.GiveOpinion, cases, st.sampled_from(["fusion", "therapy", "prayer"]).map(opinion)),
    st.builds(c.Reveal, cases),
    st.builds(c.OpenRound, cases),
    st.builds(
        c.AddOption,
        cases,
        st.sampled_from([Option("block", "interventional", "Block"), Option("fusion", "surgical", "X")]),
    ),
)
on_words = st.one_of(
    st.builds(
        c.DraftRecommendation,
        st.just(HIP),
        numbers,
        st.sampled_from([words(), words("fusion"), words(cited=(MarkId("m1"),)), words(answers={})]),
    ),
    st.builds(c.ReadBack, st.just(HIP), numbers),
    st.builds(c.Reopen, st.just(HIP)),
    st.builds(
        c.Attest, st.just(HIP), numbers, st.sampled_from(["concur", "dissent"]), st.sampled_from(["", "Because."])
    ),
    st.builds(
        c.MarkAbsent, st.just(HIP), st.sampled_from(["spine-surgery", "physical-therapy", "x"]), st.just("Ill")
    ),
    st.builds(c.Sign, st.just(HIP), numbers),
)


class RoomConversation(RuleBasedStateMachine):
    """Commands by anybody at any time; what is accepted is appended to a log of this test's own."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = RoomMachine()
        self.log: list[Recorded] = []
        self.count = 0
        self.screens = {person.person_id: replica.empty() for person in EVERYBODY}
        self.answers: dict[CommandId, tuple[Participant | None, c.Command, Accepted | Refused]] = {}

    def say(self, who: Participant | None, command: c.Command) -> Accepted | Refused:
        self.count += 1
        command_id = CommandId(f"command-{self.count}")
        answer = self.give(who, command_id, command)
        self.answers[command_id] = (who, command, answer)
        return answer

    def give(self, who: Participant | None, command_id: CommandId, command: c.Command) -> Accepted | Refused:
        before = self.machine.state
        case = getattr(command, "case", HIP)
        if isinstance(command, c.Reshape):
            case = before.mark_cases.get(command.mark, HIP)
        draft = before.cases[HIP].recommendation if HIP in before.cases else None
        signed = signature(draft.digest) if draft is not None and draft.digest is not None else None
        at = f"2026-11-26T08:{self.count // 60 % 60:02}:{self.count % 60:02}.000Z"
        context = Context(at, frame(case), signed, beside=(frame(case),) * 3)
        answer = self.machine.receive(who, command_id, command, context)
        if not isinstance(answer, Decided):
            assert self.machine.state is before, "a refusal changed the state"
            return answer
        self.machine.commit(answer.recorded)
        self.log += answer.recorded
        for person in EVERYBODY:
            eyes = visibility.sight(self.machine.state, person)
            shown = visibility.shown_all(answer.recorded, eyes, self.machine.state)
            self.screens[person.person_id] = replica.fold(
                self.screens[person.person_id], json.loads(json.dumps(shown))
            )
        return Accepted(answer.recorded[-1].seq, answer.recorded)

    @initialize()
    def begin(self) -> None:
        self.say(None, c.ListCase(brief(), OPTIONS))
        self.say(None, c.ListCase(brief(KNEE), OPTIONS))
        for person in EVERYBODY:
            self.say(None, c.Join(person))
        self.say(CHAIR, c.OpenConference())
        self.say(CHAIR, c.CallCase(HIP))

    @rule(who=people, command=by_people)
    def act(self, who: Participant, command: c.Command) -> None:
        self.say(who, command)

    @rule(who=st.sampled_from([CHAIR, CHAIR, SURGEON, THERAPIST, OBSERVER]), command=on_words)
    def deliberate(self, who: Participant, command: c.Command) -> None:
        self.say(who, command)

    @rule(
        who=st.sampled_from([CHAIR, SURGEON, THERAPIST]),
        command=st.builds(c.Attest, st.just(HIP), st.just(0), st.just("concur"), st.just("")),
    )
    def close_for_the_words_there_are(self, who: Participant, command: c.Attest) -> None:
        draft = self.machine.state.cases[HIP].recommendation
        if draft is not None:
            self.say(who, c.Attest(HIP, draft.revision, command.closing, command.reason))

    @rule()
    def read_back_what_there_is(self) -> None:
        draft = self.machine.state.cases[HIP].recommendation
        self.say(CHAIR, c.DraftRecommendation(HIP, 0, words()) if draft is None else c.ReadBack(HIP, draft.revision))

    @rule(who=people)
    def come_or_go(self, who: Participant) -> None:
        seat = self.machine.state.people[who.person_id]
        if who is not CHAIR:
            self.say(None, c.Leave(who.person_id) if seat.present else c.Join(who))

    @rule(data=st.data())
    def ask_again(self, data: Any) -> None:
        command_id = data.draw(st.sampled_from(sorted(self.answers)))
        who, command, answer = self.answers[command_id]
        again = self.give(who, command_id, command)
        if isinstance(answer, Accepted) and answer.events:
            assert again == Accepted(answer.seq), "a command sent again had another answer"

    # -- laws -----------------------------------------------------------------------------------------------------

    @invariant()
    def the_log_is_gapless_and_its_time_runs_forward(self) -> None:
        assert [one.seq for one in self.log] == list(range(1, len(self.log) + 1))
        assert [one.at for one in self.log] == sorted(one.at for one in self.log)

    def teardown(self) -> None:
        """What is dear to check is checked at the end of a conversation, which differs in nothing from its middle."""
        self.replay_through_the_codec_gives_the_state()
        self.every_screen_shows_the_projection()

    def replay_through_the_codec_gives_the_state(self) -> None:
        stored = [
            Recorded(one.seq, one.at, one.actor, codec.events.read(codec.encode(codec.encode_event(one.event))))
            for one in self.log
        ]
        assert replay(stored) == self.machine.state

    def every_screen_shows_the_projection(self) -> None:
        for person in EVERYBODY:
            eyes = visibility.sight(self.machine.state, person)
            assert canonical(self.screens[person.person_id]) == canonical(
                visibility.project(self.machine.state, eyes)
            )

    @invariant()
    def sealed_opinions_are_on_nobody_elses_screen(self) -> None:
        revealed = {
            (one.event.case, one.event.round) for one in self.log if isinstance(one.event, e.OpinionsRevealed)
        }
        for viewer, screen in self.screens.items():
            for key, case in screen["cases"].items():
                for given in case["opinions"].values():
                    if (key, given["round"]) not in revealed and given["person"] != viewer:
                        assert given["opinion"] is None, "a sealed opinion leaked"

    @invariant()
    def a_guest_never_hears_of_another_case(self) -> None:
        assert KNEE not in json.dumps(self.screens[REFERRER.person_id])

    @invariant()
    def no_opinion_follows_its_reveal(self) -> None:
        revealed: set[tuple[str, int]] = set()
        for one in self.log:
            if isinstance(one.event, e.OpinionsRevealed):
                revealed.add((one.event.case, one.event.round))
            if isinstance(one.event, e.OpinionGiven):
                assert (one.event.case, one.event.round) not in revealed
                assert one.actor == one.event.person

    @invariant()
    def closings_belong_to_the_words_they_were_given_to(self) -> None:
        given: dict[str, list[e.Attested]] = {}
        revision = 0
        for event in (one.event for one in self.log):
            if isinstance(event, (e.RecommendationDrafted, e.RecommendationReopened)):
                given = {}
                revision = event.revision if isinstance(event, e.RecommendationDrafted) else revision
            if isinstance(event, e.Attested):
                assert event.revision == revision, "a closing on other words"
                given.setdefault(event.discipline, []).append(event)
        closings = self.machine.state.cases[HIP].closings
        assert set(closings) == set(given)
        for discipline, voices in given.items():
            last = {voice.person: voice.closing for voice in voices}
            closed = closings[discipline]
            assert {voice.person: voice.closing for voice in (closed.first, *closed.others)} == last, (
                "a voice disappeared"
            )

    @invariant()
    def a_signature_stands_on_everything_it_needs(self) -> None:
        for index, one in enumerate(self.log):
            if not isinstance(one.event, e.Signed):
                continue
            before = [earlier.event for earlier in self.log[:index]]
            digest = [event.digest for event in before if isinstance(event, e.RecommendationReadBack)][-1]
            assert one.event.signature.digest == digest
            since = max(i for i, event in enumerate(before) if isinstance(event, e.RecommendationReadBack))
            assert not any(
                isinstance(event, (e.RecommendationDrafted, e.RecommendationReopened)) for event in before[since:]
            )
            heard = {event.discipline for event in before[since:] if isinstance(event, e.Attested)}
            absent = {event.discipline for event in before if isinstance(event, e.DisciplineMarkedAbsent)}
            assert set(brief().required) <= heard | absent, "signed unheard"
            assert one.event.provisional == bool(set(brief().required) - heard)

    @invariant()
    def nothing_of_a_signed_case_changes(self) -> None:
        signed = [index for index, one in enumerate(self.log) if isinstance(one.event, e.Signed)]
        if signed:
            for one in self.log[signed[0] + 1 :]:
                assert getattr(one.event, "case", None) != HIP or isinstance(one.event, (e.CaseCalled, e.Shown)), (
                    one.event
                )
                assert not isinstance(one.event, e.Drawn) or one.event.mark.case != HIP

    @invariant()
    def marks_are_inside_and_measured_and_by_people_who_might(self) -> None:
        seen: set[str] = set()
        roles: dict[str, str] = {}
        floor = table = None
        for one in self.log:
            event = one.event
            if isinstance(event, e.Joined):
                roles[event.participant.person_id] = event.participant.role
            if isinstance(event, e.RoleAssigned):
                roles[event.person] = event.role
            if isinstance(event, e.FloorPassed):
                floor = event.person
            if isinstance(event, e.Left) and event.person == floor:
                floor = None
            if isinstance(event, e.CaseCalled):
                table = event.case
            if isinstance(event, e.Drawn):
                mark = event.mark
                assert mark.mark not in seen, "an identity was used twice"
                seen.add(mark.mark)
                role = roles[mark.author]
                assert role in ("chair", "member") or mark.author == floor, f"{role} drew"
                assert role == "chair" or mark.case == table, "a mark beside the table"
                assert all(0 <= column <= 512 and 0 <= row <= 512 for column, row in mark.points)
                assert mark.measured is not None
                assert mark.author == one.actor

    @invariant()
    def marks_on_screen_are_those_of_the_log(self) -> None:
        alive: dict[str, tuple[str, int]] = {}
        authors: dict[str, str] = {}
        for one in self.log:
            if isinstance(one.event, e.Drawn):
                alive[one.event.mark.mark] = (one.event.mark.case, 1)
                authors[one.event.mark.mark] = one.event.mark.author
            if isinstance(one.event, e.Reshaped):
                case, revision = alive[one.event.mark]
                assert one.event.revision == revision + 1, "a revision was skipped"
                assert one.actor == authors[one.event.mark], "somebody else reshaped"
                alive[one.event.mark] = (case, revision + 1)
            if isinstance(one.event, e.Erased):
                del alive[one.event.mark]
        state = self.machine.state
        assert {
            mark.mark: (key, mark.revision) for key, case in state.cases.items() for mark in case.marks.values()
        } == alive

    @invariant()
    def the_floor_and_hands_are_of_people_present(self) -> None:
        present: set[str] = set()
        for one in self.log:
            if isinstance(one.event, e.Joined):
                present.add(one.event.participant.person_id)
            if isinstance(one.event, e.Left):
                present.discard(one.event.person)
        state = self.machine.state
        assert state.floor is None or state.floor in present
        assert set(state.hands) <= present
        assert {person for person, seat in state.people.items() if seat.present} == present
