"""Dual prices by a subgradient with running means: what a unit of every group and row is worth.

Groups and rows are relaxed; at given prices money is a fractional knapsack for each demand and every block is
solved exactly (`walk`), so each step gives an upper bound. How prices move is told in `price_steps`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .blend_walk import BlendLayout, lay_out_blends, mix
from .column_prices import (
    Columns,
    Patterns,
    add_taken,
    make_columns,
    pay,
    price_patterns,
    reduce_openings,
    reduce_options,
)
from .layout import Layout, lay_out
from .price_steps import Scales, Stride, cycles
from .problem import NONE, Problem
from .sparse import Sparse
from .walk import walk

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

FIRST_STEP = 0.3  # in natural sizes of prices (`price_scales`)
NEXT_STEP = 0.03  # where prices are given
LAST_STEP = 1e-4
ENOUGH = 20  # steps of a cycle whose mean is taken rather than that of the cycle before
WATCH_SHARE = 0.2  # of every evaluation in a watcher's running average


@dataclass(frozen=True, slots=True)
class Priced:
    """A problem ready to be priced again and again."""

    problem: Problem
    layout: Layout
    blends: BlendLayout
    columns: Columns
    extra_profit: Float
    option_use: sparse.csr_matrix  # options x (rows, demands, groups)
    opening_use: sparse.csr_matrix
    extra_use: sparse.csr_matrix  # extras x rows
    arc_use: sparse.csr_matrix  # arcs x rows, the source included


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The dual function at one point: its value, what is taken there, and its subgradient."""

    value: float
    option: Flags
    opening: Flags
    extra: Float
    group_slack: Float  # capacity less what is taken
    row_slack: Float  # limit less what is used
    option_profit: Float  # reduced
    opening_profit: Float  # reduced
    paid: Float  # by arc


def _csr(part: Sparse, columns: int) -> sparse.csr_matrix:
    return sparse.csr_matrix((part.amount.astype(np.float64), part.index, part.start), shape=(part.owners, columns))


def make_priced(problem: Problem) -> Priced:
    """Compile a single-objective problem for pricing."""
    p = problem
    member = np.flatnonzero(p.option_group != NONE)
    groups = sparse.csr_matrix(
        (p.option_weight[member].astype(np.float64), (member, p.option_group[member])), shape=(p.options, p.groups)
    )
    source = sparse.csr_matrix((np.ones(p.arcs), (np.arange(p.arcs), p.arc_source)), shape=(p.arcs, p.rows))
    return Priced(
        problem=p,
        layout=lay_out(p),
        blends=lay_out_blends(p),
        columns=make_columns(p),
        extra_profit=p.objectives[0].extra.astype(np.float64),
        option_use=sparse.hstack([_csr(p.option_row, p.rows), _csr(p.option_spend, p.demands), groups], format="csr"),
        opening_use=sparse.hstack([_csr(p.opening_row, p.rows), _csr(p.opening_spend, p.demands)], format="csr"),
        extra_use=_csr(p.extra_row, p.rows),
        arc_use=(source + _csr(p.arc_row, p.rows)).tocsr(),
    )


def evaluate(priced: Priced, group_price: Float, row_price: Float) -> Evaluation:
    """The dual function and a subgradient at these prices (points per unit)."""
    p, c, blends = priced.problem, priced.columns, priced.blends
    unit_cost, arc_share = mix(blends, priced.arc_use @ row_price)
    option_profit = np.empty(p.options, np.float64)
    reduce_options(
        0, p.options, c.option_profit, c.option_row.of_owner, _cost(c.option_row, row_price),
        c.option_spend.of_owner, _cost(c.option_spend, unit_cost),
        c.option_group, c.option_weight, group_price, option_profit,
    )  # fmt: skip
    opening_profit = np.empty(p.openings, np.float64)
    reduce_openings(
        0, p.openings, c.opening_profit, c.opening_row.of_owner, _cost(c.opening_row, row_price),
        c.opening_spend.of_owner, _cost(c.opening_spend, unit_cost), opening_profit,
    )  # fmt: skip
    extra_profit = priced.extra_profit - priced.extra_use @ row_price
    value, _, option, opening = walk(priced.layout, p.option_period, p.option_size, option_profit, opening_profit)
    extra = np.where(extra_profit > 0, p.extra_upper, p.extra_lower).astype(np.float64)
    value += float(extra_profit @ extra) + float(group_price @ p.group_capacity) + float(row_price @ p.row_limit)
    used, spent, paid = priced.extra_use.T @ extra, np.zeros(p.demands), np.zeros(p.arcs)
    taken = np.flatnonzero(option)
    for columns, row, spend in (
        (taken, c.option_row, c.option_spend), (np.flatnonzero(opening), c.opening_row, c.opening_spend)
    ):  # fmt: skip
        add_taken(
            columns, row.of_owner, row.start, row.index, row.amount,
            spend.of_owner, spend.start, spend.index, spend.amount, used, spent,
        )  # fmt: skip
    pay(
        blends.slot_start, blends.arc_start, blends.arc, p.arc_source,
        p.arc_row.start, p.arc_row.index, p.arc_row.amount, arc_share, spent, paid, used,
    )  # fmt: skip
    member = taken[c.option_group[taken] >= 0]
    served = np.bincount(c.option_group[member], c.option_weight[member], p.groups)
    return Evaluation(
        value,
        option,
        opening,
        extra,
        p.group_capacity - served,
        p.row_limit - used,
        option_profit,
        opening_profit,
        paid,
    )


def _cost(patterns: Patterns, price: Float) -> Float:
    cost = np.empty(len(patterns.start) - 1, np.float64)
    price_patterns(0, len(cost), patterns.start, patterns.index, patterns.amount, price, cost)
    return cost


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of what the blocks take over one cycle of steps: nearly a solution of the linear relaxation."""

    option: Float
    opening: Float
    extra: Float
    arc: Float  # paid


@dataclass(frozen=True, slots=True)
class DualPrices:
    """The best prices found, the bound that they give (in floating point), and what is taken near them on average."""

    group: Float
    row: Float
    bound: float
    steps: int
    average: Average


def price_scales(priced: Priced) -> tuple[Float, Float, Float, Float]:
    """Natural sizes: of group prices, of row prices (points a unit), and of uses of groups and rows."""
    p = priced.problem
    profit = np.abs(p.objectives[0].option.astype(np.float64))
    member = np.flatnonzero(p.option_group != NONE)
    group = np.zeros(p.groups)
    np.maximum.at(group, p.option_group[member], profit[member] / np.maximum(p.option_weight[member], 1))
    # an opening is worth what its options bring on average, a unit of money the mean benefit of what it buys
    at = np.flatnonzero(p.option_facility != NONE)
    brought = np.bincount(p.option_facility[at], profit[at], p.facilities).astype(np.float64)
    brought /= np.maximum(np.bincount(p.option_facility[at], minlength=p.facilities), 1)
    roots = p.root()
    housed = np.bincount(roots, brought, p.facilities) / np.maximum(np.bincount(roots, brought > 0, p.facilities), 1)
    opening = np.where(brought > 0, brought, housed)[p.opening_facility]
    cost = _csr(p.option_spend, p.demands).sum(axis=1).A1
    density = profit[cost > 0].sum() / max(cost.sum(), 1.0)
    total, touched, worth = np.zeros(p.rows), np.zeros(p.rows), np.zeros(p.rows)
    for part, value in ((p.option_row, profit), (p.opening_row, opening), (p.arc_row, None)):
        amount = np.abs(part.amount).astype(np.float64)
        gain = density * amount if value is None else value[part.owner_of_entry()]
        total += np.bincount(part.index, amount, p.rows)
        touched += np.bincount(part.index, minlength=p.rows)
        worth += np.bincount(part.index, gain, p.rows)
    row = worth / np.maximum(total, 1.0)
    is_source = np.zeros(p.rows, np.bool_)
    is_source[p.arc_source] = True
    row[is_source] = density
    largest = np.maximum(np.abs(p.row_limit.astype(np.float64)), total / np.maximum(touched, 1))
    return group, row, np.maximum(p.group_capacity.astype(np.float64), 1.0), np.maximum(largest, 1.0)


def find_prices(
    priced: Priced,
    *,
    steps: int = 1000,
    start: tuple[Float, Float] | None = None,
    first_step: float | None = None,
    last_step: float = LAST_STEP,
    proceed: Callable[[int, float], bool] = lambda step, bound: True,
    watch: Callable[[Evaluation, Float, float], None] | None = None,
) -> DualPrices:
    """Prices that make the bound small, found in cycles of falling steps, each from the best prices so far.

    Steps are in natural sizes (`price_scales`); `first_step` is the largest (by default 0.3, from given prices
    0.03), `last_step` the smallest. `proceed(step, bound)` may end the search early; `watch(evaluation, paid, share)`
    sees the later half of the steps, for averages.
    """
    p = priced.problem
    scales = Scales(*price_scales(priced))
    best_group = np.zeros(p.groups) if start is None else start[0].copy()
    best_row = np.zeros(p.rows) if start is None else start[1].copy()
    largest = (FIRST_STEP if start is None else NEXT_STEP) if first_step is None else first_step
    bound, done, ended = np.inf, 0, False
    average = _Mean(p)
    for length, first, last in cycles(steps, largest, last_step):
        group, row = best_group, best_row
        stride, mean = Stride(p, scales), _Mean(p)
        for number in range(length):
            at = evaluate(priced, group, row)
            done += 1
            mean.add(at)
            if at.value < bound:
                best_group, best_row, bound = group, row, at.value
            if watch is not None and done > steps // 2:
                watch(at, at.paid, 1.0 if done == steps // 2 + 1 else WATCH_SHARE)
            ended = not proceed(done - 1, bound)
            if ended:
                break
            size = first * (last / first) ** (number / max(length - 1, 1))
            group, row = stride.moved(group, row, at.group_slack, at.row_slack, size)
        if not ended or mean.count >= min(ENOUGH, done):
            average = mean
        if ended:
            break
    return DualPrices(best_group, best_row, bound, done, average.taken())


class _Mean:
    """The sum of what the blocks take, and how often it was added to."""

    __slots__ = ("arc", "count", "extra", "opening", "option")

    def __init__(self, problem: Problem) -> None:
        self.option, self.opening = np.zeros(problem.options), np.zeros(problem.openings)
        self.extra, self.arc = np.zeros(problem.extras), np.zeros(problem.arcs)
        self.count = 0

    def add(self, at: Evaluation) -> None:
        self.option += at.option
        self.opening += at.opening
        self.extra += at.extra
        self.arc += at.paid
        self.count += 1

    def taken(self) -> Average:
        number = max(self.count, 1)
        return Average(self.option / number, self.opening / number, self.extra / number, self.arc / number)
