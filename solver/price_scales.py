"""Natural sizes of prices and uses: what a step of one means for every group and row.

A row that must be supplied (a negative limit, met by negative uses) makes what supplies it worth something: these
columns are worth what they bring in the objective and in such rows together. Without this, prices of all else could
hardly move where the objective is a cost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .dual_function import Priced
from .problem import NONE, Problem

Float = NDArray[np.float64]


def price_scales(priced: Priced) -> tuple[Float, Float, Float, Float]:
    """Natural sizes: of group prices, of row prices (points a unit), and of uses of groups and rows."""
    p = priced.problem
    profit: Float = np.abs(p.objectives[0].option).astype(np.float64)
    density, row = _row_scales(p, profit)
    supplied = p.row_limit < 0
    entry = supplied[p.option_row.index] & (p.option_row.amount < 0)
    brought = row[p.option_row.index] * -p.option_row.amount
    worth: Float = profit + np.bincount(p.option_row.owner_of_entry()[entry], brought[entry], p.options)
    if supplied.any():
        density, others = _row_scales(p, worth)
        row = np.where(supplied, row, others)
    row = np.where(row > 0, row, _by_extras(p, row))
    return _group_scales(priced, worth, row, density), row, *_sizes(p)


def _row_scales(p: Problem, worth: Float) -> tuple[float, Float]:
    """What a unit of money buys on average, and what a unit of every row does."""
    # an opening is worth what its options bring on average, a unit of money the mean benefit of what it buys
    at = np.flatnonzero(p.option_facility != NONE)
    brought = np.bincount(p.option_facility[at], worth[at], p.facilities).astype(np.float64)
    brought /= np.maximum(np.bincount(p.option_facility[at], minlength=p.facilities), 1)
    roots = p.root()
    housed = np.bincount(roots, brought, p.facilities) / np.maximum(np.bincount(roots, brought > 0, p.facilities), 1)
    opening = np.where(brought > 0, brought, housed)[p.opening_facility]
    cost = np.bincount(p.option_spend.owner_of_entry(), p.option_spend.amount, p.options)
    density = float(worth[cost > 0].sum() / max(cost.sum(), 1.0))
    total, gain = np.zeros(p.rows), np.zeros(p.rows)
    for part, value in ((p.option_row, worth), (p.opening_row, opening), (p.arc_row, None)):
        amount = np.abs(part.amount).astype(np.float64)
        total += np.bincount(part.index, amount, p.rows)
        each = density * amount if value is None else value[part.owner_of_entry()]
        gain += np.bincount(part.index, each, p.rows)
    row = gain / np.maximum(total, 1.0)
    row[p.arc_source] = density
    return density, row


def _by_extras(p: Problem, row: Float) -> Float:
    """What a unit of a row brings where nothing but extra columns uses it: their worth in all other rows."""
    amount: Float = np.abs(p.extra_row.amount).astype(np.float64)
    owner = p.extra_row.owner_of_entry()
    worth = np.abs(p.objectives[0].extra) + np.bincount(owner, row[p.extra_row.index] * amount, p.extras)
    gain = np.bincount(p.extra_row.index, worth[owner], p.rows)
    return gain / np.maximum(np.bincount(p.extra_row.index, amount, p.rows), 1.0)


def _group_scales(priced: Priced, worth: Float, row: Float, density: float) -> Float:
    """The most that a unit of a group brings; where it must be filled at least the least that it costs."""
    p = priced.problem
    member = np.flatnonzero(p.option_group != NONE)
    group, weight = p.option_group[member], np.maximum(p.option_weight[member], 1)
    scale = np.zeros(p.groups)
    np.maximum.at(scale, group, worth[member] / weight)
    cost = density * np.bincount(p.option_spend.owner_of_entry(), np.maximum(p.option_spend.amount, 0), p.options)
    used = np.where(p.row_limit[p.option_row.index] < 0, 0.0, row[p.option_row.index])
    cost += np.bincount(p.option_row.owner_of_entry(), used * np.maximum(p.option_row.amount, 0), p.options)
    least = np.full(p.groups, np.inf)
    np.minimum.at(least, group, cost[member] / weight)
    return np.where(p.group_exact & np.isfinite(least), np.maximum(scale, least), scale)


def _sizes(p: Problem) -> tuple[Float, Float]:
    total, touched = np.zeros(p.rows), np.zeros(p.rows)
    for part in (p.option_row, p.opening_row, p.arc_row):
        total += np.bincount(part.index, np.abs(part.amount), p.rows)
        touched += np.bincount(part.index, minlength=p.rows)
    largest = np.maximum(np.abs(p.row_limit.astype(np.float64)), total / np.maximum(touched, 1))
    return np.maximum(p.group_capacity.astype(np.float64), 1.0), np.maximum(largest, 1.0)
