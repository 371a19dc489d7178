"""When not everything that must be heard can be: the smallest set of wishes that would have to give.

Every wish gets a switch; the solver turns off as few as it can so that every bound case has a place. Among sets of the
same size the mildest is named: a referrer who cannot join rather than a case that waits.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from ortools.sat.python import cp_model

from agenda.ordering.hours import Need, needs, present
from agenda.ordering.values import Candidate, Limits, Problem, Sitting, Wish, WishKind

_MILDEST: dict[WishKind, int] = {
    "referrer": 1, "presenter": 2, "discipline": 3, "break": 4, "pin": 5, "must": 6,
}
_EACH = 1000
"""More than any number of differences in mildness."""
assert set(_MILDEST) == set(get_args(WishKind))


def smallest_giving(problem: Problem, limits: Limits) -> tuple[Wish, ...]:
    """The wishes to give up so that every bound case is heard; empty when they can all be.

    Also empty when the time was over before any set was found, which a larger limit mends.
    """
    model = cp_model.CpModel()
    wishes: dict[Wish, cp_model.IntVar] = {}
    lanes: list[list[cp_model.IntervalVar]] = [[] for _ in problem.sittings]
    for index, sitting in enumerate(problem.sittings):
        lanes[index] += _breaks(model, wishes, sitting)
    for candidate in problem.candidates:
        if candidate.bound:
            _seat(model, wishes, problem, candidate, lanes)
    for lane in lanes:
        model.add_no_overlap(lane)
    model.minimize(sum(given * (_EACH + _MILDEST[wish.kind]) for wish, given in wishes.items()))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limits.seconds
    solver.parameters.max_deterministic_time = limits.work
    solver.parameters.random_seed = limits.seed
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return ()
    return tuple(wish for wish, given in wishes.items() if solver.value(given))


def given_up(problem: Problem, giving: tuple[Wish, ...]) -> Problem:
    """The problem without these wishes: cases for another sitting are gone, breaks dropped, people not waited for."""
    gone = {wish.candidate for wish in giving if wish.kind == "must"}
    breaks = {(wish.subject, wish.window) for wish in giving if wish.kind == "break"}
    return replace(
        problem,
        candidates=tuple(_without(one, giving) for one in problem.candidates if one.key not in gone),
        sittings=tuple(
            replace(one, breaks=tuple(pause for pause in one.breaks if (one.key, pause) not in breaks))
            for one in problem.sittings
        ),
    )


def _without(candidate: Candidate, giving: tuple[Wish, ...]) -> Candidate:
    mine = {(wish.kind, wish.subject) for wish in giving if wish.candidate == candidate.key}
    moved = candidate.pin is not None and ("pin", candidate.pin.sitting) in mine
    return replace(
        candidate,
        disciplines=frozenset(name for name in candidate.disciplines if ("discipline", name) not in mine),
        presenter=None if ("presenter", candidate.presenter) in mine else candidate.presenter,
        referrer=None if ("referrer", candidate.referrer) in mine else candidate.referrer,
        pin=None if moved else candidate.pin, must=candidate.must or moved,
    )


def _breaks(
    model: cp_model.CpModel, wishes: dict[Wish, cp_model.IntVar], sitting: Sitting
) -> list[cp_model.IntervalVar]:
    found = []
    for pause in sitting.breaks:
        given = _wish(model, wishes, Wish("break", None, sitting.key, pause))
        found.append(model.new_optional_fixed_size_interval_var(
            pause.begins, pause.ends - pause.begins, ~given, f"break {sitting.key}"
        ))
    return found


def _seat(
    model: cp_model.CpModel, wishes: dict[Wish, cp_model.IntVar], problem: Problem, candidate: Candidate,
    lanes: list[list[cp_model.IntervalVar]],
) -> None:
    """A bound case in one of the sittings, or given up."""
    left_out = _wish(model, wishes, Wish("must", candidate.key))
    switches = {
        need: _wish(model, wishes, Wish(need[0], candidate.key, need[1])) for need in needs(candidate)
    }
    pin = candidate.pin
    moved = None if pin is None else _wish(model, wishes, Wish("pin", candidate.key, pin.sitting))
    heard = []
    for index, sitting in enumerate(problem.sittings):
        if candidate.minutes > sitting.minutes:
            continue
        here = model.new_bool_var(f"{candidate.key} {index}")
        begins = model.new_int_var(0, sitting.minutes - candidate.minutes, f"begins {candidate.key} {index}")
        lanes[index].append(model.new_optional_fixed_size_interval_var(begins, candidate.minutes, here, candidate.key))
        _keep_hours(model, candidate, sitting, (here, begins), switches)
        heard.append(here)
        if pin is not None and moved is not None and pin.sitting == sitting.key:
            model.add(begins == pin.begins).only_enforce_if(here, ~moved)
        elif moved is not None:
            model.add_implication(here, moved)
    model.add_exactly_one([*heard, left_out])


def _keep_hours(
    model: cp_model.CpModel, candidate: Candidate, sitting: Sitting, seat: tuple[cp_model.IntVar, cp_model.IntVar],
    switches: Mapping[Need, cp_model.IntVar],
) -> None:
    here, begins = seat
    for need, given in switches.items():
        starts = [
            [one.begins, one.ends - candidate.minutes]
            for one in present(sitting, need) if one.ends - one.begins >= candidate.minutes
        ]
        if starts:
            allowed = cp_model.Domain.from_intervals(starts)
            model.add_linear_expression_in_domain(begins, allowed).only_enforce_if(here, ~given)
        else:
            model.add_implication(here, given)


def _wish(model: cp_model.CpModel, wishes: dict[Wish, cp_model.IntVar], wish: Wish) -> cp_model.IntVar:
    wishes[wish] = model.new_bool_var(f"give {wish.kind} {wish.candidate} {wish.subject}")
    return wishes[wish]
