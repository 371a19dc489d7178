"""Select, then order, with OR-tools CP-SAT. Anytime and repeatable.

A joint model proves little at 30 cases and more; selecting first (every selection is one that can be held) and then
ordering each sitting proves both quickly. The first answer is the greedy one, and what is returned is never worse.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ortools.sat.python import cp_model

from agenda.ordering.conflicts import smallest_giving
from agenda.ordering.greedy import first_fit
from agenda.ordering.hours import free, room
from agenda.ordering.values import Arrangement, Candidate, Limits, Place, Places, Problem, Window, missed
from agenda.ordering.worth import SCARCE_MINUTE, minute_cost, value, worth

_SELECTING = 0.6
"""Up to this share of the time goes to the selection."""
Better = Callable[[Arrangement], None]
"""Told of the first answer and of every better one while the search goes on."""


def arrange(
    problem: Problem, limits: Limits, better: Better | None = None, selected: Callable[[], None] | None = None
) -> Arrangement:
    """The best order found within the limits; the same problem gives the same order unless the seconds run out.

    `selected` is called when the choice of cases is made and only their order remains.
    """
    best = _Best(problem, better or (lambda _: None))
    best.offer(first_fit(problem), "greedy")
    chosen, selection_proven, spent = _select(problem, best, limits)
    best.offer(chosen, "solver")
    if selected is not None:
        selected()
    places, order_proven = dict(best.places), True
    for index in range(len(problem.sittings)):
        here = {key: place for key, place in places.items() if place.sitting == index}
        share = (limits.seconds - spent) / (len(problem.sittings) - index)
        ordered, proven, seconds = _order(problem, index, here, limits, share)
        spent, order_proven = spent + seconds, order_proven and proven
        places |= ordered
        best.offer(places, "solver")
    return best.concluded(places, selection_proven, order_proven, limits)


class _Best:
    """The best order so far; tells the caller of each."""

    def __init__(self, problem: Problem, told: Better) -> None:
        self.problem = problem
        self.told = told
        self.now: Arrangement | None = None

    @property
    def places(self) -> Places:
        return {} if self.now is None else self.now.places

    def offer(self, places: Places, method: str) -> None:
        """Keep it when it is better than what there is."""
        if self.now is not None and worth(self.problem, places) <= worth(self.problem, self.now.places):
            return
        self.now = _arrangement(self.problem, places, method)
        self.told(self.now)

    def concluded(self, last: Places, selection_proven: bool, order_proven: bool, limits: Limits) -> Arrangement:
        """The best order, with what was proven of it and, when a case is missed, what would have to give."""
        equal = worth(self.problem, last) == worth(self.problem, self.places)
        lacking = missed(self.problem, self.places)
        return Arrangement(
            places=dict(self.places), left_out=_left_out(self.problem, self.places), missed=lacking,
            method="solver" if selection_proven or self.now is None else self.now.method,
            selection_proven=selection_proven, order_proven=order_proven and equal,
            giving=smallest_giving(self.problem, limits) if lacking else (),
        )


def _arrangement(problem: Problem, places: Places, method: str) -> Arrangement:
    return Arrangement(
        places=dict(places), left_out=_left_out(problem, places), missed=missed(problem, places),
        method="greedy" if method == "greedy" else "solver",
    )


def _left_out(problem: Problem, places: Places) -> tuple[str, ...]:
    return tuple(one.key for one in problem.candidates if one.key not in places)


@dataclass(frozen=True, slots=True)
class _Seat:
    """A case in one sitting, in the model: whether it is heard there, and when."""

    heard: cp_model.IntVar
    begins: cp_model.IntVar
    hull: Window


def _select(problem: Problem, best: _Best, limits: Limits) -> tuple[dict[str, Place], bool, float]:
    model = cp_model.CpModel()
    seats: dict[tuple[str, int], _Seat] = {}
    for index in range(len(problem.sittings)):
        seats |= _seated(model, problem, index)
    gains: list[cp_model.LinearExpr] = []
    rank = 1 + sum(value(one, 0) for one in problem.candidates)
    for candidate in problem.candidates:
        mine = [(index, seat) for (key, index), seat in seats.items() if key == candidate.key]
        model.add_at_most_one(seat.heard for _, seat in mine)
        gains += [seat.heard * (value(candidate, index) + rank * candidate.bound) for index, seat in mine]
    _prefer(model, problem, seats)
    model.maximize(sum(gains))
    _hint(model, seats, best.places)
    solver = _solver(limits, limits.seconds * _SELECTING)
    status = solver.solve(model, _Watch(seats, lambda places: best.offer(places, "solver")))
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return dict(best.places), False, solver.wall_time
    return _read(solver.value, seats), status == cp_model.OPTIMAL, solver.wall_time


def _prefer(model: cp_model.CpModel, problem: Problem, seats: Mapping[tuple[str, int], _Seat]) -> None:
    """Of two cases with the same hours and length, the one worth more in every sitting is not left for the other."""
    rows: dict[tuple[object, ...], list[Candidate]] = {}
    for one in sorted(problem.candidates, key=lambda one: (-value(one, 0), one.key)):
        like = (tuple(room(one, sitting) for sitting in problem.sittings), one.minutes, one.bound)
        rows.setdefault(like, []).append(one)
    indices = range(len(problem.sittings))
    for one, other in itertools.chain.from_iterable(map(itertools.pairwise, rows.values())):
        if all(value(one, index) >= value(other, index) for index in indices):
            first, second = (
                sum(seats[who.key, index].heard for index in indices if (who.key, index) in seats)
                for who in (one, other)
            )
            model.add(first >= second)


def _seated(model: cp_model.CpModel, problem: Problem, index: int) -> dict[tuple[str, int], _Seat]:
    """Every case that fits into this sitting, with no two at once and cuts on what its windows can hold."""
    seats: dict[tuple[str, int], _Seat] = {}
    intervals, asking = [], []
    for candidate in problem.candidates:
        windows = room(candidate, problem.sittings[index])
        if not windows:
            continue
        heard = model.new_bool_var(f"heard {candidate.key} {index}")
        begins = model.new_int_var_from_domain(_starts(windows, candidate.minutes), f"begins {candidate.key} {index}")
        intervals.append(model.new_optional_fixed_size_interval_var(begins, candidate.minutes, heard, candidate.key))
        seat = _Seat(heard, begins, Window(windows[0].begins, windows[-1].ends))
        seats[candidate.key, index] = seat
        asking.append((candidate, seat))
    model.add_no_overlap(intervals)
    open_minutes = free(problem.sittings[index])
    for begins_at in {seat.hull.begins for _, seat in asking}:
        for ends_at in {seat.hull.ends for _, seat in asking if seat.hull.ends > begins_at}:
            _cut(model, asking, begins_at, ends_at, open_minutes)
    return seats


def _cut(
    model: cp_model.CpModel, asking: list[tuple[Candidate, _Seat]], begins: int, ends: int,
    open_minutes: tuple[Window, ...],
) -> None:
    """Cases that can only stand within [begins, ends) fit into its minutes."""
    inside = [(one, seat) for one, seat in asking if begins <= seat.hull.begins and seat.hull.ends <= ends]
    holds = sum(max(0, min(one.ends, ends) - max(one.begins, begins)) for one in open_minutes)
    if sum(one.minutes for one, _ in inside) > holds:
        model.add(sum(seat.heard * one.minutes for one, seat in inside) <= holds)


def _order(
    problem: Problem, index: int, here: Mapping[str, Place], limits: Limits, seconds: float
) -> tuple[dict[str, Place], bool, float]:
    """The cheapest order of these cases in their sitting; they stay as they are when the time is over."""
    if not here or seconds <= 0:
        return dict(here), not here, 0.0
    model = cp_model.CpModel()
    begins: dict[str, cp_model.IntVar] = {}
    intervals, costs = [], []
    alike = _alike(problem, index, here)
    here = _sorted_within(alike, here)
    for key in here:
        candidate = problem.candidate(key)
        starts = _starts(room(candidate, problem.sittings[index]), candidate.minutes)
        begins[key] = model.new_int_var_from_domain(starts, key)
        intervals.append(model.new_fixed_size_interval_var(begins[key], candidate.minutes, key))
        costs.append(begins[key] * minute_cost(candidate))
        model.add_hint(begins[key], here[key].begins)
    model.add_no_overlap(intervals)
    for row in alike:
        for key, later in itertools.pairwise(row):
            model.add(begins[key] + problem.candidate(key).minutes <= begins[later])
    costs += _spans(model, problem, index, begins)
    model.minimize(sum(costs))
    solver = _solver(limits, seconds)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return dict(here), False, solver.wall_time
    found = {key: Place(index, solver.value(begin)) for key, begin in begins.items()}
    return found, status == cp_model.OPTIMAL, solver.wall_time


def _alike(problem: Problem, index: int, here: Mapping[str, Place]) -> list[list[str]]:
    """Cases that could change places, in rows: the one whose minutes cost most may as well come first.

    Same hours, same length, same scarce disciplines: exchanging two changes nothing but what their waiting costs.
    """
    rows: dict[tuple[object, ...], list[str]] = {}
    for key in sorted(here, key=lambda key: (-minute_cost(problem.candidate(key)), key)):
        one = problem.candidate(key)
        like = (room(one, problem.sittings[index]), one.minutes, one.disciplines & problem.scarce)
        rows.setdefault(like, []).append(key)
    return list(rows.values())


def _sorted_within(alike: list[list[str]], here: Mapping[str, Place]) -> dict[str, Place]:
    """The same places, given to the cases of each row in its sequence; never costs more."""
    found = dict(here)
    for row in alike:
        found |= zip(row, sorted((here[key] for key in row), key=lambda place: place.begins), strict=True)
    return found


def _spans(
    model: cp_model.CpModel, problem: Problem, index: int, begins: Mapping[str, cp_model.IntVar]
) -> list[cp_model.LinearExpr]:
    """For each scarce discipline the minutes from its first case to its last."""
    found: list[cp_model.LinearExpr] = []
    length = problem.sittings[index].minutes
    for name in sorted(problem.scarce):
        mine = [(begin, one.minutes) for key, begin in begins.items()
                if name in (one := problem.candidate(key)).disciplines]
        if not mine:
            continue
        comes, goes = model.new_int_var(0, length, f"{name} comes"), model.new_int_var(0, length, f"{name} goes")
        for begin, minutes in mine:
            model.add(comes <= begin)
            model.add(goes >= begin + minutes)
        model.add(goes - comes >= sum(minutes for _, minutes in mine))
        found.append((goes - comes) * SCARCE_MINUTE)
    return found


def _starts(windows: tuple[Window, ...], minutes: int) -> cp_model.Domain:
    return cp_model.Domain.from_intervals([[one.begins, one.ends - minutes] for one in windows])


def _hint(model: cp_model.CpModel, seats: Mapping[tuple[str, int], _Seat], places: Places) -> None:
    for (key, index), seat in seats.items():
        place = places.get(key)
        here = place is not None and place.sitting == index
        model.add_hint(seat.heard, here)
        if place is not None and here:
            model.add_hint(seat.begins, place.begins)


def _read(value_of: Callable[[cp_model.IntVar], int], seats: Mapping[tuple[str, int], _Seat]) -> dict[str, Place]:
    return {
        key: Place(index, value_of(seat.begins)) for (key, index), seat in seats.items() if value_of(seat.heard) == 1
    }


class _Watch(cp_model.CpSolverSolutionCallback):
    """Hands every solution on while the solver goes on."""

    def __init__(self, seats: Mapping[tuple[str, int], _Seat], told: Callable[[Places], None]) -> None:
        super().__init__()
        self._seats = seats
        self._told = told

    def on_solution_callback(self) -> None:
        """CP-SAT found a better selection."""
        self._told(_read(self.value, self._seats))


def _solver(limits: Limits, seconds: float) -> cp_model.CpSolver:
    """One worker, so that the search repeats; with all linear cuts, which prove in a tenth of a second what branching
    alone does not in twenty."""
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.max_deterministic_time = limits.work
    solver.parameters.random_seed = limits.seed
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    return solver
