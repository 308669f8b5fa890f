"""Every fault of a problem's arrays is found and named before anything is solved."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from qingdan.solver.problem import NONE, Objective, make_problem
from qingdan.solver.sparse import Sparse
from qingdan.solver.validity import ProblemError, blend_is_possible, check_problem
from small_problems import NOTHING, two_projects, two_projects_objective, two_projects_problem

LARGE = 2**53 + 1

FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"group_exact": [True]}, "group_exact has 1 elements"),
    ({"facility_capacity": [1]}, "facility_capacity has 1 elements"),
    ({"opening_period": [0]}, "opening_period has 1 elements"),
    ({"option_size": [1]}, "option_size has 1 elements"),
    ({"portion_percent": [1]}, "portion_percent has 1 elements"),
    ({"floor_percent": [1, 2]}, "floor_percent has 2 elements"),
    ({"arc_source": [0]}, "arc_source has 1 elements"),
    ({"option_spend": Sparse.empty(2)}, "option_spend has 2 owners"),
    ({"option_row": Sparse(np.array([0, 1, 1, 1]), NOTHING, NOTHING)}, "option_row: start, index and amount"),
    ({"facility_parent": [NONE, 7]}, "facility_parent points outside"),
    ({"opening_facility": [0, 2]}, "opening_facility points outside"),
    ({"opening_period": [0, 1]}, "opening_period points outside"),
    ({"option_group": [0, 1, 2]}, "option_group points outside"),
    ({"option_facility": [1, 1, -2]}, "option_facility points outside"),
    ({"option_period": [0, 0, -1]}, "option_period points outside"),
    ({"portion_floor": [NONE, 1]}, "portion_floor points outside"),
    ({"portion_class": [0, 3]}, "portion_class points outside"),
    ({"floor_class": [5]}, "floor_class points outside"),
    ({"arc_demand": [0, 1]}, "arc_demand points outside"),
    ({"arc_portion": [0, 2]}, "arc_portion points outside"),
    ({"arc_source": [0, 2]}, "arc_source points outside"),
    ({"option_row": Sparse.from_entries(3, [0], [2], [1])}, "option_row points outside"),
    ({"arc_row": Sparse.from_entries(2, [0], [2], [1])}, "arc_row points outside"),
    ({"option_spend": Sparse.from_entries(3, [0], [1], [1])}, "option_spend points outside"),
    ({"facility_parent": [NONE, 1]}, "a module may stand only in a root"),
    ({"facility_minimum": [1, 5]}, "only a module has a smallest size"),
    ({"facility_occasional": [False, True]}, "only a root may be occasional"),
    ({"facility_exclusion": [0, NONE]}, "only modules may exclude each other"),
    ({"opening_facility": [0, 0]}, "two openings in one period"),
    ({"option_choice": [0, 0, NONE]}, "option_choice: members of one set must share"),
    ({"option_choice": [NONE, 3, 3]}, "option_choice: members of one set must share"),
    ({"option_weight": [1, -1, 1]}, "must be 0 or more"),
    ({"option_size": [1, -1, 1]}, "must be 0 or more"),
    ({"facility_minimum": [0, -1]}, "must be 0 or more"),
    ({"group_capacity": [1, -1]}, "group_capacity must be 0 or more"),
    ({"option_spend": Sparse.from_entries(3, [0], [0], [-1])}, "spending must be 0 or more"),
    ({"portion_percent": [50, 101]}, "portion_percent must be within 0..100"),
    ({"floor_percent": [-1]}, "floor_percent must be within 0..100"),
    ({"portion_percent": [50, 49]}, "option_spend: demand 0 cannot be paid"),
    ({"floor_percent": [60], "portion_floor": [0, NONE]}, "option_spend: demand 0 cannot be paid"),
    (
        {"floor_class": [0, 0], "floor_percent": [60, 50], "portion_percent": [100, 100], "portion_floor": [0, 1]},
        "option_spend: demand 0 cannot be paid",
    ),
    ({"demand_class": [0, 1], "class_count": 2, "arc_demand": [0, 1]}, "arc_portion: the portion belongs to another"),
    (
        {"class_count": 2, "floor_class": [1], "demand_class": [0]},
        "portion_floor: the floor set belongs to another class",
    ),
    ({"row_limit": [LARGE, 0]}, "row_limit must be within"),
    ({"option_row": Sparse.from_entries(3, [0], [0], [LARGE])}, "the amounts of row 0 add up"),
    ({"option_spend": Sparse.from_entries(3, [0], [0], [LARGE])}, "spending in demand 0 adds up"),
]


@pytest.mark.parametrize(("changes", "words"), FAULTS, ids=[words for _, words in FAULTS])
def test_each_fault_is_named(changes: dict[str, Any], words: str) -> None:
    """One wrong array gives an error that says which array and why."""
    with pytest.raises(ProblemError) as caught:
        two_projects_problem(**changes)
    assert any(words in fault for fault in caught.value.faults), caught.value.faults


def test_extra_columns_and_profits_are_checked() -> None:
    """Bounds the wrong way round and profits beyond exact floating point are refused."""
    with pytest.raises(ProblemError, match="extra_lower is above extra_upper"):
        make_problem(1, (Objective("a", NOTHING, NOTHING, np.array([1])),), extra_lower=[2], extra_upper=[1])
    with pytest.raises(ProblemError, match=r"profits add up to more than 2\*\*53"):
        make_problem(1, (Objective("a", NOTHING, NOTHING, np.array([2**52])),), extra_lower=[0], extra_upper=[4])
    with pytest.raises(ProblemError, match="one profit for every option"):
        make_problem(1, (Objective("a", np.array([1]), NOTHING, NOTHING),))
    with pytest.raises(ProblemError, match="objectives is empty"):
        make_problem(1, ())
    with pytest.raises(TypeError, match="no part named colour"):
        make_problem(1, (Objective("a", NOTHING, NOTHING, NOTHING),), colour=[1])


def test_modules_of_two_roots_cannot_exclude_each_other() -> None:
    """An exclusion set lies within one root."""
    with pytest.raises(ProblemError, match="must share their root"):
        make_problem(
            1,
            (Objective("a", NOTHING, NOTHING, NOTHING),),
            facility_parent=[NONE, NONE, 0, 1],
            facility_exclusion=[NONE, NONE, 5, 5],
        )


def test_all_faults_come_at_once() -> None:
    """Two wrong arrays give two faults in one error."""
    with pytest.raises(ProblemError) as caught:
        two_projects_problem(facility_minimum=[1, 5], group_capacity=[1, -1])
    assert len(caught.value.faults) == 2


def test_a_demand_that_nobody_can_pay_may_exist_unused() -> None:
    """Only spending in it is a fault."""
    arrays = two_projects() | {"demand_class": np.array([0, 0])}
    problem = make_problem(1, (two_projects_objective(),), **arrays)
    assert blend_is_possible(problem).tolist() == [True, False]
    check_problem(replace(problem, labels={"anything": np.array(["x"])}))


def test_a_province_is_checked_in_a_moment() -> None:
    """60,000 demands and 15,000 floor sets: a dense table of them would need 7 GB."""
    classes, rows = 15_000, 50
    demand_class = np.repeat(np.arange(classes), 4)
    demands = len(demand_class)
    arc_demand = np.repeat(np.arange(demands), 3)
    arrays = {
        "option_period": np.zeros(demands, np.int64),
        "option_spend": Sparse.from_entries(demands, np.arange(demands), np.arange(demands), np.full(demands, 7)),
        "row_limit": np.full(rows, 1000),
        "demand_class": demand_class,
        "portion_class": np.repeat(np.arange(classes), 3),
        "portion_percent": np.tile([30, 40, 50], classes),
        "portion_floor": np.stack([np.full(classes, NONE), np.arange(classes), np.arange(classes)], axis=1).ravel(),
        "floor_class": np.arange(classes),
        "arc_demand": arc_demand,
        "arc_portion": demand_class[arc_demand] * 3 + np.tile(np.arange(3), demands),
        "arc_source": arc_demand % rows,
    }
    objective = Objective("a", np.zeros(demands, np.int64), NOTHING, NOTHING)
    began = time.perf_counter()
    problem = make_problem(1, (objective,), **arrays, floor_percent=np.full(classes, 90))
    assert time.perf_counter() - began < 5
    assert blend_is_possible(problem).all()
    with pytest.raises(ProblemError, match="demand 28 cannot be paid"):
        make_problem(1, (objective,), **arrays, floor_percent=np.where(np.arange(classes) == 7, 91, 20))
