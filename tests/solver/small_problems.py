"""Problems small enough to solve by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from qingdan.solver.problem import NONE, UNLIMITED, Objective, Problem, make_problem
from qingdan.solver.sparse import Sparse

NOTHING = np.zeros(0, np.int64)


def two_projects() -> dict[str, Any]:
    """Arrays of a plan by hand: two needs, one room of size 10 with a module, money from two funds.

    Option 0 serves need 0 in the module (size 4, profit 10, costs 6); option 1 serves need 1 in the same module
    (size 3, profit 8, costs 4); option 2 serves need 1 anywhere (profit 5, costs 2). The module takes at least
    5; the fund of the province (row 0) holds 4 and pays at most half, that of the county (row 1) holds 20 and
    pays at least 20 %.
    """
    return {
        "group_capacity": np.ones(2, np.int64),
        "facility_parent": np.array([NONE, 0]),
        "facility_capacity": np.array([10, UNLIMITED]),
        "facility_minimum": np.array([0, 5]),
        "opening_facility": np.array([0, 1]),
        "opening_period": np.array([0, 0]),
        "option_group": np.array([0, 1, 1]),
        "option_facility": np.array([1, 1, NONE]),
        "option_period": np.zeros(3, np.int64),
        "option_size": np.array([4, 3, 0]),
        "row_limit": np.array([4, 20]),
        "demand_class": np.array([0]),
        "option_spend": Sparse.from_entries(3, [0, 1, 2], [0, 0, 0], [6, 4, 2]),
        "portion_class": np.array([0, 0]),
        "portion_percent": np.array([50, 100]),
        "portion_floor": np.array([NONE, 0]),
        "floor_class": np.array([0]),
        "floor_percent": np.array([20]),
        "arc_demand": np.array([0, 0]),
        "arc_portion": np.array([0, 1]),
        "arc_source": np.array([0, 1]),
    }


def two_projects_objective() -> Objective:
    """Benefits of the options; opening the room and the module costs a point each."""
    return Objective("benefit", np.array([10, 8, 5]), np.array([-1, -1]), NOTHING)


def two_projects_problem(**changes: Any) -> Problem:
    """The problem by hand, with some arrays exchanged."""
    return make_problem(1, (two_projects_objective(),), **(two_projects() | changes))


def hard_knapsack(options: int = 120, rows: int = 8, seed: int = 0) -> Problem:
    """A multidimensional knapsack that keeps every solver busy for long."""
    rng = np.random.default_rng(seed)
    use = rng.integers(20, 100, (options, rows))
    owner, index = np.nonzero(use)
    profit = use.sum(axis=1) + rng.integers(0, 60, options)
    return make_problem(
        1,
        (Objective("benefit", profit, NOTHING, NOTHING),),
        option_group=np.full(options, NONE),
        row_limit=use.sum(axis=0) // 2,
        option_row=Sparse.from_entries(options, owner, index, use[owner, index]),
    )
