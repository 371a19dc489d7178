"""What an order is worth: cases heard first, then the cost of their places. Whole numbers, so that proofs are exact.

The weights are ours, shown to the coordinator and not medicine: a step of urgency weighs as much as thirty days' wait.
"""

from agenda.ordering.values import Candidate, Places, Problem, missed

BASE, URGENCY, WAITING_DAY, WAITING_CAP = 400, 600, 20, 180
LATER, LATER_URGENT = 30, 54
"""What each sitting a case has to wait for takes off, for any case and per step of urgency."""
URGENT_MINUTE, COMPLEX_MINUTE, SCARCE_MINUTE = 3, 1, 2

Worth = tuple[int, int, int]
"""(− cases that had to be heard and are not, value of the selection, − cost of the order): higher is better."""


def value(candidate: Candidate, sitting: int) -> int:
    """What hearing a case in the n-th sitting is worth; always positive for up to twelve sittings."""
    waited = WAITING_DAY * min(candidate.waiting_days, WAITING_CAP)
    return BASE + URGENCY * candidate.urgency + waited - sitting * (LATER + LATER_URGENT * candidate.urgency)


def minute_cost(candidate: Candidate) -> int:
    """What each minute of waiting within a sitting costs."""
    return URGENT_MINUTE * candidate.urgency + COMPLEX_MINUTE * candidate.complexity


def worth(problem: Problem, places: Places) -> Worth:
    """The worth of an order; compare two with `>`."""
    selection = sum(value(problem.candidate(key), place.sitting) for key, place in places.items())
    cost = sum(order_cost(problem, places, index) for index in range(len(problem.sittings)))
    return -len(missed(problem, places)), selection, -cost


def order_cost(problem: Problem, places: Places, sitting: int) -> int:
    """Minutes the urgent and the complex wait, and minutes a scarce discipline is kept."""
    here = [(problem.candidate(key), place.begins) for key, place in places.items() if place.sitting == sitting]
    cost = sum(minute_cost(one) * begins for one, begins in here)
    for name in problem.scarce:
        spans = [(begins, begins + one.minutes) for one, begins in here if name in one.disciplines]
        if spans:
            cost += SCARCE_MINUTE * (max(end for _, end in spans) - min(begin for begin, _ in spans))
    return cost
