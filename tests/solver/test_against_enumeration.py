"""Solver, bounds and certificates against enumeration on small random problems."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brute_force import money, optimum, whole_plans
from qingdan.solver.certificate import certified_bound
from qingdan.solver.dual import dual_value
from qingdan.solver.feasibility import violations
from qingdan.solver.problem import Objective, Problem
from qingdan.solver.solution import Plan, Status
from qingdan.solver.solve import solve
from qingdan.solver.sparse import Sparse
from qingdan.solver.stop import Stop
from random_problems import random_problem

SHORT = range(60)
LONG = range(1000, 1600)
PATIENT = Stop(time=60)


def _check_stages(seed: int) -> None:
    problem = random_problem(seed)
    solution = solve(problem, stop=PATIENT)
    reached: tuple[int, ...] = ()
    for number, stage in enumerate(solution.stages):
        best = optimum(problem.stage(number, reached))
        assert stage.objective == best
        if best is None:
            assert solution.status is Status.INFEASIBLE and solution.plan is None
            return
        assert stage.bound == best
        assert stage.certified_bound is not None and stage.certified_bound >= best
        assert solution.certificate is not None
        assert certified_bound(problem, solution.certificate, number, reached=reached) == stage.certified_bound
        reached += (best,)
    assert len(solution.stages) == len(problem.objectives)
    assert solution.status is Status.OPTIMAL
    assert solution.plan is not None and violations(problem, solution.plan) == []


@pytest.mark.parametrize("seed", SHORT)
def test_the_plan_is_the_best_of_all_and_its_bounds_hold(seed: int) -> None:
    """Every stage reaches what enumeration finds, and no certified bound lies below it."""
    _check_stages(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG)
def test_the_plan_is_the_best_of_all_in_many_more_cases(seed: int) -> None:
    """The same on cases that the quick run leaves out."""
    _check_stages(seed)


@pytest.mark.parametrize("seed", SHORT)
def test_any_prices_give_a_true_bound(seed: int) -> None:
    """Careless prices weaken the bound but never push it below the optimum."""
    problem = random_problem(seed).stage(0, ())
    best = optimum(problem)
    if best is None:
        return
    rng = np.random.default_rng(seed)
    for _ in range(8):
        scale = 2 ** int(rng.integers(0, 20))
        highest = scale * int(rng.choice([1, 3, 20])) + 1
        group = rng.integers(0, highest, problem.groups)
        group = np.where(problem.group_exact, group - highest // 2, group)
        row = rng.integers(0, highest, problem.rows)
        assert dual_value(problem, group, row, scale) >= best * 100 * scale


@pytest.mark.parametrize("seed", SHORT[::6])
def test_bounds_beyond_64_bits_are_the_same(seed: int) -> None:
    """Prices so fine that 64 bits would overflow give the same bound, in Python's own whole numbers."""
    problem = random_problem(seed).stage(0, ())
    rng = np.random.default_rng(seed)
    group, row = rng.integers(0, 9, problem.groups), rng.integers(0, 9, problem.rows)
    fine = 2**56
    assert dual_value(problem, group * fine, row * fine, fine) == fine * dual_value(problem, group, row, 1)


@pytest.mark.parametrize("seed", SHORT[::4])
def test_the_check_of_plans_agrees_with_enumeration(seed: int) -> None:
    """What enumeration calls a plan passes the check, and turning one column of it is judged alike."""
    problem = random_problem(seed).stage(0, ())
    if problem.arcs or not problem.extra_whole.all():
        return
    plans = {columns for _, columns in whole_plans(problem)}
    rng = np.random.default_rng(seed)
    for option, opening, extra in sorted(plans)[:: max(1, len(plans) // 40)]:
        turned = list(option)
        turned[int(rng.integers(problem.options))] ^= 1
        for columns in ((option, opening, extra), (tuple(turned), opening, extra)):
            plan = Plan(
                np.array(columns[0], np.bool_), np.array(columns[1], np.bool_), np.array(extra, float), np.zeros(0)
            )
            allowed = columns in plans and money(problem, columns) is not None
            assert (violations(problem, plan) == []) == allowed


def _shuffled(problem: Problem, rng: np.random.Generator) -> Problem:
    """The same problem with its options and rows in another order, and its rows counted in other units."""
    order, rows = rng.permutation(problem.options), rng.permutation(problem.rows)
    factor = np.where(np.isin(np.arange(problem.rows), problem.arc_source), 1, rng.integers(1, 5, problem.rows))
    place = np.argsort(rows)

    def moved(sparse: Sparse) -> Sparse:
        amount = sparse.amount * factor[sparse.index]
        return Sparse.from_entries(sparse.owners, sparse.owner_of_entry(), place[sparse.index], amount)

    option_parts = {
        name: getattr(problem, name)[order]
        for name in (
            "option_group",
            "option_weight",
            "option_choice",
            "option_facility",
            "option_period",
            "option_size",
        )
    }
    return replace(
        problem,
        objectives=tuple(Objective(o.name, o.option[order], o.opening, o.extra) for o in problem.objectives),
        **option_parts,
        option_spend=problem.option_spend.taken(order),
        row_limit=(problem.row_limit * factor)[rows],
        option_row=moved(problem.option_row).taken(order),
        opening_row=moved(problem.opening_row),
        extra_row=moved(problem.extra_row),
        arc_row=moved(problem.arc_row),
        arc_source=place[problem.arc_source],
    )


@pytest.mark.parametrize("seed", SHORT[::3])
def test_order_and_units_do_not_matter(seed: int) -> None:
    """Rows in another order and unit, options in another order: the same values."""
    problem = random_problem(seed)
    one = solve(problem, stop=PATIENT)
    other = solve(_shuffled(problem, np.random.default_rng(seed)), stop=PATIENT)
    assert [stage.objective for stage in one.stages] == [stage.objective for stage in other.stages]
    assert one.status == other.status
