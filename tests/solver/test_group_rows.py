"""Tighter rows of groups allow the same whole plans and fewer fractions; the check derives the same ones."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from brute_force import optimum
from hypothesis import given, settings
from hypothesis import strategies as st
from qingdan.models.checker.group_rows import with_tight_groups
from qingdan.models.checker.program import _SIZES, Program
from qingdan.models.run_arrays import problem_arrays
from qingdan.solver.group_rows import tight_row, tightened
from qingdan.solver.prices import find_prices, make_priced
from qingdan.solver.problem import NONE, Objective, Problem, make_problem
from random_problems import random_problem

offers = st.lists(st.lists(st.integers(1, 16), min_size=1, max_size=3), min_size=1, max_size=6)


def test_by_hand() -> None:
    """Sevens within 13 take one; beside a three both weights rise to what excludes the same."""
    assert tight_row(((7,), (7,)), 13) == ({7: 7}, 7)
    assert tight_row(((3,), (7,), (7,)), 13) == ({3: 3, 7: 7}, 10)
    assert tight_row(((4,), (7,), (7,)), 10) == ({4: 7, 7: 7}, 7)  # 7 and 4 exclude each other, so do two sevens
    assert tight_row(((20,), (6,)), 13) == ({6: 6, 20: 20}, 6)
    assert tight_row(((2, 3),), 9) == ({2: 3, 3: 3}, 3)  # one of a set: either fills the need


@settings(max_examples=150, deadline=None)
@given(offers, st.integers(2, 30))
def test_the_same_whole_selections_fit(sets: list[list[int]], capacity: int) -> None:
    """What fitted still fits, what did not still does not; a second time changes nothing; no weight gets lighter."""
    named = tuple(tuple(sorted(set(part))) for part in sets)
    weights, limit = tight_row(named, capacity)
    for chosen in product(*((0, *part) for part in named)):
        taken = [weight for weight in chosen if weight]
        assert (sum(taken) <= capacity) == (sum(weights[weight] for weight in taken) <= limit)
    for weight, new in weights.items():
        assert weight > capacity or new * capacity >= weight * limit
    again = tight_row(tuple(tuple(sorted({weights[weight] for weight in part})) for part in named), limit)
    assert again == ({new: new for new in weights.values()}, limit)


def _groups(sets: list[list[int]], capacity: int, exact: bool) -> Problem:
    """One group with these choice sets; options of a single weight have none."""
    weight = [each for part in sets for each in part]
    choice = [number if len(part) > 1 else NONE for number, part in enumerate(sets) for _ in part]
    return make_problem(
        1,
        (Objective("worth", np.arange(1, len(weight) + 1), np.zeros(0, np.int64), np.zeros(0, np.int64)),),
        group_capacity=[capacity],
        group_exact=[exact],
        option_group=np.zeros(len(weight), np.int64),
        option_weight=weight,
        option_choice=choice,
        option_period=np.zeros(len(weight), np.int64),
    )


def _derived(problem: Problem) -> tuple[list[int], list[int]]:
    arrays = problem_arrays(problem)
    found = with_tight_groups(Program(arrays, {kind: len(arrays[name]) for kind, (name, _) in _SIZES.items()}))
    return found["option_weight"].tolist(), found["group_capacity"].tolist()


@settings(max_examples=150, deadline=None)
@given(offers, st.integers(0, 30), st.booleans())
def test_the_check_derives_the_same_rows(sets: list[list[int]], capacity: int, exact: bool) -> None:
    """Two programs that share no code find the same weights and capacities."""
    problem = _groups(sets, capacity, exact)
    tight = tightened(problem)
    assert _derived(problem) == (tight.option_weight.tolist(), tight.group_capacity.tolist())
    if exact:
        assert tight.group_capacity[0] == capacity and np.array_equal(tight.option_weight, problem.option_weight)


def test_too_many_selections_leave_the_weights() -> None:
    """With thousands of selections only the capacity is lowered, in both programs."""
    problem = _groups([[2 * each] for each in range(20, 60)], 301, False)
    tight = tightened(problem)
    assert np.array_equal(tight.option_weight, problem.option_weight) and tight.group_capacity[0] == 300
    assert _derived(problem) == (tight.option_weight.tolist(), tight.group_capacity.tolist())


@pytest.mark.parametrize("seed", range(0, 60, 2))
def test_the_optimum_stays_and_bounds_fall(seed: int) -> None:
    """Enumeration finds the same best plan on either; the linear relaxation is nowhere higher, nor are prices."""
    problem = random_problem(seed).stage(0, ())
    tight = tightened(problem)
    assert optimum(problem) == optimum(tight)
    loose = find_prices(make_priced(problem), steps=200).bound
    assert find_prices(make_priced(tight), steps=200).bound <= loose + 0.02 * abs(loose) + 1


def test_a_relaxation_that_falls() -> None:
    """Two sevens of 13 lots: the relaxation was worth 13/7 of the better one, now one."""
    problem = _groups([[7], [7]], 13, False)
    values = [find_prices(make_priced(one), steps=400).bound for one in (problem, tightened(problem))]
    assert values[0] >= 2.8 and abs(values[1] - 2) < 0.05
