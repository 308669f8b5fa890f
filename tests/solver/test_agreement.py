"""Enumeration, HiGHS and the decomposition agree on random problems of the full class; bounds, certificates, checks too."""

from __future__ import annotations

import numpy as np
import pytest
from brute_force import money, optimum
from full_problems import ROW_KINDS, STRUCTURE, full_problem, structure_of
from qingdan.solver import decomposition
from qingdan.solver.certificate import certified_bound
from qingdan.solver.dual import dual_value
from qingdan.solver.feasibility import profit, violations
from qingdan.solver.problem import Problem
from qingdan.solver.solution import Solution, Status
from qingdan.solver.solve import solve
from qingdan.solver.stop import Stop

BATCH = 10  # problems of a test
SHORT = range(30)  # batches in the quick run
LONG = range(100, 500)
NO_CLOCK = Stop(time=None)
STEPS = 100  # of prices: so small a problem needs no more


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases and cores decide small problems, so prices take few steps here."""
    monkeypatch.setattr(decomposition, "STEPS", STEPS)


def true_values(problem: Problem) -> tuple[int, ...] | None:
    """The optimum of every stage by enumeration, each given those before; None where there is no plan."""
    reached: tuple[int, ...] = ()
    for number in range(len(problem.objectives)):
        best = optimum(problem.stage(number, reached))
        if best is None:
            assert number == 0, "the plan of the stage before is still allowed"
            return None
        reached += (best,)
    return reached


def hold(problem: Problem, values: tuple[int, ...] | None, solution: Solution) -> None:
    """A solution says what enumeration says, with bounds that hold and a certificate that gives them."""
    method = solution.method
    if values is None:
        assert solution.status is Status.INFEASIBLE, method
        assert solution.plan is None
        return
    assert solution.status is Status.OPTIMAL, method
    assert tuple(stage.objective for stage in solution.stages) == values, method
    assert tuple(stage.bound for stage in solution.stages) == values, method
    for number, (stage, best) in enumerate(zip(solution.stages, values, strict=True)):
        assert stage.certified_bound is not None and stage.certified_bound >= best, method
        assert solution.certificate is not None
        again = certified_bound(problem, solution.certificate, number, reached=values[:number])
        assert again == stage.certified_bound, method
    plan = solution.plan
    assert plan is not None and violations(problem, plan) == [], method
    assert tuple(profit(problem, objective, plan) for objective in problem.objectives) == values, method
    whole = plan.extra[problem.extra_whole]
    assert np.array_equal(whole, np.rint(whole))
    columns = (
        tuple(plan.option.astype(int).tolist()),
        tuple(plan.opening.astype(int).tolist()),
        tuple(whole.astype(int).tolist()),
    )
    assert money(problem, columns) is not None, f"{method}: the plan cannot be paid by a linear program of its own"


def bounds_hold(problem: Problem, best: int, seed: int) -> None:
    """Whatever the prices, the dual function does not fall below the optimum."""
    rng = np.random.default_rng(seed)
    scale = 2 ** int(rng.integers(0, 12))
    group = rng.integers(0, 5 * scale, problem.groups)
    group = np.where(problem.group_exact, group - 2 * scale, group)
    assert dual_value(problem, group, rng.integers(0, 3 * scale, problem.rows), scale) >= best * 100 * scale


def agree(seed: int) -> None:
    """All that the quick and the long run look at, for one problem."""
    problem = full_problem(seed).problem
    values = true_values(problem)
    for method in ("highs", "decomposition"):
        hold(problem, values, solve(problem, method=method, stop=NO_CLOCK, threads=1))
    if values is not None:
        bounds_hold(problem.stage(0, ()), values[0], seed)


@pytest.mark.parametrize("batch", SHORT)
def test_all_agree(batch: int) -> None:
    """300 problems: whichever method a planner takes, the values are those of enumeration, and what is proved holds."""
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        agree(seed)


@pytest.mark.long
@pytest.mark.parametrize("batch", LONG)
def test_all_agree_in_thousands(batch: int) -> None:
    """The same on 4,000 other problems."""
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        agree(seed)


def test_every_kind_of_row_and_facility_is_among_them() -> None:
    """The quick run leaves no part of the class out, in problems that have a plan and in some that have none."""
    kinds: set[str] = set()
    structure: set[str] = set()
    impossible = 0
    for seed in range(SHORT.stop * BATCH):
        made = full_problem(seed)
        if solve(made.problem, method="highs", stop=NO_CLOCK, threads=1).plan is None:
            impossible += 1
            continue
        kinds |= set(made.kinds)
        structure |= structure_of(made.problem)
    assert kinds == set(ROW_KINDS)
    assert structure == STRUCTURE
    assert 10 <= impossible <= 150, impossible
