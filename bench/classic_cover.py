"""Covering under a budget: which sites to open so that the most weight is within reach."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..solver.problem import NONE, Objective, Problem, make_problem
from ..solver.solution import Plan
from ..solver.sparse import Sparse
from .classic_amounts import Amounts, one_unit, shaped
from .classic_family import NO_EXTRA, Classic, over_limits


@dataclass(frozen=True, slots=True, eq=False)
class Cover(Classic):
    """Points with a weight, sites with a cost, `reach[site, point]`, and a budget."""

    weight: Amounts
    cost: Amounts
    reach: NDArray[np.bool_]
    budget: Amounts
    parts: int
    maximise: bool = True

    def value(self, plan: Plan) -> Fraction:
        """Weight of all points within reach of an open site."""
        return self.weight.total(np.flatnonzero(self.reach[np.flatnonzero(plan.opening)].any(axis=0)))

    def faults(self, plan: Plan) -> list[str]:
        """The budget, where the open sites cost more."""
        return over_limits("budget", [self.cost.total(np.flatnonzero(plan.opening))], [self.budget.exact()])


def budgeted_cover(weight: Any, cost: Any, reach: Any, budget: Any) -> tuple[Problem, Cover]:
    """Maximise the weight of the points within reach of an open site; the sites cost at most the budget.

    `reach` has a line for every site that says of each point whether it is within reach. Points become groups of
    capacity 1, sites root facilities without a limit whose opening draws on the one row, pairs within reach options.
    """
    gain, price, money = shaped("weight", weight, -1), shaped("cost", cost, -1), shaped("budget", budget)
    within = np.asarray(reach, np.bool_)
    sites, points = price.shape[0], gain.shape[0]
    if within.shape != (sites, points):
        raise ValueError(f"reach has the shape {' x '.join(map(str, within.shape))}, not {sites} x {points}")
    if np.any(gain.whole < 0):
        raise ValueError("weight must be 0 or more")
    _, (prices, limit) = one_unit(price, money)
    point, site = np.nonzero(within.T)
    doors = np.arange(sites)
    problem = make_problem(
        1,
        (Objective("value", gain.whole[point], np.zeros(sites, np.int64), NO_EXTRA),),
        group_capacity=np.ones(points, np.int64),
        facility_parent=np.full(sites, NONE, np.int64),
        opening_facility=doors,
        option_group=point,
        option_facility=site,
        row_limit=limit.reshape(1),
        opening_row=Sparse.from_entries(sites, doors, np.zeros(sites, np.int64), prices),
    )
    return problem, Cover(gain, price, within, money, gain.parts)
