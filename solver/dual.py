"""The dual function: an exact upper bound on one stage of a problem from any whole prices on a grid.

Groups and rows are priced; what is left falls apart into money (a fractional knapsack for each demand),
roots (a knapsack each) and single choices, and all of these are solved exactly. Everything is a whole number
scaled by `scale` (the grid of the prices) and by 100 (shares are whole percent).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .blocks import Module, Root, root_value
from .exact import SAFE, Exact, as_exact, dot, priced, size_of_priced, total
from .money import unit_costs
from .problem import NONE, Problem

Int = NDArray[np.int64]
Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PricedForms:
    """Further rows of single columns, each already priced: what every entry takes off its column, and a constant.

    An entry is a column (`kind` 0 option, 1 opening, 2 extra column), a whole amount and the price of its row (points
    per unit times the scale); `constant` is the sum of price times limit over these rows.
    """

    kind: Int
    column: Int
    amount: Int
    price: Int
    constant: int

    def of(self, kind: int) -> tuple[Int, Int, Int]:
        """Column, amount and price of the entries of one kind."""
        here = self.kind == kind
        return self.column[here], self.amount[here], self.price[here]


_NONE = np.zeros(0, np.int64)
NO_FORMS = PricedForms(kind=_NONE, column=_NONE, amount=_NONE, price=_NONE, constant=0)


@dataclass(frozen=True, slots=True)
class Reduced:
    """Profits less the price of all that a column uses, times 100 and the scale; `wide`: Python integers."""

    option: Exact
    opening: Exact
    extra: Exact
    wide: bool


Settle = Callable[[Problem, Reduced], int]


def dual_value(
    problem: Problem,
    group_price: Int,
    row_price: Int,
    scale: int,
    *,
    settle: Settle | None = None,
    forms: PricedForms = NO_FORMS,
) -> int:
    """An upper bound on the first objective, times 100 and the scale.

    `group_price` (0 or more unless the group is exact) and `row_price` (0 or more) are in points per unit
    times `scale`. Any such prices give a bound; good ones give a tight one. `settle` may stand in for the plain
    evaluation of the roots and must give the same sum. With `forms` the bound holds where their rows do.
    """
    reduced = reduced_profits(problem, group_price, row_price, scale, forms)
    constant = 100 * (dot(row_price, problem.row_limit) + dot(group_price, problem.group_capacity) + forms.constant)
    return (
        constant + _extras(problem, reduced) + _siteless(problem, reduced) + (settle or plain_roots)(problem, reduced)
    )


def reduced_profits(
    problem: Problem, group_price: Int, row_price: Int, scale: int, forms: PricedForms = NO_FORMS
) -> Reduced:
    """Reduced profits of all columns, exact."""
    p, objective = problem, problem.objectives[0]
    size = column_sizes(p, group_price / scale, row_price / scale, forms, scale) * scale
    wide = bool(size >= SAFE)
    row, group = as_exact(row_price, wide=wide), as_exact(group_price, wide=wide)
    unit = unit_costs(p, row)
    option = as_exact(objective.option, wide=wide) * (100 * scale)
    opening = as_exact(objective.opening, wide=wide) * (100 * scale)
    extra = as_exact(objective.extra, wide=wide) * (100 * scale)
    member = np.flatnonzero(p.option_group != NONE)
    option[member] -= 100 * group[p.option_group[member]] * p.option_weight[member]
    option -= 100 * priced(p.option_row, row) + priced(p.option_spend, unit)
    opening -= 100 * priced(p.opening_row, row) + priced(p.opening_spend, unit)
    extra -= 100 * priced(p.extra_row, row)
    for kind, part in enumerate((option, opening, extra)):
        column, amount, price = forms.of(kind)
        np.subtract.at(part, column, 100 * as_exact(amount, wide=wide) * price)
    return Reduced(option, opening, extra, wide)


def column_sizes(
    problem: Problem, group_price: Float, row_price: Float, forms: PricedForms = NO_FORMS, scale: int = 1
) -> float:
    """How large any sum of the dual function can become at a scale of 1, in floating point.

    The largest of the sums over one root, of a single column, and of an arc. The prices of `forms` are divided by
    `scale` for this.
    """
    p, objective = problem, problem.objectives[0]
    arc = np.abs(row_price[p.arc_source]) + size_of_priced(p.arc_row, row_price)
    unit = np.zeros(p.demands)
    np.maximum.at(unit, p.arc_demand, arc)
    option = np.abs(objective.option.astype(np.float64)) + size_of_priced(p.option_row, row_price)
    option += size_of_priced(p.option_spend, unit)
    member = p.option_group != NONE
    option[member] += np.abs(group_price[p.option_group[member]]) * p.option_weight[member]
    opening = np.abs(objective.opening.astype(np.float64)) + size_of_priced(p.opening_row, row_price)
    opening += size_of_priced(p.opening_spend, unit)
    extra = np.abs(objective.extra.astype(np.float64)) + size_of_priced(p.extra_row, row_price)
    for kind, part in enumerate((option, opening, extra)):
        column, amount, price = forms.of(kind)
        np.add.at(part, column, np.abs(amount.astype(np.float64)) * np.abs(price / scale))
    extra *= np.maximum(np.maximum(np.abs(p.extra_lower), np.abs(p.extra_upper)), 1)
    root = p.root()
    at_root = np.zeros(p.facilities)
    placed = p.option_facility != NONE
    if p.facilities:
        at_root += np.bincount(root[p.option_facility[placed]], option[placed], p.facilities)
        at_root += np.bincount(root[p.opening_facility], opening, p.facilities)
    largest = max(float(part.max(initial=1.0)) for part in (option, opening, extra, at_root, arc))
    return 128 * largest


def _extras(p: Problem, reduced: Reduced) -> int:
    lower, upper = reduced.extra * p.extra_lower, reduced.extra * p.extra_upper
    return total(np.maximum(lower, upper))


def _siteless(p: Problem, reduced: Reduced) -> int:
    """Options without a facility: of a choice set the best, of the others all that gain."""
    free = np.flatnonzero((p.option_facility == NONE) & (reduced.option > 0))
    alone = free[p.option_choice[free] == NONE]
    chosen = free[p.option_choice[free] != NONE]
    sets, position = np.unique(p.option_choice[chosen], return_inverse=True)
    best = np.zeros(len(sets), reduced.option.dtype)
    np.maximum.at(best, position, reduced.option[chosen])
    return total(reduced.option[alone]) + total(best)


def plain_roots(p: Problem, reduced: Reduced) -> int:
    """Sum of the best values of all roots."""
    return sum(root_value(root, wide=reduced.wide) for root in roots(p, reduced).values())


def roots(p: Problem, reduced: Reduced) -> dict[int, Root]:
    """All roots that can open, by facility, with those options that gain anything at their reduced profit."""
    openings: dict[int, list[tuple[int, int]]] = {}
    for facility, period, value in zip(
        p.opening_facility.tolist(), p.opening_period.tolist(), reduced.opening.tolist(), strict=True
    ):
        openings.setdefault(facility, []).append((period, value))
    choices = _choices(p, reduced)
    modules: dict[int, list[Module]] = {}
    for number in np.flatnonzero(p.facility_parent != NONE).tolist():
        if number in openings:
            exclusion = int(p.facility_exclusion[number])
            modules.setdefault(int(p.facility_parent[number]), []).append(
                Module(
                    minimum=int(p.facility_minimum[number]),
                    capacity=int(p.facility_capacity[number]),
                    exclusion=exclusion if exclusion != NONE else -2 - number,
                    openings=openings[number],
                    choices=choices.get(number, []),
                )
            )
    return {
        number: Root(
            capacity=int(p.facility_capacity[number]),
            occasional=bool(p.facility_occasional[number]),
            openings=openings[number],
            direct=choices.get(number, []),
            modules=modules.get(number, []),
        )
        for number in np.flatnonzero(p.facility_parent == NONE).tolist()
        if number in openings
    }


def _choices(p: Problem, reduced: Reduced) -> dict[int, list[list[tuple[int, int, int]]]]:
    """By facility: its choice sets (single options are a set each) of (period, size, reduced profit)."""
    gains = np.flatnonzero((p.option_facility != NONE) & (reduced.option > 0))
    key = np.where(p.option_choice[gains] == NONE, -2 - gains, p.option_choice[gains])
    by_facility: dict[int, dict[int, list[tuple[int, int, int]]]] = {}
    for facility, choice, period, size, value in zip(
        p.option_facility[gains].tolist(),
        key.tolist(),
        p.option_period[gains].tolist(),
        p.option_size[gains].tolist(),
        reduced.option[gains].tolist(),
        strict=True,
    ):
        by_facility.setdefault(facility, {}).setdefault(choice, []).append((period, size, value))
    return {facility: list(sets.values()) for facility, sets in by_facility.items()}
