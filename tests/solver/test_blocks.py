"""The pieces of the dual function against enumeration, linear programming and their compiled twin."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from qingdan.solver import blocks
from qingdan.solver.blocks import Class, best_value, front
from qingdan.solver.dual import dual_value, plain_roots, reduced_profits
from qingdan.solver.exact_walk import fast_roots
from qingdan.solver.layout import lay_out
from qingdan.solver.money import unit_costs
from qingdan.solver.problem import NONE, UNLIMITED, Objective, make_problem
from qingdan.solver.validity import blend_is_possible
from qingdan.solver.walk import walk
from random_problems import random_problem
from scipy.optimize import linprog


def _classes(rng: np.random.Generator) -> list[Class]:
    return [
        (rng.integers(0, 12, items), rng.integers(1, 40, items))
        for items in rng.integers(1, 4, int(rng.integers(1, 6))).tolist()
    ]


def _enumerated(classes: list[Class], capacity: int) -> int:
    best = 0
    for picks in product(*(range(-1, len(sizes)) for sizes, _ in classes)):
        load = sum(int(classes[c][0][i]) for c, i in enumerate(picks) if i >= 0)
        if load <= capacity:
            best = max(best, sum(int(classes[c][1][i]) for c, i in enumerate(picks) if i >= 0))
    return best


@pytest.mark.parametrize("seed", range(20))
def test_fronts_hold_the_best_value_of_every_capacity(seed: int) -> None:
    """At each load the front says what enumeration says."""
    rng = np.random.default_rng(seed)
    classes, capacity = _classes(rng), int(rng.integers(0, 40))
    loads, values = front(classes, capacity)
    for room in range(capacity + 1):
        assert values[np.searchsorted(loads, room, side="right") - 1] == _enumerated(classes, room)
    assert best_value(classes, capacity) == _enumerated(classes, capacity)
    assert best_value(classes, UNLIMITED) == _enumerated(classes, 10_000)


@pytest.mark.parametrize("seed", range(10))
def test_long_lists_become_tables_with_the_same_values(seed: int) -> None:
    """Many classes fill a table, whose last value a plain dynamic program confirms."""
    rng = np.random.default_rng(seed)
    classes = [(rng.integers(1, 30, 2) * 5, rng.integers(1, 99, 2)) for _ in range(40)]
    capacity = 5 * int(rng.integers(20, 200)) + 3
    table = [0] * (capacity + 1)
    for sizes, values in classes:
        table = [
            max([table[room], *(table[room - s] + v for s, v in zip(sizes, values, strict=True) if s <= room)])
            for room in range(capacity + 1)
        ]
    assert best_value(classes, capacity) == table[capacity]
    wide = [(sizes, values.astype(object) * 2**80) for sizes, values in classes]
    assert best_value(wide, capacity) == int(table[capacity]) * 2**80


def test_a_table_too_large_is_coarser_and_never_too_low(monkeypatch: pytest.MonkeyPatch) -> None:
    """With little room for states the value may rise above the truth, not fall below it."""
    rng = np.random.default_rng(1)
    classes = [(rng.integers(50, 400, 2), rng.integers(1, 99, 2)) for _ in range(60)]
    exact = best_value(classes, 3000)
    monkeypatch.setattr(blocks, "LIST_STATES", 50)
    monkeypatch.setattr(blocks, "DENSE_STATES", 100)
    monkeypatch.setattr(blocks, "MERGE_WORK", 400)
    coarse = best_value(classes, 3000)
    assert exact < coarse < 1.3 * exact


@pytest.mark.parametrize("seed", range(30))
def test_a_unit_of_money_costs_what_a_linear_program_says(seed: int) -> None:
    """The fractional knapsack is the optimum of the blend of every demand."""
    problem = random_problem(seed)
    rng = np.random.default_rng(seed)
    price = rng.integers(0, 50, problem.rows)
    costs = unit_costs(problem, price)
    of_arc = price[problem.arc_source].astype(float)
    np.add.at(of_arc, problem.arc_row.owner_of_entry(), price[problem.arc_row.index] * problem.arc_row.amount)
    for demand in np.flatnonzero(blend_is_possible(problem)).tolist():
        arcs = np.flatnonzero(problem.arc_demand == demand)
        portion = problem.arc_portion[arcs]
        caps = [(portion == k).astype(float) for k in range(len(problem.portion_class))]
        floors = np.flatnonzero(problem.floor_class == problem.demand_class[demand])
        least = [-(problem.portion_floor[portion] == f).astype(float) for f in floors]
        limit = [*problem.portion_percent.tolist(), *(-problem.floor_percent[floors]).tolist()]
        found = linprog(of_arc[arcs], A_ub=caps + least, b_ub=limit, A_eq=[np.ones(len(arcs))], b_eq=[100])
        assert found.status == 0 and costs[demand] == pytest.approx(found.fun)


@pytest.mark.parametrize("seed", range(60))
def test_the_compiled_roots_are_worth_what_the_plain_ones_are(seed: int) -> None:
    """Kernel and plain code agree to the last digit at any prices."""
    problem = random_problem(seed).stage(0, ())
    if not problem.facilities:
        assert not (problem.option_facility != NONE).any()
        return
    rng = np.random.default_rng(seed)
    for scale in (1, 2**10, 2**30):
        group, row = rng.integers(0, 5 * scale, problem.groups), rng.integers(0, scale // 2 + 1, problem.rows)
        reduced = reduced_profits(problem, group, row, scale)
        assert fast_roots(problem, reduced) == plain_roots(problem, reduced)
        plain = dual_value(problem, group, row, scale)
        assert dual_value(problem, group, row, scale, settle=fast_roots) == plain


@pytest.mark.parametrize("cost", range(6))
def test_a_door_that_only_costs_stays_shut(cost: int) -> None:
    """What a module promises does not fit into it: whatever its room costs, the kernel says so and ends."""
    problem = make_problem(
        1,
        (Objective("benefit", np.array([8]), np.array([-cost, 0]), np.zeros(0, np.int64)),),
        facility_parent=[NONE, 0],
        facility_capacity=[16, 2],
        opening_facility=[0, 1],
        option_group=[NONE],
        option_facility=[1],
        option_size=[3],
    )
    value, _, option, opening = walk(lay_out(problem), np.array([8.0]), np.array([-float(cost), 0.0]))
    assert value == 0 and not option.any() and not opening.any()
