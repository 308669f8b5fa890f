"""A problem without solution names a few conditions that cannot hold together, and all are needed for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from qingdan.solver.clash import Clash, Condition, clash
from qingdan.solver.problem import NONE, Objective, Problem, make_problem
from qingdan.solver.solution import Status
from qingdan.solver.solve import solve
from qingdan.solver.sparse import Sparse

NOTHING = np.zeros(0, np.int64)


def of_rows(rows: Sequence[tuple[Sequence[int], int]], *, exact: Sequence[bool] = ()) -> Problem:
    """Three options (one a group where groups are told); each row has an amount an option and a limit."""
    amounts = np.array([amounts for amounts, _ in rows])
    owner, index = np.nonzero(amounts.T)
    return make_problem(
        1,
        (Objective("benefit", np.array([3, 2, 1]), NOTHING, NOTHING),),
        option_group=np.arange(3) if len(exact) else np.full(3, NONE),
        option_period=np.zeros(3, np.int64),
        group_capacity=np.ones(len(exact), np.int64),
        group_exact=np.array(exact, np.bool_),
        row_limit=np.array([limit for _, limit in rows]),
        option_row=Sparse.from_entries(3, owner, index, amounts.T[owner, index]),
    )


def each_row(problem: Problem) -> list[Condition]:
    """Every row and every exact group is a condition of its own."""
    groups = np.flatnonzero(problem.group_exact).tolist()
    return [Condition(rows=(row,)) for row in range(problem.rows)] + [Condition(groups=(group,)) for group in groups]


@pytest.mark.parametrize(
    ("rows", "exact", "found"),
    [
        # 0 is wanted (row 1) and forbidden (row 3)
        ([([1, 1, 1], 3), ([-1, 0, 0], -1), ([0, -1, 0], -1), ([1, 0, 0], 0)], (), (1, 3)),
        # two of three wanted, budget for one: the relaxation has no solution
        ([([5, 5, 5], 9), ([-1, -1, -1], -2), ([1, 0, 0], 1)], (), (0, 1)),
        # at least two halves fit the budget, whole options do not: only the search sees it
        ([([4, 4, 4], 6), ([-1, -1, -1], -1), ([1, 1, 1], 3), ([-4, -4, -4], -5)], (), (0, 3)),
        # a group that must be served against a row that forbids its option
        ([([1, 1, 0], 2), ([0, 0, 1], 0)], (True, False, True), (1, 3)),
        # a row that nothing can keep clashes with nothing but itself
        ([([1, 1, 1], 2), ([-1, 0, 0], -2)], (), (1,)),
    ],
)
def test_the_clash_is_the_one_worked_out_by_hand(
    rows: list[tuple[list[int], int]], exact: tuple[bool, ...], found: tuple[int, ...]
) -> None:
    """Exactly the conditions that cannot hold together are named, and that they are smallest is proved."""
    problem = of_rows(rows, exact=exact)
    assert solve(problem, method="highs").status is Status.INFEASIBLE
    assert clash(problem, each_row(problem)) == Clash(found, True)


def test_rows_of_one_condition_come_and_go_together() -> None:
    """A rule of several rows is named once, whichever of its rows is in the way."""
    problem = of_rows([([1, 0, 0], 0), ([0, 1, 0], 0), ([-1, -1, 0], -1), ([0, 0, 1], 1)])
    conditions = [Condition(rows=(0, 1)), Condition(rows=(2,)), Condition(rows=(3,))]
    assert clash(problem, conditions) == Clash((0, 1), True)


def test_no_time_gives_a_clash_that_does_not_claim_to_be_smallest() -> None:
    """What limits cut short is still a set that clashes, and says so."""
    problem = of_rows([([4, 4, 4], 6), ([-1, -1, -1], -1), ([1, 1, 1], 3), ([-4, -4, -4], -5)])
    found = clash(problem, each_row(problem), time=0.0)
    assert not found.smallest and {0, 3} <= set(found.conditions)


def can_be_kept(rows: Sequence[tuple[Sequence[int], int]], members: Sequence[int]) -> bool:
    """By enumeration: whether some choice keeps these rows."""
    return any(all(np.dot(rows[row][0], choice) <= rows[row][1] for row in members) for choice in np.ndindex(2, 2, 2))


def test_random_clashes_cannot_be_kept_and_need_every_member() -> None:
    """Against enumeration: the members clash, and without any one of them the others can be kept."""
    rng = np.random.default_rng(5)
    seen = 0
    while seen < 15:
        rows = [(rng.integers(-4, 5, 3).tolist(), int(rng.integers(-5, 4))) for _ in range(5)]
        if can_be_kept(rows, range(5)):
            continue
        seen += 1
        problem = of_rows(rows)
        found = clash(problem, each_row(problem))
        assert found.smallest and not can_be_kept(rows, found.conditions)
        for member in found.conditions:
            assert can_be_kept(rows, [other for other in found.conditions if other != member])
