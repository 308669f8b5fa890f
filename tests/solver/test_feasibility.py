"""Every rule of the problem that a plan breaks is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from qingdan.solver.feasibility import profit, violations
from qingdan.solver.problem import NONE, Objective, make_problem
from qingdan.solver.solution import Plan
from qingdan.solver.sparse import Sparse
from small_problems import NOTHING, two_projects, two_projects_problem

GOOD = Plan(np.array([True, True, False]), np.array([True, True]), np.zeros(0), np.array([4.0, 6.0]))


def test_a_good_plan_breaks_nothing() -> None:
    """The plan by hand passes and is worth 16 points."""
    problem = two_projects_problem()
    assert violations(problem, GOOD) == []
    assert profit(problem, problem.objectives[0], GOOD) == 16


@pytest.mark.parametrize(
    ("change", "arrays", "words"),
    [
        ({"option": np.array([True, True, True]), "arc": np.array([4.0, 8.0])}, {}, "group 1 takes more"),
        ({"option": np.array([False, True, False]), "arc": np.array([1.0, 3.0])}, {"group_exact": [True, False]}, "group 0 must be met exactly"),
        ({"opening": np.array([True, False])}, {}, "facility 1 is not open"),
        ({"opening": np.array([False, True])}, {}, "module 1: its root 0 is not open"),
        ({}, {"facility_capacity": [6, -1]}, "facility 0: 7 stand in a capacity of 6"),
        ({}, {"facility_capacity": [10, 6]}, "module 1: options of size 7 in a capacity of 6"),
        ({}, {"facility_minimum": [0, 11]}, "facility 0: 11 stand in a capacity of 10"),
        ({}, {"option_row": Sparse.from_entries(3, [0], [0], [1])}, "row 0: 5.0000 is above its limit 4"),
        ({"arc": np.array([5.0, 5.0])}, {}, "row 0: 5.0000 is above"),
        ({"arc": np.array([4.0, 5.0])}, {}, "demand 0: 9.0000 is paid of 10"),
        ({"arc": np.array([6.0, 4.0])}, {"row_limit": [9, 9]}, "portion 0 pays 6.0000, more than its share"),
        ({"arc": np.array([4.0, 6.0])}, {"floor_percent": [70]}, "floor set 0 pays 6.0000 of at least 7.0000"),
        ({"arc": np.array([-1.0, 11.0])}, {}, "arc 0 is negative"),
        ({"arc": np.array([4.0])}, {}, "arc has 1 elements"),
    ],
)  # fmt: skip
def test_each_broken_rule_is_named(change: dict[str, Any], arrays: dict[str, Any], words: str) -> None:
    """One change to the plan or the rules, one line that says what is wrong."""
    found = violations(two_projects_problem(**arrays), replace(GOOD, **change))
    assert any(words in line for line in found), found


def test_doors_of_occasional_places_open_for_one_period_only() -> None:
    """A lasting place serves later periods too; an occasional one does not."""
    for occasional, faults in ((False, 0), (True, 1)):
        problem = make_problem(
            2,
            (Objective("a", np.array([5]), np.array([-1, -1]), NOTHING),),
            facility_parent=[NONE],
            facility_occasional=[occasional],
            opening_facility=[0, 0],
            opening_period=[0, 1],
            option_facility=[0],
            option_period=[1],
        )
        early = Plan(np.array([True]), np.array([True, False]), np.zeros(0), np.zeros(0))
        assert len(violations(problem, early)) == faults
        both = replace(early, opening=np.array([True, True]))
        assert any("opens more than once" in line for line in violations(problem, both))


def test_sets_take_one() -> None:
    """Of a choice set one option, of an exclusion set one module."""
    arrays = two_projects() | {"option_group": [0, 0, 1], "group_capacity": [2, 1], "option_choice": [0, 0, NONE]}
    problem = make_problem(1, (Objective("a", np.ones(3, int), np.ones(2, int), NOTHING),), **arrays)
    assert violations(problem, GOOD) == ["choice set 0: more than one option is taken"]
    modules = make_problem(
        1,
        (Objective("a", NOTHING, np.ones(3, int), NOTHING),),
        facility_parent=[NONE, 0, 0],
        facility_exclusion=[NONE, 4, 4],
        opening_facility=[0, 1, 2],
    )
    every = Plan(np.zeros(0, np.bool_), np.ones(3, np.bool_), np.zeros(0), np.zeros(0))
    assert violations(modules, every) == ["exclusion set 4: more than one of it opens"]


def test_extra_columns_keep_their_bounds_and_whole_ones_are_whole() -> None:
    """A fraction of a whole column and a value outside the bounds are named; fractions count down in the profit."""
    problem = make_problem(
        1,
        (Objective("a", NOTHING, NOTHING, np.array([3, 2])),),
        extra_lower=[0, 0],
        extra_upper=[4, 4],
        extra_whole=[True, False],
    )

    def plan(one: float, other: float) -> Plan:
        return Plan(np.zeros(0, np.bool_), np.zeros(0, np.bool_), np.array([one, other]), np.zeros(0))

    assert violations(problem, plan(2, 1.3)) == []
    assert profit(problem, problem.objectives[0], plan(2, 1.3)) == 8
    assert violations(problem, plan(1.5, 0)) == ["extra column 0 must be whole"]
    assert violations(problem, plan(0, 4.5)) == ["extra column 1: 4.5 is outside 0..4"]
