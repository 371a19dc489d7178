"""Who is in the room, in which role, and who has the floor. Rules R1 to R9."""

from agenda.ids import CaseId, PersonId
from conference.policy import Role, RoomAction, may_in_room
from conference.room import commands as c
from conference.room import events as e
from conference.room.refused import Refused
from conference.room.state import CaseState, RoomState
from conference.room.values import Participant

_BY_FLOOR = frozenset({RoomAction.SHOW, RoomAction.DRAW, RoomAction.POINT})
"""What the floor adds to the role of whoever holds it."""
_ASSIGNABLE: tuple[Role, ...] = ("chair", "coordinator", "member", "guest", "observer")

_IN_LOBBY = Refused("in-lobby", "You wait in the lobby; the chair or the coordinator lets you in to your case.")
_NOT_HERE = Refused("no-such-person", "This person is not in the room.")

Answer = tuple[e.Event, ...] | Refused


def role_of(state: RoomState, who: Participant) -> Role:
    """The role that counts now: the room's own knowledge first, the door's only for somebody never seen."""
    seat = state.people.get(who.person_id)
    return who.role if seat is None else seat.role


def denied(state: RoomState, who: Participant, action: RoomAction) -> Refused | None:
    """A refusal unless the role in the state, at this command, allows the action (R3)."""
    verdict = may_in_room(role_of(state, who), action)
    if verdict:
        return None
    if state.floor == who.person_id and action in _BY_FLOOR and may_in_room("presenter", action):
        return None
    return Refused("not-permitted", verdict.reason)


def absent(state: RoomState, who: Participant) -> Refused | None:
    """A refusal unless the person is in the room (R2)."""
    seat = state.people.get(who.person_id)
    if seat is not None and seat.present:
        return None
    return Refused("not-present", "Join the room first.")


def waiting(state: RoomState, who: Participant) -> Refused | None:
    """A refusal for a guest who is in the lobby (R100)."""
    seat = state.people.get(who.person_id)
    cases = who.cases if seat is None else seat.cases
    return None if admitted(state, who.person_id, cases) else _IN_LOBBY


def admitted(state: RoomState, person: PersonId, cases: tuple[CaseId, ...] | None) -> bool:
    """Is somebody with this sight past the lobby? `cases` None: of the board, who do not wait."""
    return cases is None or person in state.admitted


def out_of_sight(state: RoomState, who: Participant, case: CaseId) -> bool:
    """Is this case none of a guest's business (R8)?"""
    seat = state.people.get(who.person_id)
    scope = who.cases if seat is None else seat.cases
    return scope is not None and case not in scope


def listed(state: RoomState, who: Participant, case_id: CaseId) -> CaseState | Refused:
    """The case, if it is on the agenda and within the person's sight."""
    case = state.cases.get(case_id)
    if case is None or out_of_sight(state, who, case_id):
        return Refused("no-such-case", "This case is not on the agenda.")
    return case


def join(state: RoomState, command: c.Join) -> Answer:
    """Take somebody in; an assigned role outlives a lost connection, not a change at the door (R5)."""
    who = command.participant
    seat = state.people.get(who.person_id)
    assigned = state.assigned.get(who.person_id)
    role = assigned if assigned is not None and (seat is None or seat.entry == who.role) else who.role
    if seat is not None and seat.present and (seat.name, seat.discipline, seat.role, seat.entry, seat.cases) == (
        who.name, who.discipline, role, who.role, who.cases
    ):
        return ()
    return (e.Joined(Participant(who.person_id, who.name, who.discipline, role, who.cases), who.role),)


def leave(state: RoomState, command: c.Leave) -> Answer:
    """Let somebody go; the floor and the hand they held go with them (R6)."""
    seat = state.people.get(command.person)
    return (e.Left(command.person),) if seat is not None and seat.present else ()


def assign_role(state: RoomState, who: Participant, command: c.AssignRole) -> Answer:
    """Change a role; it counts from the person's very next command (R3, R4)."""
    if refusal := denied(state, who, RoomAction.SEAT):
        return refusal
    seat = state.people.get(command.person)
    if seat is None:
        return _NOT_HERE
    if command.role not in _ASSIGNABLE:
        return Refused("bad-role", "Presenting follows the floor: pass the floor instead.")
    if seat.cases is not None and command.role not in ("guest", "observer"):
        return Refused("bad-role", "A guest of one case cannot take a seat on the board.")
    if seat.role == command.role:
        return ()
    if seat.role == "chair" and not _another_chair(state, command.person):
        return Refused("last-chair", "Make somebody else chair first: a room has a chair.")
    assigned = e.RoleAssigned(command.person, command.role)
    if state.floor == command.person and not may_in_room(command.role, RoomAction.POINT):
        return (assigned, e.FloorPassed(None))
    return (assigned,)


def _another_chair(state: RoomState, person: PersonId) -> bool:
    return any(seat.role == "chair" and seat.present for key, seat in state.people.items() if key != person)


def admit_guest(state: RoomState, who: Participant, command: c.AdmitGuest) -> Answer:
    """Let a guest in to the case on the table, which is theirs (R101)."""
    if refusal := denied(state, who, RoomAction.SEAT):
        return refusal
    seat = state.people.get(command.person)
    if seat is None or not seat.present:
        return _NOT_HERE
    if seat.cases is None:
        return Refused("not-a-guest", "This person sits on the board and does not wait.")
    if state.table is None or state.table not in seat.cases:
        return Refused("not-their-case", "The case on the table is not this guest's.")
    return () if command.person in state.admitted else (e.GuestAdmitted(command.person),)


def put_out(state: RoomState, who: Participant, command: c.PutOut) -> Answer:
    """Send a guest back to the lobby (R102)."""
    if refusal := denied(state, who, RoomAction.SEAT):
        return refusal
    return (e.GuestPutOut(command.person),) if command.person in state.admitted else ()


def pass_floor(state: RoomState, who: Participant, command: c.PassFloor) -> Answer:
    """Give the floor, or take it back; whoever holds it may lay it down (R7)."""
    laying_down = command.person is None and state.floor == who.person_id
    if not laying_down and (refusal := denied(state, who, RoomAction.SEAT)):
        return refusal
    if command.person == state.floor:
        return ()
    if command.person is not None:
        seat = state.people.get(command.person)
        if seat is None or not seat.present:
            return _NOT_HERE
        if not admitted(state, command.person, seat.cases):
            return Refused("in-lobby", "This guest waits in the lobby; let them in first.")
        if not may_in_room(seat.role, RoomAction.POINT):
            return Refused("bad-role", "An observer cannot present; change the role first.")
    return (e.FloorPassed(command.person),)


def raise_hand(state: RoomState, who: Participant) -> Answer:
    """Ask for the floor."""
    if refusal := denied(state, who, RoomAction.RAISE_HAND):
        return refusal
    return () if who.person_id in state.hands else (e.HandRaised(who.person_id),)


def lower_hand(state: RoomState, who: Participant, command: c.LowerHand) -> Answer:
    """Take down one's own hand; another's takes the right to seat people (R9)."""
    if command.person != who.person_id and (refusal := denied(state, who, RoomAction.SEAT)):
        return refusal
    return (e.HandLowered(command.person),) if command.person in state.hands else ()
