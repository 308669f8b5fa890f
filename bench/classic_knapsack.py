"""Knapsacks: with many budgets, with choices of which one is taken, and projects that people voted for."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..solver.problem import NONE, Objective, Problem, make_problem
from ..solver.solution import Plan
from ..solver.sparse import Sparse
from .classic_amounts import Amounts, Int, one_unit, shaped
from .classic_family import NO_EXTRA, Classic, over_limits


@dataclass(frozen=True, slots=True, eq=False)
class Knapsack(Classic):
    """Items of which any may be taken; `use[item, resource]` adds up to at most `capacity[resource]`."""

    profit: Amounts
    use: Amounts
    capacity: Amounts
    parts: int
    maximise: bool = True

    def value(self, plan: Plan) -> Fraction:
        """Profit of the items taken."""
        return self.profit.total(np.flatnonzero(plan.option))

    def faults(self, plan: Plan) -> list[str]:
        """Resources of which more is used than there is."""
        items = np.flatnonzero(plan.option)
        used = [self.use.total((items, resource)) for resource in range(self.capacity.shape[0])]
        return over_limits("resource", used, [self.capacity.exact(row) for row in range(len(used))])


@dataclass(frozen=True, slots=True, eq=False)
class MultipleChoiceKnapsack(Knapsack):
    """The same with items in classes: of every class exactly one is taken, or at most one."""

    class_of_item: Int = field(default_factory=lambda: NO_EXTRA)
    exact: bool = True

    def faults(self, plan: Plan) -> list[str]:
        """Resources that are overdrawn, and classes without their one item."""
        taken = [0] * (int(self.class_of_item.max(initial=-1)) + 1)
        for item in np.flatnonzero(plan.option).tolist():
            taken[self.class_of_item[item]] += 1
        wrong = [
            f"class {number}: {count} items are taken"
            for number, count in enumerate(taken)
            if count > 1 or (self.exact and count == 0)
        ]
        return [*wrong, *Knapsack.faults(self, plan)]


def multidimensional_knapsack(profit: Any, use: Any, capacity: Any) -> tuple[Problem, Knapsack]:
    """Maximise the profit of the items taken; what they use of every resource is at most its capacity.

    `profit` has one number an item, `use` a line for every item with one number for every resource, `capacity` one
    for every resource. Items become options without a group, resources rows. Fractions are kept exactly.
    """
    gain = shaped("profit", profit, -1)
    items = gain.shape[0]
    room = shaped("capacity", capacity, -1)
    need = shaped("use", use, items, room.shape[0])
    problem = _program(gain, need, room, np.full(items, NONE, np.int64), np.zeros(0, np.int64), exact=False)
    return problem, Knapsack(gain, need, room, gain.parts)


def multiple_choice_knapsack(
    class_of_item: Any, value: Any, use: Any, capacity: Any, *, exact: bool = True
) -> tuple[Problem, MultipleChoiceKnapsack]:
    """Maximise the value of one item from every class (`exact=False`: at most one) within all capacities.

    `class_of_item` numbers the classes from 0; `use` has a line for every item with one number for every resource.
    Classes become groups of capacity 1, resources rows.
    """
    gain, room = shaped("value", value, -1), shaped("capacity", capacity, -1)
    items = gain.shape[0]
    need = shaped("use", use, items, room.shape[0])
    member = np.asarray(class_of_item, np.int64)
    if member.shape != (items,) or np.any(member < 0):
        raise ValueError(f"class_of_item must have {items} numbers, each 0 or more")
    problem = _program(gain, need, room, member, np.ones(int(member.max(initial=-1)) + 1, np.int64), exact=exact)
    return problem, MultipleChoiceKnapsack(gain, need, room, gain.parts, class_of_item=member, exact=exact)


def participatory_budget(votes: Any, cost: Any, budget: Any, *, fund: Any = None) -> tuple[Problem, Knapsack]:
    """The projects with most votes in all that the budget pays for.

    With `fund` every project is paid from the fund of that number, and `budget` has one number for every fund
    (districts of a city, say).
    """
    liked, price = shaped("votes", votes, -1), shaped("cost", cost, -1)
    several = budget if isinstance(budget, Amounts) else np.atleast_1d(np.asarray(budget, object))
    budgets = shaped("budget", several, -1)
    projects, funds = price.shape[0], budgets.shape[0]
    payer = np.zeros(projects, np.int64) if fund is None else np.asarray(fund, np.int64)
    if payer.shape != (projects,) or np.any((payer < 0) | (payer >= funds)):
        raise ValueError(f"fund must have {projects} numbers within 0..{funds - 1}")
    use = np.zeros((projects, funds), np.int64)
    use[np.arange(projects), payer] = price.whole
    return multidimensional_knapsack(liked, Amounts(use, price.parts), budgets)


def _program(gain: Amounts, need: Amounts, room: Amounts, group: Int, capacity: Int, *, exact: bool) -> Problem:
    items = gain.shape[0]
    _, (use, limit) = one_unit(need, room)
    item, resource = np.nonzero(use)
    flags: NDArray[np.bool_] = np.full(len(capacity), exact)
    return make_problem(
        1,
        (Objective("value", gain.whole, NO_EXTRA, NO_EXTRA),),
        group_capacity=capacity,
        group_exact=flags,
        option_group=group,
        row_limit=limit,
        option_row=Sparse.from_entries(items, item, resource, use[item, resource]),
    )
