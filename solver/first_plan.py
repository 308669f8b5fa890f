"""A first plan: what blocks take on average, rounded, then swings of passes in which rows may be exceeded at a price.

A *swing* begins with a low price for what exceeds rows and raises it, pass by pass, on the rows that are still exceeded
(strategic oscillation, Glover 1977). Within a swing money is priced below its dual price: whole projects rarely fill a
budget to the yuan, so that the last of it is worth less than the relaxation believes. The best state of all swings is
where the exact cores begin.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable

import numpy as np

from .core import Guide
from .elastic import row_use
from .feasibility import profit
from .prices import Average
from .problem import Problem
from .rounding import rounded
from .search import EVEN, FILLING, LEAN, PlanSearch
from .solution import Plan

FACTOR = 0.3  # of the natural price: what blocks pay for exceeding a row in the first pass
# pass by pass of a swing: the factor, how much what others lose counts when a block proposes an exchange, and whether
# rows that are exceeded become dearer before it
SWING = ((FACTOR, 0.0, False), (1.0, 0.0, True), (1.0, 1.0, True), (1.0, 1.0, True))
EXCHANGE = 10.0  # times as long as the first pass takes a swing with exchange: without, where that is too much
SWINGS = 4
SWING_TIME = 0.25  # of the time left, at most, for further swings
EXCEEDING = 1.5  # of the natural price of what a plan exceeds, when plans are compared
REACH = 0.125  # of the mean profit of what is taken: columns that lose more at the prices are left alone by the search


def first_plan(
    problem: Problem,
    search: PlanSearch,
    average: Average,
    guide: Guide,
    hint: Plan | None,
    left: Callable[[], float],
    tell: Callable[[], None],
) -> tuple[Plan, float]:
    """Where the rounds begin: a plan that may exceed rows, and the reach, what a column may lose at the prices.

    A plan that is allowed is offered to the search on the way. `hint` is a plan to begin with instead of the average;
    `left` tells the seconds that are left, `tell` reports a plan.
    """
    began, limit = clock.monotonic(), left()
    taken = rounded(problem, average, search.best)
    reach = REACH * float(np.abs(problem.objectives[0].option[taken.option]).mean()) if taken.option.any() else np.inf
    search.bar(guide.loss > reach, guide.opening_loss > reach)
    search.load(taken if hint is None else hint)
    search.reroute()
    passing = clock.monotonic()
    search.run(EVEN, factor=FACTOR)
    exchange = EXCHANGE * (clock.monotonic() - passing) <= SWING_TIME * limit
    best, best_merit = search.plan, _merit(problem, search, search.plan)
    for number in range(SWINGS):
        if (number and clock.monotonic() - began > SWING_TIME * limit * number / (number + 1)) or left() <= 0:
            break  # another swing as long as those before would take too much
        swing(search, exchange=exchange)
        merit = _merit(problem, search, search.plan)
        if merit > best_merit:
            best, best_merit = search.plan, merit
        if search.offer(search.plan):
            tell()
    search.load(best)
    search.run(FILLING)
    search.reroute()
    if search.offer(search.plan):
        tell()
    return max((best, search.plan), key=lambda plan: _merit(problem, search, plan)), reach


def swing(search: PlanSearch, *, exchange: bool) -> None:
    """From a low price of what exceeds rows to a high one; without `exchange` each block answers for itself alone."""
    search.dearer[:] = 1.0
    for factor, grip, dearer in SWING:
        if dearer:
            search.make_dearer()
        search.run(LEAN, factor=factor, grip=grip if exchange else 1.0)


def _merit(problem: Problem, search: PlanSearch, plan: Plan) -> float:
    """Profit less a moderate price for what exceeds rows."""
    over = np.maximum(row_use(problem, plan) - problem.row_limit, 0.0)
    return profit(problem, problem.objectives[0], plan) - EXCEEDING * float(over @ search.overspending)
