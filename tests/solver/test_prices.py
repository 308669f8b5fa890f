"""Prices: the dual function against exact arithmetic, its subgradient, convergence to the linear relaxation or below."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brute_force import optimum
from qingdan.solver.backends.highs import lp_prices
from qingdan.solver.column_prices import shared_patterns
from qingdan.solver.crew import Crew
from qingdan.solver.dual import dual_value
from qingdan.solver.dual_function import DualFunction, evaluate, make_priced
from qingdan.solver.price_scales import price_scales
from qingdan.solver.price_steps import cycles
from qingdan.solver.prices import find_prices
from qingdan.solver.problem import NONE, Objective, Problem, make_problem
from qingdan.solver.sparse import Sparse
from random_problems import random_problem

FEASIBLE = [seed for seed in range(40) if optimum(random_problem(seed).stage(0, ())) is not None]


def _prices(problem: Problem, seed: int, scale: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 5 * scale, problem.groups), rng.integers(0, scale // 2 + 1, problem.rows)


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("scale", [1, 4, 2**20])
def test_the_dual_function_is_what_exact_arithmetic_says(seed: int, scale: int) -> None:
    """Compiled and plain code agree at any prices."""
    problem = random_problem(seed).stage(0, ())
    group, row = _prices(problem, seed, scale)
    at = evaluate(make_priced(problem), group / scale, row / scale)
    assert at.value == pytest.approx(dual_value(problem, group, row, scale) / (100 * scale), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_taken_is_a_subgradient(seed: int) -> None:
    """The value elsewhere is at least the value here plus the slack times the change of prices; at zero it is tight."""
    problem = random_problem(seed).stage(0, ())
    priced = make_priced(problem)
    group, row = _prices(problem, seed, 8)
    here = evaluate(priced, group / 8, row / 8)
    for other in range(5):
        far_group, far_row = _prices(problem, 100 * seed + other, 8)
        change = (far_group - group) @ here.group_slack / 8 + (far_row - row) @ here.row_slack / 8
        there = evaluate(priced, far_group / 8, far_row / 8).value
        assert there >= here.value + change - 1e-6 * max(1.0, abs(there))
    objective = problem.objectives[0]
    profit = objective.option @ here.option + objective.opening @ here.opening + objective.extra @ here.extra
    paid = group @ here.group_slack / 8 + row @ here.row_slack / 8
    assert here.value == pytest.approx(profit + paid, rel=1e-9, abs=1e-6)


def test_arrays_used_again_hold_no_trace_of_earlier_prices() -> None:
    problem = random_problem(2).stage(0, ())
    function = DualFunction(make_priced(problem))
    points = [_prices(problem, seed, 4) for seed in range(12)]
    first = [function.at(group / 4, row / 4).value for group, row in points]
    again = [function.at(group / 4, row / 4).value for group, row in points[::-1]]
    assert first == again[::-1]


def test_pieces_of_work_give_the_same_whatever_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = random_problem(4).stage(0, ())
    group, row = _prices(problem, 4, 4)
    whole = evaluate(make_priced(problem), group / 4, row / 4)
    monkeypatch.setattr("qingdan.solver.dual_function.PIECE", 2)
    priced = make_priced(problem)
    assert len(priced.root_cut) > 2
    for threads in (1, 2, 3):
        with Crew(threads) as crew:
            answer = DualFunction(priced, crew).at(group / 4, row / 4)
        assert answer.value == whole.value
        assert np.array_equal(np.sort(answer.option), np.flatnonzero(whole.option))
        assert np.array_equal(answer.row_slack, whole.row_slack)
    found = [find_prices(priced, steps=60, threads=threads) for threads in (1, 2)]
    assert found[0].bound == found[1].bound and np.array_equal(found[0].row, found[1].row)


def test_a_crew_tells_the_error_of_a_task() -> None:
    def fails() -> None:
        raise ValueError("a task")

    with Crew(2) as crew, pytest.raises(ValueError, match="a task"):
        crew.run([fails] * 4)


def test_equal_columns_share_a_pattern() -> None:
    part = Sparse.from_entries(5, [0, 0, 1, 2, 2, 4], [3, 1, 3, 1, 3, 3], [7, 2, 7, 2, 7, 8])
    patterns = shared_patterns(part)
    assert patterns.count == 4  # columns 0 and 2 are equal; 3 is empty
    assert patterns.of_owner[0] == patterns.of_owner[2]
    for owner in range(5):
        begin, end = patterns.start[patterns.of_owner[owner]], patterns.start[patterns.of_owner[owner] + 1]
        assert patterns.index[begin:end].tolist() == part.index[part.start[owner] : part.start[owner + 1]].tolist()
        assert patterns.amount[begin:end].tolist() == part.amount[part.start[owner] : part.start[owner + 1]].tolist()


@pytest.mark.parametrize("seed", FEASIBLE)
@pytest.mark.parametrize("steps", [300, 1000])
def test_bounds_are_true_and_as_low_as_the_linear_relaxation(seed: int, steps: int) -> None:
    """No lower than the best plan; no higher than what the multipliers of the linear relaxation give."""
    problem = random_problem(seed).stage(0, ())
    priced = make_priced(problem)
    found = find_prices(priced, steps=steps, threads=1)
    best, relaxed = optimum(problem), lp_prices(problem, threads=1)
    assert best is not None and relaxed is not None
    assert found.bound >= best - 1e-6 * max(1, abs(best))
    linear = evaluate(priced, relaxed.group, relaxed.row).value
    assert found.bound <= linear + (0.02 if steps == 300 else 0.01) * max(1.0, abs(linear))
    assert evaluate(priced, found.group, found.row).value == found.bound


def test_given_prices_are_never_made_worse_and_need_few_steps() -> None:
    for seed in FEASIBLE[:20]:
        problem = random_problem(seed).stage(0, ())
        cold = find_prices(make_priced(problem), steps=400, threads=1)
        again = find_prices(make_priced(problem), steps=20, start=(cold.group, cold.row), threads=1)
        assert again.bound <= cold.bound
        other = make_priced(replace(problem, row_limit=problem.row_limit + np.abs(problem.row_limit) // 8))
        near = find_prices(other, steps=100, start=(cold.group, cold.row), threads=1).bound
        full = find_prices(other, steps=400, threads=1).bound
        assert near <= full + 0.02 * max(1.0, abs(full))


def test_the_average_nearly_keeps_groups_and_rows() -> None:
    """Near the optimum what is taken on average keeps what is priced, and is worth the bound."""
    problem = random_problem(4).stage(0, ())
    priced = make_priced(problem)
    found = find_prices(priced, steps=2000, threads=1)
    mean = found.average
    used = priced.option_use.T @ mean.option
    used[: problem.rows + problem.demands] += priced.opening_use.T @ mean.opening
    row = used[: problem.rows] + priced.arc_use.T @ mean.arc + priced.extra_use.T @ mean.extra
    _, _, group_size, row_size = price_scales(priced)
    assert np.all(row - problem.row_limit <= 0.1 * row_size)
    assert np.all(used[problem.rows + problem.demands :] - problem.group_capacity <= 0.1 * group_size)
    objective = problem.objectives[0]
    worth = objective.option @ mean.option + objective.opening @ mean.opening + objective.extra @ mean.extra
    assert worth == pytest.approx(found.bound, rel=0.1)


def test_a_search_that_is_ended_says_what_it_knows() -> None:
    priced = make_priced(random_problem(4).stage(0, ()))
    found = find_prices(priced, steps=500, proceed=lambda step, bound: step < 9)
    assert found.steps == 10 and np.isfinite(found.bound)
    assert 0 < found.average.option.max() <= 1


def test_cycles_fall_and_use_all_steps() -> None:
    for steps in (1, 2, 7, 100, 1000):
        for largest in (1.0, 0.05, 1e-5):
            made = cycles(steps, largest, 1e-4)
            assert sum(length for length, _, _ in made) == steps
            assert all(last <= first <= largest for _, first, last in made)


def test_a_group_that_must_be_filled_at_a_loss_has_a_scale() -> None:
    """Where nothing is gained and something must be done, prices must be able to move."""
    for seed in range(40):
        problem = random_problem(seed).stage(0, ())
        group, row, _, _ = price_scales(make_priced(problem))
        assert np.isfinite(group).all() and np.isfinite(row).all() and (group >= 0).all() and (row >= 0).all()
    free = replace(problem, objectives=(replace(problem.objectives[0], option=np.zeros(problem.options, np.int64)),))
    assert price_scales(make_priced(free))[0].max() == 0 or free.row_limit.min() < 0 or free.group_exact.any()


@pytest.mark.parametrize("modules", [0, 3])
def test_blocks_with_thousands_of_states_are_settled_exactly(modules: int) -> None:
    """Lists of states outgrow the room they begin with; the value stays that of exact arithmetic."""
    rng = np.random.default_rng(modules)
    options, roots = 60, 2
    parent = [NONE] * roots + [root for root in range(roots) for _ in range(modules)]
    facility = np.arange(options) % roots if not modules else roots + np.arange(options) % (roots * modules)
    size = rng.integers(50, 400, options)
    problem = make_problem(
        1,
        (
            Objective(
                "benefit",
                size * 100 + rng.integers(0, 3000, options),
                np.full(len(parent), -500),
                np.zeros(0, np.int64),
            ),
        ),
        group_capacity=np.ones(options, np.int64),
        facility_parent=parent,
        facility_capacity=[3500] * roots + [1500] * (roots * modules),
        opening_facility=np.arange(len(parent)),
        option_group=np.arange(options),
        option_facility=facility,
        option_size=size,
    )
    none = np.zeros(options, np.int64), np.zeros(0, np.int64)
    at = evaluate(make_priced(problem), none[0].astype(float), none[1].astype(float))
    assert at.value * 100 == dual_value(problem, *none, 1)
    for root in range(roots):
        inside = at.option & (problem.root()[facility] == root)
        assert size[inside].sum() <= 3500
