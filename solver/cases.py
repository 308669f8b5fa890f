"""One case of a proof: the decisions above it, what they shut, and the dual function where they hold.

A decision whose form counts columns and whose limit is 0 shuts these columns on its low side: no price is sought for
it, they are left out, and `high_enough` finds the price that does the same in the certificate. All other sides are rows
with a price each. Where one option of a group that takes a single one must be taken, the others of the group are shut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .blend_walk import mix
from .prices import Priced
from .problem import NONE, Problem
from .walk import walk

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Flags = NDArray[np.bool_]

OPTION, OPENING, EXTRA = 0, 1, 2
NEVER = -1e15  # profit of what is shut


@dataclass(frozen=True, slots=True)
class Decision:
    """A form over whole columns (kind, column, amount by entry) and the limit that divides its low from its high side."""

    kind: Int
    column: Int
    amount: Int
    limit: int

    @property
    def shuts(self) -> bool:
        """Whether the low side says "none of these": at most 0 of columns that count."""
        return self.limit == 0 and bool(np.all(self.amount > 0)) and not np.any(self.kind == EXTRA)


Way = tuple[tuple[Decision, bool], ...]
"""Decisions from the top down with the side taken: True for high."""


@dataclass(frozen=True, slots=True)
class Case:
    """What holds below some decisions, in the form that kernels need."""

    way: Way
    option_shut: Flags
    opening_shut: Flags
    priced: tuple[int, ...]  # numbers of the decisions on the way whose side is a priced row
    form: sparse.csr_matrix  # these rows over options, openings, extras
    limit: Float
    implied: tuple[tuple[int, int, Int], ...]  # decision on the way, its group, options that are shut for it


@dataclass(frozen=True, slots=True)
class Point:
    """The dual function of a case at some prices: its value and what is taken there."""

    value: float
    option: Flags
    opening: Flags
    extra: Float
    root_value: Float
    option_profit: Float  # reduced; very low where shut
    opening_profit: Float


def make_case(problem: Problem, way: Way) -> Case:
    """The case below these decisions."""
    p = problem
    option_shut, opening_shut = np.zeros(p.options, np.bool_), np.zeros(p.openings, np.bool_)
    offset = np.array([0, p.options, p.options + p.openings])
    rows: list[tuple[Int, Int]] = []
    limits: list[float] = []
    priced: list[int] = []
    implied: list[tuple[int, int, Int]] = []
    for number, (decision, high) in enumerate(way):
        if not high and decision.shuts:
            option_shut[decision.column[decision.kind == OPTION]] = True
            opening_shut[decision.column[decision.kind == OPENING]] = True
            continue
        priced.append(number)
        sign = -1 if high else 1
        rows.append((offset[decision.kind] + decision.column, sign * decision.amount))
        limits.append(float(-(decision.limit + 1) if high else decision.limit))
        others = _others(p, decision) if high else None
        if others is not None:
            implied.append((number, *others))
    for _, _, options in implied:
        option_shut[options] = True
    entries = [np.full(len(column), at) for at, (column, _) in enumerate(rows)]
    form = sparse.csr_matrix(
        (
            np.concatenate([np.zeros(0), *(amount.astype(np.float64) for _, amount in rows)]),
            (
                np.concatenate([np.zeros(0, np.int64), *entries]),
                np.concatenate([np.zeros(0, np.int64), *(column for column, _ in rows)]),
            ),
        ),
        shape=(len(rows), p.options + p.openings + p.extras),
    )
    return Case(way, option_shut, opening_shut, tuple(priced), form, np.array(limits, np.float64), tuple(implied))


def _others(p: Problem, decision: Decision) -> tuple[int, Int] | None:
    """Where all columns are options that fill one group of capacity 1: the group and its other options."""
    if decision.limit != 0 or np.any(decision.kind != OPTION) or np.any(decision.amount != 1):
        return None
    groups = np.unique(p.option_group[decision.column])
    if len(groups) != 1 or groups[0] == NONE or p.group_capacity[groups[0]] != 1:
        return None
    if np.any(p.option_weight[decision.column] != 1):
        return None
    others = np.flatnonzero((p.option_group == groups[0]) & (p.option_weight == 1))
    return int(groups[0]), np.setdiff1d(others, decision.column)


def evaluate_case(priced: Priced, case: Case, group: Float, row: Float, price: Float) -> Point:
    """The dual function of a case at prices of groups, rows and its priced decisions (points per unit)."""
    p, objective = priced.problem, priced.problem.objectives[0]
    unit_cost, _ = mix(priced.blends, priced.arc_use @ row)
    money = np.concatenate([row, unit_cost])
    taken_off = case.form.T @ price
    option = objective.option - priced.option_use @ np.concatenate([money, group]) - taken_off[: p.options]
    opening = objective.opening - priced.opening_use @ money - taken_off[p.options : p.options + p.openings]
    extra_profit = objective.extra - priced.extra_use @ row - taken_off[p.options + p.openings :]
    option[case.option_shut] = NEVER
    opening[case.opening_shut] = NEVER
    value, roots, take_option, take_opening = walk(priced.layout, option, opening)
    extra = np.where(extra_profit > 0, p.extra_upper, p.extra_lower).astype(np.float64)
    value += float(extra_profit @ extra) + float(group @ p.group_capacity) + float(row @ p.row_limit)
    value += float(price @ case.limit)
    return Point(value, take_option, take_opening, extra, roots, option, opening)


def full_prices(priced: Priced, case: Case, group: Float, row: Float, price: Float) -> tuple[Float, Float]:
    """Prices of groups and of all decisions on the way such that nothing shut is worth taking.

    The bound stays that of the case: raising the price of a group of capacity 1 and that of the decision which fills
    it takes the same off and adds the same.
    """
    p = priced.problem
    group = group.copy()
    full = np.zeros(len(case.way))
    full[list(case.priced)] = price
    for number, of, options in case.implied:
        at = evaluate_case(priced, _opened(case), group, row, price)
        gain = max(0.0, float(at.option_profit[options].max(initial=0.0)))
        group[of] += gain
        full[number] += gain
        price = full[list(case.priced)]
    at = evaluate_case(priced, _opened(case), group, row, price)
    root_number = np.full(p.facilities, NONE)
    root_number[priced.layout.root_facility] = np.arange(len(priced.layout.root_facility))
    for number, (decision, high) in enumerate(case.way):
        if high or not decision.shuts:
            continue
        options = decision.column[decision.kind == OPTION]
        openings = decision.column[decision.kind == OPENING]
        most = float(at.option_profit[options].max(initial=0.0))
        if len(openings):
            roots = root_number[p.root()[p.opening_facility[openings]]]
            most = max(most, float((at.root_value[roots]).max(initial=0.0)))
        full[number] = max(0.0, most) * (1 + 1e-9) + 1e-6
    return group, full


def _opened(case: Case) -> Case:
    """The same rows with nothing shut."""
    return Case(
        case.way, np.zeros_like(case.option_shut), np.zeros_like(case.opening_shut), case.priced, case.form, case.limit, ()
    )  # fmt: skip
