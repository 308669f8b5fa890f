"""Compiled kernels between prices and columns: reduced profits of all columns, and what the taken ones use.

Many columns use the same rows and spend the same money: one pattern is priced once for all of them. What is used is
added up over taken columns alone, which are a few of a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .problem import Problem
from .sparse import Sparse

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Short = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Patterns:
    """The different columns of a sparse part, and which of them every owner has."""

    start: Short
    index: Short
    amount: Float
    of_owner: Short

    @property
    def count(self) -> int:
        """How many different ones there are."""
        return len(self.start) - 1


@dataclass(frozen=True, slots=True)
class Columns:
    """Options (in the order given) and openings of a single-objective problem, ready for pricing."""

    order: Int  # options
    option_row: Patterns
    option_spend: Patterns
    opening_row: Patterns
    opening_spend: Patterns
    option_group: Short
    option_weight: Float
    option_profit: Float
    opening_profit: Float


def shared_patterns(part: Sparse) -> Patterns:
    """Equal columns once; the first owner stands for all."""
    length = np.diff(part.start)
    # a fingerprint of every column: two that agree in it and in length are compared entry by entry
    entry = part.index.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + part.amount.astype(np.uint64)
    entry = (entry ^ (entry >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    entry ^= entry >> np.uint64(29)
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(entry, dtype=np.uint64)])
    mark = total[part.start[1:]] - total[part.start[:-1]] + length.astype(np.uint64)
    _, first, of_owner = np.unique(mark, return_index=True, return_inverse=True)
    twin = first[of_owner]
    same = length[twin] == length
    at = part.owner_of_entry()
    other = part.start[twin[at]] + np.arange(len(at)) - part.start[at]
    other = np.minimum(other, max(len(part.index) - 1, 0))
    differs = (part.index[other] != part.index) | (part.amount[other] != part.amount)
    same &= np.bincount(at, differs, part.owners) == 0
    if not same.all():  # two columns with one fingerprint: hardly ever
        first, of_owner = np.arange(part.owners), np.arange(part.owners)
    kept = part.taken(first)
    return Patterns(
        kept.start.astype(np.int32), kept.index.astype(np.int32), kept.amount.astype(np.float64),
        of_owner.astype(np.int32),
    )  # fmt: skip


def make_columns(problem: Problem, order: Int) -> Columns:
    """Patterns and profits of the first objective."""
    p, objective = problem, problem.objectives[0]
    return Columns(
        order, shared_patterns(p.option_row.taken(order)), shared_patterns(p.option_spend.taken(order)),
        shared_patterns(p.opening_row), shared_patterns(p.opening_spend),
        p.option_group[order].astype(np.int32), p.option_weight[order].astype(np.float64),
        objective.option[order].astype(np.float64), objective.opening.astype(np.float64),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def price_patterns(first, end, start, index, amount, price, out):  # type: ignore[no-untyped-def]
    """What patterns first..end-1 cost at these prices."""
    for pattern in range(first, end):
        total = 0.0
        for at in range(start[pattern], start[pattern + 1]):
            total += amount[at] * price[index[at]]
        out[pattern] = total


@njit(cache=True, nogil=True)
def reduce_options(  # type: ignore[no-untyped-def]
    first, end, profit, row, row_cost, spend, spend_cost, group, weight, group_price, out
):  # fmt: skip
    """Profits of options first..end-1 less what they cost."""
    for o in range(first, end):
        left = profit[o] - row_cost[row[o]] - spend_cost[spend[o]]
        if group[o] >= 0:
            left -= weight[o] * group_price[group[o]]
        out[o] = left


@njit(cache=True, nogil=True)
def reduce_openings(first, end, profit, row, row_cost, spend, spend_cost, out):  # type: ignore[no-untyped-def]
    """Profits of openings first..end-1 less what they cost."""
    for u in range(first, end):
        out[u] = profit[u] - row_cost[row[u]] - spend_cost[spend[u]]


@njit(cache=True, nogil=True)
def add_taken(  # type: ignore[no-untyped-def]
    taken, row, row_start, row_index, row_amount, spend, spend_start, spend_index, spend_amount, rows, demands
):  # fmt: skip
    """Add what taken columns use of rows and spend in demands."""
    for column in taken:
        for at in range(row_start[row[column]], row_start[row[column] + 1]):
            rows[row_index[at]] += row_amount[at]
        for at in range(spend_start[spend[column]], spend_start[spend[column] + 1]):
            demands[spend_index[at]] += spend_amount[at]


@njit(cache=True, nogil=True)
def flagged(flags, places):  # type: ignore[no-untyped-def]
    """Places of the flags that are set, which are taken down; how many."""
    count = 0
    for at in range(len(flags)):
        if flags[at]:
            flags[at] = False
            places[count] = at
            count += 1
    return count


@njit(cache=True, nogil=True)
def pay(  # type: ignore[no-untyped-def]
    slot_start, arc_start, arcs, source, start, index, amount, share, demands, paid, rows
):  # fmt: skip
    """Spread what demands spend over their arcs, and add what these use of rows."""
    for d in range(len(demands)):
        if demands[d] == 0.0:
            continue
        for at in range(arc_start[slot_start[d]], arc_start[slot_start[d + 1]]):
            arc = arcs[at]
            if share[arc] == 0.0:
                continue
            money = share[arc] * demands[d]
            paid[arc] = money
            rows[source[arc]] += money
            for entry in range(start[arc], start[arc + 1]):
                rows[index[entry]] += amount[entry] * money
