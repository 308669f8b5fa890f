"""The second check agrees with the solver's own on whole things, and shows money to hold in exact fractions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from full_problems import full_problem
from qingdan.bench.exact_check import examine
from qingdan.bench.judged import checked
from qingdan.bench.plan_files import PlanFileError, load_plan, save_plan
from qingdan.bench.problem_digest import problem_digest
from qingdan.solver.feasibility import profit, violations
from qingdan.solver.formats import load_problem, save_problem
from qingdan.solver.problem import Problem
from qingdan.solver.solution import Plan
from qingdan.solver.solve import solve
from qingdan.solver.stop import Stop
from random_problems import random_problem

SEEDS = range(40)


def problem_of(seed: int) -> Problem:
    return random_problem(seed) if seed % 2 else full_problem(seed).problem


@pytest.mark.parametrize("seed", SEEDS)
def test_best_plans_hold_exactly(seed: int) -> None:
    """What HiGHS finds passes without any tolerance once its money is at a corner, with the value that was told."""
    problem = problem_of(seed)
    solution = solve(problem, method="highs", stop=Stop(time=10), threads=1)
    if solution.plan is None:
        return
    found = checked(problem, solution.plan)
    assert found.faults == ()
    assert found.exact
    values = tuple(profit(problem, objective, solution.plan) for objective in problem.objectives)
    assert found.values == values


@pytest.mark.parametrize("seed", SEEDS)
def test_both_checks_say_the_same_of_plans_at_random(seed: int) -> None:
    """Two readings of the rules, written apart: a plan that one refuses the other refuses."""
    problem = problem_of(seed)
    rng = np.random.default_rng(seed)
    solution = solve(problem, method="highs", stop=Stop(time=10), threads=1)
    refused = 0
    for _ in range(60):
        if solution.plan is not None and rng.random() < 0.7:
            plan = replace(solution.plan, option=solution.plan.option.copy(), opening=solution.plan.opening.copy())
            for columns in (plan.option, plan.opening):
                if len(columns):
                    columns[rng.integers(len(columns))] ^= True
        else:
            plan = Plan(
                rng.random(problem.options) < 0.3,
                rng.random(problem.openings) < 0.5,
                np.zeros(problem.extras),
                np.zeros(problem.arcs),
            )
        own, second = bool(violations(problem, plan)), bool(examine(problem, plan).faults)
        assert own == second, (violations(problem, plan), examine(problem, plan).faults)
        refused += own
    assert refused > 0


def test_a_plan_of_wrong_shape_or_without_numbers_is_refused() -> None:
    """Files from elsewhere can hold anything."""
    problem = random_problem(0)
    short = Plan(np.zeros(1, np.bool_), np.zeros(0, np.bool_), np.zeros(0), np.zeros(0))
    assert "numbers for option" in examine(problem, short).faults[0]
    whole = Plan(
        np.zeros(problem.options, np.bool_),
        np.zeros(problem.openings, np.bool_),
        np.zeros(problem.extras),
        np.full(problem.arcs, np.nan),
    )
    assert examine(problem, whole).faults == ("plan: an amount is no finite number",)


def test_a_little_too_much_money_is_not_exact() -> None:
    """Within the tolerance the plan stands, but it is not called exact, and cannot become a record."""
    problem = next(p for p in map(random_problem, range(2, 60, 7)) if p.arcs)
    plan = solve(problem, method="highs", stop=Stop(time=10), threads=1).plan
    assert plan is not None
    assert checked(problem, plan).exact and plan.arc.any()
    off = replace(plan, arc=np.where(plan.arc > 0, plan.arc + 0.0001, plan.arc))
    assert examine(problem, off).faults == () and not examine(problem, off).exact
    far = replace(plan, arc=np.where(plan.arc > 0, plan.arc + 0.4, plan.arc))
    assert examine(problem, far).faults


def test_plans_survive_their_file(tmp_path: Path) -> None:
    """What is written is read again, and a broken file is named."""
    rng = np.random.default_rng(1)
    plan = Plan(rng.random(13) < 0.5, rng.random(3) < 0.5, rng.random(2), rng.random(5))
    save_plan(plan, tmp_path / "plan.npz")
    again = load_plan(tmp_path / "plan.npz")
    assert all((getattr(plan, name) == getattr(again, name)).all() for name in ("option", "opening", "extra", "arc"))
    (tmp_path / "plan.npz").write_bytes((tmp_path / "plan.npz").read_bytes()[:60])
    with pytest.raises(PlanFileError, match=r"plan\.npz holds no plan"):
        load_plan(tmp_path / "plan.npz")


def test_the_digest_is_of_the_numbers(tmp_path: Path) -> None:
    """A program keeps its digest through its file, and any other number gives another."""
    problem = random_problem(2)
    save_problem(problem, tmp_path / "p.npz")
    assert problem_digest(load_problem(tmp_path / "p.npz")) == problem_digest(problem)
    assert problem_digest(replace(problem, labels={"any": np.arange(3)})) == problem_digest(problem)
    changed = problem.row_limit.copy()
    changed[0] += 1
    assert problem_digest(replace(problem, row_limit=changed)) != problem_digest(problem)
